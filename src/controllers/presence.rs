//! `/api/Chat/presence`

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Input, Reference, Reply};
use crate::{
    app::App,
    views::{
        Presence,
        input::{PeopleInput, StatusInput},
    },
};

/// `GET /api/Chat/presence`: those who are here and whom the caller may see.
pub async fn list(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Reply<Vec<Presence>>, Failure> {
    let sights = app.services.presence.all(&principal).await?;
    Ok(Reply::new(sights.iter().map(Presence::from).collect()))
}

/// `GET /api/Chat/presence/{userId}`
pub async fn find(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(user): Reference,
) -> Result<Reply<Presence>, Failure> {
    let sight = app.services.presence.look_at(&principal, &user).await?;
    Ok(Reply::new(Presence::from(&sight)))
}

/// `PUT /api/Chat/presence/status`
pub async fn set_status(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(input): Input<StatusInput>,
) -> Result<Reply<Presence>, Failure> {
    let sight = app.services.presence.set_status(&principal, input.status()?).await?;
    Ok(Reply::new(Presence::from(&sight)))
}

/// `POST /api/Chat/presence/users`: each of the ids, in their order.
pub async fn look(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Input(input): Input<PeopleInput>,
) -> Result<Reply<Vec<Presence>>, Failure> {
    let seen = app.services.presence.look(&principal, &input.ids()?).await?;
    let view = |(id, sight)| match sight {
        Some(sight) => Presence::from(&sight),
        None => Presence::of_nobody(id),
    };
    Ok(Reply::new(seen.into_iter().map(view).collect()))
}

/// `POST /api/Chat/presence/heartbeat`
pub async fn heartbeat(State(app): State<Arc<App>>, Caller(principal): Caller) -> Result<Reply<Presence>, Failure> {
    let sight = app.services.presence.heartbeat(&principal).await?;
    Ok(Reply::new(Presence::from(&sight)))
}
