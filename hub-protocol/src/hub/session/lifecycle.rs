//! The hub's own handlers around a session: the connect handler at its start, the disconnect handler at its end.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::{Progress, Session};
use crate::{
    close::CloseReason,
    hub::{
        Disconnected, Next,
        dispatcher::{Finished, Running},
    },
    transport::{Outgoing, Transport},
};

impl<T: Transport> Session<T> {
    /// Runs the connect handler.
    pub(super) fn connect(&self) -> Running {
        let (hub, cx) = (self.hub.clone(), self.context());
        Box::pin(async move {
            let next = Next {
                hub: &hub.0,
                filters: 0,
                method: None,
            };
            match AssertUnwindSafe(next.connected(cx)).catch_unwind().await {
                Ok(Ok(())) => Finished::Done,
                Ok(Err(error)) => {
                    tracing::debug!(hub.name = hub.0.name, "a connection was refused by its hub: {error}");
                    Finished::End(CloseReason::ConnectFailed(error.detail()))
                }
                Err(_) => Finished::End(CloseReason::ConnectFailed(
                    "Panic: the connect handler panicked".to_owned(),
                )),
            }
        })
    }

    /// Last words, the rest of the running call, and the disconnect handler, in this order.
    pub(super) async fn say_goodbye(&mut self, reason: &CloseReason) {
        tracing::debug!(
            connection.id = %self.member.id,
            hub.name = self.hub.0.name,
            reason = reason.name(),
            "a connection ended"
        );
        match reason {
            CloseReason::Transport(_) => {}
            CloseReason::SlowConsumer | CloseReason::SendTimeout => self.transport.send(Outgoing::Abort),
            _ => {
                let patience = self.hub.0.options.close_timeout;
                let written = std::future::poll_fn(|cx| self.poll_last_words(cx));
                let _ = tokio::time::timeout(patience, written).await;
            }
        }
        self.member.outbox.close();
        if let Some(call) = self.call.take() {
            // What a method has begun it ends, though nobody hears its answer.
            let finished = AssertUnwindSafe(call).catch_unwind().await;
            // A connect handler that succeeds now has let somebody in who must be seen out.
            if self.progress == Progress::Connecting && matches!(finished, Ok(Finished::Done)) {
                self.progress = Progress::Connected;
            }
        }
        if self.progress == Progress::Connected {
            let (cx, how) = (
                self.context(),
                Disconnected {
                    end: reason.end(),
                    reason: reason.clone(),
                },
            );
            let next = Next {
                hub: &self.hub.0,
                filters: 0,
                method: None,
            };
            if AssertUnwindSafe(next.disconnected(cx, how))
                .catch_unwind()
                .await
                .is_err()
            {
                tracing::error!(hub.name = self.hub.0.name, "a disconnect handler panicked");
            }
        }
    }
}
