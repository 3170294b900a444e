//! The program as a person starts it: what it prints, how it refuses, how it ends.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::ask;

pub(crate) fn hubwire(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubwire"));
    command
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program; killed when the test ends.
pub(crate) struct Program {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts the server in `folder` and waits for its line.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::spawn(hubwire(folder))
    }

    /// The same with a command of the test's own.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .trim_end()
            .strip_prefix("Now listening on: http://")
            .map(|address| address.parse().unwrap());
        let address = address.unwrap_or_else(|| panic!("{line:?} {}", rest(child.stderr.take())));
        Self { child, stdout, address }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn rest(stream: Option<impl std::io::Read>) -> String {
    let mut text = String::new();
    stream.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Reads a stream to its end beside the test: a pipe is small, and a full one holds up the program.
pub(crate) fn read_all(stream: Option<impl std::io::Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || rest(stream))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A token printed beside whatever runs in the folder.
pub(crate) fn token(folder: &Path, user: &str) -> String {
    let output = hubwire(folder)
        .args(["token", "--user", user, "--name", "Ann Lee"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

fn refused(output: &Output, code: i32) -> String {
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(code), ""),
        "{}",
        text(&output.stderr)
    );
    let sentence = text(&output.stderr).trim_end().to_owned();
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    sentence
}

#[tokio::test]
async fn acknowledged_message_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let authorization = format!("Bearer {}", token(folder.path(), "ann"));
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"recipientId": "bob", "content": "hi", "clientMessageId": "k"}).to_string();
    let sent = ask(program.address, "POST", "/api/Chat/messages", &headers, body.as_bytes())
        .await
        .data();
    program.signal("-KILL");
    drop(program);
    let program = Program::start(folder.path());
    let path = format!("/api/Chat/messages?chatId={}", sent["conversationId"].as_str().unwrap());
    let page = ask(program.address, "GET", &path, &headers, b"").await.data();
    assert_eq!(page["messages"], json!([sent]));
    let again = ask(program.address, "POST", "/api/Chat/messages", &headers, body.as_bytes())
        .await
        .data();
    assert_eq!(again, sent, "its key is remembered too");
}

#[test]
fn second_server_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Program::start(folder.path());
    let output = hubwire(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let sentence = refused(&output, 1);
    assert_eq!(
        sentence,
        "The data folder ./hubwire-data is in use by another hubwire server."
    );
}

#[tokio::test]
async fn term_and_interrupt_end_it_in_order() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(folder.path());
        // A kept connection must not hold it up.
        let idle = tokio::net::TcpStream::connect(program.address).await.unwrap();
        ask(program.address, "GET", "/readyz", &[], b"").await.data();
        #[expect(clippy::disallowed_methods, reason = "a process is timed by the wall")]
        let begun = Instant::now();
        program.signal(signal);
        let status = program.child.wait().unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        let mut more = String::new();
        program.stdout.read_to_string(&mut more).unwrap();
        assert_eq!(more, "", "one line on standard output, no more");
        let log = rest(program.child.stderr.take());
        assert!(log.contains("a key this server made up"), "{log}");
        drop(idle);
    }
}

#[test]
fn bad_settings_are_one_sentence_and_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let mut command = hubwire(folder.path());
        command.args(arguments).envs(variable).output().unwrap()
    };
    let sentence = refused(&run(&["--listen", "nowhere"], None), 2);
    assert_eq!(
        sentence,
        "--listen: \"nowhere\" is not an address and port such as 127.0.0.1:5080."
    );
    assert!(refused(&run(&[], Some(("HUBWIRE_LIMITS_BURST", "lots"))), 2).starts_with("HUBWIRE_LIMITS_BURST: "));
    assert!(refused(&run(&[], Some(("HUBWIRE_LISTN", "x"))), 2).starts_with("HUBWIRE_LISTN: there is no such setting"));
    assert!(
        refused(&run(&[], Some(("HUBWIRE_ENV", "production"))), 2).starts_with("jwt_secret: production needs a key")
    );
    assert!(refused(&run(&["--config", "none.toml"], None), 2).starts_with("--config: none.toml cannot be read"));
    assert!(
        refused(&run(&["--data-dir", "/proc/nothing"], None), 2).starts_with("data_dir: /proc/nothing cannot be used")
    );
    assert!(
        refused(&run(&["--listen", "203.0.113.1:5080"], None), 2)
            .starts_with("listen: 203.0.113.1:5080 cannot be used")
    );
    assert!(refused(&run(&["token", "--user", "a\nb"], None), 2).starts_with("--user: "));
    std::fs::write(folder.path().join("hubwire.toml"), "colour = 1").unwrap();
    assert_eq!(
        refused(&run(&[], None), 2),
        "colour in hubwire.toml: there is no such setting; .env.example lists them all."
    );
}

