//! Closes the connections of those who were deactivated, whatever carries them.

use hub_protocol::hub::HubHandle;
use tokio::sync::broadcast::error::RecvError;

use crate::services::people::People;

/// Follows the deactivations for as long as the server lives.
pub(super) fn start(people: &People, hubs: Vec<HubHandle>) {
    let people = people.clone();
    let mut deactivations = people.deactivations();
    tokio::spawn(async move {
        loop {
            let users = match deactivations.recv().await {
                Ok(user) => vec![user],
                // Nobody is overlooked: whoever was deactivated before has no connection.
                Err(RecvError::Lagged(_)) => people.deactivated(),
                Err(RecvError::Closed) => return,
            };
            for user in users {
                hubs.iter().for_each(|hub| hub.abort_user(user.as_str()));
            }
        }
    });
}
