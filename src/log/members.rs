//! Who belongs where, folded from the log and loaded from the database when cold.

use std::sync::Arc;

use entities::block;
use entities::conversation::{self, Kind};
use entities::ids::{ConversationId, ConversationNumber, EventId, Seq};
use entities::member::{self, Role};
use entities::user_id::UserId;
use parking_lot::Mutex;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder,
};

use crate::log::Error;
use crate::log::cache::Cache;
use crate::log::event::{Body, Event};

mod folding;

/// Conversations kept in memory, per generation of the cache.
const CAPACITY: usize = 8_192;

/// One of two people blocked the other; which one is nobody's business.
pub(crate) const NO_CONTACT: Error = Error::Forbidden("You cannot send messages to this person");

/// One interval of membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub role: Role,
    /// The first event they could see.
    pub from_event: EventId,
    /// The first event they could no longer see; `None` for a current member.
    pub until_event: Option<EventId>,
    /// The first message they may see.
    pub visible_from_seq: Seq,
}

/// A conversation and everybody who belongs or belonged to it. Immutable: a change makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub number: ConversationNumber,
    pub id: ConversationId,
    pub kind: Kind,
    /// A group's name when it was loaded or last folded.
    pub name: Option<String>,
    /// All intervals, oldest first.
    pub intervals: Vec<Member>,
    /// Those of a pair who blocked the other.
    pub blockers: Vec<UserId>,
}

impl Membership {
    /// The current membership of `user`.
    #[must_use]
    pub fn current(&self, user: &UserId) -> Option<&Member> {
        self.intervals
            .iter()
            .find(|member| member.until_event.is_none() && member.user == *user)
    }

    /// The current membership of `user`: `NotAParticipant` for a former member, `NotFound` for a stranger.
    pub(crate) fn admit(&self, user: &UserId) -> Result<&Member, Error> {
        match self.current(user) {
            Some(member) => Ok(member),
            None if self.knows(user) => Err(Error::NotAParticipant),
            None => Err(Error::NotFound),
        }
    }

    /// The same for one of its messages: `NoMessage` also for a member who may not see it.
    pub(crate) fn admit_to(&self, user: &UserId, seq: Seq) -> Result<&Member, Error> {
        match self.admit(user) {
            Ok(member) if member.visible_from_seq > seq => Err(Error::NoMessage),
            Err(Error::NotFound) => Err(Error::NoMessage),
            admitted => admitted,
        }
    }

    /// Whether `user` belonged to it once, or does now.
    #[must_use]
    pub fn knows(&self, user: &UserId) -> bool {
        self.intervals.iter().any(|member| member.user == *user)
    }

    /// Those who belong to it now.
    pub fn users(&self) -> impl Iterator<Item = &UserId> {
        self.intervals
            .iter()
            .filter(|member| member.until_event.is_none())
            .map(|member| &member.user)
    }

    /// Those who belonged to it at event `id`.
    pub fn at(&self, id: EventId) -> impl Iterator<Item = &Member> {
        self.intervals.iter().filter(move |member| member.heard(id))
    }

    /// Those who are told an event: they belonged to it then, and may see the message it is about.
    pub fn told(&self, event: &Event) -> impl Iterator<Item = &Member> {
        let seq = event.body.seq();
        self.at(event.id)
            .filter(move |member| seq.is_none_or(|seq| member.visible_from_seq <= seq))
    }

    /// The first message that a current member may see; nobody else sees any.
    #[must_use]
    pub fn visible_from(&self, user: &UserId) -> Seq {
        self.current(user)
            .map_or(Seq(i64::MAX), |member| member.visible_from_seq)
    }

    /// Whether something may be said here: not across a block.
    pub(crate) fn contact(&self) -> Result<(), Error> {
        if self.blockers.is_empty() {
            Ok(())
        } else {
            Err(NO_CONTACT)
        }
    }

    /// The other one of a direct conversation.
    #[must_use]
    pub fn partner(&self, of: &UserId) -> Option<&UserId> {
        if self.kind != Kind::Direct {
            return None;
        }
        self.intervals
            .iter()
            .map(|member| &member.user)
            .find(|user| *user != of)
    }
}

impl Member {
    fn heard(&self, id: EventId) -> bool {
        self.from_event <= id && self.until_event.is_none_or(|until| id < until)
    }
}

/// The memberships in memory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Members {
    read: DatabaseConnection,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    memberships: Cache<ConversationNumber, Arc<Membership>>,
    numbers: Cache<ConversationId, ConversationNumber>,
    direct: Cache<String, ConversationNumber>,
    /// Grows when a known membership changes: what was read from the database before may be stale.
    generation: u64,
}

