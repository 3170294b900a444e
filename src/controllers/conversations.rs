//! `/api/Chat/conversations`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Input, Params, Reference, Reply};
use crate::{
    app::App,
    services::Error,
    views::{
        self, Conversation, Left, Unread,
        input::{GroupChangeDraft, GroupDraft},
    },
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

/// `POST /api/Chat/conversations`: a group, or the direct one with one person.
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(draft): Input<GroupDraft>,
) -> Result<Reply<Conversation>, Failure> {
    let conversations = &app.services.conversations;
    let made = match draft.direct()? {
        Some(with) => Conversation::seen_by(&conversations.direct(&principal, &with).await?, &principal.user_id),
        None => {
            let (group, skipped) = conversations.create_group(&principal, draft.group()?).await?;
            Conversation::made(&group, &principal.user_id, &skipped)
        }
    };
    Ok(Reply::new(made))
}

/// `PUT /api/Chat/conversations/{id}`
pub async fn change(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    Input(draft): Input<GroupChangeDraft>,
) -> Result<Reply<Conversation>, Failure> {
    let change = draft.change()?;
    let changed = app
        .services
        .conversations
        .change_group(&principal, &conversation, change)
        .await?;
    Ok(Reply::new(Conversation::seen_by(&changed, &principal.user_id)))
}

/// `DELETE /api/Chat/conversations/{id}`: for the caller, or with `?scope=everyone` for all.
pub async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
) -> Result<Reply<Left>, Failure> {
    let conversations = &app.services.conversations;
    let scope = params.first(&["scope"]).map(|scope| scope.trim().to_ascii_lowercase());
    let gone = match scope.as_deref() {
        None | Some("me") => conversations.leave(&principal, &conversation).await?,
        Some("everyone") => conversations.end(&principal, &conversation).await?,
        Some(_) => return Err(Error::invalid("scope", "must be me or everyone").into()),
    };
    Ok(Reply::new(Left::new(gone.id)))
}

/// `POST /api/Chat/conversations/{id}/leave`
pub async fn leave(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
) -> Result<Reply<Left>, Failure> {
    let left = app.services.conversations.leave(&principal, &conversation).await?;
    Ok(Reply::new(Left::new(left.id)))
}

/// `GET /api/Chat/conversations/pinned`
pub async fn pinned(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Vec<Conversation>>, Failure> {
    let page = app.services.conversations.pinned(&principal, &params.page()).await?;
    let (data, pagination) = views::page(&page, |found| Conversation::seen_by(found, &principal.user_id));
    Ok(Reply::page(data, pagination))
}

/// `GET /api/Chat/conversations/search?query=`
pub async fn search(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Vec<Conversation>>, Failure> {
    let query = params.first(&["query", "q", "searchTerm", "name"]);
    let query = query.ok_or_else(|| Error::invalid("query", "is needed"))?;
    let page = app
        .services
        .conversations
        .search(&principal, query, &params.page())
        .await?;
    let (data, pagination) = views::page(&page, |found| Conversation::seen_by(found, &principal.user_id));
    Ok(Reply::page(data, pagination))
}

/// `GET /api/Chat/conversations/unread`
pub async fn unread(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Reply<Unread>, Failure> {
    let unread = app.services.conversations.unread(&principal).await?;
    Ok(Reply::new(Unread::from(unread)))
}
