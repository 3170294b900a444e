//! The hub methods. Who is deactivated does not come in at all.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Outcome, compare,
    world::{ROLES, Role, World},
};
use crate::{hub_client::HubClient, support::TestApp};

/// Method, arguments with the world's ids, and what each role gets: a stranger, a former member, a member, an admin, the
/// owner, one who is blocked, one who is deactivated.
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str, &str)] = &[
    ("JoinConversation", r#"["{conversation}"]"#, "0 ~ + + + + -"),
    ("LeaveConversation", r#"["{conversation}"]"#, "0 + + + + + -"),
    ("GetConversations", "[]", "+ + + + + + -"),
    ("SendTypingIndicator", r#"["{conversation}", true]"#, "0 ~ + + + + -"),
    ("StartTyping", r#"["{conversation}"]"#, "0 ~ + + + + -"),
    ("StopTyping", r#"["{conversation}"]"#, "0 ~ + + + + -"),
    ("SendMessage", r#"[{"conversationId": "{conversation}", "content": "x"}]"#, "0 ~ + + + - -"),
    ("ForwardMessage", r#"["{message}", "root"]"#, "0 ~ + + + + -"),
    ("EditMessage", r#"["{message}", "x"]"#, "0 ~ - - + - -"),
    ("DeleteMessage", r#"["{message}"]"#, "0 ~ - + + - -"),
    ("AddReaction", r#"["{message}", "x"]"#, "0 ~ + + + - -"),
    ("RemoveReaction", r#"["{message}", "x"]"#, "0 ~ + + + + -"),
    ("ToggleReaction", r#"["{message}", "x"]"#, "0 ~ + + + - -"),
    ("PinMessage", r#"["{message}"]"#, "0 ~ - + + + -"),
    ("UnpinMessage", r#"["{message}"]"#, "0 ~ - + + + -"),
    ("GetMessages", r#"["{conversation}"]"#, "0 ~ + + + + -"),
    ("StreamHistory", r#"["{conversation}"]"#, "0 ~ + + + + -"),
    ("MarkAsRead", r#"["{conversation}"]"#, "0 ~ + + + + -"),
    ("MessageDelivered", r#"["{message}"]"#, "0 ~ + + + + -"),
    ("GetUnreadCount", "[]", "+ + + + + + -"),
    ("Sync", "[]", "+ + + + + + -"),
    ("SearchMessages", r#"["hello", {"conversationId": "{conversation}"}]"#, "0 ~ + + + + -"),
    ("CreateGroup", r#"[{"name": "x"}]"#, "+ + + + + + -"),
    ("LeaveGroup", r#"["{conversation}"]"#, "0 ~ + + + 0 -"),
    ("AddMember", r#"["{conversation}", "root"]"#, "0 ~ - + + 0 -"),
    ("RemoveMember", r#"["{conversation}", "{other}"]"#, "0 ~ - + + 0 -"),
    ("GetOnlineUsers", "[]", "+ + + + + + -"),
    ("GetOnlineStatus", r#"[["{other}"]]"#, "+ + + + + + -"),
    ("IsUserOnline", r#"["{other}"]"#, "+ + + + + + -"),
    ("SetStatus", r#"["away"]"#, "+ + + + + + -"),
    ("Heartbeat", "[]", "+ + + + + + -"),
    ("Ping", "[]", "+ + + + + + -"),
];

#[tokio::test]
async fn sec_25_every_hub_method_asks_who_may() {
    let app = TestApp::start().await;
    let mut found = Vec::new();
    for (turn, (method, arguments, expected)) in TABLE.iter().enumerate() {
        let mut actual = Vec::new();
        for role in ROLES {
            let world = World::new(&app, turn, role).await;
            if role == Role::Deactivated {
                let path = format!("/hubs/chat/negotiate?access_token={}", world.asker.token);
                app.ask("POST", &path, &[], b"").await.refused(403, "forbidden");
                actual.push(Outcome::No);
                continue;
            }
            let mut client = HubClient::connect(&app, &world.user).await;
            let arguments: Value = serde_json::from_str(&world.fill(arguments)).unwrap();
            actual.push(match client.ask(method, &arguments).await {
                Ok(_) => Outcome::Done,
                Err(error) => {
                    let (_, text) = error.split_once("HubException: ").unwrap_or_else(|| panic!("{error}"));
                    Outcome::of(text.split(':').next().unwrap())
                }
            });
        }
        compare(&mut found, method, expected, &actual);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn sec_25_no_hub_method_is_without_a_row() {
    let app = TestApp::start().await;
    let listed: BTreeSet<&str> = TABLE.iter().map(|row| row.0).collect();
    let methods: BTreeSet<&str> = app.app.hubs.methods().into_iter().flatten().collect();
    assert_eq!(listed, methods);
}
