//! Two who come to share a conversation while both are here, or share none any more. Each server looks through the log
//! for them and tells those who are connected to it.

use std::sync::Weak;

use entities::user_id::UserId;
use tokio::sync::mpsc;

use super::{Pair, RETRY, Shared, Why};
use crate::log::Log;
use crate::log::event::{Body, Event};

/// Events read at a time.
const BATCH: usize = 256;
/// In conversations of more people nobody is told that others join or leave: they see it when they ask.
const MOST: usize = 50;

/// Follows the log for as long as the service lives.
pub(super) async fn follow(shared: Weak<Shared>, log: Log, pairs: mpsc::Sender<Pair>) {
    let mut changed = log.tail.changed();
    let mut position = log.tail.head();
    loop {
        changed.mark_unchanged();
        match log.read_after(position, BATCH).await {
            Ok(events) if events.is_empty() => {
                if changed.changed().await.is_err() {
                    return;
                }
            }
            Ok(events) => {
                for event in events {
                    position = event.id;
                    let Some(why) = why(&event) else { continue };
                    let people = people(&log, &event).await;
                    let Some(shared) = shared.upgrade() else { return };
                    for people in people {
                        if shared.may_tell(&people) {
                            shared.generation.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            // An error means that the server stops.
                            let _ = pairs.send(Pair { people, why }).await;
                            shared.earlier.notify_one();
                        }
                    }
                }
            }
            Err(error) => {
                tracing::warn!("who comes to share a conversation cannot be read: {error}");
                if shared.strong_count() == 0 {
                    return;
                }
                // What is too old to be read is not told any more.
                position = position.max(log.horizon());
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

fn why(event: &Event) -> Option<Why> {
    match event.body {
        Body::MemberJoined(_) => Some(Why::Met),
        Body::MemberLeft(_) => Some(Why::Left),
        _ => None,
    }
}

/// Who joined or left with each of those who were there before; of those who came together each pair once.
async fn people(log: &Log, event: &Event) -> Vec<[UserId; 2]> {
    let (Some(user), Some(conversation)) = (&event.user, event.conversation) else {
        return Vec::new();
    };
    // Who cannot be read now is not told; they see it when they ask.
    let Ok(Some(membership)) = log.members.of(conversation).await else {
        return Vec::new();
    };
    let is_join = matches!(event.body, Body::MemberJoined(_));
    let own = membership.current(user).map(|member| (member.from_event, &member.user));
    let there: Vec<_> = membership.at(event.id).filter(|member| member.user != *user).collect();
    if there.len() >= MOST {
        return Vec::new();
    }
    let before = there
        .into_iter()
        .filter(|member| !is_join || own.is_some_and(|own| (member.from_event, &member.user) < own));
    before.map(|member| [user.clone(), member.user.clone()]).collect()
}

impl Shared {
    /// Whether both are here, and one of them could be told by this server.
    fn may_tell(&self, people: &[UserId; 2]) -> bool {
        let now = self.clock.elapsed();
        let table = self.table.lock();
        let is_here = |user| table.status(user, now) != entities::person::Status::Offline;
        people.iter().all(is_here) && people.iter().any(|user| table.is_connected(user))
    }
}
