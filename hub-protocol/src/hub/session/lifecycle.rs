//! The hub's own handlers around a session: the connect handler at its start, the disconnect handler at its end.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::{Progress, Session};
use crate::{
    close::CloseReason,
    hub::{
        Disconnected, Next,
        dispatcher::{Finished, Running},
        place::Place,
    },
    transport::{Outgoing, Transport},
};

impl<T: Transport> Session<T> {
    /// Runs the connect handler.
    pub(super) fn connect(&self) -> Running {
        let (hub, cx) = (self.hub.clone(), self.context(Place::Connecting));
        Box::pin(async move {
            let inner = &hub.0;
            let id = cx.connection_id().clone();
            if let Err(error) = inner.manager.connected(&inner.local, &id).await {
                tracing::error!(
                    hub.name = inner.name,
                    "the lifetime manager refused a connection: {error}"
                );
                return Finished::ended(CloseReason::Unmanaged);
            }
            let next = Next {
                hub: &hub.0,
                filters: 0,
                method: None,
            };
            match AssertUnwindSafe(next.connected(cx)).catch_unwind().await {
                Ok(Ok(())) => Finished::default(),
                Ok(Err(error)) => {
                    tracing::debug!(hub.name = hub.0.name, "a connection was refused by its hub: {error}");
                    Finished::ended(CloseReason::ConnectFailed(error.detail()))
                }
                Err(_) => Finished::ended(CloseReason::ConnectFailed(
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
            CloseReason::SlowConsumer | CloseReason::SendTimeout | CloseReason::Superseded => {
                self.transport.send(Outgoing::Abort);
            }
            _ => {
                let patience = self.hub.0.options.close_timeout;
                let written = std::future::poll_fn(|cx| self.poll_last_words(cx));
                let _ = tokio::time::timeout(patience, written).await;
                if *reason == CloseReason::Cut {
                    self.transport.send(Outgoing::Abort);
                }
            }
        }
        self.transport.let_go();
        self.member.outbox.close();
        self.calls.end_streams();
        self.member.questions.close();
        // What a method has begun it ends, though nobody hears its answer.
        while !self.calls.is_empty() {
            let finished = AssertUnwindSafe(std::future::poll_fn(|cx| self.calls.poll_finished(cx)));
            // A connect handler that succeeds now has let somebody in who must be seen out.
            match finished.catch_unwind().await {
                Ok(finished) if self.progress == Progress::Connecting && finished.end.is_none() => {
                    self.progress = Progress::Connected;
                }
                Ok(_) => {}
                // Methods do not get here; what panics outside of them cannot go on.
                Err(_) => break,
            }
        }
        // Where the manager refused it, the hub's own handlers never met it.
        if self.progress == Progress::Connected && *reason != CloseReason::Unmanaged {
            let (cx, how) = (
                self.context(Place::Elsewhere),
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
        if self.progress != Progress::Handshaking {
            let inner = &self.hub.0;
            let told = inner.manager.disconnected(&inner.local, &self.member.id);
            if AssertUnwindSafe(told).catch_unwind().await.is_err() {
                tracing::error!(hub.name = inner.name, "a lifetime manager panicked");
            }
        }
    }
}
