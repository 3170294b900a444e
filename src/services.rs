//! The business: what a person may ask for, whatever edge they came in by.
//!
//! Every method takes the [`Principal`] an edge authenticated and returns typed values; `views` turns them into what
//! clients see.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::database::Database;
use crate::log::Log;

pub mod access;
pub mod blocks;
pub mod content;
pub mod conversations;
pub mod deliveries;
pub mod details;
pub mod error;
pub mod groups;
pub mod limits;
pub mod media;
pub mod members;
pub(crate) mod mentions;
pub mod messages;
mod meter;
mod others;
pub mod paging;
pub mod people;
pub mod presence;
pub mod reading;
pub mod search;
pub mod states;
pub mod tickets;
pub mod typing;

pub use self::error::Error;

use entities::user_id::UserId;

/// Who is asking: the subject of a checked token and what the token says about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user_id: UserId,
    pub profile: Profile,
    /// Whether the token says that they administer the chat.
    pub is_admin: bool,
}

/// What a token says about its subject. What it does not say is left as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub avatar: Option<String>,
    /// When it was issued, milliseconds since 1970, UTC: what an older token says is no news.
    pub issued_at: Option<i64>,
}

/// What becomes of a well-formed user id that nobody has signed in with yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownPeople {
    /// It becomes a person with that id as the name, filled in at the first sign-in.
    #[default]
    Create,
    /// It is not found.
    Refuse,
}

/// Who sees whether somebody is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresenceScope {
    /// Those who share a conversation with them.
    #[default]
    Conversations,
    /// Everybody who can sign in: for small installations, since each change is told to all.
    Everyone,
}

/// CONTRACT §6; 0 is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unicode scalar values of a message.
    pub text_characters: usize,
    /// Members of a group, the creator included.
    pub group_members: u32,
    /// Messages a person may send a minute, over all transports.
    pub messages_per_minute: u32,
    /// Reactions a person may add or take back a minute, over all transports.
    pub reactions_per_minute: u32,
    /// Files a person may upload a minute.
    pub uploads_per_minute: u32,
    /// Bytes of a picture, of a video, of any other file.
    pub image_bytes: u64,
    pub video_bytes: u64,
    pub file_bytes: u64,
    /// How many of them at once.
    pub burst: u32,
    /// Minutes for which a message may be edited.
    pub edit_window_minutes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_characters: 10_000,
            group_members: 50,
            messages_per_minute: 30,
            reactions_per_minute: 60,
            uploads_per_minute: 10,
            image_bytes: 10 << 20,
            video_bytes: 100 << 20,
            file_bytes: 50 << 20,
            burst: 10,
            edit_window_minutes: 15,
        }
    }
}

/// What the services are told by the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    pub limits: Limits,
    pub unknown_people: UnknownPeople,
    /// A typing person who says nothing more has stopped after this.
    pub typing_timeout: Duration,
    /// Typing events of one person in one conversation are at least this far apart.
    pub typing_interval: Duration,
    pub presence_scope: PresenceScope,
    /// How long a person is still here after their last connection ended.
    pub presence_grace: Duration,
    /// What is told of one person's coming and going is at least this far apart.
    pub presence_interval: Duration,
    /// How long somebody without a connection is here after a sign of life.
    pub presence_heartbeat: Duration,
    /// For how long a lost connection can be gone on with.
    pub resume: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            unknown_people: UnknownPeople::default(),
            typing_timeout: Duration::from_secs(10),
            typing_interval: Duration::from_secs(1),
            presence_scope: PresenceScope::default(),
            presence_grace: Duration::from_secs(10),
            presence_interval: Duration::from_secs(1),
            presence_heartbeat: Duration::from_secs(5 * 60),
            resume: Duration::from_secs(5 * 60),
        }
    }
}

/// The table of contents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Services {
    pub people: people::People,
    pub blocks: blocks::Blocks,
    pub conversations: conversations::Conversations,
    pub messages: messages::Messages,
    pub search: search::Search,
    pub typing: typing::Typing,
    pub presence: presence::Presence,
    pub deliveries: deliveries::Deliveries,
    pub tickets: tickets::Tickets,
    allowances: limits::Allowances,
}

impl Services {
    /// Builds the services over an open log. Call it inside a runtime: typing and presence have tasks of their own.
    #[must_use]
    pub fn new(database: &Database, log: &Log, clock: &Clock, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let people = people::People::new(database.clone(), log.clone());
        let typing = typing::Typing::new(people.clone(), log.clone(), clock.clone(), &settings);
        let presence = presence::Presence::new(people.clone(), database.clone(), log.clone(), clock.clone(), &settings);
        let blocks = blocks::Blocks::new(
            database.clone(),
            log.clone(),
            people.clone(),
            presence.clone(),
            Arc::clone(&settings),
        );
        let conversations = conversations::Conversations::new(
            database.clone(),
            log.clone(),
            people.clone(),
            Arc::clone(&settings),
            clock.clone(),
        );
        let allowances = limits::Allowances::new(&settings.limits, clock, &log.others);
        let messages = messages::Messages::new(conversations.clone(), typing.clone(), allowances.clone());
        let search = search::Search::new(conversations.clone());
        let deliveries = deliveries::Deliveries::new(log.clone());
        let tickets = tickets::Tickets::new(database.clone(), log.clone(), clock.clone(), settings.resume);
        let services = Self {
            people,
            blocks,
            conversations,
            messages,
            search,
            typing,
            presence,
            deliveries,
            tickets,
            allowances,
        };
        others::listen(&services, log);
        services
    }

    /// Lets somebody in no more: their requests are forbidden, their connections are closed, nobody adds them or writes
    /// to them anew. What they said stays, under their name.
    pub async fn deactivate(&self, principal: &Principal, id: &str) -> Result<UserId, Error> {
        let user = self.people.set_active(principal, id, false).await?;
        self.presence.silence(&user);
        Ok(user)
    }
}
