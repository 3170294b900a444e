//! A disk that is read-only, or fails, from one moment to the next: sends are refused, what is stored is still read, nothing
//! acknowledged is lost, and when the disk is well again so is the server.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    full_disk::Caller,
    process::{Program, hubwire, token},
};

/// Read-only file system, and input/output error.
const ERRORS: [&str; 2] = ["30", "5"];

/// Makes what stands between the server and its disk.
fn shim(folder: &Path) -> PathBuf {
    let shim = folder.join("broken_disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/broken_disk.c");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&shim)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(made.unwrap().success());
    shim
}

#[tokio::test]
async fn a_disk_that_takes_nothing_loses_nothing_that_was_acknowledged() {
    for error in ERRORS {
        let folder = tempfile::tempdir().unwrap();
        let switch = folder.path().join("broken");
        let mut command = hubwire(folder.path());
        command
            .env("LD_PRELOAD", shim(folder.path()))
            .env("BROKEN_DISK", &switch)
            .env("HUBWIRE_LIMITS_MESSAGES_PER_MINUTE", "0");
        let mut acknowledged = Vec::new();
        let authorization = {
            let program = Program::spawn(command);
            let ann = Caller(&program, format!("Bearer {}", token(folder.path(), "ann")));
            for round in 0..3 {
                for number in 0..20 {
                    acknowledged.push(ann.send(&format!("{round} {number}")).await.expect("it is well"));
                }
                symlink(error, &switch).unwrap();
                for _ in 0..20 {
                    assert_eq!(ann.send("to nowhere").await, None);
                }
                assert!(
                    ann.get("/api/Chat/conversations").await[0].is_object(),
                    "reading goes on"
                );
                std::fs::remove_file(&switch).unwrap();
            }
            acknowledged.push(ann.send("well again").await.expect("it recovers"));
            program.signal("-KILL");
            ann.1
        };
        let program = Program::start(folder.path());
        Caller(&program, authorization).has_exactly(&acknowledged).await;
    }
}
