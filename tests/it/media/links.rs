//! Links that need no token: how long they are good, for what, and where they begin.

use std::time::Duration;

use hubwire::clock::Clock;
use serde_json::json;

use super::{Form, below, follow, png};
use crate::support::{Answer, TestApp};

/// 2023-11-14T22:13:20Z.
const EVENING: i64 = 1_700_000_000_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Row 57 of the security checklist.
#[tokio::test]
async fn sec_57_links_lead_to_one_file_for_a_while_and_to_nothing_when_altered() {
    let clock = Clock::fixed(EVENING);
    let app = TestApp::by(clock.clone(), |_| {}).await;
    let ann = app.person("ann");
    let conversation = ann.direct("bob").await;
    let send = async || {
        let form = Form::new().text("conversationId", &conversation);
        form.file("a.png", &png(4, 4)).post(&ann, "/upload").await.data()
    };
    let (one, other) = (send().await, send().await);
    let link = below(&one["media"]["url"]);
    let get = async |path: &str| app.ask("GET", &format!("/api/Chat{path}"), &[], b"").await;
    assert_eq!(get(&link).await.status, 200);
    assert_eq!(app.ask("HEAD", &format!("/api/Chat{link}"), &[], b"").await.status, 200);
    let (path, query) = link.split_once('?').unwrap();
    let other = other["media"]["id"].as_str().unwrap();
    let id = one["media"]["id"].as_str().unwrap();
    let later = query.replacen("e=1", "e=2", 1);
    let (kept, last) = query.split_at(query.len() - 1);
    let altered = format!("{kept}{}", if last == "A" { "Q" } else { "A" });
    for path in [
        format!("/media/{other}?{query}"),
        format!("/media/{id}/thumb?{query}"),
        format!("{path}?{later}"),
        format!("{path}?{altered}"),
        format!("{path}?e=&s="),
        format!("{path}?{}", query.split_once("&s=").unwrap().0),
        "/media/018f3c2a-7b1e-7c4d-9a2b-0123456789ab?e=9999999999&s=AAAA".to_owned(),
    ] {
        let answer = get(&path).await;
        assert!(matches!(answer.status, 401 | 404), "{path}: {}", answer.status);
        let ranged = app
            .ask("HEAD", &format!("/api/Chat{path}"), &[("range", "bytes=0-1")], b"")
            .await;
        assert_eq!((ranged.status, ranged.body.len()), (answer.status, 0), "{path}");
    }
    // The same until midnight, then another one; the first is good for a week at least.
    clock.advance(Duration::from_secs(60 * 60));
    let message = format!("/messages/{}", one["id"].as_str().unwrap());
    assert_eq!(ann.get(&message).await.data()["media"], one["media"]);
    clock.advance(DAY);
    // Tokens of the tests are an hour long.
    let ann = app.person("ann");
    assert_ne!(ann.get(&message).await.data()["media"]["url"], one["media"]["url"]);
    clock.advance(6 * DAY);
    assert_eq!(get(&link).await.status, 200);
    clock.advance(DAY);
    get(&link).await.refused(404, "not_found");
    let media = app.person("ann").get(&message).await.data()["media"].clone();
    assert_eq!(follow(&app, &media["url"], &[]).await.status, 200);
}

#[tokio::test]
async fn links_begin_with_the_public_address_or_as_the_request_came() {
    let link = |answer: Answer| answer.data()["url"].as_str().unwrap().to_owned();
    let upload = async |app: &TestApp, headers: &[(&str, &str)]| {
        let ann = app.person("ann");
        Form::new()
            .file("a.pdf", b"%PDF-1.7")
            .post_with(&ann, "/upload", headers)
            .await
    };
    let app = TestApp::start().await;
    for (headers, origin) in [
        (&[("host", "chat.example")][..], "http://chat.example/api/Chat/media/"),
        (
            &[("host", "chat.example"), ("x-forwarded-proto", "https")],
            "https://chat.example/api/Chat/media/",
        ),
        (&[("host", "a@b.example")], "/api/Chat/media/"),
        (&[("host", "a.example/x?y=\"")], "/api/Chat/media/"),
    ] {
        let link = link(upload(&app, headers).await);
        assert!(link.starts_with(origin), "{link}");
    }
    let app = TestApp::with(|config| config.public_url = Some("https://chat.example/below".to_owned())).await;
    let link = link(upload(&app, &[("host", "evil.example")]).await);
    assert!(link.starts_with("https://chat.example/below/api/Chat/media/"), "{link}");
}

#[tokio::test]
async fn links_are_good_after_a_restart_and_on_every_server() {
    let app = TestApp::start().await;
    let sent = Form::new().file("a.png", &png(4, 4)).text("recipientId", "bob");
    let sent = sent.post(&app.person("ann"), "/upload").await.data();
    let folder = app.app.config.data_dir.join("media");
    let place = |config: &mut hubwire::config::Config| {
        config.media.place = Some(hubwire::config::MediaPlace::Folder(folder));
    };
    // Where there can be several servers.
    let Some(beside) = app.beside_with(place).await else {
        return;
    };
    assert_eq!(follow(&beside, &sent["media"]["url"], &[]).await.status, 200);
    let seen = beside
        .person("bob")
        .get(&format!("/messages/{}", sent["id"].as_str().unwrap()))
        .await
        .data();
    assert_eq!(below(&seen["media"]["url"]), below(&sent["media"]["url"]));
    assert_ne!(seen["media"], json!(null));
}
