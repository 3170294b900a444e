//! What the log of a running program says of its hub connections, and what it never says.

use serde_json::json;

use crate::{
    hub_client::{Door, HubClient},
    hub_door::UPGRADE,
    process::{Program, hubwire, read_all, token},
    support::ask,
};

/// Row 22 of the security checklist: neither token is in the log, and no message either.
#[tokio::test]
async fn sec_22_no_token_and_no_message_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let level = "trace,hubwire=trace,hub_protocol=trace,hyper=trace,tungstenite=trace,tokio_tungstenite=trace";
    let mut command = hubwire(folder.path());
    command.env("HUBWIRE_LOG_LEVEL", level);
    let mut program = Program::spawn(command);
    let log = read_all(program.child.stderr.take());
    let [ann, bob] = ["ann", "bob"].map(|user| token(folder.path(), user));
    let mut client = HubClient::enter(program.address, &ann, Door::default()).await;
    let negotiate = format!("/hubs/chat/negotiate?negotiateVersion=1&access_token={bob}");
    let negotiated = ask(program.address, "POST", &negotiate, &[], b"").await.json();
    let connection = negotiated["connectionToken"].as_str().unwrap();
    let negotiate = format!("/hubs/chat-online/negotiate?negotiateVersion=1&access_token={bob}");
    let negotiated = ask(program.address, "POST", &negotiate, &[], b"").await.json();
    let polled = negotiated["connectionToken"].as_str().unwrap();
    for token in [bob.as_str(), &bob[..bob.len() - 1], &format!("{bob}x")] {
        let path = format!("/hubs/chat?id={connection}&access_token={token}");
        ask(program.address, "GET", &path, &UPGRADE, b"").await;
        let path = format!("/hubs/chat-online?id={polled}&access_token={token}");
        let events = ("accept", "text/event-stream");
        for (method, headers) in [("GET", &[][..]), ("GET", &[events]), ("POST", &[]), ("DELETE", &[])] {
            ask(program.address, method, &path, headers, b"").await;
        }
        let path = format!("/api/Chat/users/me?access_token={token}");
        ask(program.address, "GET", &path, &[], b"").await;
    }
    let draft = json!([{"recipientId": "bob", "content": "a-secret-of-mine", "metadata": {"a": "a-secret-of-mine"}}]);
    client.call("SendMessage", draft).await;
    client
        .refused(
            "SendMessage",
            json!([{"recipientId": {}, "content": "a-secret-of-mine"}]),
        )
        .await;
    client
        .send_raw("{\"type\":1,\"target\":\"a-secret-of-mine\"\u{1e}")
        .await;
    client.is_sent_away().await;
    program.signal("-TERM");
    program.child.wait().unwrap();
    let log = log.join().unwrap();
    assert!(log.contains("/hubs/chat") && log.contains("hub_protocol"), "{log}");
    let marks = [&ann, &bob].map(|token| token.rsplit('.').next().unwrap().to_owned());
    for secret in marks
        .iter()
        .map(String::as_str)
        .chain([connection, polled, "a-secret-of-mine", "access_token"])
    {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
