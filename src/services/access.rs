//! Who may see what: a stranger does not learn that a conversation exists, a former member learns that it is over.

use std::sync::Arc;

use entities::conversation;
use entities::ids::{ConversationId, ConversationNumber};
use entities::user_id::UserId;

use crate::log::Log;
use crate::log::members::Membership;
use crate::services::Error;

/// The conversation behind a reference (its UUID or its number), if `user` belongs to it.
pub(crate) async fn membership(log: &Log, user: &UserId, reference: &str) -> Result<Arc<Membership>, Error> {
    let membership = find(log, reference).await?.ok_or_else(Error::no_conversation)?;
    authorize(&membership, user)?;
    Ok(membership)
}

/// `NotFound` for a stranger, `NotAParticipant` for a former member.
pub(crate) fn authorize(membership: &Membership, user: &UserId) -> Result<(), Error> {
    membership.admit(user)?;
    Ok(())
}

/// A hub's argument in the place of a conversation: the UUID of one that `user` knows is that one, anything else is a
/// person, and means the direct conversation with them if there is one. A number is never that of a conversation.
pub(crate) async fn positional(log: &Log, user: &UserId, text: &str) -> Result<Option<Arc<Membership>>, Error> {
    if let Ok(id) = text.trim().parse()
        && let Some(membership) = log.members.by_id(id).await?
        && membership.knows(user)
    {
        authorize(&membership, user)?;
        return Ok(Some(membership));
    }
    direct(log, user, text).await
}

/// The direct conversation with a person, if there is one.
pub(crate) async fn direct(log: &Log, user: &UserId, person: &str) -> Result<Option<Arc<Membership>>, Error> {
    let Ok(person) = person.trim().parse() else {
        return Ok(None);
    };
    match log.members.direct(&conversation::direct_key(user, &person)).await? {
        Some(number) => Ok(log.members.of(number).await?),
        None => Ok(None),
    }
}

async fn find(log: &Log, reference: &str) -> Result<Option<Arc<Membership>>, Error> {
    let reference = reference.trim();
    if let Ok(id) = reference.parse::<ConversationId>() {
        return Ok(log.members.by_id(id).await?);
    }
    match reference.parse::<ConversationNumber>() {
        Ok(number) => Ok(log.members.of(number).await?),
        Err(_) => Ok(None),
    }
}
