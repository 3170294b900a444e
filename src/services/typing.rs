//! Who is typing where: ephemeral, throttled, never stored.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use entities::ids::{ConversationId, ConversationNumber};
use entities::user_id::UserId;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::log::Log;
use crate::log::others::Others;
use crate::log::words::{self, Word};
use crate::services::details::Person;
use crate::services::people::People;
use crate::services::{Error, Principal, Settings, access};

/// Events a slow subscriber may be behind; then it loses the oldest.
const CAPACITY: usize = 1_024;
/// People typing at once at most, by this server and by others each; more are not announced.
const MAX_TYPISTS: usize = 16_384;
/// How much longer than a typist may be silent the word of another server is waited for.
const ITS_PATIENCE: Duration = Duration::from_secs(2);

/// Somebody started or stopped typing. For everybody in the conversation but the typist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypingEvent {
    pub conversation: ConversationNumber,
    pub conversation_id: ConversationId,
    pub person: Arc<Person>,
    pub is_typing: bool,
    /// Milliseconds since 1970, UTC.
    pub at: i64,
}

/// Typing indicators. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Typing {
    people: People,
    log: Log,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    /// Silence after which the server says stop.
    timeout: Duration,
    /// Time between two events of one person in one conversation.
    interval: Duration,
    state: Mutex<State>,
    events: broadcast::Sender<Arc<TypingEvent>>,
    others: Others,
    /// Tells the task that something is due earlier than it thinks.
    earlier: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    typists: HashMap<Key, Typist>,
    /// Those who type by other servers, which say when they stop. One that is gone says nothing.
    elsewhere: HashMap<Key, Elsewhere>,
    /// When the task looks next; `None` when it waits to be told.
    planned: Option<Instant>,
}

/// Who types where.
type Key = (ConversationNumber, UserId);

#[derive(Debug)]
struct Elsewhere {
    conversation_id: ConversationId,
    person: Arc<Person>,
    until: Instant,
}

#[derive(Debug)]
struct Typist {
    conversation_id: ConversationId,
    person: Arc<Person>,
    /// What the others were told last, and when.
    announced: bool,
    announced_at: Option<Instant>,
    /// Until when they type if nobody says more; `None` when they stopped.
    until: Option<Instant>,
}

impl Typing {
    pub(crate) fn new(people: People, log: Log, clock: Clock, settings: &Settings) -> Self {
        let shared = Arc::new(Shared {
            clock,
            timeout: settings.typing_timeout,
            interval: settings.typing_interval,
            state: Mutex::default(),
            events: broadcast::Sender::new(CAPACITY),
            others: log.others.clone(),
            earlier: Arc::default(),
        });
        tokio::spawn(keep_time(Arc::downgrade(&shared), Arc::clone(&shared.earlier)));
        Self { people, log, shared }
    }

    /// Says that the caller types in a conversation, or stopped. The others are told at most once an interval, always
    /// of the last state, and of the stop even when nobody says it.
    pub async fn set(&self, principal: &Principal, reference: &str, is_typing: bool) -> Result<(), Error> {
        let membership = access::membership(&self.log, &principal.user_id, reference).await?;
        if is_typing && !membership.blockers.is_empty() {
            return Ok(());
        }
        let person = self.people.shared(principal).await?;
        let key = (membership.number, principal.user_id.clone());
        self.shared.set(&key, membership.id, person, is_typing);
        if !is_typing {
            self.shared.stop_elsewhere(&mut self.shared.state.lock(), &key);
        }
        Ok(())
    }

    /// The caller's last connection is gone: they type nowhere.
    pub fn stop_all(&self, user: &UserId) {
        let now = Instant::now();
        let mut state = self.shared.state.lock();
        for ((conversation, typist_id), typist) in &mut state.typists {
            if typist_id == user {
                self.shared.stop(*conversation, typist, now);
            }
        }
    }

    /// The typing events from now on. One who is more than 1,024 behind loses the oldest.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<TypingEvent>> {
        self.shared.events.subscribe()
    }

    /// A message was sent, so its sender is not typing it any more.
    pub(crate) fn sent(&self, conversation: ConversationNumber, user: &UserId) {
        let mut state = self.shared.state.lock();
        let key = (conversation, user.clone());
        if let Some(typist) = state.typists.get_mut(&key) {
            self.shared.stop(conversation, typist, Instant::now());
        }
        self.shared.stop_elsewhere(&mut state, &key);
    }

    /// Another server says that somebody types, or stopped.
    pub(in crate::services) fn hear(&self, typing: &words::Typing) {
        let key = (typing.conversation, typing.user.clone());
        let typist = Elsewhere {
            conversation_id: typing.conversation_id,
            person: Arc::new(Person {
                full_name: typing.name.clone(),
                ..Person::placeholder(typing.user.clone())
            }),
            until: Instant::now() + self.shared.timeout + ITS_PATIENCE,
        };
        let mut state = self.shared.state.lock();
        let event = TypingEvent {
            at: typing.at,
            ..self.shared.event(key.0, &typist, typing.is_typing)
        };
        if !typing.is_typing {
            state.elsewhere.remove(&key);
            if let Some(typist) = state.typists.get_mut(&key) {
                // It was sent there.
                (typist.until, typist.announced) = (None, false);
            }
        } else if state.elsewhere.len() < MAX_TYPISTS || state.elsewhere.contains_key(&key) {
            self.shared.plan(&mut state, typist.until);
            state.elsewhere.insert(key, typist);
        } else {
            return;
        }
        self.shared.tell(event);
    }
}

