//! `/api/Chat/conversations/{id}/mute`, `/archive` and `/pin`: never a toggle, so that a repeat does not undo itself.

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, OptionalInput, Params, Reference, Reply};
use crate::{
    app::App,
    services::{Error, Principal, states::Flag},
    views::{ConversationState, input::FlagDraft},
};

type Answer = Result<Reply<ConversationState>, Failure>;

/// `POST` and `PUT …/mute`
pub async fn mute(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
    OptionalInput(body): OptionalInput<FlagDraft>,
) -> Answer {
    let query = params.input::<FlagDraft>()?;
    let flag = Flag::Muted {
        is_muted: first(body.muted()?, query.muted())?,
        until: body.until()?.or(query.until()?),
    };
    set(&app, &principal, &conversation, flag).await
}

/// `DELETE …/mute`, `POST` and `PUT …/unmute`
pub async fn unmute(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
) -> Answer {
    let flag = Flag::Muted {
        is_muted: false,
        until: None,
    };
    set(&app, &principal, &conversation, flag).await
}

/// `POST` and `PUT …/archive`
pub async fn archive(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
    OptionalInput(body): OptionalInput<FlagDraft>,
) -> Answer {
    let is_archived = first(body.archived()?, params.input::<FlagDraft>()?.archived())?;
    set(&app, &principal, &conversation, Flag::Archived(is_archived)).await
}

/// `DELETE …/archive`, `POST` and `PUT …/unarchive`
pub async fn unarchive(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
) -> Answer {
    set(&app, &principal, &conversation, Flag::Archived(false)).await
}

/// `POST` and `PUT …/pin`
pub async fn pin(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
    params: Params,
    OptionalInput(body): OptionalInput<FlagDraft>,
) -> Answer {
    let is_pinned = first(body.pinned()?, params.input::<FlagDraft>()?.pinned())?;
    set(&app, &principal, &conversation, Flag::Pinned(is_pinned)).await
}

/// `DELETE …/pin`, `POST` and `PUT …/unpin`
pub async fn unpin(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    Reference(conversation): Reference,
) -> Answer {
    set(&app, &principal, &conversation, Flag::Pinned(false)).await
}

/// What the body says, else the query; nothing said sets it.
fn first(body: Option<bool>, query: Result<Option<bool>, Error>) -> Result<bool, Error> {
    Ok(body.or(query?).unwrap_or(true))
}

async fn set(app: &App, principal: &Principal, conversation: &str, flag: Flag) -> Answer {
    let state = app
        .services
        .conversations
        .set_flag(principal, conversation, flag)
        .await?;
    Ok(Reply::new(ConversationState::from(&state)))
}
