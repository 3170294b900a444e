//! `/api/Chat/users`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Reply};
use crate::{app::App, views::Person};

/// `GET /api/Chat/users/me`
pub async fn me(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Reply<Person>, Failure> {
    let person = app.services.people.me(&principal).await?;
    Ok(Reply::new(Person::from(&person)))
}
