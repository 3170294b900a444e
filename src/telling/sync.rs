//! What somebody missed, as the client events that a connection which hears everything would have been told.
//!
//! A cursor is a place in the log, and opaque to clients. What an event means to one person alone (`GroupUpdated`,
//! `UnreadCountUpdated` and the like) is said as things are when it is asked.

use std::sync::Arc;

use entities::ids::EventId;
use entities::user_id::UserId;

use super::{Late, Telling, unread};
use crate::log::event::Event;
use crate::log::{Log, ReadError};
use crate::services::{Error, Principal, Services};
use crate::views::{ClientEvent, Synced, SyncedEvent, Time};

/// Client events after which an answer is enough: one event of the log may become a hundred for each member.
const ENOUGH: usize = 2_000;
const SPAN: Span = Span {
    events: 200,
    window: 10_000,
    windows: 20,
};

/// How far one answer goes. Where that is not to the head of the log it says that there is more, with or without events.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Of those that may concern the person. Most become one client event, some none, some several.
    pub events: usize,
    /// Events of everybody that are looked through at a time, and how many times: somebody who was away for long from a
    /// busy server costs it no more than anybody else.
    pub window: i64,
    pub windows: usize,
}

/// What happened to somebody since `cursor`, which is of an earlier answer; without one nothing, from now on.
///
/// A cursor of another database, from before what the log still has, or that is none, is answered with `reset`: what is
/// shown is to be loaded anew, and the new cursor is from before that.
///
/// # Errors
///
/// `Unavailable` while the database is; nothing is skipped then.
pub async fn since(
    services: &Services,
    log: &Log,
    principal: &Principal,
    cursor: Option<&str>,
) -> Result<Synced, Error> {
    within(SPAN, services, log, principal, cursor).await
}

/// The same with another bound on what one answer costs.
///
/// # Errors
///
/// As [`since`].
pub async fn within(
    span: Span,
    services: &Services,
    log: &Log,
    principal: &Principal,
    cursor: Option<&str>,
) -> Result<Synced, Error> {
    let head = log.tail.head();
    let from_now = |reset| Synced {
        events: Vec::new(),
        cursor: written(log, head),
        has_more: false,
        reset,
    };
    let after = match cursor.map(|cursor| place(log, cursor)) {
        None => return Ok(from_now(false)),
        Some(Some(after)) if after <= head => after,
        Some(_) => return Ok(from_now(true)),
    };
    let user = &principal.user_id;
    let (found, mut reached) = match span.read(log, user, after, head).await {
        Ok(read) => read,
        Err(ReadError::TooOld { .. }) => return Ok(from_now(true)),
        Err(ReadError::Database(error)) => return Err(error.into()),
    };
    let (mut events, mut moved_unread, mut pushed) = (Late::default(), None, 0);
    let synced = |data: ClientEvent, at| SyncedEvent {
        name: data.name(),
        data,
        at,
    };
    for event in &found {
        let at = Time(event.at);
        let (told, moves_unread) = told(services, log, principal, event).await?;
        pushed += told.len();
        for call in told {
            events.push(call.standing(), synced(call, at));
        }
        if moves_unread {
            moved_unread = Some(at);
        }
        if pushed >= ENOUGH {
            reached = event.id;
            break;
        }
    }
    if let Some(at) = moved_unread {
        events.push(None, synced(unread(services, user).await?, at));
    }
    Ok(Synced {
        events: events.into_iter().collect(),
        cursor: written(log, reached),
        has_more: reached < head,
        reset: false,
    })
}

impl Span {
    /// What may concern somebody, and up to where that is all.
    async fn read(
        self,
        log: &Log,
        user: &UserId,
        after: EventId,
        head: EventId,
    ) -> Result<(Vec<Arc<Event>>, EventId), ReadError> {
        let (mut found, mut reached) = (Vec::new(), after);
        for _ in 0..self.windows {
            let up_to = Ord::min(EventId(reached.0 + self.window), head);
            let room = self.events - found.len();
            let part = log.concerning(user, reached, up_to, room).await?;
            let is_full = part.len() == room;
            found.extend(part);
            reached = match found.last() {
                Some(last) if is_full => last.id,
                _ => up_to,
            };
            if is_full || reached == head {
                break;
            }
        }
        Ok((found, reached))
    }
}

/// What a connection that hears everything is told of an event, and whether that is how much is unread, too.
async fn told(
    services: &Services,
    log: &Log,
    principal: &Principal,
    event: &Event,
) -> Result<(Vec<ClientEvent>, bool), Error> {
    let user = &principal.user_id;
    let mut member = None;
    if let (None, Some(conversation)) = (&event.user, event.conversation) {
        let Some(membership) = log.members.of(conversation).await? else {
            return Ok((Vec::new(), false));
        };
        member = membership.told(event).find(|member| member.user == *user).cloned();
        if member.is_none() {
            return Ok((Vec::new(), false));
        }
    }
    let telling = Telling::only_for(event, member.as_ref(), user);
    let (own, moves_unread) = (
        telling.own(event, user, services).await?,
        telling.moves_unread(event, user),
    );
    let mut calls = member.map_or_else(Vec::new, |member| telling.into_connection(&member, true));
    calls.extend(own);
    Ok((calls, moves_unread))
}

fn written(log: &Log, place: EventId) -> String {
    format!("{}.{}", log.epoch().replace('-', ""), place.0)
}

fn place(log: &Log, cursor: &str) -> Option<EventId> {
    let (epoch, place) = cursor.split_once('.')?;
    let is_ours = epoch == log.epoch().replace('-', "");
    is_ours.then(|| place.parse().ok().filter(|place| *place >= 0).map(EventId))?
}
