//! Who may see what: a stranger does not learn that a conversation exists, a former member learns that it is over.

use std::sync::Arc;

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
