//! Connections without a hub: bytes in both directions over the same negotiation and transports.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::mpsc;

use super::{Claim, Endpoint, TransportKind, User};
use crate::{
    codec::TransferFormat,
    hub::HubOptions,
    negotiate::ConnectionId,
    transport::{Frame, Incoming, Outgoing, Transport},
};

/// What runs for each connection.
pub(super) type Handler = Arc<dyn Fn(RawConnection) -> BoxFuture<'static, ()> + Send + Sync>;

/// How many chunks wait in each direction; then the socket is not read, and sending waits.
const CHUNKS: usize = 4;

/// One client's bytes, as `ConnectionContext` in ASP.NET Core. Dropping it says goodbye.
#[derive(Debug)]
pub struct RawConnection {
    id: ConnectionId,
    user: Option<User>,
    kind: TransportKind,
    incoming: mpsc::Receiver<Bytes>,
    outgoing: mpsc::Sender<Frame>,
}

impl RawConnection {
    /// The public id.
    pub fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// The signed-in user.
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// What carries it.
    pub fn transport(&self) -> TransportKind {
        self.kind
    }

    /// The next bytes; what the client sent at once may come in pieces. `None` when the client is gone.
    pub async fn receive(&mut self) -> Option<Bytes> {
        self.incoming.recv().await
    }

    /// Sends bytes, as one message where the transport knows messages; waits while the client does not read. What
    /// is sent to a client that is gone is dropped, and false.
    ///
    /// The format decides what a WebSocket calls the message; text must be UTF-8. Server-sent events carry text only.
    pub async fn send(&self, format: TransferFormat, bytes: &[u8]) -> bool {
        self.outgoing.send(Frame::new(format, bytes)).await.is_ok()
    }
}

impl Endpoint {
    /// An endpoint whose connections go to a function and not to a hub. Of the options those count that are about
    /// transports: buffers and time-outs.
    pub fn raw<F, T>(options: HubOptions, handler: F) -> Self
    where
        F: Fn(RawConnection) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |connection| Box::pin(handler(connection)));
        Self::new(super::Application::Raw(Arc::new(options), handler))
    }
}

/// Moves bytes between a transport and the function until one of them ends.
pub(super) async fn run<T: Transport>(
    mut transport: Box<T>,
    claim: Claim,
    user: Option<User>,
    options: Arc<HubOptions>,
    handler: Handler,
) {
    let (to_handler, incoming) = mpsc::channel(CHUNKS);
    let (outgoing, from_handler) = mpsc::channel(CHUNKS);
    let connection = RawConnection {
        id: claim.record.id.clone(),
        user,
        kind: transport.kind(),
        incoming,
        outgoing,
    };
    let mut line = Lines {
        to_handler: Some(to_handler),
        waiting: None,
        from_handler,
    };
    let mut handling = pin!(handler(connection));
    let mut is_handling = true;
    std::future::poll_fn(|cx| {
        is_handling = is_handling && handling.poll_unpin(cx).is_pending();
        // What the function sent last goes out before the goodbye.
        line.poll(cx, &mut *transport, is_handling)
    })
    .await;
    drop(claim);
    let closed = std::future::poll_fn(|cx| transport.poll_close(cx));
    let _ = tokio::time::timeout(options.close_timeout, closed).await;
    if is_handling {
        line.to_handler = None;
        handling.await;
    }
}

struct Lines {
    /// `None` when the client is gone.
    to_handler: Option<mpsc::Sender<Bytes>>,
    /// A chunk for which the function has no room yet.
    waiting: Option<BoxFuture<'static, ()>>,
    from_handler: mpsc::Receiver<Frame>,
}

impl Lines {
    /// Ready when the client is gone, or the function is done and its last word has left.
    fn poll(&mut self, cx: &mut Context<'_>, transport: &mut impl Transport, is_handling: bool) -> Poll<()> {
        loop {
            let mut is_idle = true;
            if let Some(waiting) = &mut self.waiting
                && waiting.poll_unpin(cx).is_ready()
            {
                self.waiting = None;
            }
            if self.waiting.is_none()
                && is_handling
                && let Poll::Ready(incoming) = transport.poll_receive(cx)
            {
                is_idle = false;
                match incoming {
                    Incoming::Bytes(bytes) => self.hand_over(bytes),
                    Incoming::End(_) | Incoming::TooLarge | Incoming::Gap => return Poll::Ready(()),
                    Incoming::Proven(_) | Incoming::Authenticated(_) | Incoming::Resumed => {}
                }
            }
            match transport.poll_flush(cx) {
                Poll::Ready(Ok(())) => match self.from_handler.poll_recv(cx) {
                    Poll::Ready(Some(frame)) => {
                        transport.send(Outgoing::Frames(frame));
                        is_idle = false;
                    }
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => {}
                },
                // Whoever receives learns how it ended; who does not receive ends it.
                Poll::Ready(Err(_)) if self.waiting.is_some() => return Poll::Ready(()),
                Poll::Ready(Err(_)) | Poll::Pending => {}
            }
            if is_idle {
                return Poll::Pending;
            }
        }
    }

    fn hand_over(&mut self, bytes: Bytes) {
        let Some(to_handler) = self.to_handler.clone() else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(bytes)) = to_handler.try_send(bytes) {
            self.waiting = Some(Box::pin(async move {
                let _ = to_handler.send(bytes).await;
            }));
        }
    }
}
