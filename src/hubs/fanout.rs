//! From the log to the sockets: follows the tail and turns each event into calls of those who hear it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use entities::{ids::EventId, user_id::UserId};
use futures_util::FutureExt;
use tokio::sync::broadcast::error::RecvError;

use super::{
    Chat,
    calls::{Call, call},
    listeners::Listener,
    notices::About,
};
use crate::{
    log::{
        ReadError,
        event::{Body, Event},
    },
    services::{Error, typing::TypingEvent},
    telling::{self, Personal, Telling},
    views::ClientEvent,
};

/// Events read at a time.
const BATCH: usize = 256;
/// How long to wait when the database cannot be read.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// What a connection that is behind is told of one event.
#[derive(Debug, Default)]
pub(super) struct Retold {
    pub(super) events: Vec<ClientEvent>,
    /// Whether it is told how much is unread, too.
    pub(super) moves_unread: bool,
}

/// Follows the log and the typing events for as long as the server lives.
pub(super) fn start(chat: &Arc<Chat>) {
    tokio::spawn(follow_log(Arc::clone(chat)));
    tokio::spawn(follow_typing(Arc::clone(chat)));
}

async fn follow_log(chat: Arc<Chat>) {
    let mut position = chat.log.tail.head();
    loop {
        match chat.log.next_after(position, BATCH).await {
            Ok(events) if events.is_empty() => return,
            Ok(events) => {
                for event in events {
                    // One event that cannot be told must not silence all that follow.
                    if AssertUnwindSafe(chat.tell(&event)).catch_unwind().await.is_err() {
                        tracing::error!(event.id = event.id.0, "telling an event panicked");
                    }
                    position = event.id;
                    chat.told.store(number(position), Ordering::Release);
                    if let Some(since) = chat.log.tail.known_since(position) {
                        chat.delays.observe_time(since.elapsed());
                    }
                }
            }
            Err(ReadError::TooOld { horizon }) => {
                tracing::error!("the events after {position} are no longer kept and were not told");
                position = horizon;
            }
            Err(error) => {
                tracing::warn!("the log cannot be read: {error}");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

async fn follow_typing(chat: Arc<Chat>) {
    let mut events = chat.services.typing.subscribe();
    loop {
        match events.recv().await {
            Ok(event) => chat.tell_typing(&event).await,
            // The oldest went; what is typed now matters more.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

impl Chat {
    /// Sends what an event is to a connection, and asks for proof of it when it is time to.
    fn deliver<'a>(&self, listener: &Listener, event: &Event, hears: bool, calls: impl Iterator<Item = &'a Call>) {
        let origin = &listener.visitor.origin;
        let calls: Vec<_> = calls.map(|call| call.at(origin)).collect();
        if calls.is_empty() {
            return;
        }
        match listener.connection.deliver(position(event), &calls) {
            Ok(true) => {
                note_sent(listener, event, hears);
                self.ask(listener);
            }
            // Its feed will tell it, or a later connection.
            Ok(false) => {}
            Err(error) => tracing::error!(event.id = event.id.0, "an event cannot be written: {error}"),
        }
    }

    async fn tell(&self, event: &Event) {
        let membership = match &event.user {
            Some(_) => None,
            None => self.membership(event).await,
        };
        let telling = Telling::of(event, membership.as_deref()).map(|event| Call::new(event, &self.links));
        if let Some(user) = &event.user {
            let listeners = self.listeners.of(user);
            if !listeners.is_empty() {
                let own = self.personal(&telling, event, user).await;
                listeners
                    .iter()
                    .for_each(|listener| self.deliver(listener, event, false, own.iter()));
            }
            return;
        }
        let Some(membership) = membership else {
            return;
        };
        for member in membership.told(event) {
            let listeners = self.listeners.of(&member.user);
            if listeners.is_empty() {
                continue;
            }
            let own = self.personal(&telling, event, &member.user).await;
            for listener in listeners {
                let hears = listener.hears(membership.number);
                let calls = telling.for_connection(member, hears).chain(&own);
                self.deliver(&listener, event, hears, calls);
                self.note(&telling, event, &listener, hears);
            }
        }
    }

    /// What an event means to one connection alone: for its feed, when it is behind. Most events are nobody's business
    /// there, so what is told is made only once that is clear.
    pub(super) async fn retell(&self, event: &Event, listener: &Listener) -> Retold {
        let user = listener.user();
        let nothing = Retold::default();
        let (heard, member) = match &event.user {
            Some(one) if one != user => return nothing,
            Some(_) => (false, None),
            None => {
                let Some(membership) = self.membership(event).await else {
                    return nothing;
                };
                let Some(member) = membership.told(event).find(|member| member.user == *user) else {
                    return nothing;
                };
                (listener.hears(membership.number), Some(member.clone()))
            }
        };
        let telling = Telling::only_for(event, member.as_ref(), user);
        let own = self.own(&telling, event, user).await;
        let mut retold = Retold {
            moves_unread: telling.moves_unread(event, user),
            events: Vec::new(),
        };
        if let Some(member) = member {
            self.note(&telling, event, listener, heard);
            retold.events = telling.into_connection(&member, heard);
        }
        retold.events.extend(own);
        if retold.moves_unread || !retold.events.is_empty() {
            note_sent(listener, event, heard);
        }
        retold
    }

    /// What a connection that does not hear the conversation is told a little later.
    fn note<C>(&self, telling: &Telling<C>, event: &Event, listener: &Listener, hears: bool) {
        let user = listener.user();
        if let (Some(reason), Some(conversation), false) = (telling.notice(user), event.conversation, hears) {
            self.notices.note(user, About::Conversation(conversation), reason);
        }
    }

    /// What an event means to one person alone, as things are now, and how much of theirs is unread if it moves that.
    async fn personal<C>(&self, telling: &Telling<C>, event: &Event, user: &UserId) -> Vec<Call> {
        let mut own = self.own(telling, event, user).await;
        if telling.moves_unread(event, user) {
            if telling.personal == Personal::EveryMember {
                // Nobody waits until that many were looked up.
                self.notices.note(user, About::Unread, "deleted");
            } else {
                own.extend(self.unread(user).await);
            }
        }
        own.into_iter().map(|event| Call::new(event, &self.links)).collect()
    }

    async fn own<C>(&self, telling: &Telling<C>, event: &Event, user: &UserId) -> Vec<ClientEvent> {
        let own = known(|| telling.own(event, user, &self.services)).await;
        own.unwrap_or_default()
    }

    pub(super) async fn unread(&self, user: &UserId) -> Option<ClientEvent> {
        known(|| telling::unread(&self.services, user)).await
    }

    async fn tell_typing(&self, event: &TypingEvent) {
        let Ok(Some(membership)) = self.log.members.of(event.conversation).await else {
            return;
        };
        if event.is_typing && !membership.blockers.is_empty() {
            return;
        }
        let call = call(ClientEvent::UserTyping(Box::new(event.into())));
        for user in membership.users().filter(|user| **user != event.person.id) {
            for listener in self.listeners.of(user) {
                if listener.hears(event.conversation)
                    && let Err(error) = listener.connection.push(&call)
                {
                    tracing::error!("a typing event cannot be written: {error}");
                }
            }
        }
    }

    /// Waits for the database where it must: a hearer is never skipped because a look-up failed.
    async fn membership(&self, event: &Event) -> Option<Arc<crate::log::members::Membership>> {
        let conversation = event.conversation?;
        loop {
            match self.log.members.of(conversation).await {
                Ok(membership) => return membership,
                Err(error) => {
                    tracing::warn!("the members of a conversation cannot be read: {error}");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

/// What is read to be told, once the database can say: it is told late rather than never.
pub(super) async fn known<T, F: Future<Output = Result<T, Error>>>(read: impl Fn() -> F) -> Option<T> {
    loop {
        match read().await {
            Ok(known) => return Some(known),
            Err(Error::Unavailable) => tokio::time::sleep(RETRY).await,
            Err(error) => {
                tracing::error!("what is to be told cannot be read: {error}");
                return None;
            }
        }
    }
}

/// An event's place in the log, as the connections count.
pub(super) fn position(event: &Event) -> u64 {
    number(event.id)
}

pub(super) fn number(id: EventId) -> u64 {
    u64::try_from(id.0).expect("event ids are positive")
}

pub(super) fn event_id(position: u64) -> EventId {
    EventId(i64::try_from(position).expect("positions are event ids"))
}

/// An event was sent to a connection, its message too where that is heard: both are unproven now.
fn note_sent(listener: &Listener, event: &Event, hears: bool) {
    let message = match &event.body {
        Body::MessagePosted(message) if hears => Some(&**message),
        _ => None,
    };
    listener.proof.sent(position(event), message, listener.user());
}
