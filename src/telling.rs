//! Which event of the log becomes which client event for whom: the table of the design, as one match.
//!
//! Every edge tells with it, and what somebody missed is read with it ([`sync`]). It knows no wire.

mod late;
mod personal;
pub mod sync;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter;

use entities::ids::Seq;
use entities::moves;
use entities::user_id::UserId;

use crate::log::event::{Arrival, Body, Delivered, Event, MemberChange, MessageDetails, Moved};
use crate::log::members::{Member, Membership};
use crate::views::{self, ClientEvent};

pub use late::Late;
pub use personal::{Personal, unread};

/// Messages of one member's move whose authors are told.
const MOST_TOLD: usize = 100;
/// The same of all members whose moves are told together. In a group of five hundred the newest four of each: more would
/// be as much as was said, and everybody would wait for it.
const MOST_TOLD_IN_ALL: usize = 2_000;

/// What is told of one event, as client events or as what an edge makes of them.
#[derive(Debug)]
pub struct Telling<C = ClientEvent> {
    /// Told to members, in this order. Of an event about one person alone they are told nothing.
    calls: Vec<Told<C>>,
    /// Told to these members alone, heard or not.
    to_each: HashMap<UserId, Vec<C>>,
    /// Who is told something of their own, which is read when it is told.
    pub personal: Personal,
    /// Whose connections that do not hear the conversation get a notice, if any, and why.
    notice: Option<(Who, &'static str)>,
}

/// One call and whom it is for.
#[derive(Debug)]
struct Told<C> {
    who: Who,
    /// Only connections that hear the conversation.
    aloud: bool,
    sees: Sees,
    call: C,
}

#[derive(Debug)]
enum Who {
    Everybody,
    Only(UserId),
    NotThese(UserId),
}

/// What a member must be able to see, besides the message itself.
#[derive(Clone, Copy, Debug)]
enum Sees {
    Anything,
    This(Seq),
    NotThis(Seq),
    /// Everything from here on and nothing before.
    From(Seq),
}

impl Who {
    fn is(&self, one: &UserId) -> bool {
        match self {
            Self::Everybody => true,
            Self::Only(user) => user == one,
            Self::NotThese(user) => user != one,
        }
    }
}

impl<C> Told<C> {
    fn aloud(who: Who, call: C) -> Self {
        Self {
            who,
            aloud: true,
            sees: Sees::Anything,
            call,
        }
    }

    fn always(who: Who, call: C) -> Self {
        Self {
            aloud: false,
            ..Self::aloud(who, call)
        }
    }

    fn map<D>(self, make: impl FnOnce(C) -> D) -> Told<D> {
        Told {
            who: self.who,
            aloud: self.aloud,
            sees: self.sees,
            call: make(self.call),
        }
    }

    fn is_for(&self, member: &Member, hears: bool) -> bool {
        let sees = match self.sees {
            Sees::Anything => true,
            Sees::This(seq) => member.visible_from_seq <= seq,
            Sees::NotThis(seq) => member.visible_from_seq > seq,
            Sees::From(seq) => member.visible_from_seq == seq,
        };
        self.who.is(&member.user) && sees && (hears || !self.aloud)
    }
}

impl<C> Telling<C> {
    /// The calls for one connection of a member, in order.
    pub fn for_connection(&self, member: &Member, hears: bool) -> impl Iterator<Item = &C> {
        let calls = self.calls.iter().filter(move |told| told.is_for(member, hears));
        let own = self.to_each.get(&member.user).into_iter().flatten();
        calls.map(|told| &told.call).chain(own)
    }

    /// The same where nobody else is told any more.
    pub fn into_connection(mut self, member: &Member, hears: bool) -> Vec<C> {
        let own = self.to_each.remove(&member.user).into_iter().flatten();
        let calls = self.calls.into_iter().filter(|told| told.is_for(member, hears));
        calls.map(|told| told.call).chain(own).collect()
    }

    /// Why a connection of a member's that does not hear the conversation gets a notice, if it does.
    pub fn notice(&self, user: &UserId) -> Option<&'static str> {
        let (_, reason) = self.notice.as_ref().filter(|(who, _)| who.is(user))?;
        Some(reason)
    }

    /// The same with what an edge makes of each call.
    pub fn map<D>(self, mut make: impl FnMut(C) -> D) -> Telling<D> {
        let to_each = self.to_each.into_iter();
        Telling {
            to_each: to_each
                .map(|(user, calls)| (user, calls.into_iter().map(&mut make).collect()))
                .collect(),
            calls: self.calls.into_iter().map(|told| told.map(&mut make)).collect(),
            personal: self.personal,
            notice: self.notice,
        }
    }
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            calls: Vec::new(),
            to_each: HashMap::new(),
            personal: Personal::default(),
            notice: None,
        }
    }
}

