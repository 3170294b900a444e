//! `/api/Chat/users`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Input, Params, Reference, Reply};
use crate::{
    app::App,
    views::{
        self, Activity, Person, Privacy, Upserted,
        input::{PrivacyInput, ProfileInput, ProfilesInput},
    },
};

/// `GET /api/Chat/users/me`
pub async fn me(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Reply<Person>, Failure> {
    let person = app.services.people.me(&principal).await?;
    Ok(Reply::new(Person::from(&person)))
}

/// `PUT /api/Chat/users/me`
pub async fn rename_me(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(input): Input<ProfileInput>,
) -> Result<Reply<Person>, Failure> {
    let person = app.services.people.rename_me(&principal, input.profile()?).await?;
    Ok(Reply::new(Person::from(&person)))
}

/// `GET /api/Chat/users/me/privacy`
pub async fn privacy(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Reply<Privacy>, Failure> {
    let privacy = app.services.people.privacy(&principal).await?;
    Ok(Reply::new(Privacy::from(privacy)))
}

/// `PUT /api/Chat/users/me/privacy`
pub async fn set_privacy(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(input): Input<PrivacyInput>,
) -> Result<Reply<Privacy>, Failure> {
    let privacy = app.services.people.set_privacy(&principal, input.privacy()?).await?;
    Ok(Reply::new(Privacy::from(privacy)))
}

/// `GET /api/Chat/users/{id}`
pub async fn find(
    State(app): State<Arc<App>>,
    Caller(_): Caller,
    Reference(user): Reference,
) -> Result<Reply<Person>, Failure> {
    let person = app.services.people.profile(&user).await?;
    Ok(Reply::new(Person::from(&person)))
}

/// `PUT /api/Chat/users/{id}`
pub async fn put(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(user): Reference,
    Input(input): Input<ProfileInput>,
) -> Result<Reply<Person>, Failure> {
    let person = app.services.people.put(&principal, &user, input.profile()?).await?;
    Ok(Reply::new(Person::from(&person)))
}

/// `PUT /api/Chat/users`, `POST /api/Chat/users/bulk`
pub async fn put_all(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(input): Input<ProfilesInput>,
) -> Result<Reply<Upserted>, Failure> {
    let upserted = app.services.people.put_all(&principal, input.profiles()).await?;
    Ok(Reply::new(Upserted::from(&upserted)))
}

/// `GET /api/Chat/users/search`
pub async fn search(
    State(app): State<Arc<App>>,
    Caller(_): Caller,
    params: Params,
) -> Result<Reply<Vec<Person>>, Failure> {
    let query = params.first(&["query", "q", "searchTerm"]).unwrap_or_default();
    let page = app.services.people.search(query, &params.page()).await?;
    let (data, pagination) = views::page(&page, |person| Person::from(person));
    Ok(Reply::page(data, pagination))
}

/// `POST /api/Chat/users/{id}/deactivate`
pub async fn deactivate(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(user): Reference,
) -> Result<Reply<Activity>, Failure> {
    let user = app.services.deactivate(&principal, &user).await?;
    Ok(Reply::new(Activity::new(user, false)))
}

/// `DELETE /api/Chat/users/{id}/deactivate`
pub async fn reactivate(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(user): Reference,
) -> Result<Reply<Activity>, Failure> {
    let user = app.services.people.set_active(&principal, &user, true).await?;
    Ok(Reply::new(Activity::new(user, true)))
}
