//! From the log to the sockets: follows the tail and turns each event into calls of those who hear it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use hub_protocol::hub::Encoded;
use tokio::sync::broadcast::error::RecvError;

use super::{
    Chat,
    calls::{self, MessageCalls},
    listeners::Listener,
};
use crate::{
    log::event::{Body, Event},
    services::{Error, typing::TypingEvent},
};

/// Events read at a time.
const BATCH: usize = 256;
/// How long to wait when the database cannot be read.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// Follows the log and the typing events for as long as the server lives.
pub(super) fn start(chat: &Arc<Chat>) {
    tokio::spawn(follow_log(Arc::clone(chat)));
    tokio::spawn(follow_typing(Arc::clone(chat)));
}

async fn follow_log(chat: Arc<Chat>) {
    let mut changed = chat.log.tail.changed();
    let mut position = chat.log.tail.head();
    loop {
        changed.mark_unchanged();
        match chat.log.read_after(position, BATCH).await {
            Ok(events) if events.is_empty() => {
                if changed.changed().await.is_err() {
                    return;
                }
            }
            Ok(events) => {
                for event in events {
                    // One event that cannot be told must not silence all that follow.
                    if AssertUnwindSafe(chat.tell(&event)).catch_unwind().await.is_err() {
                        tracing::error!(event.id = event.id.0, "telling an event panicked");
                    }
                    position = event.id;
                }
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
    #[warn(clippy::wildcard_enum_match_arm, reason = "a new event must be thought of here")]
    async fn tell(&self, event: &Event) {
        match &event.body {
            Body::MessagePosted(message) => {
                let calls = MessageCalls::new(message);
                for user in self.members(event).await {
                    for listener in self.listeners.of(&user) {
                        deliver(&listener, event, &calls.for_listener(&listener));
                        if !listener.hears(message.conversation) {
                            self.notices.note(&user, message.conversation);
                        }
                    }
                }
            }
            Body::ConversationCreated(_) => {}
            Body::MemberJoined(_) => {
                let Some(user) = &event.user else { return };
                let listeners = self.listeners.of(user);
                if listeners.is_empty() {
                    return;
                }
                if let Some(call) = self.new_conversation(event).await {
                    listeners.iter().for_each(|listener| deliver(listener, event, &[&call]));
                }
            }
        }
    }

    /// What an event means to one connection alone: for its feed, when it is behind.
    #[warn(clippy::wildcard_enum_match_arm, reason = "a new event must be thought of here")]
    pub(super) async fn retell(
        &self,
        event: &Event,
        listener: &Listener,
        frames: &mut Vec<hub_protocol::transport::Frame>,
        protocol: hub_protocol::codec::Protocol,
    ) {
        let mut add = |call: &Encoded<'_>| match call.frame(protocol) {
            Ok(frame) => frames.push(frame.clone()),
            Err(error) => tracing::error!(event.id = event.id.0, "an event cannot be written: {error}"),
        };
        match &event.body {
            Body::MessagePosted(message) => {
                if self.is_member(event, listener).await {
                    let calls = MessageCalls::new(message);
                    calls.for_listener(listener).into_iter().for_each(&mut add);
                    if !listener.hears(message.conversation) {
                        self.notices.note(listener.user(), message.conversation);
                    }
                }
            }
            Body::ConversationCreated(_) => {}
            Body::MemberJoined(_) => {
                if event.user.as_ref() == Some(listener.user())
                    && let Some(call) = self.new_conversation(event).await
                {
                    add(&call);
                }
            }
        }
    }

    async fn tell_typing(&self, event: &TypingEvent) {
        let Ok(Some(membership)) = self.log.members.of(event.conversation).await else {
            return;
        };
        let call = calls::user_typing(event);
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

    /// Those who belonged to the event's conversation when it happened.
    async fn members(&self, event: &Event) -> Vec<entities::user_id::UserId> {
        let membership = self.membership(event).await;
        membership.map_or_else(Vec::new, |membership| membership.hears(event.id).cloned().collect())
    }

    async fn is_member(&self, event: &Event, listener: &Listener) -> bool {
        let membership = self.membership(event).await;
        membership.is_some_and(|membership| membership.is_heard_by(listener.user(), event.id))
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

    async fn new_conversation(&self, event: &Event) -> Option<Encoded<'static>> {
        let (user, conversation) = (event.user.as_ref()?, event.conversation?);
        loop {
            match self.services.conversations.view_for(user, conversation).await {
                Ok(details) => return details.map(|details| calls::new_conversation(&details, user)),
                // As for the members: it is told late rather than never.
                Err(Error::Unavailable) => tokio::time::sleep(RETRY).await,
                Err(error) => {
                    tracing::error!(event.id = event.id.0, "a new conversation cannot be shown: {error}");
                    return None;
                }
            }
        }
    }
}

fn deliver(listener: &Listener, event: &Event, calls: &[&Encoded<'_>]) {
    if calls.is_empty() {
        return;
    }
    if let Err(error) = listener.connection.deliver(position(event), calls) {
        tracing::error!(event.id = event.id.0, "an event cannot be written: {error}");
    }
}

/// An event's place in the log, as the connections count.
pub(super) fn position(event: &Event) -> u64 {
    u64::try_from(event.id.0).expect("event ids are positive")
}
