//! Search in messages: full text over what the caller may see, ranked, with what matched.
//!
//! A database finds the newest matches ([`sqlite`], [`postgres`]), at most [`MAX_CANDIDATES`] of them, and only those
//! are ranked ([`ranking`]) and counted: a search costs the same however often its words occur. Encrypted messages
//! cannot be searched here; an answer says when there are some.

mod highlight;
mod postgres;
mod ranking;
mod sqlite;
mod terms;
mod turns;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use entities::ids::{ConversationNumber, MessageNumber, Seq};
use entities::message::Kind;
use entities::user_id::UserId;
use entities::{conversation, member, message};
use futures_util::try_join;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, Statement, Value,
};

pub use self::highlight::Highlight;
use self::ranking::Candidate;
use self::terms::Term;
use self::turns::Turns;
use crate::log::details::{self, Row};
use crate::services::conversations::Conversations;
use crate::services::details::MessageDetails;
use crate::services::paging::{Page, PageRequest, Window};
use crate::services::{Error, Principal};

/// Matches that are ranked, the newest; pages end there.
const MAX_CANDIDATES: usize = 1_000;
/// Conversations that are searched when none is named, those with the latest activity.
const MAX_CONVERSATIONS: usize = 500;
/// Who sees less than one in so many messages has their conversations looked up in the index too.
const SHARE: i64 = 4;

/// A message that matches, and where.
#[derive(Clone, Debug)]
pub struct Hit {
    pub message: MessageDetails,
    pub highlight: Highlight,
}

/// A page of matches, the best first.
#[derive(Clone, Debug)]
pub struct Found {
    pub page: Page<Hit>,
    /// More messages match than were ranked and counted, or there are more conversations than were searched.
    pub is_limited: bool,
    /// There are encrypted messages where was searched; whether they match nobody here can tell.
    pub skipped_encrypted: bool,
}

/// Search. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Search {
    conversations: Conversations,
    turns: Turns,
}

impl Search {
    pub(crate) fn new(conversations: Conversations) -> Self {
        Self {
            conversations,
            turns: Turns::default(),
        }
    }

    /// Messages with these words, in one conversation (UUID or number) or in all of the caller's. `before` and `after`
    /// do not apply.
    pub async fn messages(
        &self,
        principal: &Principal,
        term: &str,
        conversation: Option<&str>,
        page: &PageRequest,
    ) -> Result<Found, Error> {
        let terms: Arc<[Term]> = terms::parse(term)?.into();
        let window = page.offsets()?;
        let user = &principal.user_id;
        let place = match conversation {
            Some(reference) => Some(self.conversations.resolve(principal, reference).await?.number),
            None => None,
        };
        let _turn = self.turns.take().await?;
        let read = &self.conversations.database.read;
        let extent = Extent::of(read, user, place).await?;
        let is_partial = extent.is_partial;
        let (candidates, is_limited) = candidates(read, &extent, &terms).await?;
        let words = Arc::clone(&terms);
        let ranked = tokio::task::spawn_blocking(move || ranking::rank(&candidates, &words)).await;
        let ranked = ranked.map_err(|_| Error::Internal)?;
        let (page, skipped_encrypted) = try_join!(
            self.page(user, &ranked, window, &terms),
            has_encrypted(read, user, place),
        )?;
        Ok(Found {
            page,
            is_limited: is_limited || is_partial,
            skipped_encrypted,
        })
    }

    async fn page(
        &self,
        user: &UserId,
        ranked: &[MessageNumber],
        window: Window,
        terms: &[Term],
    ) -> Result<Page<Hit>, Error> {
        let (_, placement) = window.slice(1, i64::try_from(ranked.len()).unwrap_or(i64::MAX));
        let size = usize::try_from(window.size).unwrap_or(0);
        let skip = usize::try_from(window.skip).unwrap_or(usize::MAX);
        let shown = ranked.iter().copied().skip(skip).take(size).collect();
        let messages = self.shown(user, shown).await?;
        let hit = |message: MessageDetails| Hit {
            highlight: highlight::highlight(&message.content, terms),
            message,
        };
        Ok(Page {
            items: messages.into_iter().map(hit).collect(),
            pagination: placement.pagination(None),
        })
    }

    /// Messages in the order of their numbers here. What changed since it was found is judged again.
    async fn shown(&self, user: &UserId, numbers: Vec<MessageNumber>) -> Result<Vec<MessageDetails>, Error> {
        let read = &self.conversations.database.read;
        let found = message::Entity::find()
            .filter(message::Column::Number.is_in(numbers.iter().copied()))
            .filter(message::Column::DeletedAt.is_null())
            .filter(message::Column::Kind.ne(Kind::Encrypted))
            .all(read)
            .await?;
        let mut found: HashMap<_, _> = found.into_iter().map(|row| (row.number, row)).collect();
        let mut rows = Vec::with_capacity(found.len());
        for message in numbers.iter().filter_map(|number| found.remove(number)) {
            let membership = self.conversations.log.members.of(message.conversation).await?;
            let Some(membership) = membership else { continue };
            let visible_from = membership.visible_from(user);
            if message.seq >= visible_from {
                rows.push(Row::of(&membership, message, visible_from));
            }
        }
        Ok(details::detailed(read, rows).await?)
    }
}

