//! Two who come to share a conversation while both are here, or share none any more. Each server looks through the log
//! for them and tells those who are connected to it. Of somebody who came a moment before it may tell twice.

use std::sync::Weak;
use std::sync::atomic::Ordering;

use entities::ids::EventId;
use entities::person::Status;
use entities::user_id::UserId;
use tokio::sync::mpsc;

use super::{RETRY, Shared, Turn};
use crate::log::Log;
use crate::log::event::{Body, Event};

/// Events read at a time.
const BATCH: usize = 256;
/// In conversations of more people nobody is told that others join or leave: they see it when they ask.
const MOST: usize = 50;

/// Follows the log until it is closed.
pub(super) async fn follow(shared: Weak<Shared>, log: Log, turns: mpsc::Sender<Turn>) {
    tokio::select! {
        () = look(&shared, &log, &turns) => {}
        () = log.writer.closed() => {}
    }
}

async fn look(shared: &Weak<Shared>, log: &Log, turns: &mpsc::Sender<Turn>) {
    let mut position = log.tail.head();
    loop {
        match log.next_after(position, BATCH).await {
            Ok(events) if events.is_empty() => return,
            Ok(events) => {
                for event in events {
                    position = event.id;
                    let Some((user, others, is_join)) = people(log, &event).await else {
                        continue;
                    };
                    let Some(shared) = shared.upgrade() else { return };
                    let others = shared.here(&user, others);
                    if !others.is_empty() {
                        let turn = if is_join {
                            Turn::Met(user, others, event.id)
                        } else {
                            Turn::Left(user, others)
                        };
                        shared.generation.fetch_add(1, Ordering::SeqCst);
                        // An error means that the server stops.
                        let _ = turns.send(turn).await;
                        shared.earlier.notify_one();
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

/// Who joined or left, whether they joined, and those who were there before: of those who came or went together each pair
/// once.
async fn people(log: &Log, event: &Event) -> Option<(UserId, Vec<UserId>, bool)> {
    let (is_join, until) = match &event.body {
        Body::MemberJoined(_) => (true, None),
        Body::MemberLeft(left) => (false, left.until_event),
        _ => return None,
    };
    let (user, conversation) = (event.user.as_ref()?, event.conversation?);
    // Who cannot be read now is not told; they see it when they ask.
    let membership = log.members.of(conversation).await.ok()??;
    let own = membership.current(user).map(|member| (member.from_event, &member.user));
    let then = until.map_or(event.id, |until| EventId(until.0 - 1));
    let there: Vec<_> = membership.at(then).filter(|member| member.user != *user).collect();
    if there.len() >= MOST {
        return None;
    }
    let before = there.into_iter().filter(|member| {
        if is_join {
            own.is_some_and(|own| (member.from_event, &member.user) < own)
        } else {
            until.is_none() || member.until_event != until || member.user > *user
        }
    });
    Some((
        user.clone(),
        before.map(|member| member.user.clone()).collect(),
        is_join,
    ))
}

impl Shared {
    /// Those of the others whom this server could tell of `user`, or `user` of them. Of whom it is not known yet what they
    /// show it is told when it is; they themselves are told now.
    fn here(&self, user: &UserId, mut others: Vec<UserId>) -> Vec<UserId> {
        let now = self.clock.elapsed();
        let table = self.table.lock();
        let is_here = |user: &UserId| table.status(user, now) != Status::Offline;
        let (is_told, is_shown) = (table.is_connected(user), is_here(user));
        others.retain(|other| is_told && is_here(other) || is_shown && table.is_connected(other));
        others
    }
}