impl Members {
    pub(crate) fn new(read: DatabaseConnection) -> Self {
        let state = State {
            memberships: Cache::new(CAPACITY),
            numbers: Cache::new(CAPACITY),
            direct: Cache::new(CAPACITY),
            generation: 0,
        };
        Self {
            read,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The membership of a conversation, or `None` when there is no such conversation.
    pub async fn of(&self, number: ConversationNumber) -> Result<Option<Arc<Membership>>, DbErr> {
        loop {
            if let Some(known) = self.cached(number) {
                return Ok(Some(known));
            }
            let generation = self.state.lock().generation;
            let Some(membership) = load(&self.read, number).await? else {
                return Ok(None);
            };
            let membership = Arc::new(membership);
            let mut state = self.state.lock();
            if state.generation == generation {
                state.keep(&membership);
                return Ok(Some(membership));
            }
            // Something was folded meanwhile; what was read may be from before it.
        }
    }

    /// The membership behind a public id.
    pub async fn by_id(&self, id: ConversationId) -> Result<Option<Arc<Membership>>, DbErr> {
        let known = self.state.lock().numbers.find(&id);
        let number = match known {
            Some(number) => number,
            None => {
                let row = conversation::Entity::find()
                    .filter(conversation::Column::Id.eq(id))
                    .one(&self.read)
                    .await?;
                let Some(row) = row else { return Ok(None) };
                row.number
            }
        };
        self.of(number).await
    }

    /// The direct conversation of a pair ([`conversation::direct_key`]), if they have one.
    pub async fn direct(&self, key: &str) -> Result<Option<ConversationNumber>, DbErr> {
        let known = self.state.lock().direct.find(key);
        if known.is_some() {
            return Ok(known);
        }
        let row = conversation::Entity::find()
            .filter(conversation::Column::DirectKey.eq(key))
            .one(&self.read)
            .await?;
        // A direct conversation is never taken apart, so this cannot be stale.
        Ok(row.map(|row| {
            self.state.lock().direct.insert(key.to_owned(), row.number);
            row.number
        }))
    }

    /// What is in memory, without asking the database.
    #[must_use]
    pub fn cached(&self, number: ConversationNumber) -> Option<Arc<Membership>> {
        self.state.lock().memberships.find(&number)
    }

    /// The writer's own look: it holds the lock, so what it reads is current.
    pub(crate) async fn of_locked<C: ConnectionTrait>(
        &self,
        connection: &C,
        number: ConversationNumber,
    ) -> Result<Option<Arc<Membership>>, DbErr> {
        if let Some(known) = self.cached(number) {
            return Ok(Some(known));
        }
        let Some(membership) = load(connection, number).await? else {
            return Ok(None);
        };
        let membership = Arc::new(membership);
        self.state.lock().keep(&membership);
        Ok(Some(membership))
    }

    /// Takes in what a committed event says. The same event twice is as good as once.
    pub(crate) fn fold(&self, event: &Event) {
        let Some(number) = event.conversation else { return };
        match &event.body {
            Body::ConversationCreated(created) => {
                let intervals = created.members.iter().map(|founder| Member {
                    user: founder.user.clone(),
                    role: founder.role,
                    from_event: event.id,
                    until_event: None,
                    visible_from_seq: Seq(1),
                });
                let membership = Membership {
                    number,
                    id: created.id,
                    kind: created.kind,
                    name: created.name.clone(),
                    intervals: intervals.collect(),
                    // Two of whom one blocked the other cannot begin a direct conversation.
                    blockers: Vec::new(),
                };
                // Nobody can have loaded an older state of it: there was none.
                self.state.lock().keep(&Arc::new(membership));
            }
            Body::MemberJoined(joined) if joined.founding => {}
            body if body.changes_members() => {
                let mut state = self.state.lock();
                state.generation += 1;
                let known = state.memberships.remove(&number);
                if let Some(membership) = known.and_then(|known| folding::fold(known, event)) {
                    state.memberships.insert(number, membership);
                }
            }
            _ => {}
        }
    }

    /// Forgets everything: after a commit of unknown fate nothing here can be trusted.
    pub(crate) fn forget(&self) {
        let mut state = self.state.lock();
        state.generation += 1;
        state.memberships.clear();
        state.numbers.clear();
        state.direct.clear();
    }
}

impl State {
    fn keep(&mut self, membership: &Arc<Membership>) {
        self.numbers.insert(membership.id, membership.number);
        if membership.kind == Kind::Direct
            && let [one, other] = membership.intervals.as_slice()
        {
            self.direct
                .insert(conversation::direct_key(&one.user, &other.user), membership.number);
        }
        self.memberships.insert(membership.number, Arc::clone(membership));
    }
}

/// What the database says, uncached.
pub(crate) async fn load<C: ConnectionTrait>(
    connection: &C,
    number: ConversationNumber,
) -> Result<Option<Membership>, DbErr> {
    let Some(row) = conversation::Entity::find_by_id(number).one(connection).await? else {
        return Ok(None);
    };
    let intervals = member::Entity::find()
        .filter(member::Column::Conversation.eq(number))
        .order_by_asc(member::Column::Number)
        .all(connection)
        .await?
        .into_iter()
        .map(|row| Member {
            user: row.user_id,
            role: row.role,
            from_event: row.from_event,
            until_event: row.until_event,
            visible_from_seq: row.visible_from_seq,
        })
        .collect::<Vec<_>>();
    let blockers = match (row.kind, intervals.as_slice()) {
        (Kind::Direct, [one, other]) => blockers(connection, &one.user, &other.user).await?,
        _ => Vec::new(),
    };
    Ok(Some(Membership {
        number,
        id: row.id,
        kind: row.kind,
        name: row.name,
        intervals,
        blockers,
    }))
}

/// Those of two people who blocked the other.
pub(crate) async fn blockers<C: ConnectionTrait>(
    connection: &C,
    one: &UserId,
    other: &UserId,
) -> Result<Vec<UserId>, DbErr> {
    let either = |user: &UserId, blocked: &UserId| {
        Condition::all()
            .add(block::Column::UserId.eq(user))
            .add(block::Column::BlockedId.eq(blocked))
    };
    let rows = block::Entity::find()
        .filter(Condition::any().add(either(one, other)).add(either(other, one)))
        .all(connection)
        .await?;
    // Two at most, in one order whatever the database does.
    let mut blockers: Vec<_> = rows.into_iter().map(|row| row.user_id).collect();
    blockers.sort_unstable();
    Ok(blockers)
}
