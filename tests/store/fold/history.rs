//! Histories: what several people do in no particular order, some of it at once, much of it refused.

use std::collections::HashMap;
use std::time::Duration;

use entities::conversation::History as Seen;
use entities::ids::{ConversationId, FileId, MessageId, Seq};
use entities::user_id::UserId;
use entities::{conversation, file, message};
use futures_util::future::join_all;
use hubwire::services::groups::{GroupChange, NewGroup};
use hubwire::services::messages::{Action, Draft, Mark, Place, Target, Via};
use hubwire::services::people::{NewProfile, Privacy};
use hubwire::services::states::Flag;
use hubwire::services::{Error, Principal, Profile, Services};
use sea_orm::{ActiveModelTrait as _, EntityTrait, IntoActiveModel as _};
use uuid::Uuid;

use super::random::Random;
use crate::support::{Store, principal};

const PEOPLE: [&str; 6] = ["ann", "bob", "cat", "dan", "eve", "fay"];
/// What may happen, and how often of a hundred.
const ACTIONS: [(Did, u64); 28] = [
    (Did::Direct, 2),
    (Did::Group, 3),
    (Did::Send, 22),
    (Did::Reply, 5),
    (Did::Forward, 6),
    (Did::Attach, 6),
    (Did::Edit, 6),
    (Did::Delete, 5),
    (Did::React, 7),
    (Did::Pin, 4),
    (Did::Read, 6),
    (Did::ReadAll, 4),
    (Did::Receive, 6),
    (Did::Prove, 8),
    (Did::Flag, 5),
    (Did::Leave, 2),
    (Did::Block, 2),
    (Did::Add, 4),
    (Did::Remove, 2),
    (Did::Role, 2),
    (Did::Transfer, 5),
    (Did::Rename, 2),
    (Did::End, 2),
    (Did::SignIn, 1),
    (Did::Profile, 1),
    (Did::Privacy, 1),
    (Did::Status, 1),
    (Did::Active, 1),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Did {
    Direct,
    Group,
    Send,
    Reply,
    Forward,
    Attach,
    Edit,
    Delete,
    React,
    Pin,
    Read,
    ReadAll,
    Receive,
    Prove,
    Flag,
    Leave,
    Block,
    Add,
    Remove,
    Role,
    Transfer,
    Rename,
    End,
    SignIn,
    Profile,
    Privacy,
    Status,
    Active,
}

pub struct History<'a> {
    store: &'a Store,
    /// What it happens through: one server or several.
    servers: Vec<Services>,
    random: Random,
    /// How often each succeeded.
    pub done: HashMap<Did, usize>,
    /// What each message ever said.
    pub said: Vec<(MessageId, String)>,
}

/// One action with all that is random about it.
struct Act {
    server: usize,
    did: Did,
    random: Random,
    who: &'static str,
    other: &'static str,
    place: Option<ConversationId>,
    message: Option<message::Model>,
    /// What nobody else says.
    text: String,
}

impl<'a> History<'a> {
    pub fn new(store: &'a Store, servers: Vec<Services>, seed: u64) -> Self {
        Self {
            store,
            servers,
            random: Random(seed),
            done: HashMap::new(),
            said: Vec::new(),
        }
    }

    /// Lets so many things happen, up to four at a time.
    pub async fn go_on(&mut self, mut actions: usize) {
        while actions > 0 {
            let seconds = self.random.below(20);
            self.store.clock.advance(Duration::from_secs(seconds));
            let read = &self.store.database.read;
            let places = conversation::Entity::find().all(read).await.unwrap();
            let messages = message::Entity::find().all(read).await.unwrap();
            let together = actions.min(1 + self.random.below(4) as usize);
            let acts: Vec<_> = (0..together).map(|_| self.act(&places, &messages)).collect();
            let outcomes = join_all(acts.iter().map(|act| act.happen(self.store, &self.servers[act.server]))).await;
            for (act, outcome) in acts.iter().zip(outcomes) {
                match outcome {
                    Ok(said) => {
                        *self.done.entry(act.did).or_default() += 1;
                        self.said.extend(said.map(|id| (id, act.text.clone())));
                    }
                    Err(error) => assert_ne!(error.code(), "internal", "{:?}", act.did),
                }
            }
            actions -= together;
        }
    }

