//! The routes.

use super::{
    Outcome, compare, content_type,
    world::{ROLES, World},
};
use crate::support::TestApp;

/// Method, route, path and body with the world's ids, and what each role gets: a stranger, a former member, a member, an
/// admin, the owner, one who is blocked, one who is deactivated.
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str, &str, &str, &str)] = &[
    ("get", "/api/Chat/messages", "/messages?chatId={conversation}", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/messages", "/messages", r#"{"conversationId": "{conversation}", "content": "x"}"#, "0 ~ + + + - -"),
    ("get", "/api/Chat/messages/search", "/messages/search?q=hello&chatId={conversation}", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/messages/{id}", "/messages/{message}", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/messages/{id}", "/messages/{message}", r#"{"content": "x"}"#, "0 ~ - - + - -"),
    ("delete", "/api/Chat/messages/{id}", "/messages/{message}", "", "0 ~ - + + - -"),
    ("get", "/api/Chat/messages/{id}/edits", "/messages/{message}/edits", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/messages/{id}/forward", "/messages/{message}/forward", r#"{"recipientId": "root"}"#, "0 ~ + + + + -"),
    ("post", "/api/Chat/messages/{id}/pin", "/messages/{message}/pin", "", "0 ~ - + + + -"),
    ("delete", "/api/Chat/messages/{id}/pin", "/messages/{message}/pin", "", "0 ~ - + + + -"),
    ("get", "/api/Chat/messages/{id}/reactions", "/messages/{message}/reactions", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/messages/{id}/reactions", "/messages/{message}/reactions", r#"{"emoji": "x"}"#, "0 ~ + + + - -"),
    ("get", "/api/Chat/messages/{id}/reactions/summary", "/messages/{message}/reactions/summary", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/messages/{id}/reactions/toggle", "/messages/{message}/reactions/toggle", r#"{"emoji": "x"}"#, "0 ~ + + + - -"),
    ("delete", "/api/Chat/messages/{id}/reactions/{emoji}", "/messages/{message}/reactions/x", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/messages/{id}/read", "/messages/{message}/read", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/messages/{id}/read-receipts", "/messages/{message}/read-receipts", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/messages/{id}/thread", "/messages/{message}/thread", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/conversations", "/conversations", "", "+ + + + + + -"),
    ("post", "/api/Chat/conversations", "/conversations", r#"{"name": "x", "participantIds": ["{other}"]}"#, "+ + + + + + -"),
    ("post", "/api/Chat/conversations/direct/{userId}", "/conversations/direct/{other}", "", "+ + + + + + -"),
    ("get", "/api/Chat/conversations/pinned", "/conversations/pinned", "", "+ + + + + + -"),
    ("get", "/api/Chat/conversations/search", "/conversations/search?query=x", "", "+ + + + + + -"),
    ("get", "/api/Chat/conversations/unread", "/conversations/unread", "", "+ + + + + + -"),
    ("get", "/api/Chat/conversations/{id}", "/conversations/{conversation}", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}", "/conversations/{conversation}", r#"{"name": "x"}"#, "0 ~ - + + - -"),
    ("delete", "/api/Chat/conversations/{id}", "/conversations/{conversation}", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/conversations/{id}/attachments", "/conversations/{conversation}/attachments", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/archive", "/conversations/{conversation}/archive", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}/archive", "/conversations/{conversation}/archive?archived=true", "", "0 ~ + + + + -"),
    ("delete", "/api/Chat/conversations/{id}/archive", "/conversations/{conversation}/archive", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/leave", "/conversations/{conversation}/leave", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/conversations/{id}/messages", "/conversations/{conversation}/messages", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/messages", "/conversations/{conversation}/messages", r#"{"content": "x"}"#, "0 ~ + + + - -"),
    ("get", "/api/Chat/conversations/{id}/messages/search", "/conversations/{conversation}/messages/search?query=x", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/mute", "/conversations/{conversation}/mute", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}/mute", "/conversations/{conversation}/mute?muted=true", "", "0 ~ + + + + -"),
    ("delete", "/api/Chat/conversations/{id}/mute", "/conversations/{conversation}/mute", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/participants", "/conversations/{conversation}/participants", r#"{"memberIds": ["root"]}"#, "0 ~ - + + 0 -"),
    ("put", "/api/Chat/conversations/{id}/participants", "/conversations/{conversation}/participants", r#"{"userId": "{other}", "role": "admin"}"#, "0 ~ - - + 0 -"),
    ("delete", "/api/Chat/conversations/{id}/participants", "/conversations/{conversation}/participants", r#"{"memberIds": ["{other}"]}"#, "0 ~ - + + 0 -"),
    ("post", "/api/Chat/conversations/{id}/participants/{userId}", "/conversations/{conversation}/participants/root", "", "0 ~ - + + 0 -"),
    ("put", "/api/Chat/conversations/{id}/participants/{userId}", "/conversations/{conversation}/participants/{other}", r#"{"role": "admin"}"#, "0 ~ - - + 0 -"),
    ("delete", "/api/Chat/conversations/{id}/participants/{userId}", "/conversations/{conversation}/participants/{other}", "", "0 ~ - + + 0 -"),
    ("post", "/api/Chat/conversations/{id}/pin", "/conversations/{conversation}/pin", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}/pin", "/conversations/{conversation}/pin?pinned=true", "", "0 ~ + + + + -"),
    ("delete", "/api/Chat/conversations/{id}/pin", "/conversations/{conversation}/pin", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/conversations/{id}/pins", "/conversations/{conversation}/pins", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/read", "/conversations/{conversation}/read", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/unarchive", "/conversations/{conversation}/unarchive", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}/unarchive", "/conversations/{conversation}/unarchive", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/unmute", "/conversations/{conversation}/unmute", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}/unmute", "/conversations/{conversation}/unmute", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/conversations/{id}/unpin", "/conversations/{conversation}/unpin", "", "0 ~ + + + + -"),
    ("put", "/api/Chat/conversations/{id}/unpin", "/conversations/{conversation}/unpin", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/groups", "/groups", "", "+ + + + + + -"),
    ("post", "/api/Chat/groups", "/groups", r#"{"name": "x"}"#, "+ + + + + + -"),
    ("get", "/api/Chat/groups/{id}", "/groups/{conversation}", "", "0 ~ + + + 0 -"),
    ("put", "/api/Chat/groups/{id}", "/groups/{conversation}", r#"{"name": "x"}"#, "0 ~ - + + - -"),
    ("delete", "/api/Chat/groups/{id}", "/groups/{conversation}?scope=everyone", "", "0 ~ - - + 0 -"),
    ("post", "/api/Chat/groups/{id}/participants", "/groups/{conversation}/participants", r#"{"memberIds": ["root"]}"#, "0 ~ - + + 0 -"),
    ("put", "/api/Chat/groups/{id}/participants", "/groups/{conversation}/participants", r#"{"userId": "{other}", "role": "admin"}"#, "0 ~ - - + 0 -"),
    ("delete", "/api/Chat/groups/{id}/participants", "/groups/{conversation}/participants", "", "0 ~ + ? ? 0 -"),
    ("post", "/api/Chat/groups/{id}/participants/{userId}", "/groups/{conversation}/participants/root", "", "0 ~ - + + 0 -"),
    ("put", "/api/Chat/groups/{id}/participants/{userId}", "/groups/{conversation}/participants/{other}", r#"{"role": "admin"}"#, "0 ~ - - + 0 -"),
    ("delete", "/api/Chat/groups/{id}/participants/{userId}", "/groups/{conversation}/participants/{self}", "", "0 ~ + + + 0 -"),
    ("post", "/api/Chat/groups/{id}/transfer", "/groups/{conversation}/transfer", r#"{"userId": "{other}"}"#, "0 ~ - - + 0 -"),
    ("get", "/api/Chat/media/{id}", "/media/{media}", "", "0 ~ + + + + -"),
    ("get", "/api/Chat/media/{id}/thumb", "/media/{media}/thumb", "", "0 ~ + + + + -"),
    ("post", "/api/Chat/upload", "/upload", UPLOAD, "0 ~ + + + - -"),
    ("post", "/api/Chat/upload-multiple", "/upload-multiple", UPLOAD, "0 ~ + + + - -"),
    ("get", "/api/Chat/presence", "/presence", "", "+ + + + + + -"),
    ("post", "/api/Chat/presence/heartbeat", "/presence/heartbeat", "", "+ + + + + + -"),
    ("put", "/api/Chat/presence/status", "/presence/status", r#"{"status": "away"}"#, "+ + + + + + -"),
    ("post", "/api/Chat/presence/users", "/presence/users", r#"{"userIds": ["{other}"]}"#, "+ + + + + + -"),
    ("get", "/api/Chat/presence/{userId}", "/presence/{other}", "", "+ + + + + + -"),
    ("put", "/api/Chat/users", "/users", r#"{"users": []}"#, "- - - - - - -"),
    ("get", "/api/Chat/users/blocked", "/users/blocked", "", "+ + + + + + -"),
    ("post", "/api/Chat/users/bulk", "/users/bulk", r#"{"users": []}"#, "- - - - - - -"),
    ("get", "/api/Chat/users/me", "/users/me", "", "+ + + + + + -"),
    ("put", "/api/Chat/users/me", "/users/me", r#"{"fullName": "x"}"#, "+ + + + + + -"),
    ("get", "/api/Chat/users/me/privacy", "/users/me/privacy", "", "+ + + + + + -"),
    ("put", "/api/Chat/users/me/privacy", "/users/me/privacy", r#"{"readReceipts": true}"#, "+ + + + + + -"),
    ("get", "/api/Chat/sync", "/sync", "", "+ + + + + + -"),
    ("get", "/api/Chat/users/search", "/users/search?query=x", "", "+ + + + + + -"),
    ("get", "/api/Chat/users/{id}", "/users/{other}", "", "+ + + + + + -"),
    ("put", "/api/Chat/users/{id}", "/users/{other}", r#"{"fullName": "x"}"#, "- - - - - - -"),
    ("post", "/api/Chat/users/{id}/block", "/users/{other}/block", "", "+ + + + + + -"),
    ("delete", "/api/Chat/users/{id}/block", "/users/{other}/block", "", "+ + + + + + -"),
    ("post", "/api/Chat/users/{id}/deactivate", "/users/{other}/deactivate", "", "- - - - - - -"),
    ("delete", "/api/Chat/users/{id}/deactivate", "/users/{other}/deactivate", "", "- - - - - - -"),
];

/// A file for the conversation.
const UPLOAD: &str = "--x\r\nContent-Disposition: form-data; name=conversationId\r\n\r\n{conversation}\r\n--x\r\nContent-Disposition: form-data; name=file; filename=a.pdf\r\n\r\n%PDF-1.7\r\n--x--";

/// Routes that ask nobody who they are.
const OPEN: &[&str] = &["/healthz", "/readyz", "/asyncapi.json", "/openapi.json"];

#[tokio::test]
async fn sec_25_every_route_asks_who_may() {
    let app = TestApp::start().await;
    let mut found = Vec::new();
    for (turn, (method, route, path, body, expected)) in TABLE.iter().enumerate() {
        let mut actual = Vec::new();
        for role in ROLES {
            let world = World::with(&app, turn, role, path.contains("{media}")).await;
            let (path, body) = (world.fill(path), world.fill(body));
            let kind = [("content-type", content_type(&body))];
            let headers = if body.is_empty() { &kind[..0] } else { &kind };
            let answer = world
                .asker
                .ask(&method.to_uppercase(), &path, headers, body.as_bytes())
                .await;
            let code = if answer.status == 200 {
                String::new()
            } else {
                answer.json()["code"].as_str().unwrap_or_default().to_owned()
            };
            assert_eq!(answer.status == 200, code.is_empty(), "{:?}", answer);
            actual.push(Outcome::of(&code));
        }
        compare(&mut found, &format!("{method} {route}"), expected, &actual);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn sec_25_no_route_is_without_a_row() {
    let mut listed: Vec<(&str, &str)> = TABLE.iter().map(|row| (row.1, row.0)).collect();
    let routes = hubwire::router::ROUTES.iter();
    let mut routes: Vec<(&str, &str)> = routes
        .filter(|(path, _)| !OPEN.contains(path))
        .flat_map(|(path, methods)| methods.iter().map(|method| (*path, *method)))
        .collect();
    listed.sort_unstable();
    routes.sort_unstable();
    assert_eq!(listed, routes);
}
