//! What an event does to the state: nothing but its own values is looked at, and what was folded before.

use entities::ids::{ConversationNumber, MessageNumber, Seq};
use entities::user_id::UserId;
use entities::{conversation, member, message, moves, person, person_name};
use hubwire::log::event::{
    Body, ConversationCreated, Departure, Entry, Event, Founder, GroupProfile, MessageDetails, OwnState, PersonChanged,
    Reacted,
};
use serde::Serialize;

use super::state::State;

impl State {
    /// Takes in the next event.
    pub fn fold(&mut self, event: &Event) {
        self.head.0 = event.id;
        match &event.body {
            Body::PersonChanged(changed) => self.person_changed(about(event), changed),
            Body::Blocked(blocked) => {
                let pair = (about(event).clone(), blocked.other.clone());
                match blocked.is_blocked {
                    true => self.blocks.insert(pair, event.at),
                    false => self.blocks.remove(&pair),
                };
            }
            // Said once more, to the others.
            Body::MemberAdded(_) | Body::MemberRemoved(_) => {}
            Body::ConversationCreated(created) => self.created(event, created),
            Body::MemberJoined(joined) if joined.founding => {}
            Body::MemberJoined(joined) => {
                let founder = Founder {
                    user: about(event).clone(),
                    role: joined.role,
                };
                self.enter(event, &founder, joined.entry.unwrap());
            }
            Body::MemberLeft(left) => {
                let until = left.until_event.unwrap();
                change(self.own(event, about(event)), |row| row.until_event = Some(until));
                if left.how == Departure::Deleted {
                    // Nobody sees its messages any more.
                    self.attachments
                        .retain(|_, (conversation, _)| *conversation != place(event));
                }
            }
            Body::RoleChanged(now) => change(self.own(event, &now.person.id), |row| row.role = now.role),
            Body::GroupChanged(changed) => {
                let profile = changed.profile.clone().unwrap();
                change(self.conversations.get_mut(&place(event)), |group| {
                    group.name.clone_from(&changed.name);
                    show(group, profile);
                });
            }
            Body::StateChanged(changed) => {
                let now = changed.now.unwrap();
                change(self.own(event, about(event)), |row| set(row, now));
            }
            Body::MessagePosted(message) => self.posted(message),
            Body::MessageEdited(message) => {
                let former = self.edits.entry(message.number).or_default();
                change(self.messages.get_mut(&message.number), |row| {
                    let content = std::mem::replace(&mut row.content, message.content.clone());
                    former.push((content, event.at));
                    row.edited_at = message.edited_at;
                    row.mentions = json(&message.mentions);
                });
            }
            Body::MessageDeleted(message) => self.deleted(message.number, event.at),
            Body::MessagePinned(pinned) => {
                change(self.messages.get_mut(&pinned.message.number), |row| {
                    row.pinned_at = pinned.is_pinned.then_some(event.at);
                    row.pinned_by = pinned.is_pinned.then(|| event.actor.clone());
                });
            }
            Body::Reacted(reacted) => self.reacted(reacted, event.at),
            Body::Moved(moved) => {
                let user = &moved.person.id;
                let reach = (moved.from_seq.0, moved.up_to_seq.0);
                let is_read = moved.kind == moves::Kind::Read;
                self.cover(event, user, is_read, reach);
                if is_read {
                    change(self.own(event, user), |row| row.read_seq = moved.up_to_seq);
                }
            }
            Body::PointerMoved(moved) => change(self.own(event, about(event)), |row| row.read_seq = moved.read_seq),
            Body::Delivered(delivered) => {
                for arrival in &delivered.arrivals {
                    let reach = (arrival.from_seq.0, arrival.up_to_seq.0);
                    self.cover(event, &arrival.user, false, reach);
                }
            }
            Body::Unknown(unknown) => panic!("{unknown:?}"),
        }
    }

    fn person_changed(&mut self, id: &UserId, now: &PersonChanged) {
        self.names.remove(id);
        if !now.is_placeholder {
            let names = person_name::of(&now.username, &now.full_name);
            self.names.insert(id.clone(), names);
        }
        self.person(person::Model {
            id: id.clone(),
            username: now.username.clone(),
            full_name: now.full_name.clone(),
            avatar: now.avatar.clone(),
            is_placeholder: now.is_placeholder,
            created_at: now.created_at,
            updated_at: now.updated_at,
            status: now.status,
            last_seen_at: None,
            deactivated_at: now.deactivated_at,
            claims: now.claims.clone(),
            hides_reads: now.hides_reads,
        });
    }

    fn created(&mut self, event: &Event, created: &ConversationCreated) {
        let key = match (created.kind, created.members.as_slice()) {
            (conversation::Kind::Direct, [one, other]) => Some(conversation::direct_key(&one.user, &other.user)),
            _ => None,
        };
        let mut row = conversation::Model {
            number: place(event),
            id: created.id,
            kind: created.kind,
            name: created.name.clone(),
            description: None,
            avatar: None,
            direct_key: key,
            created_by: event.actor.clone(),
            created_at: event.at,
            updated_at: event.at,
            last_seq: Seq(0),
            last_message_at: 0,
            history: Default::default(),
        };
        show(&mut row, created.profile.clone().unwrap());
        self.head.2 = row.number;
        self.conversations.insert(row.number, row);
        let entry = Entry {
            from_event: event.id,
            visible_from_seq: Seq(1),
            read_seq: Seq(0),
        };
        created
            .members
            .iter()
            .for_each(|founder| self.enter(event, founder, entry));
    }

