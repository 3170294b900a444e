//! `/api/Chat/messages/{id}/pin` and the pins of a conversation.

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Params, Reference, Reply};
use crate::{
    app::App,
    services::Principal,
    views::{self, Message},
};

/// `GET /api/Chat/conversations/{id}/pins`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
) -> Result<Reply<Vec<Message>>, Failure> {
    let messages = &app.services.messages;
    let page = messages.pins(&principal, &conversation, &params.page()).await?;
    let (data, pagination) = views::page(&page, |message| Message::seen_by(message, &principal.user_id));
    Ok(Reply::page(data, pagination))
}

/// `POST /api/Chat/messages/{id}/pin`
pub async fn pin(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<Message>, Failure> {
    set(&app, &principal, &message, true).await
}

/// `DELETE /api/Chat/messages/{id}/pin`
pub async fn unpin(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<Message>, Failure> {
    set(&app, &principal, &message, false).await
}

async fn set(app: &App, principal: &Principal, message: &str, is_pinned: bool) -> Result<Reply<Message>, Failure> {
    let message = app.services.messages.pin(principal, message, is_pinned).await?;
    Ok(Reply::new(Message::seen_by(&message, &principal.user_id)))
}
