//! The table: every event of the log, and what each kind of connection is told of it.

use std::sync::Arc;

use entities::{
    conversation,
    ids::{ConversationId, ConversationNumber, EventId, MessageId, MessageNumber, Seq},
    member::Role,
    message, moves,
};
use uuid::Uuid;

use super::{Personal, Telling};
use crate::log::{
    event::{
        Arrival, Blocked, Body, ConversationCreated, Covered, Delivered, Departure, Event, GroupChanged, MemberChange,
        MemberJoined, MemberLeft, MessageDetails, MessageRef, Moved, Person, PersonChanged, Pinned, PointerMoved,
        Quoted, Reacted, State, StateChanged,
    },
    members::{Member, Membership},
};
use crate::views::ClientEvent;

const CONVERSATION: ConversationId = ConversationId(Uuid::nil());
/// The place of the message that things happen to; `bob` sees everything from the message before it on.
const PLACE: Seq = Seq(7);

fn person(id: &str) -> Person {
    Person::placeholder(id.parse().unwrap())
}

/// `ann`'s message, as an answer to an older one of `bob`'s or to none.
fn message(is_answer: bool) -> Arc<MessageDetails> {
    let row = message::Model {
        number: MessageNumber(70),
        id: MessageId(Uuid::nil()),
        conversation: ConversationNumber(1),
        seq: PLACE,
        sender_id: "ann".parse().unwrap(),
        kind: message::Kind::Text,
        content: "hello".to_owned(),
        content_hash: Vec::new(),
        parent: None,
        metadata: None,
        client_message_id: Some("key".to_owned()),
        temp_id: None,
        created_at: 0,
        edited_at: None,
        deleted_at: None,
        pinned_at: None,
        pinned_by: None,
        mentions: None,
        forwarded: None,
        attachments: None,
    };
    let quoted = Quoted {
        number: MessageNumber(20),
        id: MessageId(Uuid::max()),
        seq: Seq(2),
        sender: person("bob"),
        kind: message::Kind::Text,
        content: "older".to_owned(),
        is_deleted: false,
    };
    Arc::new(MessageDetails {
        quoted: is_answer.then(|| Box::new(quoted)),
        ..MessageDetails::from_row(row, person("ann"), CONVERSATION, None)
    })
}

fn reference() -> MessageRef {
    message(false).reference()
}

fn moved(kind: moves::Kind, covered: i64) -> Body {
    let covered = (0..covered).rev().map(|place| Covered {
        id: MessageId(Uuid::from_u128(u128::from(place.unsigned_abs()))),
        seq: Seq(PLACE.0 - place),
        sender: "ann".parse().unwrap(),
        client_message_id: None,
        temp_id: None,
    });
    Body::Moved(Arc::new(Moved {
        conversation_id: CONVERSATION,
        kind,
        person: person("bob"),
        from_seq: Seq(1),
        up_to_seq: PLACE,
        last: MessageId(Uuid::nil()),
        covered: covered.collect(),
        is_hidden: false,
    }))
}

fn change() -> Arc<MemberChange> {
    Arc::new(MemberChange {
        conversation_id: CONVERSATION,
        person: person("cat"),
        role: Role::Member,
    })
}

fn state(what: State) -> Body {
    Body::StateChanged(Arc::new(StateChanged {
        conversation_id: CONVERSATION,
        what,
        now: None,
    }))
}

fn left(how: Departure) -> Body {
    Body::MemberLeft(Arc::new(MemberLeft {
        conversation_id: CONVERSATION,
        name: None,
        how,
        until_event: None,
    }))
}

fn joined(founding: bool) -> Body {
    Body::MemberJoined(Arc::new(MemberJoined {
        conversation_id: CONVERSATION,
        kind: conversation::Kind::Group,
        name: None,
        role: Role::Member,
        founding,
        entry: None,
    }))
}

/// An event that `ann` caused; those about one person are about `cat`.
fn event(body: Body) -> Event {
    Event {
        id: EventId(9),
        conversation: Some(ConversationNumber(1)),
        user: Some("cat".parse().unwrap()),
        actor: "ann".parse().unwrap(),
        at: 0,
        body,
        weight: 0,
    }
}

