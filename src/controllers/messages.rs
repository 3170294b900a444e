//! `/api/Chat/messages` and the messages of a conversation.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;

use super::{Caller, Failure, Input, Params, Reference, Reply, request};
use crate::{
    app::App,
    services::{
        Error, Principal,
        messages::{Draft, Via},
    },
    views::{
        self, Former, Message, MessagePage,
        input::{Edit, NewMessage},
    },
};

/// `POST /api/Chat/messages`
pub async fn send(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Input(message): Input<NewMessage>,
) -> Result<Reply<Message>, Failure> {
    post(&app, &principal, &headers, message, None).await
}

/// `POST /api/Chat/conversations/{id}/messages`
pub async fn send_to(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    headers: HeaderMap,
    Input(message): Input<NewMessage>,
) -> Result<Reply<Message>, Failure> {
    post(&app, &principal, &headers, message, Some(conversation)).await
}

/// `GET /api/Chat/messages?chatId=`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<MessagePage>, Failure> {
    let conversation = params.first(&["conversationId", "chatId", "roomId", "room_id"]);
    let conversation = conversation.ok_or_else(|| Error::invalid("chatId", "is needed; conversationId is the same"))?;
    page(&app, &principal, conversation, &params).await
}

/// `GET /api/Chat/conversations/{id}/messages`
pub async fn list_in(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
) -> Result<Reply<MessagePage>, Failure> {
    page(&app, &principal, &conversation, &params).await
}

/// `GET /api/Chat/messages/{id}`
pub async fn find(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<Message>, Failure> {
    let message = app.services.messages.find(&principal, &message).await?;
    Ok(Reply::new(Message::seen_by(&message, &principal.user_id)))
}

/// `PUT /api/Chat/messages/{id}`
pub async fn edit(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
    Input(edit): Input<Edit>,
) -> Result<Reply<Message>, Failure> {
    let messages = &app.services.messages;
    let edited = messages.edit(&principal, None, &message, &edit.content()?).await?;
    Ok(Reply::new(Message::for_sender(&edited)))
}

/// `DELETE /api/Chat/messages/{id}`
pub async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<Message>, Failure> {
    let messages = &app.services.messages;
    messages.delete(&principal, None, &message).await?;
    let tombstone = messages.find(&principal, &message).await?;
    Ok(Reply::new(Message::seen_by(&tombstone, &principal.user_id)))
}

/// `POST /api/Chat/messages/{id}/forward`
pub async fn forward(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(origin): Reference,
    headers: HeaderMap,
    Input(message): Input<NewMessage>,
) -> Result<Reply<Message>, Failure> {
    let draft = Draft {
        forward: Some(origin),
        ..message.draft(None, Via::Rest)?
    };
    post_draft(&app, &principal, &headers, draft).await
}

/// `GET /api/Chat/messages/{id}/edits`
pub async fn edits(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
) -> Result<Reply<Vec<Former>>, Failure> {
    let edits = app.services.messages.edits(&principal, &message).await?;
    Ok(Reply::new(edits.iter().map(Former::from).collect()))
}

/// `GET /api/Chat/conversations/{id}/attachments`: the messages that have files, of one type with `?type=`.
pub async fn attachments(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
) -> Result<Reply<Vec<Message>>, Failure> {
    let (messages, kind) = (&app.services.messages, params.first(&["type"]));
    let page = messages
        .with_attachments(&principal, &conversation, kind, &params.page())
        .await?;
    let (data, pagination) = views::page(&page, |message| Message::seen_by(message, &principal.user_id));
    Ok(Reply::page(data, pagination))
}

/// `GET /api/Chat/messages/{id}/thread`
pub async fn thread(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(message): Reference,
    params: Params,
) -> Result<Reply<Vec<Message>>, Failure> {
    let messages = &app.services.messages;
    let page = messages.thread(&principal, &message, &params.page()).await?;
    let (data, pagination) = views::page(&page, |message| Message::seen_by(message, &principal.user_id));
    Ok(Reply::page(data, pagination))
}

async fn post(
    app: &App,
    principal: &Principal,
    headers: &HeaderMap,
    message: NewMessage,
    conversation: Option<String>,
) -> Result<Reply<Message>, Failure> {
    let draft = message.draft(conversation, Via::Rest)?;
    post_draft(app, principal, headers, draft).await
}

async fn post_draft(
    app: &App,
    principal: &Principal,
    headers: &HeaderMap,
    mut draft: Draft,
) -> Result<Reply<Message>, Failure> {
    if draft.client_message_id.is_none() {
        draft.client_message_id = request::idempotency_key(headers)?;
    }
    let posted = app.services.messages.post(principal, draft).await?;
    Ok(Reply::new(Message::for_sender(&posted.message)))
}

async fn page(
    app: &App,
    principal: &Principal,
    conversation: &str,
    params: &Params,
) -> Result<Reply<MessagePage>, Failure> {
    let page = app
        .services
        .messages
        .page(principal, conversation, &params.page())
        .await?;
    let conversation = app.services.conversations.resolve(principal, conversation).await?;
    let (messages, pagination) = views::page(&page, |message| Message::seen_by(message, &principal.user_id));
    let data = MessagePage {
        conversation_id: conversation.id.to_string(),
        messages,
        pagination: pagination.clone(),
    };
    Ok(Reply::page(data, pagination))
}
