//! Which event becomes which call for whom: the table of the design, as one match.

use std::collections::HashMap;

use entities::{ids::Seq, moves, user_id::UserId};
use hub_protocol::hub::Encoded;

use super::calls::call;
use crate::{
    log::event::{Body, Delivered, Event, MemberChange, MessageDetails, Moved},
    log::members::Member,
    views,
};

/// Messages of one move whose authors are told.
const MOST_TOLD: usize = 100;

/// What is told of one event.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// Told to members, in this order. Of an event about one person alone they are told nothing.
    pub(super) calls: Vec<Told>,
    /// Told to these members alone, heard or not.
    pub(super) to_each: HashMap<UserId, Vec<Encoded<'static>>>,
    /// Who is told something of their own, which is read when it is told.
    pub(super) personal: Personal,
    /// Why connections that do not hear the conversation get a notice, if they do.
    pub(super) notice: Option<&'static str>,
}

/// Whose own view of a conversation an event changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Personal {
    #[default]
    Nobody,
    One(UserId),
    EveryMember,
}

/// One call and whom it is for.
#[derive(Debug)]
pub(super) struct Told {
    who: Who,
    /// Only connections that hear the conversation.
    aloud: bool,
    sees: Sees,
    call: Encoded<'static>,
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
}

impl Told {
    fn aloud(who: Who, call: Encoded<'static>) -> Self {
        Self {
            who,
            aloud: true,
            sees: Sees::Anything,
            call,
        }
    }

    fn always(who: Who, call: Encoded<'static>) -> Self {
        Self {
            aloud: false,
            ..Self::aloud(who, call)
        }
    }

    fn is_for(&self, member: &Member, hears: bool) -> bool {
        let named = match &self.who {
            Who::Everybody => true,
            Who::Only(user) => *user == member.user,
            Who::NotThese(user) => *user != member.user,
        };
        let sees = match self.sees {
            Sees::Anything => true,
            Sees::This(seq) => member.visible_from_seq <= seq,
            Sees::NotThis(seq) => member.visible_from_seq > seq,
        };
        named && sees && (hears || !self.aloud)
    }
}

impl Telling {
    /// The calls for one connection of a member, in order.
    pub(super) fn for_connection(&self, member: &Member, hears: bool) -> Vec<&Encoded<'static>> {
        let calls = self.calls.iter().filter(|told| told.is_for(member, hears));
        let own = self.to_each.get(&member.user).into_iter().flatten();
        calls.map(|told| &told.call).chain(own).collect()
    }

    fn members(calls: Vec<Told>) -> Self {
        Self {
            calls,
            ..Self::default()
        }
    }

    fn everybody(call: Encoded<'static>) -> Self {
        Self::members(vec![Told::aloud(Who::Everybody, call)])
    }

    fn to(user: Option<&UserId>) -> Self {
        Self {
            personal: user.cloned().map_or(Personal::Nobody, Personal::One),
            ..Self::default()
        }
    }

    /// What is told of an event.
    #[warn(clippy::wildcard_enum_match_arm, reason = "a new event must be thought of here")]
    pub(super) fn of(event: &Event) -> Self {
        let (by, at) = (&event.actor, event.at);
        match &event.body {
            Body::MessagePosted(message) => posted(message),
            Body::MessageEdited(message) => Self {
                notice: Some("edited"),
                ..Self::members(shown(
                    || Who::Everybody,
                    "MessageEdited",
                    message,
                    views::Message::edited(message, by),
                ))
            },
            Body::MessageDeleted(message) => Self {
                notice: Some("deleted"),
                ..Self::everybody(call("MessageDeleted", views::MessageDeleted::new(message, by, at)))
            },
            Body::Reacted(reacted) => {
                Self::everybody(call("MessageReaction", views::MessageReaction::from(&**reacted)))
            }
            Body::MessagePinned(pinned) => {
                Self::everybody(call("MessagePinned", views::MessagePinned::new(pinned, by, at)))
            }
            Body::Moved(moved) => self::moved(moved, at),
            Body::Delivered(delivered) => self::delivered(delivered, at),
            Body::MemberAdded(change) => member("MemberAdded", change, by, at),
            Body::MemberRemoved(change) => member("MemberRemoved", change, by, at),
            Body::RoleChanged(change) => member("MemberRoleChanged", change, by, at),
            Body::GroupChanged(_) => Self {
                personal: Personal::EveryMember,
                ..Self::default()
            },
            Body::MemberJoined(_) | Body::MemberLeft(_) | Body::StateChanged(_) => Self::to(event.user.as_ref()),
            Body::ConversationCreated(_) | Body::Blocked(_) => Self::default(),
        }
    }
}

