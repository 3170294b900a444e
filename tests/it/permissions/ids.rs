//! Ids that are none, in every place of every route where there is one.

use super::{
    content_type, routes,
    world::{Role, World},
};
use crate::support::TestApp;

/// No ids of conversations or messages: as a path or a query spells them, and as JSON does.
const NO_IDS: [(&str, &str); 11] = [
    ("9223372036854775808", "9223372036854775808"),
    ("-1", "-1"),
    ("0", "0"),
    ("18446744073709551616", "\"18446744073709551616\""),
    ("1.5", "1.5"),
    ("1e3", "1e3"),
    ("1;%20DROP%20TABLE%20messages", "\"1; DROP TABLE messages\""),
    ("%27%20OR%201=1--", "\"' OR 1=1--\""),
    ("%00", "\"\\u0000\""),
    ("%ff", "{}"),
    ("..%2f1", "[]"),
];
/// No ids of people, who may be called almost anything.
const NOBODY: [(&str, &str); 5] = [
    ("%00", "\"\\u0000\""),
    ("a%0Ab", "\"a\\nb\""),
    ("%E2%80%AEnna", "\"\\u202enna\""),
    ("%ff", "{}"),
    ("%0d", "1.5"),
];

/// The text with one kind of id replaced where it stands, as a path and as JSON spell it.
fn replaced(world: &World, path: &str, body: &str, place: &str, (in_path, in_json): (&str, &str)) -> (String, String) {
    let body = if body.starts_with("--x") {
        body.replace(place, in_json.trim_matches('"'))
    } else {
        body.replace(&format!("\"{place}\""), in_json)
    };
    (world.fill(&path.replace(place, in_path)), world.fill(&body))
}

/// Row 44 of the security checklist.
#[tokio::test]
async fn sec_44_no_route_takes_for_an_id_what_is_none() {
    let app = TestApp::start().await;
    let world = World::new(&app, 0, Role::Owner).await;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for (method, route, path, body, _) in routes::TABLE {
        for place in ["{conversation}", "{message}", "{media}", "{other}", "{self}"] {
            if !path.contains(place) && !body.contains(place) {
                continue;
            }
            let is_person = matches!(place, "{other}" | "{self}");
            let ids = if is_person { &NOBODY[..] } else { &NO_IDS };
            for id in ids {
                let (path, body) = replaced(&world, path, body, place, *id);
                let kind = [("content-type", content_type(&body))];
                let headers = if body.is_empty() { &kind[..0] } else { &kind };
                let method = method.to_uppercase();
                let answer = world.asker.ask(&method, &path, headers, body.as_bytes()).await;
                asked += 1;
                let told = answer.json();
                let code = told["code"].as_str().unwrap_or_default();
                let is_named = told["details"]["field"].is_string();
                let is_refused = match (answer.status, code) {
                    (404, "not_found") => true,
                    (400, "validation_failed") => is_named,
                    // Only an administrator learns what is wrong with it.
                    (403, "forbidden") => route.starts_with("/api/Chat/users"),
                    // Who cannot be meant is nobody there is, which is no reason to refuse the others.
                    (200, _) if *route == "/api/Chat/presence/users" => told["data"][0]["status"] == "offline",
                    (200, _) => is_person && told["data"]["skipped"][0]["reason"] == "malformed_id",
                    _ => false,
                };
                if !is_refused {
                    wrong.push(format!("{method} {path} {body}: {} {told}", answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked > 500, "{asked}");
    // The server still answers, and everything is where it was.
    assert_eq!(app.ask("GET", "/readyz", &[], b"").await.status, 200);
    let path = format!("/messages/{}", world.message);
    assert_eq!(world.asker.get(&path).await.data()["content"], "hello");
}

/// A route with an id in its path has a row where it can be replaced.
#[test]
fn every_id_in_a_path_is_one_that_is_tried() {
    for (_, route, path, _, _) in routes::TABLE {
        let ids = route.matches("{id}").count() + route.matches("{userId}").count();
        // `root` stands for somebody who is no member yet.
        let path = path.split('?').next().unwrap();
        let places = path.matches('{').count() + path.matches("/root").count();
        assert_eq!(ids, places, "{route} {path}");
    }
}
