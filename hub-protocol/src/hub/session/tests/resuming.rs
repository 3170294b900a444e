//! Stateful reconnect as a session drives it: what waits, what is sent again, and what is not waited for.

use super::*;
use crate::{message::HubMessage, transport::connections::Opened};

/// Connects a client that may come back.
async fn connect(hub: &Hub) -> Client {
    let connections = Connections::new(Duration::from_secs(15));
    let (_, token) = connections.negotiate(1, None, true);
    let record = connections.find(token.as_str(), None).unwrap();
    let Ok(Opened::First(claim)) = connections.open(&record, TransportKind::WebSockets) else {
        panic!("it waits for its socket");
    };
    let (client, transport) = Client::new();
    tokio::spawn(run(hub.clone(), Box::new(transport), claim, None, false));
    client.say(r#"{"protocol":"json","version":2}"#).await;
    sleep(Duration::from_millis(1)).await;
    assert_eq!(hub.handle().connections(), 1);
    assert!(record.line.as_ref().unwrap().is_open());
    client
}

impl Client {
    async fn is_cut(&self) {
        self.say.send(Incoming::Gap).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        self.wire.lock().arrived.clear();
    }

    async fn is_back(&self) {
        self.wire.lock().arrived.clear();
        self.say.send(Incoming::Resumed).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }

    async fn acknowledges(&self, number: u64) {
        self.say(&format!(r#"{{"type":8,"sequenceId":{number}}}"#)).await;
        sleep(Duration::from_millis(1)).await;
    }

    fn heard_messages(&self) -> Vec<HubMessage> {
        let heard = self.heard();
        let records = heard.split_terminator('\u{1e}').filter(|record| *record != "{}");
        records
            .map(|record| {
                Protocol::Json
                    .parse(&Bytes::copy_from_slice(record.as_bytes()))
                    .unwrap()
                    .unwrap()
            })
            .collect()
    }
}

fn texts(messages: &[HubMessage]) -> Vec<String> {
    let calls = messages.iter().filter_map(|message| match message {
        HubMessage::Invocation(call) => Some(call.arguments.bind::<String>(0).unwrap()),
        _ => None,
    });
    calls.map(|text| text.chars().take(4).collect()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_not_acknowledged_and_what_came_meanwhile_is_sent_in_order() {
    let hub = echo();
    let client = connect(&hub).await;
    let connection = only(&hub);
    for text in ["one", "two"] {
        connection.push(&call(text)).unwrap();
    }
    sleep(Duration::from_millis(1)).await;
    client.acknowledges(1).await;
    client.is_cut().await;
    connection.push(&call("three")).unwrap();
    sleep(Duration::from_secs(10)).await;
    client.is_back().await;
    connection.push(&call("four")).unwrap();
    sleep(Duration::from_millis(1)).await;
    let heard = client.heard_messages();
    assert!(
        matches!(&heard[0], HubMessage::Sequence(first) if first.sequence_id == 2),
        "{heard:?}"
    );
    assert_eq!(texts(&heard), ["two", "thre", "four"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_back_is_lost_after_fifteen_seconds() {
    let (ended, mut reasons) = mpsc::channel(1);
    let hub = Hub::builder("h")
        .on_disconnected(move |_, how| {
            let ended = ended.clone();
            async move { ended.send(how.reason).await.unwrap() }
        })
        .build();
    let client = connect(&hub).await;
    client.is_cut().await;
    sleep(Duration::from_secs(14)).await;
    assert_eq!(hub.handle().connections(), 1);
    assert_eq!(reasons.recv().await, Some(CloseReason::Transport(End::Lost)));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(hub.handle().connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_acknowledges_nothing_is_sent_a_bounded_amount() {
    let hub = echo();
    let client = connect(&hub).await;
    let connection = only(&hub);
    // 100,000 bytes are kept, and the outbox holds 64 KiB more.
    for _ in 0..15 {
        connection.push(&call(&"x".repeat(10_000))).unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let sent = texts(&client.heard_messages()).len();
    assert_eq!(sent, 10);
    client.acknowledges(2).await;
    assert_eq!(texts(&client.heard_messages()).len(), 12);
    client.acknowledges(15).await;
    assert_eq!(texts(&client.heard_messages()).len(), 15);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_behind_many_calls_are_reached() {
    let hub = echo();
    let client = connect(&hub).await;
    for id in 0..17 {
        let call = format!(r#"{{"type":1,"invocationId":"{id}","target":"Long","arguments":[10000]}}"#);
        client.say(&call).await;
    }
    // The answers exceed what is kept and what may wait; the client acknowledges them after its last call.
    for number in 1..=17 {
        client.acknowledges(number).await;
    }
    let heard = client.heard_messages();
    let answers = heard
        .iter()
        .filter(|message| matches!(message, HubMessage::Completion(_)));
    assert_eq!(answers.count(), 17);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_acknowledges_is_lost_after_the_send_time_out() {
    let hub = echo();
    let client = connect(&hub).await;
    let connection = only(&hub);
    for _ in 0..11 {
        connection.push(&call(&"x".repeat(10_000))).unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_secs(9)).await;
    assert_eq!(hub.handle().connections(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(hub.handle().connections(), 0);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_full_while_its_client_is_away_goes_behind() {
    let (hub, mut pulled) = behind();
    let client = connect(&hub).await;
    let connection = only(&hub);
    client.is_cut().await;
    // Kept: 100,000 bytes and a bit; then the outbox of 1 KiB; then nothing.
    let mut position = 7;
    while connection.deliver(position + 1, &[&call(&"x".repeat(900))]).unwrap() {
        position += 1;
        sleep(Duration::from_millis(1)).await;
    }
    assert!(pulled.try_recv().is_err(), "nothing is read for a client that is away");
    client.is_back().await;
    client.acknowledges(position - 7).await;
    assert_eq!(pulled.recv().await, Some(position));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_goodbye_does_not_come_back() {
    let hub = echo();
    let client = connect(&hub).await;
    client.say(r#"{"type":7}"#).await;
    sleep(Duration::from_millis(1)).await;
    assert_eq!(hub.handle().connections(), 0);
    assert_eq!(
        client.heard_messages().last(),
        Some(&HubMessage::Close(Default::default()))
    );
}

#[tokio::test(start_paused = true)]
async fn a_busy_client_that_acknowledges_once_a_second_is_kept() {
    let hub = echo();
    let client = connect(&hub).await;
    let connection = only(&hub);
    // Twice as much as it may be sent unacknowledged, each second.
    for second in 1..=3_u64 {
        for _ in 0..200 {
            connection.push(&call(&"x".repeat(1_000))).unwrap();
        }
        sleep(Duration::from_secs(1)).await;
        assert_eq!(hub.handle().connections(), 1);
        client.acknowledges(texts(&client.heard_messages()).len() as u64).await;
        assert!(texts(&client.heard_messages()).len() as u64 > 100 * second / 2);
    }
    for _ in 0..10 {
        client.acknowledges(texts(&client.heard_messages()).len() as u64).await;
    }
    assert_eq!(texts(&client.heard_messages()).len(), 600);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_an_acknowledgement_counts_with_what_was_sent() {
    let hub = echo();
    let client = connect(&hub).await;
    // 100,000 bytes are sent; what is asked for then is not made before there is room.
    for id in 0..20 {
        let call = format!(r#"{{"type":1,"invocationId":"{id}","target":"Long","arguments":[10000]}}"#);
        client.say(&call).await;
    }
    sleep(Duration::from_millis(1)).await;
    let outbox = &only(&hub).member.outbox;
    assert!(outbox.own_bytes() <= 10_100, "{} bytes wait", outbox.own_bytes());
    client.acknowledges(5).await;
    sleep(Duration::from_millis(1)).await;
    assert!(client.heard_messages().len() > 14);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_read_while_a_call_waits_for_room() {
    let hub = Hub::builder("h")
        .method("Flood", async |cx: Context, times: usize| {
            for _ in 0..times {
                cx.clients().caller().send("said", ("x".repeat(10_000),)).await?;
            }
            Ok(())
        })
        .build();
    let client = connect(&hub).await;
    client
        .say(r#"{"type":1,"invocationId":"1","target":"Flood","arguments":[60]}"#)
        .await;
    for _ in 0..20 {
        sleep(Duration::from_secs(1)).await;
        client.acknowledges(texts(&client.heard_messages()).len() as u64).await;
    }
    assert_eq!(texts(&client.heard_messages()).len(), 60);
    let heard = client.heard_messages();
    assert!(heard.iter().any(|message| matches!(message, HubMessage::Completion(_))));
}

#[tokio::test(start_paused = true)]
async fn the_answer_on_top_of_what_may_be_owed_leaves_less_room_for_what_is_read() {
    let hub = echo();
    let client = connect(&hub).await;
    for length in [90_000, 130_000] {
        client
            .say(&format!(
                r#"{{"type":1,"invocationId":"1","target":"Long","arguments":[{length}]}}"#
            ))
            .await;
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(client.heard_messages().len(), 2);
    let call = format!(r#"{{"type":1,"target":"Long","arguments":[1]{}}}"#, " ".repeat(32_000));
    let mut said = 0;
    while tokio::time::timeout(Duration::from_secs(1), client.say(&call))
        .await
        .is_ok()
    {
        said += 1;
    }
    let read = (said - client.say.max_capacity()) * call.len();
    assert!((32 * 1024..=64 * 1024).contains(&read), "{read} bytes are read");
}
