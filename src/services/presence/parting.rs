//! Two of whom each may see the other from now on, or may not: by a block or its end, or because they come to share a
//! conversation, or share none any more. Each is told what they see of the other now.

use std::sync::Arc;

use entities::person::Status;
use entities::user_id::UserId;

use super::{Pair, PresenceChange, Shared, Sight, Why, looking};
use crate::database::Database;
use crate::services::Error;

/// Tells each of the two what they see of the other, as the database has it now. Those for whom nothing changed are told
/// nothing. On an error neither was told anything.
pub(super) async fn tell(shared: &Shared, database: &Database, pair: &Pair) -> Result<(), Error> {
    let [one, other] = &pair.people;
    let common = match pair.why {
        Why::Block => None,
        Why::Met | Why::Left => Some(looking::common(database, one, other).await?),
    };
    let mut seen = Vec::with_capacity(2);
    for (viewer, user) in [(one, other), (other, one)] {
        let may_see = match (pair.why, common) {
            (Why::Left, Some(0)) => Some(false),
            // What they see of each other they have long been told.
            (Why::Left, _) | (Why::Met, Some(2..)) => None,
            (Why::Met, _) => looking::may_see(database, shared.scope, viewer, user)
                .await?
                .filter(|may_see| *may_see),
            (Why::Block, _) => looking::may_see(database, shared.scope, viewer, user).await?,
        };
        if let Some(may_see) = may_see {
            seen.push((viewer, user, may_see));
        }
    }
    for (viewer, user, may_see) in seen {
        if let Some(change) = change(shared, viewer, user, may_see) {
            shared.publish(change).await;
        }
    }
    Ok(())
}

/// What is told, if they are here: who may be seen is shown as the others believe them to be.
fn change(shared: &Shared, viewer: &UserId, user: &UserId, may_see: bool) -> Option<PresenceChange> {
    let believed = {
        let table = shared.table.lock();
        if !table.is_connected(viewer) {
            return None;
        }
        table.believed(user)?
    };
    let sight = Sight {
        user: user.clone(),
        status: if may_see { believed } else { Status::Offline },
        last_seen: may_see.then(|| shared.clock.now()),
    };
    Some(PresenceChange {
        sight,
        comes_or_goes: true,
        audience: Arc::from([viewer.clone()]),
    })
}
