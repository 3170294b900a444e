//! A conversation and somebody who stands in some relation to it.

use serde_json::json;

use crate::{
    media::{self, Form},
    support::{Person, TestApp},
};

/// How the one who asks stands to the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Stranger,
    Former,
    Member,
    Admin,
    Owner,
    /// The other of a direct conversation blocked them.
    Blocked,
    /// A member whom an administrator shut out.
    Deactivated,
}

pub(super) const ROLES: [Role; 7] = [
    Role::Stranger,
    Role::Former,
    Role::Member,
    Role::Admin,
    Role::Owner,
    Role::Blocked,
    Role::Deactivated,
];

/// The ids of a group (or of a pair's conversation) with a message of its owner in it, and who asks. Everybody has one of
/// their own, since much of what is asked changes it.
pub(super) struct World {
    pub(super) asker: Person,
    /// Who asks.
    pub(super) user: String,
    pub(super) conversation: String,
    /// The owner's message.
    pub(super) message: String,
    /// Where that was asked for, a file of another message of theirs.
    pub(super) media: String,
    /// A plain member of the group; the other of the pair.
    pub(super) other: String,
}

impl World {
    pub(super) async fn new(app: &TestApp, turn: usize, role: Role) -> Self {
        Self::with(app, turn, role, false).await
    }

    /// With or without a file.
    pub(super) async fn with(app: &TestApp, turn: usize, role: Role, has_media: bool) -> Self {
        let name = |who: &str| format!("{who}-{turn}-{role:?}");
        let (owner, user) = (name("owner"), name("asker"));
        let keeper = app.person(&owner);
        if role == Role::Blocked {
            let sent = json!({"recipientId": user, "content": "hello"});
            let sent = keeper.post("/messages", &sent).await.data();
            let conversation = sent["conversationId"].as_str().unwrap().to_owned();
            let media = file(&keeper, &conversation, has_media).await;
            keeper
                .ask("POST", &format!("/users/{user}/block"), &[], b"")
                .await
                .data();
            return Self {
                asker: app.person(&user),
                conversation,
                media,
                message: sent["id"].as_str().unwrap().to_owned(),
                other: owner,
                user,
            };
        }
        let other = name("other");
        let members = if role == Role::Stranger || role == Role::Owner {
            json!([other])
        } else {
            json!([other, user])
        };
        let group = keeper
            .post("/groups", &json!({"name": "lobby", "memberIds": members}))
            .await
            .data();
        let conversation = group["id"].as_str().unwrap().to_owned();
        let message = keeper.say(&conversation, "hello").await;
        let media = file(&keeper, &conversation, has_media).await;
        let participants = format!("/groups/{conversation}/participants");
        match role {
            Role::Former => drop(keeper.delete(&format!("{participants}/{user}")).await.data()),
            Role::Admin => {
                let role = json!({"userId": user, "role": "admin"});
                keeper.put(&participants, &role).await.data();
            }
            Role::Deactivated => {
                let admin = app.admin("root");
                admin
                    .ask("POST", &format!("/users/{user}/deactivate"), &[], b"")
                    .await
                    .data();
            }
            Role::Stranger | Role::Member | Role::Owner | Role::Blocked => {}
        }
        let user = if role == Role::Owner { owner } else { user };
        Self {
            asker: app.person(&user),
            user,
            conversation,
            media,
            message: message["id"].as_str().unwrap().to_owned(),
            other,
        }
    }

    /// A path or a body with this world's ids in their places.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{conversation}", &self.conversation)
            .replace("{message}", &self.message)
            .replace("{media}", &self.media)
            .replace("{other}", &self.other)
            .replace("{self}", &self.user)
    }
}

/// Sends a picture, where one is wanted.
async fn file(keeper: &Person, conversation: &str, is_wanted: bool) -> String {
    if !is_wanted {
        return String::new();
    }
    let form = Form::new()
        .text("conversationId", conversation)
        .file("a.png", &media::png(4, 4));
    let sent = form.post(keeper, "/upload").await.data();
    sent["media"]["id"].as_str().unwrap().to_owned()
}
