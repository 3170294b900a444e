//! `/api/Chat/users/{id}/block`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Params, Reference, Reply};
use crate::{
    app::App,
    views::{self, Person},
};

/// `POST /api/Chat/users/{id}/block`
pub async fn block(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(person): Reference,
) -> Result<Reply<Person>, Failure> {
    let blocked = app.services.blocks.set(&principal, &person, true).await?;
    Ok(Reply::new(Person::from(&blocked)))
}

/// `DELETE /api/Chat/users/{id}/block`
pub async fn unblock(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(person): Reference,
) -> Result<Reply<Person>, Failure> {
    let unblocked = app.services.blocks.set(&principal, &person, false).await?;
    Ok(Reply::new(Person::from(&unblocked)))
}

/// `GET /api/Chat/users/blocked`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Vec<Person>>, Failure> {
    let page = app.services.blocks.list(&principal, &params.page()).await?;
    let (data, pagination) = views::page(&page, |person| Person::from(person));
    Ok(Reply::page(data, pagination))
}
