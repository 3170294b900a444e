//! What is written and packaged for whoever runs the server is true: settings, verbs, files, names of metrics.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use hubwire::config::settings;

use crate::{
    process::{Program, hubwire},
    support::{TestApp, ask},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names that begin like this in a text, as far as `belongs` goes.
fn names(text: &str, prefix: &str, belongs: fn(char) -> bool) -> BTreeSet<String> {
    let found = text.match_indices(prefix);
    let name = |(at, _): (usize, &str)| text[at..].chars().take_while(|letter| belongs(*letter)).collect();
    found.map(name).collect()
}

/// What stands between two of the same marker.
fn marked<'a>(text: &'a str, marker: &str) -> &'a str {
    let mut parts = text.split(marker);
    assert_eq!(parts.clone().count(), 3, "{marker} stands there twice");
    parts.nth(1).unwrap()
}

/// Everything that names settings for people.
const TEXTS: &[&str] = &[
    "README.md",
    "docs/operations.md",
    "Containerfile",
    "packaging/debian/hubwire.env",
    "packaging/systemd/hubwire.service",
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn readme_has_the_table_of_settings() {
    const MARKER: &str = "<!-- settings -->";
    let readme = read("README.md");
    let table = format!("\n{}", settings::markdown());
    if std::env::var_os("HUBWIRE_TEST_WRITE_README").is_some() {
        let whole = readme.replace(marked(&readme, MARKER), &table);
        let whole = whole.replace(&format!("{MARKER}{MARKER}"), &format!("{MARKER}{table}{MARKER}"));
        fs::write(root().join("README.md"), whole).unwrap();
        return;
    }
    assert_eq!(marked(&readme, MARKER), table, "HUBWIRE_TEST_WRITE_README=1 writes it");
}

#[test]
fn every_setting_that_is_named_exists() {
    let known: BTreeSet<String> = settings::SETTINGS.iter().map(settings::Setting::variable).collect();
    for path in TEXTS {
        let text = read(path);
        let mut named = names(&text, "HUBWIRE_", |letter| {
            letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'
        });
        // The prefix itself may be spoken of.
        named.remove("HUBWIRE_");
        assert!(!named.is_empty(), "{path} names settings");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
    }
}

/// The arguments after the program's name, wherever a file calls it.
fn calls(text: &str) -> Vec<Vec<String>> {
    let words = |line: &str| -> Vec<String> {
        let plain = line.replace(['"', '[', ']', ',', '\''], " ");
        plain.split_whitespace().map(str::to_owned).collect()
    };
    let lines = text.lines().filter_map(|line| {
        let call = line.strip_prefix("ExecStart=/usr/bin/hubwire");
        let call = call.or_else(|| line.split_once("CMD [\"hubwire\",").map(|(_, rest)| rest));
        call.or_else(|| line.strip_prefix("CMD [")).map(words)
    });
    lines.collect()
}

#[test]
fn units_and_images_call_verbs_that_exist() {
    let mut called = 0;
    for path in ["packaging/systemd/hubwire.service", "Containerfile"] {
        for mut arguments in calls(&read(path)) {
            arguments.push("--help".to_owned());
            let output = hubwire(root()).args(&arguments).output().unwrap();
            assert!(output.status.success(), "{path}: {arguments:?}");
            called += 1;
        }
    }
    assert_eq!(called, 3, "the unit, the image and its health check");
}

#[test]
fn units_fit_the_program() {
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
        line.unwrap_or_else(|| panic!("{key} is set")).to_owned()
    };
    let (service, socket) = (
        read("packaging/systemd/hubwire.service"),
        read("packaging/systemd/hubwire.socket"),
    );
    let default = |key: &str| settings::find(key).unwrap().default;
    assert_eq!(value(&socket, "ListenStream"), default("listen"));
    let patience: u64 = value(&service, "TimeoutStopSec").parse().unwrap();
    let stopping: u64 = default("shutdown_seconds").parse().unwrap();
    assert!(patience >= 2 * stopping, "{patience} s for {stopping} s");
    // What the program ends with when a setting is wrong, as tests/it/process.rs has it.
    assert_eq!(value(&service, "RestartPreventExitStatus"), "2");
    let folder = value(&service, "WorkingDirectory");
    assert_eq!(folder, format!("/var/lib/{}", value(&service, "StateDirectory")));
    assert_eq!(value(&service, "Environment"), format!("HUBWIRE_DATA_DIR={folder}"));
    let toolchain: toml::Table = read("rust-toolchain.toml").parse().unwrap();
    let version = toolchain["toolchain"]["channel"].as_str().unwrap();
    let minor = version.rsplit_once('.').unwrap().0;
    assert!(
        read("Containerfile").contains(&format!("FROM rust:{minor}-")),
        "{version}"
    );
    let user = value(&service, "User");
    assert!(read("packaging/debian/hubwire.sysusers").starts_with(&format!("u {user} ")));
}

