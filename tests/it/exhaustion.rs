//! The system has no more to give: the server waits, lives, and goes on when it has.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpStream,
    process::{Command, Stdio},
};

use crate::{
    process::{Program, hubwire},
    support::ask,
};

/// Row 68 of the security checklist.
#[tokio::test]
async fn sec_68_without_file_descriptors_the_server_waits_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(hubwire(folder.path()).get_program())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut program = Program::spawn(limited);
    // The system itself completes these connections, whether the server accepts them or not.
    let crowd: Vec<_> = (0..100).map(|_| TcpStream::connect(program.address).unwrap()).collect();
    let log = BufReader::new(program.child.stderr.take().unwrap());
    // Read to the end beside the test: a full pipe would hold up the server.
    let (said, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            drop(said.send(line));
        }
    });
    let refused = tokio::task::spawn_blocking(move || hears.iter().any(|line| line.contains("accept:"))).await;
    assert!(refused.unwrap(), "the server ended before it ran out of descriptors");
    drop(crowd);
    assert_eq!(ask(program.address, "GET", "/readyz", &[], b"").await.status, 200);
    assert!(program.child.try_wait().unwrap().is_none());
}
