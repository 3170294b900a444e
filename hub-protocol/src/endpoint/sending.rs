//! The client's side of server-sent events and long polling: POST sends, DELETE takes leave.

use std::{future::poll_fn, pin::Pin};

use axum::{
    body::{Body, HttpBody as _},
    response::Response,
};
use http::StatusCode;

use super::{Endpoint, TransportKind, User, refused, text};
use crate::transport::pipe::Gone;

impl Endpoint {
    /// Accepts bytes as they come and answers when all are accepted; that they are acted on is another matter.
    pub(super) async fn post(&self, id: Option<&str>, user: Option<User>, mut body: Body) -> Response {
        let record = match self.find(id, user.as_ref()) {
            Ok(record) => record,
            Err(why) => return refused(why),
        };
        if record.kind() == Some(TransportKind::WebSockets) {
            return text(
                StatusCode::METHOD_NOT_ALLOWED,
                "POST requests are not allowed for WebSocket connections.",
            );
        }
        // Before the first GET it is kept, as far as there is room.
        let pipe = self.pipe(&record);
        let _turn = pipe.post().await;
        let patience = self.application.options().disconnect_timeout;
        // Whoever has said everything is not kept waiting for room for more.
        while !body.is_end_stream() {
            // What waits for room waits with the client.
            if let Err(Gone) = pipe.room().await {
                return text(StatusCode::NOT_FOUND, "");
            }
            // Others wait behind a body that drips.
            let bytes = match tokio::time::timeout(patience, poll_fn(|cx| Pin::new(&mut body).poll_frame(cx))).await {
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Ok(Some(Err(_))) => return text(StatusCode::BAD_REQUEST, ""),
                Ok(None) => break,
                Err(_) => return text(StatusCode::REQUEST_TIMEOUT, ""),
            };
            if !bytes.is_empty()
                && let Err(Gone) = pipe.put(bytes).await
            {
                return text(StatusCode::NOT_FOUND, "");
            }
        }
        text(StatusCode::OK, "")
    }

    /// Ends a connection that is polled.
    pub(super) fn delete(&self, id: Option<&str>, user: Option<&User>) -> Response {
        let record = match self.find(id, user) {
            Ok(record) => record,
            Err(why) => return refused(why),
        };
        if record.kind() != Some(TransportKind::LongPolling) {
            return text(
                StatusCode::BAD_REQUEST,
                "Cannot terminate this connection using the DELETE endpoint.",
            );
        }
        self.connections.terminate(&record);
        text(StatusCode::ACCEPTED, "")
    }
}
