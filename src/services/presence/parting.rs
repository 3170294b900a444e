//! Two who were parted by a block, or may see each other again: each is told what they see of the other now.

use std::sync::Arc;

use entities::person::Status;
use entities::user_id::UserId;

use super::{Pair, PresenceChange, Shared, Sight, looking};
use crate::database::Database;
use crate::services::Error;

/// Tells each of the two what they see of the other, as the database has it now. Those who never could see each other are
/// told nothing. On an error neither was told anything.
pub(super) async fn tell(shared: &Shared, database: &Database, [one, other]: &Pair) -> Result<(), Error> {
    let mut seen = Vec::with_capacity(2);
    for (viewer, user) in [(one, other), (other, one)] {
        if let Some(may_see) = looking::may_see(database, shared.scope, viewer, user).await? {
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
