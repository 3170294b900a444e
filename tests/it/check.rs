//! `hubwire check` and `hubwire health`: what they say, and that they leave nothing behind.

use std::{fs, path::Path, process::Command};

use crate::process::{Program, hubwire};

/// What the program prints and its exit code.
fn run(mut command: Command) -> (String, i32) {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text, output.status.code().unwrap())
}

fn check(folder: &Path, settings: &[(&str, &str)]) -> (String, i32) {
    let mut command = hubwire(folder);
    command.arg("check").args(["--listen", "127.0.0.1:0"]);
    command.envs(settings.iter().copied());
    run(command)
}

#[test]
fn without_settings_everything_is_fine_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (text, code) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{text}");
    for line in [
        "set    listen = 127.0.0.1:0, by --listen\n",
        "ok     tokens are verified with a key that the server makes up: for trying it out, refused in production\n",
        "note   the data folder ./hubwire-data is not there yet; the server makes it\n",
        "note   the database ./hubwire-data/hubwire.db is not there yet; the server makes it\n",
        "ok     127.0.0.1:0 is free to listen on\n",
        "It can serve: 0 errors, 2 notes.\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn every_setting_is_told_with_its_source_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = "database_url = \"sqlite:chat.db\"\n[limits]\nburst = 3\ngroup_members = 9\n";
    fs::write(folder.path().join("hubwire.toml"), file).unwrap();
    let secret = "a secret of thirty-two characters";
    let settings = [
        ("HUBWIRE_JWT_SECRET", secret),
        ("HUBWIRE_LIMITS_BURST", "4"),
        ("HUBWIRE_PUBLIC_URL", ""),
    ];
    let (text, code) = check(folder.path(), &settings);
    assert_eq!(code, 0, "{text}");
    for line in [
        "set    jwt_secret = (hidden), by HUBWIRE_JWT_SECRET\n",
        "set    limits.burst = 4, by HUBWIRE_LIMITS_BURST\n",
        "set    limits.group_members = 9, by limits.group_members in hubwire.toml\n",
        "set    database_url = (hidden), by database_url in hubwire.toml\n",
        "ok     tokens are verified with jwt_secret\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(
        text.lines().filter(|line| line.starts_with("set ")).count(),
        5,
        "{text}"
    );
    assert!(!text.contains(secret) && !text.contains("chat.db,"), "{text}");
}

#[test]
fn every_bad_setting_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (text, code) = check(
        folder.path(),
        &[("HUBWIRE_ENV", "prod"), ("HUBWIRE_SHUTDOWN_SECONDS", "0")],
    );
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("error  HUBWIRE_ENV: \"prod\" is not development or production\n"),
        "{text}"
    );
    assert!(text.contains("error  HUBWIRE_SHUTDOWN_SECONDS: "), "{text}");
    assert!(text.ends_with("It cannot serve: 2 errors, 0 notes.\n"), "{text}");
    let (text, code) = check(folder.path(), &[("HUBWIRE_LISTN", "x")]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("error  HUBWIRE_LISTN: there is no such setting"),
        "{text}"
    );
    let (text, code) = check(folder.path(), &[("HUBWIRE_ENV", "production")]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("error  jwt_secret: production needs a key"), "{text}");
}

#[test]
fn files_that_cannot_be_kept_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let below = taken.join("media").display().to_string();
    let (text, code) = check(folder.path(), &[("HUBWIRE_MEDIA_URL", &below)]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("error  media.url: "), "{text}");
}

#[test]
fn a_database_that_cannot_be_reached_is_another_code() {
    let folder = tempfile::tempdir().unwrap();
    let unreachable = "postgres://ann:pw@127.0.0.1:1/chat";
    for url in [unreachable, "sqlite:///nowhere/at/all.db"] {
        let (text, code) = check(folder.path(), &[("HUBWIRE_DATABASE_URL", url)]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("It cannot serve: 1 error,"), "{text}");
        assert!(!text.contains("pw@"), "{text}");
    }
}

#[test]
fn a_database_says_what_is_due_and_whether_a_newer_program_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubwire-data/hubwire.db");
    assert!(hubwire(folder.path()).arg("migrate").status().unwrap().success());
    let (text, code) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("ok     the database answers: SQLite 3."), "{text}");
    assert!(text.contains("ok     the database is up to date\n"), "{text}");
    assert!(
        text.contains("ok     the data folder ./hubwire-data can be written to\n"),
        "{text}"
    );
    let change = |sql: &str| {
        let url = format!("sqlite://{}", path.display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let database = sea_orm::Database::connect(url).await.unwrap();
            sea_orm::ConnectionTrait::execute_unprepared(&database, sql)
                .await
                .unwrap();
            database.close().await.unwrap();
        });
    };
    change("DELETE FROM seaql_migrations WHERE version LIKE '%presences'");
    let (text, code) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("note   1 migrations are due"), "{text}");
    change("INSERT INTO seaql_migrations VALUES ('m30001231_000001_tomorrow', 0)");
    let (text, code) = check(folder.path(), &[]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains(
            "error  the database is newer than this program, which does not know m30001231_000001_tomorrow\n"
        ),
        "{text}"
    );
}

#[test]
fn beside_a_server_it_says_so_and_health_asks_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let listen = program.address.to_string();
    let at = |verb: &str| {
        let mut command = hubwire(folder.path());
        command.arg(verb).args(["--listen", &listen]);
        run(command)
    };
    let (text, code) = at("check");
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("note   a server is running with the data folder ./hubwire-data\n"),
        "{text}"
    );
    assert!(
        text.contains("is listened on already, by the server that runs\n"),
        "{text}"
    );
    let (text, code) = at("health");
    assert_eq!((text, code), (format!("{listen} is ready\n"), 0));
    drop(program);
    let (text, code) = at("health");
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with(&format!("{listen} does not answer: ")), "{text}");
}