#[test]
fn the_package_has_what_its_unit_needs() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let mut places = BTreeSet::new();
    for asset in deb["assets"].as_array().unwrap() {
        let [source, place] = [&asset[0], &asset[1]].map(|part| part.as_str().unwrap());
        if source != "target/release/hubwire" {
            assert!(root().join(source).is_file(), "{source}");
        }
        let name = Path::new(source).file_name().unwrap().to_str().unwrap();
        let whole = if place.ends_with('/') {
            format!("/{place}{name}")
        } else {
            format!("/{place}")
        };
        assert!(places.insert(whole), "{place} once");
    }
    let service = read("packaging/systemd/hubwire.service");
    for line in service.lines() {
        let named = ["ExecStart=", "EnvironmentFile=", "Documentation=file://"]
            .iter()
            .find_map(|key| line.strip_prefix(key));
        if let Some(path) = named.and_then(|value| value.split_whitespace().next()) {
            assert!(places.contains(path), "{path} is in the package: {places:?}");
        }
    }
    for file in deb["conf-files"].as_array().unwrap() {
        assert!(places.contains(file.as_str().unwrap()), "{file:?}");
    }
    for folder in [&deb["maintainer-scripts"], &deb["systemd-units"]["unit-scripts"]] {
        assert!(root().join(folder.as_str().unwrap()).is_dir(), "{folder:?}");
    }
}

#[tokio::test]
async fn every_metric_that_is_described_is_served_and_the_other_way_round() {
    let app = TestApp::start().await;
    // Requests are counted once they were answered.
    for _ in 0..2 {
        app.ask("GET", "/metrics", &[("host", "localhost")], b"").await;
    }
    let page = app.ask("GET", "/metrics", &[("host", "localhost")], b"").await;
    let served: BTreeSet<String> = page
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    let belongs = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let docs = read("docs/operations.md");
    let mut described = names(&docs, "`hubwire_", |letter| {
        letter == '`' || letter.is_ascii_lowercase() || letter == '_'
    });
    described.extend(names(&docs, "`process_", |letter| {
        letter == '`' || letter.is_ascii_lowercase() || letter == '_'
    }));
    let described: BTreeSet<String> = described.iter().map(|name| name.trim_matches('`').to_owned()).collect();
    assert!(described.iter().all(|name| name.chars().all(belongs)));
    let plain = ["hubwire_build_info", "hubwire_draining", "hubwire_hub_users"].map(str::to_owned);
    let expected: BTreeSet<String> = described.iter().cloned().chain(plain).collect();
    assert_eq!(served, expected);
}

/// The lines for a REST client work as they are written, from a shell.
#[tokio::test]
async fn the_rest_lines_of_the_readme_work() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let readme = read("README.md");
    let lines = marked(&readme, "<!-- rest -->").trim();
    let lines = lines
        .strip_prefix("```sh\n")
        .and_then(|rest| rest.strip_suffix("```"))
        .unwrap();
    let lines = lines.replace("http://127.0.0.1:5080", &format!("http://{}", program.address));
    let token = crate::process::token(folder.path(), "ann");
    let output = Command::new("sh")
        .args(["-ec", &lines.replace("curl ", "curl -sf ")])
        .env("TOKEN", &token)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(said.matches("\"success\":true").count(), 2, "{said}");
    let path = format!("/api/Chat/conversations?access_token={token}");
    let conversations = ask(program.address, "GET", &path, &[], b"").await.data();
    assert_eq!(conversations[0]["lastMessage"]["content"], "Hello, Bob!");
}
