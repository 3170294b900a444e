//! `ConversationUpdated`: what a person is told of conversations that a connection of theirs does not hear; and how much
//! they have left to read where that changes for many at once.
//!
//! Merged to one a second for each person and conversation; what is told is the state at that moment.

use std::{
    borrow::Borrow as _,
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Weak},
    time::Duration,
};

use entities::{ids::ConversationNumber, user_id::UserId};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::{
    calls::Call,
    listeners::{Listener, Listeners},
};
use crate::{
    clock,
    services::Services,
    telling,
    views::{self, ClientEvent, Links},
};

/// Least time between two notices of one conversation to one person.
const INTERVAL: Duration = Duration::from_secs(1);
/// Notices that wait at most. One that finds no place is not given; the next message notes it again.
const MOST: usize = 65_536;

/// The notices that wait. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Notices(Arc<Shared>);

type Key = (UserId, About);

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum About {
    /// To the connections that do not hear it.
    Conversation(ConversationNumber),
    /// How much is unread.
    Unread,
}

#[derive(Debug, Default)]
struct Shared {
    noted: Mutex<HashMap<Key, Noted>>,
    more: Arc<Notify>,
}

#[derive(Debug)]
struct Noted {
    /// Not told again before.
    not_before: Instant,
    /// The last reason, while it waits.
    reason: Option<&'static str>,
}

impl Notices {
    /// Starts to give notices to whoever listens.
    pub(super) fn start(services: Services, listeners: Arc<Listeners>, links: Links) -> Self {
        let shared = Arc::new(Shared::default());
        tokio::spawn(give(
            Arc::downgrade(&shared),
            Arc::clone(&shared.more),
            services,
            listeners,
            links,
        ));
        Self(shared)
    }

    /// How many are kept, given a moment ago or waiting.
    pub(super) fn len(&self) -> usize {
        self.0.noted.lock().len()
    }

    /// Something happened that `user` is to be told of.
    pub(super) fn note(&self, user: &UserId, about: About, reason: &'static str) {
        let mut noted = self.0.noted.lock();
        let full = noted.len() >= MOST;
        match noted.entry((user.clone(), about)) {
            // The task knows when this one is due; waking it for every message would be a look at all of them.
            Entry::Occupied(mut noted) => {
                noted.get_mut().reason = Some(reason);
                return;
            }
            Entry::Vacant(_) if full => return,
            Entry::Vacant(place) => {
                let not_before = Instant::now();
                place.insert(Noted {
                    not_before,
                    reason: Some(reason),
                });
            }
        }
        drop(noted);
        self.0.more.notify_one();
    }
}

impl Shared {
    /// Takes what is due, forgets what is over, and says when to look again.
    fn take(&self) -> (Vec<(Key, &'static str)>, Option<Instant>) {
        let now = Instant::now();
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        self.noted.lock().retain(|key, noted| {
            if noted.not_before > now {
                next = Some(next.map_or(noted.not_before, |next| next.min(noted.not_before)));
                return true;
            }
            let Some(reason) = noted.reason.take() else {
                return false;
            };
            noted.not_before = now + INTERVAL;
            next = Some(next.map_or(noted.not_before, |next| next.min(noted.not_before)));
            due.push((key.clone(), reason));
            true
        });
        (due, next)
    }
}

async fn give(shared: Weak<Shared>, more: Arc<Notify>, services: Services, listeners: Arc<Listeners>, links: Links) {
    loop {
        let Some(notices) = shared.upgrade().map(Notices) else {
            return;
        };
        let (due, next) = notices.0.take();
        for ((user, about), reason) in due {
            notices
                .give_one(&services, (&listeners, &links), &user, about, reason)
                .await;
        }
        drop(notices);
        clock::due(next, &more).await;
    }
}

impl Notices {
    async fn give_one(
        &self,
        services: &Services,
        (listeners, links): (&Listeners, &Links),
        user: &UserId,
        about: About,
        reason: &'static str,
    ) {
        let event = match about {
            About::Conversation(conversation) => {
                let details = services.conversations.view_for(user, conversation).await;
                let update = |details| views::ConversationUpdated::new(&details, user, reason);
                details.map(|details| details.map(|details| ClientEvent::ConversationUpdated(update(details).into())))
            }
            About::Unread => telling::unread(services, user).await.map(Some),
        };
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!("a notice cannot be given yet: {error}");
                return self.note(user, about, reason);
            }
        };
        let call = Call::new(event, links);
        let is_told = |listener: &Listener| match about {
            About::Conversation(conversation) => !listener.hears(conversation),
            About::Unread => true,
        };
        for listener in listeners.of(user).iter().filter(|listener| is_told(listener)) {
            match listener.connection.try_send(call.at(&listener.visitor.origin).borrow()) {
                Ok(true) => {}
                // Its outbox is full: it is told when there is room, of the state then.
                Ok(false) => self.note(user, about, reason),
                Err(error) => tracing::error!("a notice cannot be written: {error}"),
            }
        }
    }
}