/// Where is searched, and how much there is.
#[derive(Debug)]
struct Extent<'a> {
    user: &'a UserId,
    places: Vec<ConversationNumber>,
    /// There are more.
    is_partial: bool,
    /// The number of the newest message of all.
    newest: i64,
    /// Most of what an index finds is here: what is elsewhere is best left out afterwards.
    is_large: bool,
}

impl<'a> Extent<'a> {
    /// One conversation of the user's, or all that are searched.
    async fn of(read: &DatabaseConnection, user: &'a UserId, place: Option<ConversationNumber>) -> Result<Self, DbErr> {
        let (mut found, newest) = try_join!(places(read, user, place), newest(read))?;
        let is_partial = found.len() > MAX_CONVERSATIONS;
        found.truncate(MAX_CONVERSATIONS);
        let messages: i64 = found.iter().map(|(_, last)| last.0).sum();
        Ok(Self {
            user,
            places: found.into_iter().map(|(place, _)| place).collect(),
            is_partial,
            newest,
            is_large: messages >= newest / SHARE,
        })
    }
}

/// Conversations of the user's, and their last places; one more than are searched where there are more.
async fn places(
    read: &DatabaseConnection,
    user: &UserId,
    only: Option<ConversationNumber>,
) -> Result<Vec<(ConversationNumber, Seq)>, DbErr> {
    member::Entity::find()
        .select_only()
        .column(member::Column::Conversation)
        .column(conversation::Column::LastSeq)
        .join(JoinType::InnerJoin, member::Relation::Conversation.def())
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .apply_if(only, |rows, only| rows.filter(member::Column::Conversation.eq(only)))
        .order_by_desc(conversation::Column::UpdatedAt)
        .limit(MAX_CONVERSATIONS as u64 + 1)
        .into_tuple()
        .all(read)
        .await
}

/// The number of the newest message of all, 0 before the first.
async fn newest(read: &DatabaseConnection) -> Result<i64, DbErr> {
    let newest = message::Entity::find()
        .select_only()
        .column(message::Column::Number)
        .order_by_desc(message::Column::Number)
        .into_tuple()
        .one(read)
        .await?;
    Ok(newest.map_or(0, |newest: MessageNumber| newest.0))
}

/// The newest matches, and whether there are more.
async fn candidates(
    read: &DatabaseConnection,
    extent: &Extent<'_>,
    terms: &[Term],
) -> Result<(Vec<Candidate>, bool), DbErr> {
    if extent.places.is_empty() || terms.is_empty() {
        return Ok((Vec::new(), false));
    }
    let limit = MAX_CANDIDATES + 1;
    let mut rows = if read.get_database_backend() == DbBackend::Sqlite {
        sqlite::candidates(read, extent, terms, limit).await?
    } else {
        postgres::candidates(read, extent, terms, limit).await?
    };
    let is_limited = rows.len() > MAX_CANDIDATES;
    rows.truncate(MAX_CANDIDATES);
    let candidates = rows.iter().map(|row| {
        Ok(Candidate {
            number: row.try_get("", "number")?,
            head: row.try_get("", "head")?,
        })
    });
    Ok((candidates.collect::<Result<_, DbErr>>()?, is_limited))
}

/// Whether `user` may see an encrypted message, in one conversation or any.
async fn has_encrypted(
    read: &DatabaseConnection,
    user: &UserId,
    place: Option<ConversationNumber>,
) -> Result<bool, Error> {
    let backend = read.get_database_backend();
    let [user_value, place_value] = match backend {
        DbBackend::Postgres => ["$1", "$2"],
        _ => ["?", "?"],
    };
    let mut values = vec![Value::from(user)];
    let mut within = String::new();
    if let Some(place) = place {
        within = format!("AND p.conversation = {place_value} ");
        values.push(Value::from(place.0));
    }
    // The kind is spelled out, or the partial index would not be used.
    let sql = format!(
        "SELECT 1 FROM members p WHERE p.user_id = {user_value} AND p.until_event IS NULL {within}\
         AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation = p.conversation AND m.kind = 7 \
         AND m.seq >= p.visible_from_seq AND m.deleted_at IS NULL) LIMIT 1"
    );
    let row = read
        .query_one_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(row.is_some())
}