    fn enter(&mut self, event: &Event, who: &Founder, entry: Entry) {
        self.member(member::Model {
            number: 0,
            conversation: place(event),
            user_id: who.user.clone(),
            role: who.role,
            from_event: entry.from_event,
            until_event: None,
            visible_from_seq: entry.visible_from_seq,
            read_seq: entry.read_seq,
            is_muted: false,
            is_archived: false,
            is_pinned: false,
            joined_at: event.at,
            is_hidden: false,
            muted_until: None,
            joined_seq: Some(entry.read_seq),
        });
    }

    fn posted(&mut self, message: &MessageDetails) {
        change(self.conversations.get_mut(&message.conversation), |conversation| {
            conversation.last_seq = message.seq;
            conversation.last_message_at = message.created_at;
            conversation.updated_at = message.created_at;
        });
        self.head.1 = message.number;
        for (file, position) in message.attachments.iter().zip(0..) {
            self.attachments
                .insert((message.number, position), (message.conversation, file.id));
        }
        self.message(message::Model {
            number: message.number,
            id: message.id,
            conversation: message.conversation,
            seq: message.seq,
            sender_id: message.sender.id.clone(),
            kind: message.kind,
            content: message.content.clone(),
            content_hash: Vec::new(),
            parent: message.parent,
            metadata: message.metadata.as_ref().map(|metadata| metadata.get().to_owned()),
            client_message_id: message.client_message_id.clone(),
            temp_id: message.temp_id.clone(),
            created_at: message.created_at,
            edited_at: None,
            deleted_at: None,
            pinned_at: None,
            pinned_by: None,
            mentions: json(&message.mentions),
            forwarded: json(&message.forwarded),
            attachments: json(&message.attachments),
        });
    }

    fn deleted(&mut self, number: MessageNumber, at: i64) {
        change(self.messages.get_mut(&number), |row| {
            row.content.clear();
            row.metadata = None;
            row.mentions = None;
            row.forwarded = None;
            row.attachments = None;
            row.pinned_at = None;
            row.pinned_by = None;
            row.deleted_at = Some(at);
        });
        self.edits.remove(&number);
        self.attachments.retain(|(message, _), _| *message != number);
        self.reactions.retain(|(message, _, _), _| *message != number);
    }

    fn reacted(&mut self, reacted: &Reacted, at: i64) {
        let key = (reacted.message.number, reacted.person.id.clone(), reacted.emoji.clone());
        match reacted.added {
            true => self.reactions.insert(key, at),
            false => self.reactions.remove(&key),
        };
    }

    /// What of the places was not covered before is now.
    fn cover(&mut self, event: &Event, user: &UserId, is_read: bool, (first, last): (i64, i64)) {
        let whose = (place(event), user.clone());
        let known = (whose.clone(), is_read, i64::MIN)..=(whose.clone(), is_read, last);
        let known: Vec<_> = self
            .moves
            .range(known)
            .map(|((_, _, from), (up_to, _))| (*from, *up_to))
            .collect();
        let mut next = first;
        let mut add = |from: i64, up_to: i64| {
            if from <= up_to {
                self.moves.insert((whose.clone(), is_read, from), (up_to, event.at));
            }
        };
        for (from, up_to) in known {
            add(next, from - 1);
            next = next.max(up_to + 1);
        }
        add(next, last);
    }

    /// The current membership of somebody in the event's conversation.
    fn own(&mut self, event: &Event, user: &UserId) -> Option<&mut member::Model> {
        let whose = (place(event), user.clone());
        let mut rows = self.members.values_mut();
        rows.find(|row| row.until_event.is_none() && row.conversation == whose.0 && row.user_id == whose.1)
    }
}

/// What the log does not know of is a difference to be found later.
fn change<T>(row: Option<&mut T>, to: impl FnOnce(&mut T)) {
    if let Some(row) = row {
        to(row);
    }
}

fn set(row: &mut member::Model, now: OwnState) {
    row.is_muted = now.is_muted;
    row.muted_until = now.muted_until;
    row.is_archived = now.is_archived;
    row.is_pinned = now.is_pinned;
    row.is_hidden = now.is_hidden;
    row.visible_from_seq = now.visible_from_seq;
    row.read_seq = now.read_seq;
}

fn show(row: &mut conversation::Model, profile: GroupProfile) {
    row.description = profile.description;
    row.avatar = profile.avatar;
    row.history = profile.history;
}

fn about(event: &Event) -> &UserId {
    event.user.as_ref().unwrap()
}

fn place(event: &Event) -> ConversationNumber {
    event.conversation.unwrap()
}

/// As a column holds it; what is empty is null.
fn json<T: Default + PartialEq + Serialize>(value: &T) -> Option<String> {
    (*value != T::default()).then(|| serde_json::to_string(value).unwrap())
}
