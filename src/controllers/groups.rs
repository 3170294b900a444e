//! `/api/Chat/groups`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Input, Params, Reference, Reply, conversations};
use crate::{
    app::App,
    views::{
        self, Group, Left,
        input::{GroupChangeDraft, GroupDraft},
    },
};

/// `POST /api/Chat/groups`
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(draft): Input<GroupDraft>,
) -> Result<Reply<Group>, Failure> {
    let (group, skipped) = app
        .services
        .conversations
        .create_group(&principal, draft.group()?)
        .await?;
    Ok(Reply::new(Group::written(&group, &skipped)))
}

/// `GET /api/Chat/groups`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Vec<Group>>, Failure> {
    let page = app.services.conversations.groups(&principal, &params.page()).await?;
    let (data, pagination) = views::page(&page, Group::new);
    Ok(Reply::page(data, pagination))
}

/// `GET /api/Chat/groups/{id}`
pub async fn find(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(group): Reference,
) -> Result<Reply<Group>, Failure> {
    let found = app.services.conversations.group(&principal, &group).await?;
    Ok(Reply::new(Group::new(&found)))
}

/// `PUT /api/Chat/groups/{id}`
pub async fn change(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(group): Reference,
    Input(draft): Input<GroupChangeDraft>,
) -> Result<Reply<Group>, Failure> {
    let change = draft.change()?;
    let changed = app
        .services
        .conversations
        .change_group(&principal, &group, change)
        .await?;
    Ok(Reply::new(Group::written(&changed, &[])))
}

/// `DELETE /api/Chat/groups/{id}`: as a conversation, but only a group.
pub async fn delete(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(group): Reference,
    params: Params,
) -> Result<Reply<Left>, Failure> {
    app.services.conversations.group_of(&principal, &group).await?;
    conversations::delete(State(app), Caller(principal), Reference(group), params).await
}
