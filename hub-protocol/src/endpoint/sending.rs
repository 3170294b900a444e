//! The client's side of server-sent events and long polling: POST sends, DELETE takes leave.

use axum::{body::Body, response::Response};
use futures_util::StreamExt;
use http::StatusCode;

use super::{Endpoint, TransportKind, User, refused, text};
use crate::transport::pipe::Gone;

impl Endpoint {
    /// Accepts bytes as they come and answers when all are accepted; that they are acted on is another matter.
    pub(super) async fn post(&self, id: Option<&str>, user: Option<User>, body: Body) -> Response {
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
        let mut body = body.into_data_stream();
        let patience = self.application.options().disconnect_timeout;
        loop {
            // Others wait behind a body that drips.
            match tokio::time::timeout(patience, body.next()).await {
                Ok(Some(Ok(bytes))) if bytes.is_empty() => {}
                Ok(Some(Ok(bytes))) => {
                    if let Err(Gone) = pipe.put(bytes).await {
                        return text(StatusCode::NOT_FOUND, "");
                    }
                }
                Ok(Some(Err(_))) => return text(StatusCode::BAD_REQUEST, ""),
                Ok(None) => return text(StatusCode::OK, ""),
                Err(_) => return text(StatusCode::REQUEST_TIMEOUT, ""),
            }
        }
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
