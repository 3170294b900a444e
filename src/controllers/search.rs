//! `/api/Chat/messages/search` and the search in one conversation.

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Params, Reference, Reply};
use crate::{
    app::App,
    services::Principal,
    views::{FoundMessages, Message},
};

/// `GET /api/Chat/messages/search?searchTerm=`
pub async fn messages(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Vec<Message>>, Failure> {
    let conversation = params.first(&["conversationId", "chatId", "roomId", "room_id"]);
    search(&app, &principal, conversation, &params).await
}

/// `GET /api/Chat/conversations/{id}/messages/search?searchTerm=`
pub async fn messages_in(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
) -> Result<Reply<Vec<Message>>, Failure> {
    search(&app, &principal, Some(&conversation), &params).await
}

async fn search(
    app: &App,
    principal: &Principal,
    conversation: Option<&str>,
    params: &Params,
) -> Result<Reply<Vec<Message>>, Failure> {
    // The service says what is missing.
    let term = params.first(&["searchTerm", "q", "query"]).unwrap_or_default();
    let search = &app.services.search;
    let found = search.messages(principal, term, conversation, &params.page()).await?;
    let found = FoundMessages::seen_by(&found, &principal.user_id);
    Ok(Reply::page(found.messages, found.pagination).noting(found.search))
}
