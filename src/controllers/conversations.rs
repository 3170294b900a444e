//! `/api/Chat/conversations`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Params, Reference, Reply};
use crate::{
    app::App,
    views::{self, Conversation},
};

/// `GET /api/Chat/conversations`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Vec<Conversation>>, Failure> {
    let include_archived = params.flag("includeArchived")?;
    let page = app
        .services
        .conversations
        .list(&principal, &params.page(), include_archived)
        .await?;
    let (data, pagination) = views::page(&page, |found| Conversation::seen_by(found, &principal.user_id));
    Ok(Reply::page(data, pagination))
}

/// `GET /api/Chat/conversations/{id}`
pub async fn find(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
) -> Result<Reply<Conversation>, Failure> {
    let found = app.services.conversations.find(&principal, &conversation).await?;
    Ok(Reply::new(Conversation::seen_by(&found, &principal.user_id)))
}

/// `POST /api/Chat/conversations/direct/{userId}`
pub async fn direct(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(with): Reference,
) -> Result<Reply<Conversation>, Failure> {
    let found = app.services.conversations.direct(&principal, &with).await?;
    Ok(Reply::new(Conversation::seen_by(&found, &principal.user_id)))
}