    fn act(&mut self, all: &[conversation::Model], messages: &[message::Model]) -> Act {
        let mut roll = self.random.below(ACTIONS.iter().map(|(_, often)| often).sum());
        let mut did = Did::Send;
        for (action, often) in ACTIONS {
            if roll < often {
                did = action;
                break;
            }
            roll -= often;
        }
        // Mostly what is new, as everywhere, and done by those who may.
        let message = self.random.of(&messages[messages.len().saturating_sub(30)..]).cloned();
        let of_groups = matches!(
            did,
            Did::Add | Did::Remove | Did::Role | Did::Transfer | Did::Rename | Did::End
        );
        let places: Vec<_> = all
            .iter()
            .filter(|row| !of_groups || row.kind == conversation::Kind::Group)
            .collect();
        let place = self.random.of(&places[places.len().saturating_sub(12)..]).copied();
        let of_messages = matches!(did, Did::Reply | Did::Edit | Did::Delete | Did::React | Did::Pin);
        let of_receipts = matches!(did, Did::Read | Did::Receive | Did::Prove);
        let home = |message: &message::Model| all.iter().find(|row| row.number == message.conversation);
        let entitled = match &message {
            Some(message) if of_receipts => home(message).and_then(|row| known(&row.created_by)),
            Some(message) if of_messages => known(&message.sender_id),
            _ => place.and_then(|row| known(&row.created_by)),
        };
        let (who, other) = (*self.random.of(&PEOPLE).unwrap(), *self.random.of(&PEOPLE).unwrap());
        let is_entitled = self.random.below(3) > 0;
        Act {
            server: usize::try_from(self.random.below(self.servers.len() as u64)).unwrap(),
            did,
            random: Random(self.random.next()),
            who: entitled.filter(|_| is_entitled).unwrap_or(who),
            other,
            place: place.map(|row| row.id),
            message,
            text: format!("said{}once", self.random.next()),
        }
    }
}

fn known(user: &UserId) -> Option<&'static str> {
    PEOPLE.into_iter().find(|known| *known == user.as_str())
}

fn root() -> Principal {
    Principal {
        is_admin: true,
        ..principal("root")
    }
}

impl Act {
    /// Does it. Returns the message that says its text now.
    async fn happen(&self, store: &Store, services: &Services) -> Result<Option<MessageId>, Error> {
        let who = principal(self.who);
        let (conversations, messages) = (&services.conversations, &services.messages);
        let mut random = Random(self.random.0);
        let mut flip = || random.below(2) == 0;
        let place = self.place.map(|id| id.to_string()).unwrap_or_default();
        let others = || vec![self.other.to_owned(), "nobody-yet".to_owned()];
        let reference = self.message.as_ref().map(|row| row.id.to_string()).unwrap_or_default();
        let mark = || Mark::at(Place::Message(reference.clone()));
        match self.did {
            Did::Direct => drop(conversations.direct(&who, self.other).await?),
            Did::Group => {
                let group = NewGroup {
                    name: "lobby".to_owned(),
                    member_ids: vec![self.other.to_owned(), "gus".to_owned(), self.text.clone()],
                    description: flip().then(|| "where all meet".to_owned()),
                    avatar: flip().then(|| "https://a.example/lobby.png".to_owned()),
                    history: if flip() { Seen::All } else { Seen::FromJoin },
                };
                conversations.create_group(&who, group).await?;
            }
            Did::Send | Did::Reply | Did::Forward | Did::Attach => {
                let sent = self.send(store, services, &who, &place).await?;
                return Ok((self.did != Did::Forward).then_some(sent));
            }
            Did::Edit => {
                return messages
                    .edit(&who, None, &reference, &self.text)
                    .await
                    .map(|now| Some(now.id));
            }
            Did::Delete => messages.delete(&who, None, &reference).await?,
            Did::React => {
                let emoji = if flip() { "👍" } else { "🎉" };
                let action = if flip() { Action::Toggle } else { Action::Add };
                messages.react(&who, None, &reference, emoji, action).await?;
            }
            Did::Pin => drop(messages.pin(&who, &reference, !flip() || flip()).await?),
            Did::Read => drop(messages.mark_read(&who, &mark()).await?),
            Did::ReadAll => drop(messages.mark_read(&who, &Mark::at(Place::Conversation(place))).await?),
            Did::Receive => drop(messages.mark_delivered(&who, &mark()).await?),
            Did::Prove => {
                if let Some(row) = &self.message {
                    let first = (row.seq.0 - i64::try_from(random.below(4)).unwrap()).max(1);
                    let user = &who.user_id;
                    messages.delivered(user, row.conversation, Seq(first), row.seq).await?;
                }
            }
            Did::Flag => drop(conversations.set_flag(&who, &place, self.flag(store)).await?),
            Did::Leave => drop(conversations.leave(&who, &place).await?),
            Did::Block => drop(services.blocks.set(&who, self.other, flip()).await?),
            Did::Add => drop(conversations.add_members(&who, &place, others()).await?),
            Did::Remove => drop(conversations.remove_members(&who, &place, Some(others())).await?),
            Did::Role => {
                let role = if flip() { "admin" } else { "member" };
                conversations.change_roles(&who, &place, Some(others()), role).await?;
            }
            Did::Transfer => drop(conversations.transfer(&who, &place, self.other).await?),
            Did::Rename => {
                let change = GroupChange {
                    name: flip().then(|| self.text.clone()),
                    description: flip().then(|| self.text.clone()),
                    avatar: flip().then(String::new),
                    history: flip().then_some(Seen::FromJoin),
                };
                conversations.change_group(&who, &place, change).await?;
            }
            Did::End => drop(conversations.end(&who, &place).await?),
            Did::SignIn => {
                let profile = Profile {
                    full_name: Some(self.text.clone()),
                    avatar: flip().then(|| "https://a.example/me.png".to_owned()),
                    ..Profile::default()
                };
                services.people.seen(&Principal { profile, ..who }).await?;
            }
            Did::Profile => {
                let profile = NewProfile {
                    full_name: Some(self.text.clone()),
                    avatar: flip().then(String::new),
                    ..NewProfile::default()
                };
                match flip() {
                    true => services.people.rename_me(&who, profile).await?,
                    false => services.people.put(&root(), "gus", profile).await?,
                };
            }
            Did::Privacy => {
                let privacy = Privacy { read_receipts: flip() };
                services.people.set_privacy(&who, privacy).await?;
            }
            Did::Status => {
                let status = if flip() { "dnd" } else { "online" };
                services.presence.set_status(&who, status).await?;
            }
            Did::Active => drop(services.people.set_active(&root(), self.other, flip()).await?),
        }
        Ok(None)
    }

