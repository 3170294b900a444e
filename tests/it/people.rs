//! Who one is.

use std::time::Duration;

use hubwire::auth::NewToken;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn person_has_every_name_of_the_token() {
    let app = TestApp::start().await;
    let me = async |name, username| {
        let token = NewToken {
            user: "ann",
            name,
            username,
            lifetime: Duration::from_secs(60),
        };
        let token = app.app.auth.sign(&token).unwrap();
        app.ask("GET", &format!("/api/Chat/users/me?access_token={token}"), &[], b"")
            .await
            .data()
    };
    let person = |full_name: &str, username: &str| {
        json!({"id": "ann", "userId": "ann", "username": username, "fullName": full_name, "displayName": full_name,
            "avatar": null, "avatarUrl": null})
    };
    assert_eq!(me(None, None).await, person("ann", "ann"));
    assert_eq!(me(Some("Ann Lee"), Some("annlee")).await, person("Ann Lee", "annlee"));
    assert_eq!(
        me(Some("Ann Day"), None).await,
        person("Ann Day", "annlee"),
        "a changed name is taken over, a missing one left"
    );
}
