//! `/api/Chat/groups/{id}/participants` and the same under `/conversations`: who is meant may stand in the path, the
//! body or the query.

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, OptionalInput, Params, Place, Reference, Reply};
use crate::{
    app::App,
    services::Error,
    views::{Group, Written, input::Targets},
};

/// `POST …/participants` and `POST …/participants/{userId}`
pub async fn add(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    place: Place,
    params: Params,
    OptionalInput(targets): OptionalInput<Targets>,
) -> Result<Reply<Written>, Failure> {
    let people = people(&place, &params, &targets)?;
    let people = people.ok_or_else(|| Error::invalid("memberIds", "is needed"))?;
    let written = app
        .services
        .conversations
        .add_members(&principal, &place.conversation, people)
        .await?;
    Ok(Reply::new(Written::from(&written)))
}

/// `DELETE …/participants` and `DELETE …/participants/{userId}`
pub async fn remove(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    place: Place,
    params: Params,
    OptionalInput(targets): OptionalInput<Targets>,
) -> Result<Reply<Written>, Failure> {
    let people = people(&place, &params, &targets)?;
    let written = app
        .services
        .conversations
        .remove_members(&principal, &place.conversation, people)
        .await?;
    Ok(Reply::new(Written::from(&written)))
}

/// `PUT …/participants` and `PUT …/participants/{userId}`
pub async fn change_role(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    place: Place,
    params: Params,
    OptionalInput(targets): OptionalInput<Targets>,
) -> Result<Reply<Written>, Failure> {
    let people = people(&place, &params, &targets)?;
    let role = targets.role()?.or_else(|| params.first(&["role"]).map(str::to_owned));
    let role = role.ok_or_else(|| Error::invalid("role", "is needed: admin or member"))?;
    let written = app
        .services
        .conversations
        .change_roles(&principal, &place.conversation, people, &role)
        .await?;
    Ok(Reply::new(Written::from(&written)))
}

/// `POST /api/Chat/groups/{id}/transfer`
pub async fn transfer(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(group): Reference,
    params: Params,
    OptionalInput(targets): OptionalInput<Targets>,
) -> Result<Reply<Group>, Failure> {
    let to = match targets.person()? {
        Some(to) => Some(to),
        None => params.input::<Targets>()?.person()?,
    };
    let to = to.ok_or_else(|| Error::invalid("userId", "is needed"))?;
    let group = app.services.conversations.transfer(&principal, &group, &to).await?;
    Ok(Reply::new(Group::written(&group, &[])))
}

fn people(place: &Place, params: &Params, targets: &Targets) -> Result<Option<Vec<String>>, Failure> {
    if let Some(person) = &place.person {
        return Ok(Some(vec![person.clone()]));
    }
    match targets.people()? {
        Some(people) => Ok(Some(people)),
        None => Ok(params.input::<Targets>()?.people()?),
    }
}