    async fn send(&self, store: &Store, services: &Services, who: &Principal, place: &str) -> Result<MessageId, Error> {
        let mut random = Random(self.random.0);
        let reference = self.message.as_ref().map(|row| row.id.to_string());
        let there = self.message.as_ref().map(|row| row.conversation.to_string());
        let target = match self.did {
            Did::Reply => Target::Conversation(there.unwrap_or_default()),
            _ if random.below(4) == 0 => Target::Person(self.other.to_owned()),
            _ => Target::Conversation(place.to_owned()),
        };
        let mentions = if random.below(3) == 0 { " @ann @bob" } else { "" };
        let mut attachment_ids = Vec::new();
        if self.did == Did::Attach {
            for _ in 0..1 + random.below(3) {
                attachment_ids.push(self.upload(store, &who.user_id).await.to_string());
            }
        }
        let is_forward = self.did == Did::Forward;
        let content = if is_forward {
            String::new()
        } else {
            format!("{}{mentions}", self.text)
        };
        let draft = Draft {
            attachment_ids,
            parent: reference.clone().filter(|_| self.did == Did::Reply),
            forward: reference.filter(|_| is_forward),
            metadata: (random.below(3) == 0 && !is_forward).then(|| serde_json::json!({"at": [1, "x"]})),
            client_message_id: (random.below(2) == 0).then(|| self.text.clone()),
            temp_id: (random.below(3) == 0).then(|| "t".to_owned()),
            ..Draft::text(target, content, Via::Hub)
        };
        Ok(services.messages.post(who, draft).await?.message.id)
    }

    /// A file that no message has yet, called as this says. Its own rows are not in the log.
    async fn upload(&self, store: &Store, owner: &UserId) -> FileId {
        let row = file::Model {
            id: FileId(Uuid::new_v4()),
            owner_id: owner.clone(),
            name: format!("{}.png", self.text),
            mime: "image/png".to_owned(),
            size: 5,
            sha256: vec![0; 32],
            width: Some(1),
            height: None,
            thumbnail: Some("image/jpeg".to_owned()),
            created_at: store.clock.now(),
            expires_at: Some(i64::MAX),
        };
        let id = row.id;
        let row = row.into_active_model().reset_all();
        file::Entity::insert(row)
            .exec_without_returning(&store.database.write)
            .await
            .unwrap();
        id
    }

    fn flag(&self, store: &Store) -> Flag {
        let mut random = Random(self.random.0);
        let is_set = random.below(3) > 0;
        match random.below(3) {
            0 => Flag::Muted {
                is_muted: is_set,
                until: (random.below(2) == 0).then(|| store.clock.now() + 60_000),
            },
            1 => Flag::Archived(is_set),
            _ => Flag::Pinned(is_set),
        }
    }
}
