//! WebSockets: a new connection, one that was negotiated, or one that goes on after a cut.

use axum::response::Response;
use http::request::Parts;

use super::{Endpoint, Refused, TransportKind, User, refused};
use crate::transport::{connections::Opened, resumable::Resumable, websocket::Upgrade};

impl Endpoint {
    pub(super) fn websocket(&self, parts: &mut Parts, id: Option<&str>, user: Option<User>) -> Response {
        let kind = TransportKind::WebSockets;
        let record = match id.map(|_| self.find_for(kind, id, user.as_ref())).transpose() {
            Ok(record) => record,
            Err(why) => return refused(why),
        };
        if !self.options.transports.contains(&kind) {
            return refused(Refused::NotOffered(kind));
        }
        // Before anything is opened: a request that cannot be granted spoils no token.
        let upgrade = match Upgrade::check(parts) {
            Ok(upgrade) => upgrade,
            Err(refusal) => return refusal,
        };
        let opened = match &record {
            None => Ok(Opened::First(self.connections.skip_negotiation())),
            Some(record) => self.connections.open(record, kind),
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(why) => return refused(why),
        };
        let line = record.as_ref().and_then(|record| record.line.clone());
        let turn = line.as_ref().map_or(0, |line| line.take_turn());
        let response = upgrade.response();
        let endpoint = self.clone();
        let limit = self.application.options().connection.maximum_receive_message_size;
        let close_timeout = self.application.options().close_timeout;
        tokio::spawn(async move {
            // Boxed: it is over before the session begins, which should not carry its size.
            let Some(socket) = Box::pin(upgrade.socket(limit)).await else {
                return;
            };
            match (opened, line) {
                (Opened::First(claim), None) => endpoint.run(socket, claim, user).await,
                (Opened::First(claim), Some(line)) => {
                    let socket = Resumable::new(socket, line, close_timeout);
                    endpoint.run(Box::new(socket), claim, user).await;
                }
                (Opened::Again, Some(line)) => line.put(turn, socket),
                (Opened::Again, None) => {}
            }
        });
        response
    }
}