/// What the members learn of one of them.
fn member(name: &'static str, change: &MemberChange, by: &UserId, at: i64) -> Telling {
    Telling {
        notice: Some("members"),
        ..Telling::everybody(call(name, views::MemberChanged::new(change, by, at)))
    }
}

/// The author's own encoding, everybody else's, and what the author is told.
fn posted(message: &MessageDetails) -> Telling {
    let author = || Who::Only(message.sender.id.clone());
    let others = || Who::NotThese(message.sender.id.clone());
    let own = call("ReceiveMessage", views::Message::for_sender(message));
    let mut calls = vec![
        Told::aloud(author(), own),
        Told::always(author(), call("MessageStatus", views::MessageStatus::sent(message))),
    ];
    calls.extend(shown(
        others,
        "ReceiveMessage",
        message,
        views::Message::for_others(message),
    ));
    Telling {
        notice: Some("message"),
        ..Telling::members(calls)
    }
}

/// A message as those see it who may see what it answers, and as the others do.
fn shown(who: impl Fn() -> Who, name: &'static str, message: &MessageDetails, view: views::Message) -> Vec<Told> {
    let Some(quoted) = &message.quoted else {
        return vec![Told::aloud(who(), call(name, view))];
    };
    let blind = views::Message {
        reply_to: None,
        ..view.clone()
    };
    let seen_by = |sees, view| Told {
        sees,
        ..Told::aloud(who(), call(name, view))
    };
    vec![
        seen_by(Sees::This(quoted.seq), view),
        seen_by(Sees::NotThis(quoted.seq), blind),
    ]
}

/// Readers show themselves to the members, both kinds of moves to the authors of what was covered.
fn moved(moved: &Moved, at: i64) -> Telling {
    let is_read = moved.kind == moves::Kind::Read;
    let mut calls = Vec::with_capacity(moved.covered.len() + 1);
    let hearers = || {
        if moved.is_hidden {
            Who::Only(moved.person.id.clone())
        } else {
            Who::Everybody
        }
    };
    match moved.covered.as_slice() {
        _ if !is_read => {}
        [] => {}
        [one] => calls.push(Told::aloud(
            hearers(),
            call("MessageRead", views::MessageRead::new(moved, one, at)),
        )),
        _ => calls.push(Told::aloud(
            hearers(),
            call("MessagesRead", views::MessagesRead::new(moved, at)),
        )),
    }
    let told = moved.covered.iter().filter(|_| !moved.is_hidden);
    calls.extend(told.map(|message| {
        let status = views::MessageStatus::moved(moved, message, at);
        Told::always(Who::Only(message.sender.clone()), call("MessageStatus", status))
    }));
    Telling {
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
fn delivered(delivered: &Delivered, at: i64) -> Telling {
    let mut to_each: HashMap<UserId, Vec<Encoded<'static>>> = HashMap::new();
    for arrival in &delivered.arrivals {
        let places = arrival.from_seq..=arrival.up_to_seq;
        let arrived = delivered.covered.iter().filter(|message| places.contains(&message.seq));
        // Of each member the newest hundred, as of every move.
        let arrived: Vec<_> = arrived.filter(|message| message.sender != arrival.user).collect();
        for message in &arrived[arrived.len().saturating_sub(MOST_TOLD)..] {
            let status = views::MessageStatus::delivered(delivered, &arrival.user, message, at);
            let calls = to_each.entry(message.sender.clone()).or_default();
            calls.push(call("MessageStatus", status));
        }
    }
    Telling {
        to_each,
        ..Telling::default()
    }
}

#[cfg(test)]
mod tests;
