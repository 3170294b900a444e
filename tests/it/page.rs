//! The page and its tokens.

use std::{fs, path::Path};

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn page_is_served_with_a_strict_policy() {
    let app = TestApp::start().await;
    let answer = app.ask("GET", "/", &[("host", "chat.test:5080")], b"").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'; script-src 'self'; style-src 'self'"),
        "{policy}"
    );
    assert!(
        policy.contains("connect-src 'self' ws://chat.test:5080 wss://chat.test:5080;"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(!answer.text().contains("<script>"), "no inline script");
}

#[tokio::test]
async fn every_file_the_page_names_is_there_and_revalidates() {
    let app = TestApp::start().await;
    let page = app.ask("GET", "/", &[], b"").await;
    let names = page
        .text()
        .split(['"', '\''])
        .filter(|name| name.ends_with(".js") || name.ends_with(".css") || name.ends_with(".svg"));
    let names: Vec<_> = names
        .map(|name| format!("/{}", name.trim_start_matches(['.', '/'])))
        .collect();
    assert!(names.len() >= 2, "{names:?}");
    for name in names {
        let first = app.ask("GET", &name, &[], b"").await;
        assert_eq!(first.status, 200, "{name}");
        let tag = first.header("etag").unwrap();
        let again = app.ask("GET", &name, &[("if-none-match", tag)], b"").await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
    }
}

/// Every file below `folder`, from the root of the page.
fn files(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, root, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn every_file_of_the_page_is_served_and_short_enough_to_read() {
    let app = TestApp::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut found = Vec::new();
    files(&root, &root, &mut found);
    assert!(found.len() > 20, "the files were found");
    for (name, content) in found {
        // The notes beside what is not ours, and what has routes of its own.
        if name.ends_with("README.md") || name.starts_with("docs/") {
            continue;
        }
        let path = if name == "index.html" {
            "/".to_owned()
        } else {
            format!("/{name}")
        };
        let answer = app.ask("GET", &path, &[], b"").await;
        assert_eq!((answer.status, answer.text()), (200, content.as_str()), "{name}");
        let lines = content.lines().count();
        assert!(name.starts_with("vendor/") || lines < 400, "{name} has {lines} lines");
    }
}

#[tokio::test]
async fn odd_hosts_do_not_reach_the_policy() {
    let app = TestApp::start().await;
    let answer = app.ask("GET", "/", &[("host", "evil; script-src *")], b"").await;
    if answer.status == 200 {
        assert!(!answer.header("content-security-policy").unwrap().contains('*'));
    }
}

async fn introduce(app: &TestApp, host: &str, name: &str) -> crate::support::Answer {
    let headers = [("host", host), ("content-type", "application/json")];
    app.ask(
        "POST",
        "/demo/token",
        &headers,
        json!({ "name": name }).to_string().as_bytes(),
    )
    .await
}

#[tokio::test]
async fn demo_token_is_given_to_whoever_tries_the_server_out() {
    let app = TestApp::with(|config| config.jwt_secret = None).await;
    let data = introduce(&app, "localhost", "Ann Lee").await.data();
    assert_eq!(data["userId"], "ann-lee");
    let me = app
        .ask(
            "GET",
            &format!("/api/Chat/users/me?access_token={}", data["token"].as_str().unwrap()),
            &[],
            b"",
        )
        .await;
    assert_eq!(
        (&me.data()["id"], &me.data()["fullName"]),
        (&json!("ann-lee"), &json!("Ann Lee"))
    );
    introduce(&app, "localhost", " ")
        .await
        .refused(400, "validation_failed");
    introduce(&app, "localhost", "!!")
        .await
        .refused(400, "validation_failed");
    introduce(&app, "rebound.test", "Ann").await.refused(404, "not_found");
}

#[tokio::test]
async fn demo_token_does_not_exist_with_a_key_of_ones_own_or_an_open_listener() {
    let own = TestApp::start().await;
    introduce(&own, "localhost", "Ann").await.refused(404, "not_found");
    let open = TestApp::with(|config| {
        config.jwt_secret = None;
        config.listen = "0.0.0.0:0".parse().unwrap();
    })
    .await;
    let address = format!("127.0.0.1:{}", open.address.port()).parse().unwrap();
    crate::support::ask(address, "POST", "/demo/token", &[], b"{\"name\":\"Ann\"}")
        .await
        .refused(404, "not_found");
}

/// Row 46 of the security checklist: whatever is asked for and however, an answer that is a page has the policy.
#[tokio::test]
async fn sec_46_every_page_is_answered_with_the_strict_policy() {
    let app = TestApp::with(|config| config.jwt_secret = None).await;
    let index = app.ask("GET", "/", &[], b"").await;
    let tag = index.header("etag").unwrap().to_owned();
    let routes = hubwire::router::ROUTES.iter().map(|(path, _)| *path);
    let others = [
        "/",
        "/index.html",
        "/docs",
        "/openapi.json",
        "/nothing",
        "/%3Cscript%3E",
        "/hubs/chat",
        "/hubs/chat/negotiate",
    ];
    let mut pages = 0;
    for path in routes.chain(others) {
        for (method, headers) in [
            ("GET", &[("accept", "text/html")][..]),
            ("GET", &[("if-none-match", tag.as_str())]),
            ("HEAD", &[]),
            ("POST", &[]),
            ("PUT", &[("origin", "https://evil.test")]),
            ("TRACE", &[]),
        ] {
            let answer = app.ask(method, path, headers, b"").await;
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{method} {path}"
            );
            let kind = answer.header("content-type").unwrap_or_default();
            if !kind.contains("html") && !answer.body.starts_with(b"<") {
                continue;
            }
            pages += 1;
            let policy = answer.header("content-security-policy").unwrap_or_default();
            let directives: Vec<_> = policy.split("; ").collect();
            for directive in [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ] {
                assert!(
                    directives.contains(&directive),
                    "{method} {path}: {directive} is not in {policy}"
                );
            }
            assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{policy}");
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{method} {path}");
        }
    }
    assert!(pages >= 3, "asked for, asked for again, and its head alone: {pages}");
}