/// The calls for a connection of somebody, and whether they get their own view.
fn told(telling: &Telling, user: &str, hears: bool) -> String {
    let member = Member {
        user: user.parse().unwrap(),
        role: Role::Member,
        from_event: EventId(0),
        until_event: None,
        visible_from_seq: Seq(1),
    };
    let mut names: Vec<&str> = Vec::new();
    names.extend(telling.for_connection(&member, hears).map(|call| call.name()));
    let own = match &telling.personal {
        Personal::Nobody => false,
        Personal::One(one) => *one == member.user,
        Personal::EveryMember => true,
    };
    if own {
        names.push("+own");
    }
    names.join(" ")
}

#[test]
fn every_event_is_told_to_whom_it_concerns() {
    let reacted = Reacted {
        message: reference(),
        person: person("ann"),
        emoji: "👍".to_owned(),
        added: true,
        summary: Default::default(),
    };
    let pinned = Pinned {
        message: reference(),
        is_pinned: true,
    };
    let created = ConversationCreated {
        id: CONVERSATION,
        kind: conversation::Kind::Group,
        name: None,
        members: Vec::new(),
        profile: None,
    };
    let changed = GroupChanged {
        conversation_id: CONVERSATION,
        name: None,
        profile: None,
    };
    let blocked = Blocked {
        other: "bob".parse().unwrap(),
        is_blocked: true,
    };
    let pointer = PointerMoved {
        conversation_id: CONVERSATION,
        read_seq: PLACE,
    };
    let person_changed = PersonChanged {
        username: "cat".to_owned(),
        full_name: "Cat".to_owned(),
        avatar: None,
        is_placeholder: false,
        status: Default::default(),
        hides_reads: true,
        deactivated_at: None,
        claims: None,
        created_at: 0,
        updated_at: 0,
    };
    // The event; ann (who did it, and wrote the message) hearing and not; bob (another member) hearing and not; cat (whom
    // it is about, where it is about somebody); of what bob's connections that do not hear get a notice.
    #[rustfmt::skip]
    let table: Vec<(Body, [&str; 5], Option<&str>)> = vec![
        (Body::MessagePosted(message(false)), ["ReceiveMessage MessageStatus", "MessageStatus", "ReceiveMessage", "", "ReceiveMessage"], Some("message")),
        (Body::MessagePosted(message(true)), ["ReceiveMessage MessageStatus", "MessageStatus", "ReceiveMessage", "", "ReceiveMessage"], Some("message")),
        (Body::MessageEdited(message(false)), ["MessageEdited", "", "MessageEdited", "", "MessageEdited"], Some("edited")),
        (Body::MessageDeleted(Arc::new(reference())), ["MessageDeleted +own", "+own", "MessageDeleted +own", "+own", "MessageDeleted +own"], Some("deleted")),
        (Body::Reacted(Arc::new(reacted)), ["MessageReaction", "", "MessageReaction", "", "MessageReaction"], None),
        (Body::MessagePinned(Arc::new(pinned)), ["MessagePinned", "", "MessagePinned", "", "MessagePinned"], None),
        (moved(moves::Kind::Read, 1), ["MessageRead MessageStatus", "MessageStatus", "MessageRead +own", "+own", "MessageRead"], Some("read")),
        (moved(moves::Kind::Read, 2), ["MessagesRead MessageStatus MessageStatus", "MessageStatus MessageStatus", "MessagesRead +own", "+own", "MessagesRead"], Some("read")),
        (moved(moves::Kind::Delivered, 2), ["MessageStatus MessageStatus", "MessageStatus MessageStatus", "", "", ""], None),
        (Body::ConversationCreated(Arc::new(created)), ["", "", "", "", ""], None),
        (joined(true), ["", "", "", "", "+own"], None),
        (joined(false), ["", "", "", "", "+own"], None),
        (left(Departure::Left), ["", "", "", "", "+own"], None),
        (left(Departure::Removed), ["", "", "", "", "+own"], None),
        (left(Departure::Deleted), ["", "", "", "", "+own"], None),
        (Body::MemberAdded(change()), ["MemberAdded", "", "MemberAdded", "", "MemberAdded"], Some("members")),
        (Body::MemberRemoved(change()), ["MemberRemoved", "", "MemberRemoved", "", "MemberRemoved"], Some("members")),
        (Body::RoleChanged(change()), ["MemberRoleChanged", "", "MemberRoleChanged", "", "MemberRoleChanged"], Some("members")),
        (Body::GroupChanged(Arc::new(changed)), ["+own", "+own", "+own", "+own", "+own"], None),
        (state(State::Muted), ["", "", "", "", "+own"], None),
        (state(State::Archived), ["", "", "", "", "+own"], None),
        (state(State::Pinned), ["", "", "", "", "+own"], None),
        (state(State::Hidden), ["", "", "", "", "+own"], None),
        (Body::PointerMoved(Arc::new(pointer)), ["", "", "", "", ""], None),
        (Body::Blocked(Arc::new(blocked)), ["", "", "", "", ""], None),
        (Body::PersonChanged(Arc::new(person_changed)), ["", "", "", "", ""], None),
    ];
    for (body, names, notice) in table {
        let event = event(body);
        let telling = Telling::of(&event, None);
        let kind = event.body.kind();
        let who = [
            ("ann", true),
            ("ann", false),
            ("bob", true),
            ("bob", false),
            ("cat", true),
        ];
        for ((user, hears), names) in who.into_iter().zip(names) {
            assert_eq!(told(&telling, user, hears), names, "{kind}: {user}, hears: {hears}");
        }
        let noticed = telling.notice(&"bob".parse().unwrap());
        assert_eq!(noticed, notice, "{kind}");
    }
}

