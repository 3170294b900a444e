//! What a connection that fell behind reads: the log from its position, as that connection would have heard it.

use std::{collections::HashMap, sync::Arc};

use entities::ids::{ConversationNumber, EventId};
use futures_util::future::BoxFuture;
use hub_protocol::{
    codec::Protocol,
    hub::{Feed, Pulled},
    transport::Frame,
};

use super::{Chat, calls::call_for, fanout, listeners::Listener};
use crate::{
    log::{
        ReadError,
        event::{Body, Event},
    },
    telling::Late,
    views::{self, ClientEvent},
};

/// Events read at a time, at most and at least.
const BATCH: (usize, usize) = (256, 16);
/// Bytes of frames after which a pull is enough.
const ENOUGH: usize = 64 * 1024;

/// The log as one connection hears it.
pub(super) struct LogFeed {
    chat: Arc<Chat>,
    listener: Arc<Listener>,
    /// Until here it tells what happened before the connection began.
    until: EventId,
    /// How many events it reads: about as many as are enough, since the rest is read again.
    batch: usize,
    /// How many messages of each conversation it told of those.
    told: HashMap<ConversationNumber, usize>,
}

impl LogFeed {
    /// Of a connection that begins at `until`, or resumes at an earlier position.
    pub(super) fn new(chat: Arc<Chat>, listener: Arc<Listener>, until: EventId) -> Self {
        Self {
            chat,
            listener,
            until,
            batch: BATCH.0,
            told: HashMap::new(),
        }
    }

    /// Whether a message is one too many of what happened before: the client is told of it as of the others, in one.
    fn is_too_much(&mut self, event: &Event) -> bool {
        let Body::MessagePosted(message) = &event.body else {
            return false;
        };
        if event.id > self.until || !self.listener.hears(message.conversation) {
            return false;
        }
        let told = self.told.entry(message.conversation).or_default();
        *told += 1;
        *told > self.chat.replay_messages
    }

    /// What the first of these events are to the connection, as many as are enough.
    async fn tell(&mut self, events: &[Arc<Event>], after: u64, protocol: Protocol) -> Pulled {
        let (mut late, mut moves_unread, mut bytes, mut position, mut used) = (Late::default(), false, 0, after, 0);
        for event in events {
            used += 1;
            if !self.is_too_much(event) {
                let retold = self.chat.retell(event, &self.listener).await;
                moves_unread |= retold.moves_unread;
                for event in retold.events {
                    let standing = event.standing();
                    if let Some(frame) = self.framed(event, protocol) {
                        bytes += frame.size();
                        late.push(standing, frame);
                    }
                }
            }
            position = fanout::position(event);
            if bytes >= ENOUGH {
                break;
            }
        }
        self.batch = if used < events.len() {
            (used + used / 8).clamp(BATCH.1, BATCH.0)
        } else {
            Ord::min(self.batch * 2, BATCH.0)
        };
        let mut frames: Vec<Frame> = late.into_iter().collect();
        if moves_unread && let Some(event) = self.chat.unread(self.listener.user()).await {
            frames.extend(self.framed(event, protocol));
        }
        if position >= fanout::number(self.until) {
            self.summarise(&mut frames, protocol).await;
        }
        Pulled { frames, position }
    }

    /// What is told of those conversations instead, once everything that happened before has been.
    async fn summarise(&mut self, frames: &mut Vec<Frame>, protocol: Protocol) {
        let user = self.listener.user();
        for (conversation, told) in std::mem::take(&mut self.told) {
            if told <= self.chat.replay_messages {
                continue;
            }
            let conversations = &self.chat.services.conversations;
            // Nothing where it has left, or what is wrong was said.
            if let Some(Some(details)) = fanout::known(|| conversations.view_for(user, conversation)).await {
                let update = views::ConversationUpdated::new(&details, user, "message");
                frames.extend(self.framed(ClientEvent::ConversationUpdated(update.into()), protocol));
            }
        }
    }

    fn framed(&self, event: ClientEvent, protocol: Protocol) -> Option<Frame> {
        let call = call_for(event, self.chat.links.at(&self.listener.visitor.origin));
        match call.frame(protocol) {
            Ok(frame) => Some(frame.clone()),
            Err(error) => {
                tracing::error!("{} cannot be written: {error}", call.target());
                None
            }
        }
    }
}

impl Feed for LogFeed {
    fn head(&self) -> u64 {
        fanout::number(self.chat.log.tail.head())
    }

    fn pull(mut self: Box<Self>, after: u64, protocol: Protocol) -> BoxFuture<'static, (Box<dyn Feed>, Pulled)> {
        Box::pin(async move {
            let mut pulled = Pulled {
                frames: Vec::new(),
                position: after,
            };
            match self.chat.log.read_after(fanout::event_id(after), self.batch).await {
                // There is something newer, or nobody had asked. Who does not show it yet is asked again, not at once.
                Ok(events) if events.is_empty() => tokio::time::sleep(fanout::RETRY).await,
                Ok(events) => pulled = self.tell(&events, after, protocol).await,
                // No ticket lives this long; its client has long begun anew.
                Err(ReadError::TooOld { horizon }) => {
                    tracing::warn!("a connection was behind what is kept of the log");
                    pulled.position = fanout::number(horizon);
                }
                Err(error) => {
                    tracing::warn!("the log cannot be read: {error}");
                    tokio::time::sleep(fanout::RETRY).await;
                }
            }
            (self as Box<dyn Feed>, pulled)
        })
    }
}
