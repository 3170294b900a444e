//! What a connection that fell behind reads: the log from its position, as that connection would have heard it.

use std::sync::Arc;

use entities::ids::EventId;
use futures_util::future::BoxFuture;
use hub_protocol::{
    codec::Protocol,
    hub::{Feed, Pulled},
};

use super::{Chat, fanout, listeners::Listener};

/// Events read at a time.
const BATCH: usize = 256;
/// Bytes of frames after which a pull is enough.
const ENOUGH: usize = 64 * 1024;

/// The log as one connection hears it.
pub(super) struct LogFeed {
    chat: Arc<Chat>,
    listener: Arc<Listener>,
}

impl LogFeed {
    pub(super) fn new(chat: Arc<Chat>, listener: Arc<Listener>) -> Self {
        Self { chat, listener }
    }
}

impl Feed for LogFeed {
    fn head(&self) -> u64 {
        u64::try_from(self.chat.log.tail.head().0).expect("event ids are positive")
    }

    fn pull(self: Box<Self>, after: u64, protocol: Protocol) -> BoxFuture<'static, (Box<dyn Feed>, Pulled)> {
        Box::pin(async move {
            let mut pulled = Pulled {
                frames: Vec::new(),
                position: after,
            };
            let position = EventId(i64::try_from(after).expect("positions are event ids"));
            match self.chat.log.read_after(position, BATCH).await {
                // There is something newer, or nobody had asked. Who does not show it yet is asked again, not at once.
                Ok(events) if events.is_empty() => tokio::time::sleep(fanout::RETRY).await,
                Ok(events) => {
                    let mut bytes = 0;
                    for event in events {
                        let known = pulled.frames.len();
                        self.chat
                            .retell(&event, &self.listener, &mut pulled.frames, protocol)
                            .await;
                        pulled.position = fanout::position(&event);
                        bytes += pulled.frames[known..].iter().map(|frame| frame.size()).sum::<usize>();
                        if bytes >= ENOUGH {
                            break;
                        }
                    }
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