impl Telling {
    fn members(calls: Vec<Told<ClientEvent>>) -> Self {
        Self {
            calls,
            ..Self::default()
        }
    }

    fn everybody(call: ClientEvent) -> Self {
        Self::members(vec![Told::aloud(Who::Everybody, call)])
    }

    fn to(user: Option<&UserId>) -> Self {
        Self {
            personal: user.cloned().map_or(Personal::Nobody, Personal::One),
            ..Self::default()
        }
    }

    /// What is told of an event to those who belong to its conversation.
    #[must_use]
    pub fn of(event: &Event, membership: Option<&Membership>) -> Self {
        let told = membership.into_iter().flat_map(|membership| membership.told(event));
        Self::made_for(event, told, None)
    }

    /// The same without what is for others than `viewer`, a `member` then, where that is worth it: of an author and everybody else only
    /// one is shown the message, and of all authors one is told how far theirs have come.
    #[must_use]
    pub fn only_for(event: &Event, member: Option<&Member>, viewer: &UserId) -> Self {
        Self::made_for(event, member.into_iter(), Some(viewer))
    }

    #[warn(clippy::wildcard_enum_match_arm, reason = "a new event must be thought of here")]
    fn made_for<'a>(event: &Event, told: impl Iterator<Item = &'a Member>, viewer: Option<&UserId>) -> Self {
        let (by, at) = (&event.actor, event.at);
        match &event.body {
            Body::MessagePosted(message) => posted(message, viewer),
            Body::MessageEdited(message) => Self {
                notice: Some((Who::Everybody, "edited")),
                ..Self::members(shown(
                    || Who::Everybody,
                    ClientEvent::MessageEdited,
                    message,
                    views::Message::edited(message, by),
                ))
            },
            Body::MessageDeleted(message) => Self {
                notice: Some((Who::Everybody, "deleted")),
                // Whoever had not read it has less to read.
                personal: Personal::EveryMember,
                ..Self::everybody(ClientEvent::MessageDeleted(
                    views::MessageDeleted::new(message, by, at).into(),
                ))
            },
            Body::Reacted(reacted) => Self::everybody(ClientEvent::MessageReaction(Box::new((&**reacted).into()))),
            Body::MessagePinned(pinned) => Self::everybody(ClientEvent::MessagePinned(
                views::MessagePinned::new(pinned, by, at).into(),
            )),
            Body::Moved(moved) => self::moved(moved, told.map(|member| member.visible_from_seq), viewer, at),
            Body::Delivered(delivered) => self::delivered(delivered, viewer, at),
            Body::MemberAdded(change) => member(ClientEvent::MemberAdded, change, by, at),
            Body::MemberRemoved(change) => member(ClientEvent::MemberRemoved, change, by, at),
            Body::RoleChanged(change) => member(ClientEvent::MemberRoleChanged, change, by, at),
            Body::GroupChanged(_) => Self {
                personal: Personal::EveryMember,
                ..Self::default()
            },
            Body::MemberJoined(_) | Body::MemberLeft(_) | Body::StateChanged(_) => Self::to(event.user.as_ref()),
            Body::ConversationCreated(_)
            | Body::PointerMoved(_)
            | Body::Blocked(_)
            | Body::PersonChanged(_)
            | Body::Unknown(_) => Self::default(),
        }
    }
}

/// What the members learn of one of them.
fn member(call: fn(Box<views::MemberChanged>) -> ClientEvent, change: &MemberChange, by: &UserId, at: i64) -> Telling {
    Telling {
        notice: Some((Who::Everybody, "members")),
        ..Telling::everybody(call(views::MemberChanged::new(change, by, at).into()))
    }
}

/// The author's own encoding, everybody else's, and what the author is told.
fn posted(message: &MessageDetails, viewer: Option<&UserId>) -> Telling {
    let author = || Who::Only(message.sender.id.clone());
    let others = || Who::NotThese(message.sender.id.clone());
    let mut calls = Vec::with_capacity(3);
    if viewer.is_none_or(|viewer| *viewer == message.sender.id) {
        let own = ClientEvent::ReceiveMessage(views::Message::for_sender(message).into());
        let sent = ClientEvent::MessageStatus(views::MessageStatus::sent(message).into());
        calls.extend([Told::aloud(author(), own), Told::always(author(), sent)]);
    }
    if viewer.is_none_or(|viewer| *viewer != message.sender.id) {
        let view = views::Message::for_others(message);
        calls.extend(shown(others, ClientEvent::ReceiveMessage, message, view));
    }
    Telling {
        notice: Some((Who::Everybody, "message")),
        ..Telling::members(calls)
    }
}