#[test]
fn who_may_not_see_what_is_answered_is_told_without_it() {
    for body in [Body::MessagePosted(message(true)), Body::MessageEdited(message(true))] {
        let event = event(body);
        let telling = Telling::of(&event, None);
        for (visible_from, is_seen) in [(1, true), (2, true), (3, false), (7, false)] {
            let member = Member {
                user: "bob".parse().unwrap(),
                role: Role::Member,
                from_event: EventId(0),
                until_event: None,
                visible_from_seq: Seq(visible_from),
            };
            let calls: Vec<_> = telling.for_connection(&member, true).collect();
            let [call] = calls.as_slice() else { panic!("{calls:?}") };
            let text = serde_json::to_string(call).unwrap();
            assert_eq!(text.contains("older"), is_seen, "from {visible_from}: {text}");
        }
    }
}

#[test]
fn a_read_move_names_to_each_member_what_they_may_see() {
    let event = Event {
        user: None,
        ..event(moved(moves::Kind::Read, 3))
    };
    let member = |user: &str, visible_from| Member {
        user: user.parse().unwrap(),
        role: Role::Member,
        from_event: EventId(0),
        until_event: None,
        visible_from_seq: Seq(visible_from),
    };
    let membership = Membership {
        number: ConversationNumber(1),
        id: CONVERSATION,
        kind: conversation::Kind::Group,
        name: None,
        intervals: vec![
            member("ann", 1),
            member("bob", 5),
            member("cat", 6),
            member("dan", 7),
            member("eve", 8),
        ],
        blockers: Vec::new(),
    };
    let told = |telling: &Telling, member: &Member| {
        let calls = telling.for_connection(member, true).map(|call| match call {
            ClientEvent::MessageRead(read) => vec![read.message_id],
            ClientEvent::MessagesRead(read) => read.message_ids.clone(),
            other => panic!("{other:?}"),
        });
        calls.flatten().map(|id| id.0.as_u128()).collect::<Vec<_>>()
    };
    let everybody = Telling::of(&event, Some(&membership));
    let expected: [(_, &[u128]); 4] = [("bob", &[2, 1, 0]), ("cat", &[1, 0]), ("dan", &[0]), ("eve", &[])];
    for (member, (user, ids)) in membership.intervals[1..].iter().zip(expected) {
        assert_eq!(told(&everybody, member), ids, "{user}");
        let alone = Telling::only_for(&event, Some(member), &member.user);
        assert_eq!(told(&alone, member), ids, "{user} alone");
    }
}

#[test]
fn authors_are_told_of_the_newest_that_arrived_and_of_fewer_where_many_have_them() {
    let told = |people: usize| {
        let covered = (1..=150).map(|place| Covered {
            id: MessageId(Uuid::nil()),
            seq: Seq(place),
            sender: "ann".parse().unwrap(),
            client_message_id: None,
            temp_id: None,
        });
        let arrivals = (0..people).map(|number| Arrival {
            user: format!("member-{number}").parse().unwrap(),
            from_seq: Seq(1),
            up_to_seq: Seq(150),
        });
        let delivered = Delivered {
            conversation_id: CONVERSATION,
            arrivals: arrivals.collect(),
            covered: covered.collect(),
        };
        super::delivered(&delivered, None, 0).to_each[&"ann".parse().unwrap()].len()
    };
    assert_eq!([1, 20, 500, 5_000].map(told), [100, 2_000, 2_000, 5_000]);
}
