//! The table of connections: who may open what, and what is forgotten when.

use futures_util::FutureExt;

use super::*;

fn claim(connections: &Arc<Connections>, token: &ConnectionId, user: Option<&str>) -> Result<Claim, Refused> {
    let record = connections.find(token.as_str(), user)?;
    match connections.open(&record, TransportKind::WebSockets)? {
        Opened::First(claim) => Ok(claim),
        Opened::Again => panic!("nothing is resumed here"),
    }
}

/// Row 67 of the security checklist.
#[tokio::test(start_paused = true)]
async fn sec_67_ten_thousand_negotiates_that_never_connect_are_forgotten() {
    let connections = Connections::new(Duration::from_secs(15));
    let tokens: Vec<_> = (0..10_000).map(|_| connections.negotiate(1, None, false).1).collect();
    assert_eq!(connections.len(), 10_000);
    let opened = claim(&connections, &tokens[0], None).unwrap();
    let posted = connections.find(tokens[1].as_str(), None).unwrap();
    let pipe = posted.pipe(|| Pipe::new(4));
    pipe.put("12345".into()).await.unwrap();
    let blocked = tokio::spawn(async move { pipe.put("6".into()).await.is_err() });
    drop(posted);
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(connections.len(), 1);
    assert!(blocked.await.unwrap(), "a POST that waits is told");
    assert_eq!(claim(&connections, &tokens[0], None).unwrap_err(), Refused::InUse);
    assert_eq!(claim(&connections, &tokens[1], None).unwrap_err(), Refused::Unknown);
    drop(opened);
    assert_eq!(connections.len(), 0);
    assert!(connections.waiting.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_stops_polling_is_lost_after_the_time_out_and_not_before() {
    let connections = Connections::new(Duration::from_secs(15));
    let (_, token) = connections.negotiate(1, None, false);
    let record = connections.find(token.as_str(), None).unwrap();
    let Ok(Opened::First(claim)) = connections.open(&record, TransportKind::LongPolling) else {
        panic!("it waits for its transport");
    };
    let pipe = record.pipe(|| Pipe::new(4));
    let poll = pipe.begin_poll(None);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(pipe.put("a".into()).await.is_ok(), "while a poll waits nobody is lost");
    pipe.end_poll(poll);
    tokio::time::sleep(Duration::from_secs(14)).await;
    assert!(
        pipe.put("b".into()).now_or_never().is_none(),
        "it waits behind the first"
    );
    tokio::time::sleep(Duration::from_secs(17)).await;
    assert!(pipe.put("c".into()).await.is_err());
    // The session ends, and its last words are never fetched.
    drop(claim);
    assert_eq!(connections.len(), 1);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(connections.len(), 0);
    assert!(connections.waiting.lock().is_empty());
}

#[tokio::test]
async fn a_token_opens_only_its_users_connection() {
    let connections = Connections::new(Duration::from_secs(15));
    let (id, token) = connections.negotiate(1, Some("ann".to_owned()), false);
    assert_eq!(
        claim(&connections, &token, Some("bob")).unwrap_err(),
        Refused::OtherUser
    );
    assert_eq!(claim(&connections, &token, None).unwrap_err(), Refused::OtherUser);
    assert_eq!(claim(&connections, &id, Some("ann")).unwrap_err(), Refused::Unknown);
    assert_eq!(claim(&connections, &token, Some("ann")).unwrap().record.id, id);
}

#[tokio::test]
async fn the_first_request_fixes_the_transport() {
    let connections = Connections::new(Duration::from_secs(15));
    let (_, token) = connections.negotiate(1, None, false);
    let record = connections.find(token.as_str(), None).unwrap();
    let opened = connections.open(&record, TransportKind::ServerSentEvents);
    assert!(matches!(opened, Ok(Opened::First(_))));
    let refused = |kind| connections.open(&record, kind).unwrap_err();
    assert_eq!(refused(TransportKind::LongPolling), Refused::OtherTransport);
    assert_eq!(refused(TransportKind::ServerSentEvents), Refused::InUse);
    drop(opened);
    // The claim was dropped, so the record is out of the table, whoever still holds it.
    assert_eq!(refused(TransportKind::ServerSentEvents), Refused::Unknown);
}

/// Row 23 of the security checklist: a token that is opened a thousand times at once has one winner.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sec_23_of_a_thousand_openings_at_once_one_wins() {
    let connections = Connections::new(Duration::from_secs(15));
    let (_, token) = connections.negotiate(1, None, false);
    let tasks = (0..1000).map(|_| {
        let (connections, token) = (Arc::clone(&connections), token.clone());
        tokio::spawn(async move { claim(&connections, &token, None) })
    });
    let results = futures_util::future::join_all(tasks).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().map(|task| task.unwrap()).partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 999));
    assert!(lost.into_iter().all(|lost| lost.unwrap_err() == Refused::InUse));
    drop(won);
    assert_eq!(connections.len(), 0);
}
