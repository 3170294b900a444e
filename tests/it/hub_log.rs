//! What the log of a running program says of its hub connections, and what it never says.

use serde_json::json;

use crate::{
    hub_client::{Door, HubClient},
    hub_door::UPGRADE,
    process::{Program, hubwire, read_all, token},
    support::{SECRET, ask},
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

/// What would be a line, a colour or a field of its own if it came into the log as it is.
const FORGED: &str = "%n\r\n2026-01-01T00:00:00.000000Z ERROR forged: by somebody\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\n{\"level\":\"ERROR\",\"forged\":1}\u{2028}\0";

/// Row 50 of the security checklist, in both formats: one line an event, with nothing in it that a terminal or a reader of
/// lines would act on.
#[tokio::test]
async fn sec_50_whatever_is_said_is_one_line_of_the_log_and_escaped() {
    for format in ["text", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = hubwire(folder.path());
        let level = "trace,hubwire=trace,hub_protocol=trace,hyper=trace,sqlx=debug,sea_orm=debug";
        command
            .env("HUBWIRE_LOG_LEVEL", level)
            .env("HUBWIRE_LOG_FORMAT", format)
            .env("HUBWIRE_JWT_SECRET", SECRET);
        let mut program = Program::spawn(command);
        let log = read_all(program.child.stderr.take());
        let address = program.address;
        let claims = json!({"sub": "ann", "exp": 4_000_000_000_i64, "name": FORGED, "preferred_username": FORGED, "picture": FORGED});
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        let header = jsonwebtoken::Header {
            kid: Some(FORGED.to_owned()),
            ..jsonwebtoken::Header::default()
        };
        let ann = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        let bearer = format!("Bearer {ann}");
        let mut client = HubClient::enter(address, &ann, Door::default()).await;
        // As arguments, as the name of a method, and of a group; refused or not, all of it may be logged.
        for (method, arguments) in [
            (
                "SendMessage",
                json!([{"recipientId": "bob", "content": FORGED, "metadata": {FORGED: FORGED}}]),
            ),
            ("SendMessage", json!([FORGED, FORGED, FORGED])),
            (
                "SendMessage",
                json!([{"recipientId": FORGED, "content": "x", "clientMessageId": FORGED, "type": FORGED}]),
            ),
            (
                "CreateGroup",
                json!([{"name": FORGED, "description": FORGED, "memberIds": [FORGED]}]),
            ),
            ("SearchMessages", json!([FORGED])),
            ("SetStatus", json!([FORGED])),
            (FORGED, json!([])),
        ] {
            drop(client.ask(method, &arguments).await);
        }
        let escaped = "%0d%0a2026%20ERROR%20forged%1b[2J%25n";
        let body = json!({"name": FORGED, "fullName": FORGED, "content": FORGED}).to_string();
        let id = "%0d%0aforged \"by\" {somebody}";
        for (method, path) in [
            ("GET", format!("/{escaped}")),
            ("GET", format!("/api/Chat/users/{escaped}")),
            ("PUT", "/api/Chat/users/me".to_owned()),
            ("POST", "/api/Chat/groups".to_owned()),
            ("GET", format!("/hubs/chat?id={escaped}")),
            (
                "POST",
                format!("/hubs/chat/negotiate?negotiateVersion={escaped}&userId={escaped}"),
            ),
        ] {
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-request-id", id),
                ("user-agent", id),
            ];
            ask(address, method, &path, &headers, body.as_bytes()).await;
        }
        let mut odd = HubClient::open(address, &ann, Door::default()).await;
        let hello = json!({"protocol": FORGED, "version": 1});
        odd.send_raw(&format!("{hello}\u{1e}")).await;
        odd.is_sent_away().await;
        client.send_raw(&format!("{FORGED}\u{1e}")).await;
        client.is_sent_away().await;
        program.signal("-TERM");
        program.child.wait().unwrap();
        let log = log.join().unwrap();
        assert!(
            log.contains("forged: by somebody") && log.contains("%0d%0a2026"),
            "it is in there: {log}"
        );
        for line in log.split('\n').filter(|line| !line.is_empty()) {
            let odd = line.chars().find(|letter| letter.is_control() || *letter == '\u{2028}');
            assert_eq!(odd, None, "{format}: {line:?}");
            let is_whole = match format {
                "json" => {
                    serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line["timestamp"].is_string())
                }
                _ => line
                    .get(20..)
                    .is_some_and(|rest| line.starts_with("20") && rest.contains('Z')),
            };
            assert!(is_whole, "{format}: {line:?}");
            assert!(!line.starts_with("2026-01-01T00:00:00"), "{format}: {line:?}");
        }
    }
}
