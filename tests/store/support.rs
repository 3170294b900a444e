//! A store to test: the services over a fresh database, with a clock that stands still.

use std::time::Duration;

use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use hubwire::services::details::ConversationDetails;
use hubwire::services::groups::NewGroup;
use hubwire::services::messages::{Draft, Posted, Target, Via};
use hubwire::services::{Error, Limits, Principal, Profile, Services, Settings};

use crate::database::TestDatabase;

/// 2026-01-01T00:00:00Z, when every test begins.
pub const EPOCH: i64 = 1_767_225_600_000;

pub struct Store {
    pub clock: Clock,
    pub database: Database,
    pub log: Log,
    pub services: Services,
    /// Last, so that the file outlives the pools.
    pub home: TestDatabase,
}

impl Store {
    /// Over `home`, with no rate limit.
    pub async fn open(home: TestDatabase) -> Self {
        Self::open_with(home, settings()).await
    }

    pub async fn open_with(home: TestDatabase, settings: Settings) -> Self {
        let clock = Clock::fixed(EPOCH);
        let options = Options {
            busy_timeout: Duration::from_millis(100),
            ..Options::new(&home.url)
        };
        let database = Database::open(&options).await.unwrap();
        Self::over(home, database, clock, settings).await
    }

    /// Over a database that is open already.
    pub async fn over(home: TestDatabase, database: Database, clock: Clock, settings: Settings) -> Self {
        let log = Log::open(&database, &clock).await.unwrap();
        let services = Services::new(&database, &log, &clock, settings);
        Self {
            clock,
            database,
            log,
            services,
            home,
        }
    }

    /// On SQLite, for what does not depend on the database.
    pub async fn sqlite() -> Self {
        Self::open(TestDatabase::sqlite()).await
    }

    /// One on each database there is.
    pub async fn each() -> Vec<Self> {
        let mut stores = Vec::new();
        for home in TestDatabase::each().await {
            stores.push(Self::open(home).await);
        }
        stores
    }

    /// Ends this server and starts the next one on the same database.
    pub async fn restart(self) -> Self {
        self.log.close().await;
        self.database.close().await.unwrap();
        Box::pin(Self::open(self.home)).await
    }

    pub async fn group(&self, owner: &str, members: &[&str]) -> ConversationDetails {
        let group = NewGroup {
            name: "lobby".to_owned(),
            member_ids: members.iter().map(|id| (*id).to_owned()).collect(),
            ..NewGroup::default()
        };
        self.services
            .conversations
            .create_group(&principal(owner), group)
            .await
            .unwrap()
            .0
    }

    pub async fn direct(&self, user: &str, with: &str) -> ConversationDetails {
        let conversations = &self.services.conversations;
        conversations.direct(&principal(user), with).await.unwrap()
    }

    pub async fn post(&self, sender: &str, target: Target, content: &str) -> Result<Posted, Error> {
        self.services
            .messages
            .post(&principal(sender), Draft::text(target, content, Via::Rest))
            .await
    }

    /// The number of events in the log.
    pub fn events(&self) -> i64 {
        self.log.tail.head().0
    }
}

pub fn settings() -> Settings {
    Settings {
        limits: Limits {
            messages_per_minute: 0,
            ..Limits::default()
        },
        ..Settings::default()
    }
}

pub fn principal(id: &str) -> Principal {
    Principal {
        user_id: id.parse().unwrap(),
        profile: Profile::default(),
        is_admin: false,
    }
}

/// Who may change anybody's profile.
pub fn admin() -> Principal {
    Principal {
        is_admin: true,
        ..principal("root")
    }
}

pub fn to(conversation: &ConversationDetails) -> Target {
    Target::Conversation(conversation.id.to_string())
}

pub fn person(id: &str) -> Target {
    Target::Person(id.to_owned())
}
