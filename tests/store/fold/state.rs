//! Everything the chat's tables hold, by key, and how two of these differ.

use std::collections::BTreeMap;
use std::fmt::Debug;

use entities::ids::{ConversationNumber, EventId, FileId, MessageNumber};
use entities::user_id::UserId;
use entities::{
    attachment, block, conversation, log_head, member, message, message_edit, moves, person, person_name, reaction,
};
use sea_orm::{DatabaseConnection, EntityTrait, QueryOrder};

type Place = (ConversationNumber, UserId);

/// Rows without what only the database gives them: row numbers, the hash of what was first sent, last seen times.
#[derive(Debug, Default)]
pub struct State {
    /// The last numbers that were given out.
    pub head: (EventId, MessageNumber, ConversationNumber),
    pub people: BTreeMap<UserId, person::Model>,
    pub names: BTreeMap<UserId, Vec<String>>,
    pub conversations: BTreeMap<ConversationNumber, conversation::Model>,
    /// By where they begin.
    pub members: BTreeMap<(Place, EventId), member::Model>,
    pub messages: BTreeMap<MessageNumber, message::Model>,
    /// The files of messages, by their places.
    pub attachments: BTreeMap<(MessageNumber, i32), (ConversationNumber, FileId)>,
    /// What edited messages said before, and until when.
    pub edits: BTreeMap<MessageNumber, Vec<(String, i64)>>,
    pub reactions: BTreeMap<(MessageNumber, UserId, String), i64>,
    /// By whether they were read, and the first place; the last one, and when.
    pub moves: BTreeMap<(Place, bool, i64), (i64, i64)>,
    /// Since when.
    pub blocks: BTreeMap<(UserId, UserId), i64>,
}

impl State {
    /// What the tables say.
    pub async fn stored(read: &DatabaseConnection) -> Self {
        let mut state = Self::default();
        let head = log_head::Entity::find().one(read).await.unwrap().unwrap();
        state.head = (head.event, head.message, head.conversation);
        for row in person::Entity::find().all(read).await.unwrap() {
            state.person(row);
        }
        for row in person_name::Entity::find().all(read).await.unwrap() {
            state.names.entry(row.user_id).or_default().push(row.name);
        }
        state.names.values_mut().for_each(|names| names.sort_unstable());
        for row in conversation::Entity::find().all(read).await.unwrap() {
            state.conversations.insert(row.number, row);
        }
        for row in member::Entity::find().all(read).await.unwrap() {
            state.member(row);
        }
        for row in message::Entity::find().all(read).await.unwrap() {
            state.message(row);
        }
        for row in attachment::Entity::find().all(read).await.unwrap() {
            let key = (row.message, row.position);
            state.attachments.insert(key, (row.conversation, row.file));
        }
        let edits = message_edit::Entity::find().order_by_asc(message_edit::Column::Number);
        for row in edits.all(read).await.unwrap() {
            let former = state.edits.entry(row.message).or_default();
            former.push((row.content, row.until));
        }
        for row in reaction::Entity::find().all(read).await.unwrap() {
            state.reactions.insert((row.message, row.user_id, row.emoji), row.at);
        }
        for row in moves::Entity::find().all(read).await.unwrap() {
            let key = (
                (row.conversation, row.user_id),
                row.kind == moves::Kind::Read,
                row.from_seq.0,
            );
            state.moves.insert(key, (row.up_to_seq.0, row.at));
        }
        for row in block::Entity::find().all(read).await.unwrap() {
            state.blocks.insert((row.user_id, row.blocked_id), row.at);
        }
        state
    }

    pub fn person(&mut self, row: person::Model) {
        let row = person::Model {
            last_seen_at: None,
            ..row
        };
        self.people.insert(row.id.clone(), row);
    }

    pub fn member(&mut self, row: member::Model) {
        let row = member::Model { number: 0, ..row };
        let key = ((row.conversation, row.user_id.clone()), row.from_event);
        self.members.insert(key, row);
    }

    pub fn message(&mut self, row: message::Model) {
        let row = message::Model {
            content_hash: Vec::new(),
            ..row
        };
        self.messages.insert(row.number, row);
    }

    /// Every row that only one of them has, or that says something else.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.head != other.head {
            found.push(format!("heads: {:?} / {:?}", self.head, other.head));
        }
        compare("person", &self.people, &other.people, &mut found);
        compare("names", &self.names, &other.names, &mut found);
        compare("conversation", &self.conversations, &other.conversations, &mut found);
        compare("member", &self.members, &other.members, &mut found);
        compare("message", &self.messages, &other.messages, &mut found);
        compare("attachment", &self.attachments, &other.attachments, &mut found);
        compare("edits", &self.edits, &other.edits, &mut found);
        compare("reaction", &self.reactions, &other.reactions, &mut found);
        compare("move", &self.moves, &other.moves, &mut found);
        compare("block", &self.blocks, &other.blocks, &mut found);
        found
    }
}

fn compare<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    one: &BTreeMap<K, V>,
    other: &BTreeMap<K, V>,
    found: &mut Vec<String>,
) {
    let only_there = other.keys().filter(|key| !one.contains_key(*key));
    for key in one.keys().chain(only_there) {
        let (one, other) = (one.get(key), other.get(key));
        if one != other {
            found.push(format!("{what} {key:?}:\n  {one:?}\n  {other:?}"));
        }
    }
}