impl Shared {
    fn set(
        &self,
        key: &(ConversationNumber, UserId),
        conversation_id: ConversationId,
        person: Arc<Person>,
        is_typing: bool,
    ) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if !state.typists.contains_key(key) {
            if !is_typing || state.typists.len() >= MAX_TYPISTS {
                return;
            }
            let typist = Typist {
                conversation_id,
                person,
                announced: false,
                announced_at: None,
                until: None,
            };
            state.typists.insert(key.clone(), typist);
        }
        let Some(typist) = state.typists.get_mut(key) else {
            return;
        };
        typist.until = is_typing.then(|| now + self.timeout);
        // Who goes on typing is announced again, for those who came later.
        let again = typist.announced && is_typing;
        if (again || typist.announced != is_typing) && typist.may_announce(now, self.interval) {
            self.announce(key.0, typist, is_typing, now);
        }
        let due = typist.due(self.interval);
        if let Some(due) = due {
            self.plan(&mut state, due);
        }
    }

    /// Who began on another server stops here.
    fn stop_elsewhere(&self, state: &mut State, key: &Key) {
        if let Some(typist) = state.elsewhere.remove(key) {
            let stopped = self.event(key.0, &typist, false);
            self.say(&stopped);
            self.tell(stopped);
        }
    }

    /// Looks at that time, or before.
    fn plan(&self, state: &mut State, due: Instant) {
        if state.planned.is_none_or(|planned| due < planned) {
            state.planned = Some(due);
            self.earlier.notify_one();
        }
    }

    fn event(&self, conversation: ConversationNumber, typist: &Elsewhere, is_typing: bool) -> TypingEvent {
        TypingEvent {
            conversation,
            conversation_id: typist.conversation_id,
            person: Arc::clone(&typist.person),
            is_typing,
            at: self.clock.now(),
        }
    }

    /// Tells those who are connected here.
    fn tell(&self, event: TypingEvent) {
        // An error means that nobody listens.
        let _ = self.events.send(Arc::new(event));
    }

    /// Tells the other servers.
    fn say(&self, event: &TypingEvent) {
        self.others.say(|| {
            Word::Typing(words::Typing {
                conversation: event.conversation,
                conversation_id: event.conversation_id,
                user: event.person.id.clone(),
                name: event.person.full_name.clone(),
                is_typing: event.is_typing,
                at: event.at,
            })
        });
    }

    /// Says stop at once, if anybody believes otherwise.
    fn stop(&self, conversation: ConversationNumber, typist: &mut Typist, now: Instant) {
        typist.until = None;
        if typist.announced {
            self.announce(conversation, typist, false, now);
        }
    }

    fn announce(&self, conversation: ConversationNumber, typist: &mut Typist, is_typing: bool, now: Instant) {
        typist.announced = is_typing;
        typist.announced_at = Some(now);
        let event = TypingEvent {
            conversation,
            conversation_id: typist.conversation_id,
            person: Arc::clone(&typist.person),
            is_typing,
            at: self.clock.now(),
        };
        self.say(&event);
        self.tell(event);
    }

    /// Announces what is due and forgets who is done; returns when to look again.
    fn settle(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.state.lock();
        for ((conversation, _), typist) in &mut state.typists {
            let is_typing = typist.until.is_some_and(|until| until > now);
            if typist.announced != is_typing && typist.may_announce(now, self.interval) {
                self.announce(*conversation, typist, is_typing, now);
            }
            if !is_typing {
                typist.until = None;
            }
        }
        state
            .typists
            .retain(|_, typist| typist.announced || typist.until.is_some() || !typist.may_announce(now, self.interval));
        for ((conversation, _), typist) in state.elsewhere.extract_if(|_, typist| typist.until <= now) {
            self.tell(self.event(conversation, &typist, false));
        }
        let own = state.typists.values().filter_map(|typist| typist.due(self.interval));
        let others = state.elsewhere.values().map(|typist| typist.until);
        state.planned = own.chain(others).min();
        state.planned
    }
}

impl Typist {
    fn may_announce(&self, now: Instant, interval: Duration) -> bool {
        self.announced_at.is_none_or(|at| now >= at + interval)
    }

    /// When something about this typist changes by itself.
    fn due(&self, interval: Duration) -> Option<Instant> {
        let free = self.announced_at.map(|at| at + interval);
        match (self.announced, self.until) {
            (true, Some(until)) => Some(free.map_or(until, |free| until.max(free))),
            _ => free,
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.earlier.notify_one();
    }
}

/// The task that says what nobody says: held back events, and stops. Ends with the service.
async fn keep_time(shared: Weak<Shared>, earlier: Arc<Notify>) {
    loop {
        let next = match shared.upgrade() {
            Some(shared) => shared.settle(),
            None => return,
        };
        match next {
            Some(due) => {
                let _ = tokio::time::timeout_at(due, earlier.notified()).await;
            }
            None => earlier.notified().await,
        }
    }
}