/// A message as those see it who may see what it answers, and as the others do.
fn shown(
    who: impl Fn() -> Who,
    call: fn(Box<views::Message>) -> ClientEvent,
    message: &MessageDetails,
    view: views::Message,
) -> Vec<Told<ClientEvent>> {
    let Some(quoted) = &message.quoted else {
        return vec![Told::aloud(who(), call(view.into()))];
    };
    let blind = views::Message {
        reply_to: None,
        ..view.clone()
    };
    let seen_by = |sees, view: views::Message| Told {
        sees,
        ..Told::aloud(who(), call(view.into()))
    };
    vec![
        seen_by(Sees::This(quoted.seq), view),
        seen_by(Sees::NotThis(quoted.seq), blind),
    ]
}

/// Readers show themselves to the members, who see from `seen_from` on, both kinds of moves to the authors of what was
/// covered.
fn moved(moved: &Moved, seen_from: impl Iterator<Item = Seq>, viewer: Option<&UserId>, at: i64) -> Telling {
    let is_read = moved.kind == moves::Kind::Read;
    let reader = || Who::Only(moved.person.id.clone());
    let mut calls = Vec::with_capacity(moved.covered.len() + 1);
    if let (true, Some(first)) = (is_read, moved.covered.first()) {
        let hearers = || if moved.is_hidden { reader() } else { Who::Everybody };
        let cut_off: BTreeSet<Seq> = seen_from.filter(|seq| *seq > first.seq).collect();
        let shown = cut_off.into_iter().map(|from| (Sees::From(from), from));
        for (sees, from) in iter::once((Sees::This(first.seq), first.seq)).chain(shown) {
            let hidden = moved.covered.partition_point(|message| message.seq < from);
            let call = match &moved.covered[hidden..] {
                [] => continue,
                [one] => ClientEvent::MessageRead(views::MessageRead::new(moved, one, at).into()),
                several => ClientEvent::MessagesRead(views::MessagesRead::new(moved, several, at).into()),
            };
            let told = Told::aloud(hearers(), call);
            calls.push(Told { sees, ..told });
        }
    }
    let is_for = |author: &UserId| viewer.is_none_or(|viewer| viewer == author);
    let told = moved.covered.iter();
    let told = told.filter(|message| !moved.is_hidden && is_for(&message.sender));
    calls.extend(told.map(|message| {
        let status = views::MessageStatus::moved(moved, message, at);
        Told::always(
            Who::Only(message.sender.clone()),
            ClientEvent::MessageStatus(status.into()),
        )
    }));
    Telling {
        notice: is_read.then(|| (reader(), "read")),
        // The total of unread messages, on the reader's own connections.
        personal: if is_read {
            Personal::One(moved.person.id.clone())
        } else {
            Personal::Nobody
        },
        ..Telling::members(calls)
    }
}

/// The authors of what arrived learn where, message by message.
fn delivered(delivered: &Delivered, viewer: Option<&UserId>, at: i64) -> Telling {
    let mut to_each: HashMap<UserId, Vec<ClientEvent>> = HashMap::new();
    let mut reached: BTreeMap<&UserId, Vec<&Arrival>> = BTreeMap::new();
    for arrival in &delivered.arrivals {
        reached.entry(&arrival.user).or_default().push(arrival);
    }
    let most = (MOST_TOLD_IN_ALL / reached.len().max(1)).clamp(1, MOST_TOLD);
    for (user, arrivals) in reached {
        let arrived = delivered.covered.iter().filter(|message| {
            let is_there = |arrival: &&Arrival| (arrival.from_seq..=arrival.up_to_seq).contains(&message.seq);
            message.sender != *user && arrivals.iter().any(is_there)
        });
        let arrived: Vec<_> = arrived.collect();
        let told = &arrived[arrived.len().saturating_sub(most)..];
        for message in told {
            if viewer.is_some_and(|viewer| *viewer != message.sender) {
                continue;
            }
            let status = views::MessageStatus::delivered(delivered, user, message, at);
            let calls = to_each.entry(message.sender.clone()).or_default();
            calls.push(ClientEvent::MessageStatus(status.into()));
        }
    }
    Telling {
        to_each,
        ..Telling::default()
    }
}

#[cfg(test)]
mod tests;
