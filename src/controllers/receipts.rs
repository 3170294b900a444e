//! Reading: `/api/Chat/messages/{id}/read` and its kin.

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, OptionalInput, Reference, Reply};
use crate::{
    app::App,
    services::{Principal, messages::Place},
    views::{Marked, MessageReceipts, input::Marking},
};

/// `POST /api/Chat/messages/{id}/read`
pub async fn read_message(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
    OptionalInput(marking): OptionalInput<Marking>,
) -> Result<Reply<Marked>, Failure> {
    read(&app, &principal, Place::Message(message), marking).await
}

/// `POST /api/Chat/conversations/{id}/read`
pub async fn read_conversation(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    OptionalInput(marking): OptionalInput<Marking>,
) -> Result<Reply<Marked>, Failure> {
    read(&app, &principal, Place::Conversation(conversation), marking).await
}

/// `GET /api/Chat/messages/{id}/read-receipts`
pub async fn of_message(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<MessageReceipts>, Failure> {
    let receipts = app.services.messages.receipts(&principal, &message).await?;
    Ok(Reply::new(MessageReceipts::from(&receipts)))
}

async fn read(app: &App, principal: &Principal, place: Place, marking: Marking) -> Result<Reply<Marked>, Failure> {
    let mark = marking.mark(Some(place))?;
    let marked = app.services.messages.mark_read(principal, &mark).await?;
    Ok(Reply::new(marked.into()))
}
