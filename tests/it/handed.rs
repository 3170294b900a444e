//! A socket that is handed over at start and outlives the server: nobody who dials during a restart is refused.

use std::{
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    process::{Program, hubwire},
    support::{DEADLINE, ask},
};

/// The server as systemd would start it: the socket is its file descriptor 3.
fn with_socket(folder: &Path, socket: &TcpListener, handed: &str) -> Command {
    let program = hubwire(folder);
    let mut command = Command::new("sh");
    let handing = format!(r#"exec 3<&0 </dev/null; exec env {handed} "$0" "$@""#);
    command.arg("-c").arg(handing).arg(program.get_program());
    command.current_dir(folder).env_remove("RUST_LOG");
    command
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

const TO_IT: &str = "LISTEN_PID=$$ LISTEN_FDS=1";

/// Dials and asks; what is answered may be waited for.
async fn dial(address: SocketAddr) -> TcpStream {
    let mut tcp = TcpStream::connect(address).await.expect("nobody is refused");
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    tcp.write_all(request.as_bytes()).await.unwrap();
    tcp
}

async fn answer(mut tcp: TcpStream) -> String {
    let mut answer = String::new();
    let read = tokio::time::timeout(DEADLINE, tcp.read_to_string(&mut answer));
    read.await.expect("an answer in time").unwrap();
    answer
}

#[tokio::test]
async fn who_dials_while_the_server_is_started_again_is_answered_by_the_next() {
    for signal in ["-KILL", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let mut program = Program::spawn(with_socket(folder.path(), &socket, TO_IT));
        assert_eq!(program.address, address, "it says where it is reached");
        assert!(answer(dial(address).await).await.starts_with("HTTP/1.1 200"));
        program.signal(signal);
        program.child.wait().unwrap();
        // There is no server now.
        let mut waiting = Vec::new();
        for _ in 0..20 {
            waiting.push(dial(address).await);
        }
        drop(program);
        let _program = Program::spawn(with_socket(folder.path(), &socket, TO_IT));
        for dialled in waiting {
            assert!(answer(dialled).await.starts_with("HTTP/1.1 200"), "{signal}");
        }
    }
}

#[tokio::test]
async fn a_socket_for_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let program = Program::spawn(with_socket(folder.path(), &socket, "LISTEN_PID=1 LISTEN_FDS=1"));
    assert_ne!(program.address, socket.local_addr().unwrap());
}

/// Where it is reached says what it may give away, not what it was told to listen on.
#[tokio::test]
async fn a_handed_socket_that_others_reach_gives_nobody_a_token() {
    let folder = tempfile::tempdir().unwrap();
    for (bound, is_given) in [("127.0.0.1:0", true), ("0.0.0.0:0", false)] {
        let socket = TcpListener::bind(bound).unwrap();
        let mut address = socket.local_addr().unwrap();
        let _program = Program::spawn(with_socket(folder.path(), &socket, TO_IT));
        address.set_ip([127, 0, 0, 1].into());
        let headers = [("content-type", "application/json")];
        let body = json!({"user": "ann", "name": "ann"}).to_string();
        let answer = ask(address, "POST", "/demo/token", &headers, body.as_bytes()).await;
        assert_eq!(answer.status == 200, is_given, "{} {}", bound, answer.text());
    }
}

#[test]
fn what_is_handed_and_is_no_socket_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    let program = hubwire(folder.path());
    command
        .arg("-c")
        .arg(format!(r#"exec 3</dev/null; exec env {TO_IT} "$0""#))
        .arg(program.get_program())
        .current_dir(folder.path());
    let output = command.output().unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{sentence}");
    assert!(
        sentence.starts_with("LISTEN_FDS: the socket cannot be used: "),
        "{sentence}"
    );
}
