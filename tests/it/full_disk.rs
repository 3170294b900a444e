//! A disk that takes no more: sends are refused, nothing acknowledged is lost, and it recovers by itself.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    process::{Program, hubwire, token},
    support::ask,
};

/// The server, able to write files of 3 MB and no more.
fn on_a_full_disk(folder: &Path) -> Command {
    let program = hubwire(folder);
    let mut command = Command::new("sh");
    // A write beyond the limit fails, as on a full disk, instead of ending the process.
    let limited = r#"trap '' XFSZ; ulimit -S -f 6000; exec "$0" "$@""#;
    command.arg("-c").arg(limited).arg(program.get_program());
    command.current_dir(folder).env_remove("RUST_LOG");
    command.env("HUBWIRE_LIMITS_MESSAGES_PER_MINUTE", "0");
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command
}

/// One person and the server they ask.
pub(crate) struct Caller<'a>(pub(crate) &'a Program, pub(crate) String);

impl Caller<'_> {
    pub(crate) async fn get(&self, path: &str) -> Value {
        let headers = [("authorization", self.1.as_str())];
        ask(self.0.address, "GET", path, &headers, b"").await.data()
    }

    /// Sends one message; its id, or nothing where it was refused.
    pub(crate) async fn send(&self, content: &str) -> Option<String> {
        let headers = [("authorization", self.1.as_str()), ("content-type", "application/json")];
        let body = json!({"recipientId": "bob", "content": content}).to_string();
        let answer = ask(self.0.address, "POST", "/api/Chat/messages", &headers, body.as_bytes()).await;
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        if answer.status == 200 {
            return Some(value["data"]["id"].as_str().unwrap().to_owned());
        }
        assert_eq!((answer.status, &value["code"]), (503, &json!("unavailable")));
        None
    }

    /// Their one conversation has these messages and no others.
    pub(crate) async fn has_exactly(&self, acknowledged: &[String]) {
        let conversation = self.get("/api/Chat/conversations").await[0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut stored = Vec::new();
        for page in 1.. {
            let path = format!("/api/Chat/messages?chatId={conversation}&page={page}&limit=100");
            let messages = self.get(&path).await["messages"].as_array().unwrap().clone();
            if messages.is_empty() {
                break;
            }
            stored.extend(
                messages
                    .iter()
                    .map(|message| message["id"].as_str().unwrap().to_owned()),
            );
        }
        let lost = acknowledged.iter().filter(|id| !stored.contains(id)).count();
        assert_eq!(lost, 0, "of {} acknowledged messages", acknowledged.len());
        assert_eq!(stored.len(), acknowledged.len(), "nothing refused was stored");
    }
}

/// Row 69 of the security checklist.
#[tokio::test]
async fn sec_69_a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    let authorization = {
        let program = Program::spawn(on_a_full_disk(folder.path()));
        let ann = Caller(&program, format!("Bearer {}", token(folder.path(), "ann")));
        let mut since_refusal = 0;
        for number in 0.. {
            match ann.send(&format!("{number} {}", "x".repeat(9_000))).await {
                Some(id) => acknowledged.push(id),
                None => since_refusal = since_refusal.max(1),
            }
            assert!(number < 2_000, "the disk never fills");
            // Many after the first: what a failed commit leaves behind must not swallow the next.
            since_refusal += i32::from(since_refusal > 0);
            if since_refusal > 40 {
                break;
            }
        }
        assert!(
            ann.get("/api/Chat/conversations").await[0].is_object(),
            "reading goes on"
        );
        let pid = program.child.id().to_string();
        let freed = Command::new("prlimit")
            .args(["--pid", &pid, "--fsize=unlimited"])
            .status();
        assert!(freed.unwrap().success());
        for number in 0..20 {
            acknowledged.push(ann.send(&format!("again {number}")).await.expect("it recovers"));
        }
        program.signal("-KILL");
        ann.1
    };
    let program = Program::start(folder.path());
    let ann = Caller(&program, authorization);
    ann.has_exactly(&acknowledged).await;
}
