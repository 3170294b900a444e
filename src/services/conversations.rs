//! Conversations as their members see them: list, find, get or make.

use std::sync::Arc;

use entities::conversation::{self, Kind};
use entities::ids::{ConversationId, ConversationNumber};
use entities::member;
use entities::user_id::UserId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::database::Database;
use crate::log::Log;
use crate::log::members::Membership;
use crate::log::writer::changes::NewDirect;
use crate::services::details::ConversationDetails;
use crate::services::paging::{Page, PageRequest};
use crate::services::people::People;
use crate::services::reading::{self, Selection};
use crate::services::{Error, Principal, Settings, UnknownPeople, access};

/// Direct conversations and groups. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Conversations {
    pub(crate) database: Database,
    pub(crate) log: Log,
    pub(crate) people: People,
    pub(crate) settings: Arc<Settings>,
    /// Files are gone with a message, and are to be collected.
    pub(crate) files_gone: Arc<Notify>,
    pub(crate) clock: Clock,
}

impl Conversations {
    pub(crate) fn new(database: Database, log: Log, people: People, settings: Arc<Settings>, clock: Clock) -> Self {
        Self {
            database,
            log,
            people,
            settings,
            files_gone: Arc::default(),
            clock,
        }
    }

    /// The caller's conversations: pinned first, then latest activity. Costs the same number of queries whatever the
    /// size of the page. `before` and `after` do not apply.
    pub async fn list(
        &self,
        principal: &Principal,
        page: &PageRequest,
        include_archived: bool,
    ) -> Result<Page<ConversationDetails>, Error> {
        let selection = Selection {
            include_archived,
            ..Selection::default()
        };
        self.select(principal, selection, page).await
    }

    /// The pinned ones, archived or not.
    pub async fn pinned(&self, principal: &Principal, page: &PageRequest) -> Result<Page<ConversationDetails>, Error> {
        let selection = Selection {
            include_archived: true,
            pinned_only: true,
            ..Selection::default()
        };
        self.select(principal, selection, page).await
    }

    /// Those whose name holds `text`, archived or not: a group's own, a direct one's the other person's. Case and
    /// accents do not count.
    pub async fn search(
        &self,
        principal: &Principal,
        text: &str,
        page: &PageRequest,
    ) -> Result<Page<ConversationDetails>, Error> {
        self.people.shared(principal).await?;
        reading::names::search(&self.database.read, &principal.user_id, text, page, self.clock.now()).await
    }

    pub(crate) async fn select(
        &self,
        principal: &Principal,
        selection: Selection,
        page: &PageRequest,
    ) -> Result<Page<ConversationDetails>, Error> {
        self.people.shared(principal).await?;
        reading::list(
            &self.database.read,
            &principal.user_id,
            selection,
            page,
            self.clock.now(),
        )
        .await
    }

    /// One of the caller's conversations, by its UUID or number.
    pub async fn find(&self, principal: &Principal, reference: &str) -> Result<ConversationDetails, Error> {
        let membership = self.resolve(principal, reference).await?;
        self.details(&principal.user_id, membership.number).await
    }

    /// The conversation that a hub's argument means: see [`Target::Positional`](crate::services::messages::Target).
    pub async fn named(&self, principal: &Principal, text: &str) -> Result<Arc<Membership>, Error> {
        let found = access::positional(&self.log, &principal.user_id, text).await?;
        found.ok_or_else(Error::no_conversation)
    }

    /// Like [`find`](Self::find), but only who belongs to it: for joining and the like.
    pub async fn resolve(&self, principal: &Principal, reference: &str) -> Result<Arc<Membership>, Error> {
        access::membership(&self.log, &principal.user_id, reference).await
    }

    /// The direct conversation with somebody, made unless it is there: one a pair, whatever races.
    pub async fn direct(&self, principal: &Principal, with: &str) -> Result<ConversationDetails, Error> {
        let number = self.direct_number(principal, with, "userId").await?;
        self.details(&principal.user_id, number).await
    }

    /// The direct conversation with somebody, if there is one.
    pub async fn known_direct(&self, principal: &Principal, with: &str) -> Result<Option<Arc<Membership>>, Error> {
        access::direct(&self.log, &principal.user_id, with).await
    }

    /// What an edge tells `user` about a conversation they belong to; `None` when they do not (any more).
    pub async fn view_for(
        &self,
        user: &UserId,
        number: ConversationNumber,
    ) -> Result<Option<ConversationDetails>, Error> {
        reading::one(&self.database.read, user, number, self.clock.now()).await
    }

    /// How many messages `user` has not read, in all conversations they belong to: the sum of `unread_count`.
    pub async fn unread_total(&self, user: &UserId) -> Result<i64, Error> {
        reading::unread::total(&self.database.read, user).await
    }

    /// All conversations `user` belongs to now, archived ones included.
    pub async fn joined(&self, user: &UserId) -> Result<Vec<ConversationNumber>, Error> {
        let numbers = member::Entity::find()
            .select_only()
            .column(member::Column::Conversation)
            .filter(member::Column::UserId.eq(user))
            .filter(member::Column::UntilEvent.is_null())
            .into_tuple()
            .all(&self.database.read)
            .await?;
        Ok(numbers)
    }

    pub(crate) async fn details(
        &self,
        user: &UserId,
        number: ConversationNumber,
    ) -> Result<ConversationDetails, Error> {
        self.view_for(user, number).await?.ok_or_else(Error::no_conversation)
    }

    /// [`direct`](Self::direct) for sending; `field` is what the client calls the other one.
    pub(crate) async fn direct_number(
        &self,
        principal: &Principal,
        with: &str,
        field: &'static str,
    ) -> Result<ConversationNumber, Error> {
        let other = self.other(principal, with, field)?;
        self.people.shared(principal).await?;
        let key = conversation::direct_key(&principal.user_id, &other);
        if let Some(number) = self.log.members.direct(&key).await? {
            return Ok(number);
        }
        let direct = NewDirect {
            id: ConversationId(Uuid::now_v7()),
            creator: principal.user_id.clone(),
            other,
            create_unknown: self.settings.unknown_people == UnknownPeople::Create,
        };
        Ok(self.log.writer.change(direct).await?)
    }

    /// Somebody whom the caller may have a conversation with.
    pub(crate) fn other(&self, principal: &Principal, with: &str, field: &'static str) -> Result<UserId, Error> {
        let other: UserId = with.parse().map_err(|_| Error::no_person())?;
        if other == principal.user_id {
            return Err(Error::invalid(field, "must be somebody else"));
        }
        Ok(other)
    }

    /// A group the caller belongs to.
    pub(crate) async fn group_of(&self, principal: &Principal, reference: &str) -> Result<Arc<Membership>, Error> {
        let membership = self.resolve(principal, reference).await?;
        if membership.kind == Kind::Group {
            Ok(membership)
        } else {
            Err(Error::NotFound("Group not found".to_owned()))
        }
    }
}
