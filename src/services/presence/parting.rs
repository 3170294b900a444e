//! Two of whom each may see the other from now on, or may not: by a block or its end, or because they come to share a
//! conversation, or share none any more. Each is told what they see of the other now.

use std::sync::Arc;

use entities::person::Status;
use entities::user_id::UserId;

use super::{PresenceChange, Shared, Sight, Turn, looking};
use crate::database::Database;
use crate::services::Error;

/// Tells each what they see of the other, as the database has it now. Those for whom nothing changed are told nothing. On
/// an error nobody was told anything.
pub(super) async fn tell(shared: &Shared, database: &Database, turn: &Turn) -> Result<(), Error> {
    let scope = shared.scope;
    let mut seen = Vec::new();
    match turn {
        Turn::Block(one, other) => {
            for (viewer, user) in [(one, other), (other, one)] {
                let may_see = looking::may_see(database, scope, viewer, user).await?;
                seen.extend(may_see.map(|may_see| (viewer.clone(), user.clone(), may_see)));
            }
        }
        Turn::Met(user, others, at) => {
            let common = looking::common(database, user, others, Some(*at)).await?;
            // What the rest see of each other they have long been told.
            let first = others.iter().filter(|other| common.get(other) == Some(&1)).cloned();
            let known = looking::visible(database, scope, user, first.collect()).await?;
            seen.extend(known.into_iter().flat_map(|other| both(user, &other.user, true)));
        }
        Turn::Left(user, others) => {
            let common = looking::common(database, user, others, None).await?;
            let apart = others.iter().filter(|other| !common.contains_key(other));
            seen.extend(apart.flat_map(|other| both(user, other, false)));
        }
    }
    for (viewer, user, may_see) in seen {
        if let Some(change) = change(shared, &viewer, &user, may_see) {
            shared.publish(change).await;
        }
    }
    Ok(())
}

fn both(one: &UserId, other: &UserId, may_see: bool) -> [(UserId, UserId, bool); 2] {
    [(one, other), (other, one)].map(|(viewer, user)| (viewer.clone(), user.clone(), may_see))
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
