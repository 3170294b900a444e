//! `/api/Chat/messages/{id}/reactions`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Input, Params, Reference, References, Reply};
use crate::{
    app::App,
    services::{Principal, details::ReactionSummary, messages::Action},
    views::{self, Reaction, input::Emoji},
};

/// `GET /api/Chat/messages/{id}/reactions`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
    params: Params,
) -> Result<Reply<Vec<Reaction>>, Failure> {
    let messages = &app.services.messages;
    let page = messages.reactions(&principal, &message, &params.page()).await?;
    let (data, pagination) = views::page(&page, |reaction| Reaction::from(reaction));
    Ok(Reply::page(data, pagination))
}

/// `GET /api/Chat/messages/{id}/reactions/summary`
pub async fn summary(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<ReactionSummary>, Failure> {
    let summary = app.services.messages.reaction_summary(&principal, &message).await?;
    Ok(Reply::new(summary))
}

/// `POST /api/Chat/messages/{id}/reactions`
pub async fn add(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
    Input(emoji): Input<Emoji>,
) -> Result<Reply<ReactionSummary>, Failure> {
    react(&app, &principal, &message, &emoji.emoji()?, Action::Add).await
}

/// `POST /api/Chat/messages/{id}/reactions/toggle`
pub async fn toggle(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
    Input(emoji): Input<Emoji>,
) -> Result<Reply<ReactionSummary>, Failure> {
    react(&app, &principal, &message, &emoji.emoji()?, Action::Toggle).await
}

/// `DELETE /api/Chat/messages/{id}/reactions/{emoji}`
pub async fn remove(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    References([message, emoji]): References<2>,
) -> Result<Reply<ReactionSummary>, Failure> {
    react(&app, &principal, &message, &emoji, Action::Remove).await
}

async fn react(
    app: &App,
    principal: &Principal,
    message: &str,
    emoji: &str,
    action: Action,
) -> Result<Reply<ReactionSummary>, Failure> {
    let messages = &app.services.messages;
    let standing = messages.react(principal, None, message, emoji, action).await?;
    Ok(Reply::new(standing.summary))
}