/// Row 75 of the security checklist: what is made at the first start is this server's own, and production makes nothing.
#[tokio::test]
async fn sec_75_no_secret_and_no_account_comes_with_the_program() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let programs = [Program::start(folders[0].path()), Program::start(folders[1].path())];
    let me = async |program: &Program, token: &str| {
        let path = format!("/api/Chat/users/me?access_token={token}");
        ask(program.address, "GET", &path, &[], b"").await
    };
    let token = token(folders[0].path(), "ann");
    me(&programs[0], &token).await.data();
    me(&programs[1], &token).await.refused(401, "unauthorized");
    let bearer = format!("Bearer {token}");
    let search = "/api/Chat/users/search?query=";
    for name in ["admin", "root", "test", "user", "demo", "system"] {
        let path = format!("/api/Chat/users/{name}");
        let headers = [("authorization", bearer.as_str())];
        ask(programs[0].address, "GET", &path, &headers, b"")
            .await
            .refused(404, "not_found");
        let found = ask(programs[0].address, "GET", &format!("{search}{name}"), &headers, b"").await;
        assert_eq!(found.data(), json!([]), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let start = |secret: Option<&str>| {
        let mut command = hubwire(folder.path());
        command
            .env("HUBWIRE_ENV", "production")
            .args(["--listen", "127.0.0.1:0"]);
        command.envs(secret.map(|secret| ("HUBWIRE_JWT_SECRET", secret)));
        refused(&command.output().unwrap(), 2)
    };
    assert!(start(None).starts_with("jwt_secret: production needs a key"));
    for sample in [
        "",
        "secret",
        "changeme",
        "your-256-bit-secret",
        "a secret of the README",
    ] {
        assert!(start(Some(sample)).starts_with("jwt_secret: "), "{sample}");
    }
    assert!(!folder.path().join("hubwire-data/signing.key").exists());
}

#[test]
fn unreachable_database_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let output = hubwire(folder.path())
        .args(["--database", "sqlite:///nowhere/at/all.db"])
        .output()
        .unwrap();
    assert!(refused(&output, 1).starts_with("The database cannot be opened: "));
}

#[test]
fn migrate_makes_the_database_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = hubwire(folder.path()).arg("migrate").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    assert!(folder.path().join("hubwire-data/hubwire.db").exists());
}

#[tokio::test]
async fn tokens_are_not_logged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("hubwire.toml"),
        "[log]\nlevel = \"trace\"\nformat = \"json\"\n",
    )
    .unwrap();
    let mut program = Program::start(folder.path());
    let token = token(folder.path(), "ann");
    let query = format!("/api/Chat/users/me?access_token={token}");
    assert_eq!(ask(program.address, "GET", &query, &[], b"").await.status, 200);
    assert_eq!(
        ask(program.address, "GET", &format!("{query}x"), &[], b"").await.status,
        401
    );
    let header = format!("Bearer {token}");
    assert_eq!(
        ask(
            program.address,
            "GET",
            "/api/Chat/users/me",
            &[("authorization", &header)],
            b""
        )
        .await
        .status,
        200
    );
    // The pipe of the log is small: it is read while the server stops.
    let stderr = program.child.stderr.take().unwrap();
    program.signal("-TERM");
    let log = rest(Some(stderr));
    assert!(log.contains("/api/Chat/users/me"), "{log}");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!log.contains(signature), "the token is in the log");
}
