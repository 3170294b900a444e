//! The fast path: new messages, checked against what the writer knows and one look-up of the batch's keys.

use std::collections::HashMap;
use std::sync::Arc;

use entities::ids::{ConversationNumber, Seq};
use entities::user_id::UserId;
use entities::{conversation, message};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::answered::Answered;
use super::batch::State;
use super::command::{Command, Post, Posted, Repeats};
use super::files::{self, Files};
use super::rows::padded;
use super::work::Work;
use crate::log::Error;
use crate::log::event::{self, Body, MessageDetails};
use crate::log::members::{self, Membership};
use crate::log::unproven::ContentHash;

/// How long a `tempId` recognises a repeat, in milliseconds.
const TEMP_ID_WINDOW: i64 = 60_000;
/// How far a conversation's time may run ahead of the clock so that no two messages share a millisecond.
const MAX_AHEAD: i64 = 1_000;

/// The newest place of a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConversationHead {
    pub(super) last_seq: Seq,
    pub(super) last_message_at: i64,
}

/// What identifies a repeat.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Client(ConversationNumber, UserId, String),
    /// Recognises equal content only, so the content is part of it.
    Temp(ConversationNumber, UserId, String, ContentHash),
    Content(ConversationNumber, UserId, ContentHash),
}

/// A message that a later send may repeat.
struct Known {
    hash: ContentHash,
    message: Arc<MessageDetails>,
}

impl State {
    /// Checks the batch's new messages and adds them to the work.
    pub(super) async fn post(
        &mut self,
        transaction: &DatabaseTransaction,
        work: &mut Work,
        batch: &[Command],
    ) -> Result<(), DbErr> {
        let mut posts: Vec<(usize, &Post, Arc<Membership>)> = Vec::with_capacity(batch.len());
        for (index, command) in batch.iter().enumerate() {
            let Command::Post(post, _) = command else { continue };
            match self.admit(transaction, work, post).await? {
                Ok(membership) => posts.push((index, post, membership)),
                Err(error) => work.posted[index] = Some(Err(error)),
            }
        }
        if posts.is_empty() {
            return Ok(());
        }
        self.load_heads(transaction, work, &posts).await?;
        let now = self.clock.now();
        let mut known = stored(transaction, &posts, now).await?;
        let answered = Answered::load(transaction, posts.iter().map(|(_, post, _)| *post)).await?;
        let mut files = Files::load(transaction, posts.iter().map(|(_, post, _)| *post)).await?;
        for (index, post, membership) in posts {
            let outcome = self.place(work, &mut known, (&answered, &mut files), (post, &membership), now)?;
            work.posted[index] = Some(outcome);
        }
        Ok(())
    }

    /// The membership, if the sender belongs to it.
    async fn admit(
        &self,
        transaction: &DatabaseTransaction,
        work: &Work,
        post: &Post,
    ) -> Result<Result<Arc<Membership>, Error>, DbErr> {
        let membership = if work.changes_members_of(post.conversation) {
            members::load(transaction, post.conversation).await?.map(Arc::new)
        } else {
            self.members.of_locked(transaction, post.conversation).await?
        };
        let Some(membership) = membership else {
            return Ok(Err(Error::NotFound));
        };
        Ok(membership.admit(&post.sender.id).map(|_| Arc::clone(&membership)))
    }

    /// Makes the newest places of all conversations concerned known to the work.
    async fn load_heads(
        &mut self,
        transaction: &DatabaseTransaction,
        work: &mut Work,
        posts: &[(usize, &Post, Arc<Membership>)],
    ) -> Result<(), DbErr> {
        let mut cold = Vec::new();
        for (_, post, _) in posts {
            if work.heads.contains_key(&post.conversation) {
                continue;
            }
            match self.heads.find(&post.conversation) {
                Some(head) => drop(work.heads.insert(post.conversation, head)),
                None => cold.push(post.conversation),
            }
        }
        let Some(last) = cold.last().copied() else {
            return Ok(());
        };
        cold.resize(padded(cold.len()), last);
        let rows: Vec<(ConversationNumber, Seq, i64)> = conversation::Entity::find()
            .select_only()
            .columns([
                conversation::Column::Number,
                conversation::Column::LastSeq,
                conversation::Column::LastMessageAt,
            ])
            .filter(conversation::Column::Number.is_in(cold))
            .into_tuple()
            .all(transaction)
            .await?;
        for (number, last_seq, last_message_at) in rows {
            work.heads.insert(
                number,
                ConversationHead {
                    last_seq,
                    last_message_at,
                },
            );
        }
        Ok(())
    }

    /// Finds the message a send repeats, or gives it its place.
    fn place(
        &self,
        work: &mut Work,
        known: &mut HashMap<Key, Known>,
        (answered, files): (&Answered, &mut Files),
        (post, membership): (&Post, &Membership),
        now: i64,
    ) -> Result<Result<Posted, Error>, DbErr> {
        let repeated = |message| {
            Ok(Ok(Posted {
                message,
                event: None,
                repeated: true,
            }))
        };
        let key = post.key();
        if let Some(key) = &key
            && let Some(earlier) = known.get(key)
        {
            if earlier.hash != post.hash && !post.forwards_as(&earlier.message) {
                return Ok(Err(Error::IdempotencyMismatch));
            }
            return repeated(Arc::clone(&earlier.message));
        }
        if post.repeats == Repeats::Recall {
            let here = known
                .get(&post.content_key())
                .map(|earlier| Arc::clone(&earlier.message));
            let earlier = here.or_else(|| self.unproven.find(&post.sender.id, post.conversation, &post.hash));
            if let Some(message) = earlier {
                return repeated(message);
            }
        }
        if let Err(error) = membership.contact().and_then(|()| files.claim(post, now)) {
            return Ok(Err(error));
        }
        let Some(head) = work.heads.get_mut(&post.conversation) else {
            return Ok(Err(Error::NotFound));
        };
        head.last_seq = head.last_seq.next();
        head.last_message_at = next_time(head.last_message_at, now);
        let (head, conversation) = (*head, post.conversation);
        work.touched.insert(conversation, head);
        let row = post.row(work, head);
        let partner = membership.partner(&post.sender.id).cloned();
        let message = Arc::new(MessageDetails {
            quoted: answered.quoted(post).map(Box::new),
            ..MessageDetails::from_row(row.clone(), post.sender.clone(), membership.id, partner)
        });
        work.attachments.extend(files::rows(post, &row));
        work.messages.push(row);
        let body = Body::MessagePosted(Arc::clone(&message));
        let event = work.record(conversation, None, &post.sender.id, head.last_message_at, body)?;
        if let Some(key) = key {
            known.insert(
                key,
                Known {
                    hash: post.hash,
                    message: Arc::clone(&message),
                },
            );
        }
        if post.repeats == Repeats::Remember {
            known.insert(
                post.content_key(),
                Known {
                    hash: post.hash,
                    message: Arc::clone(&message),
                },
            );
            work.unproven.push((post.hash, Arc::clone(&message)));
        }
        Ok(Ok(Posted {
            message,
            event: Some(event),
            repeated: false,
        }))
    }
}

impl Post {
    /// The client's key, the durable one first.
    fn key(&self) -> Option<Key> {
        let (conversation, sender) = (self.conversation, &self.sender.id);
        let client = self
            .client_message_id
            .clone()
            .map(|id| Key::Client(conversation, sender.clone(), id));
        client.or_else(|| {
            self.temp_id
                .clone()
                .map(|id| Key::Temp(conversation, sender.clone(), id, self.hash))
        })
    }

    /// Whether both send on the same message, whatever it says now.
    fn forwards_as(&self, earlier: &MessageDetails) -> bool {
        let (own, other) = (self.forwarded.as_ref(), earlier.forwarded.as_deref());
        own.zip(other).is_some_and(|(own, other)| own.id == other.id)
    }

    fn content_key(&self) -> Key {
        Key::Content(self.conversation, self.sender.id.clone(), self.hash)
    }

    fn row(&self, work: &mut Work, head: ConversationHead) -> message::Model {
        message::Model {
            number: work.take_message_number(),
            id: self.id,
            conversation: self.conversation,
            seq: head.last_seq,
            sender_id: self.sender.id.clone(),
            kind: self.kind,
            content: self.content.clone(),
            content_hash: self.hash.to_vec(),
            parent: self.quoted.as_ref().map(|quoted| quoted.id),
            metadata: self.metadata.as_ref().map(|metadata| metadata.get().to_owned()),
            client_message_id: self.client_message_id.clone(),
            temp_id: self.temp_id.clone(),
            created_at: head.last_message_at,
            edited_at: None,
            deleted_at: None,
            pinned_at: None,
            pinned_by: None,
            mentions: event::written(&self.mentions),
            forwarded: event::written(&self.forwarded),
            attachments: event::written(&self.attachments),
        }
    }
}

/// The stored messages that the batch's keys name, in one query.
async fn stored(
    transaction: &DatabaseTransaction,
    posts: &[(usize, &Post, Arc<Membership>)],
    now: i64,
) -> Result<HashMap<Key, Known>, DbErr> {
    let mut keys: Vec<Key> = posts.iter().filter_map(|(_, post, _)| post.key()).collect();
    let Some(last) = keys.last().cloned() else {
        return Ok(HashMap::new());
    };
    keys.resize(padded(keys.len()), last);
    let named = keys
        .into_iter()
        .fold(Condition::any(), |any, key| any.add(condition(key, now)));
    let rows = message::Entity::find().filter(named).all(transaction).await?;
    let mut known = HashMap::with_capacity(rows.len() * 2);
    for row in rows {
        // The sender of a repeat is who asks, so the snapshot they came with is theirs.
        let Some((_, post, membership)) = posts
            .iter()
            .find(|(_, post, _)| post.conversation == row.conversation && post.sender.id == row.sender_id)
        else {
            continue;
        };
        let Ok(hash) = ContentHash::try_from(row.content_hash.as_slice()) else {
            continue;
        };
        let partner = membership.partner(&post.sender.id).cloned();
        let keys = [
            row.client_message_id
                .clone()
                .map(|id| Key::Client(row.conversation, row.sender_id.clone(), id)),
            row.temp_id
                .clone()
                .filter(|_| row.created_at > now - TEMP_ID_WINDOW)
                .map(|id| Key::Temp(row.conversation, row.sender_id.clone(), id, hash)),
        ];
        let message = Arc::new(MessageDetails::from_row(
            row,
            post.sender.clone(),
            membership.id,
            partner,
        ));
        for key in keys.into_iter().flatten() {
            known.insert(
                key,
                Known {
                    hash,
                    message: Arc::clone(&message),
                },
            );
        }
    }
    Ok(known)
}

fn condition(key: Key, now: i64) -> Condition {
    let by = |conversation: ConversationNumber, sender: UserId| {
        Condition::all()
            .add(message::Column::SenderId.eq(sender))
            .add(message::Column::Conversation.eq(conversation))
    };
    match key {
        Key::Client(conversation, sender, id) => by(conversation, sender).add(message::Column::ClientMessageId.eq(id)),
        Key::Temp(conversation, sender, id, _) => by(conversation, sender)
            .add(message::Column::TempId.eq(id))
            .add(message::Column::CreatedAt.gt(now - TEMP_ID_WINDOW)),
        Key::Content(..) => Condition::any(),
    }
}

/// A message is later than the one before it, unless the conversation runs more than a second ahead of the clock.
fn next_time(last: i64, now: i64) -> i64 {
    if now > last {
        now
    } else if last < now + MAX_AHEAD {
        last + 1
    } else {
        last
    }
}

#[cfg(test)]
mod tests {
    use super::next_time;

    #[test]
    fn time_strictly_increases_within_a_second_of_the_clock() {
        assert_eq!(next_time(0, 5), 5);
        assert_eq!(next_time(5, 5), 6);
        assert_eq!(next_time(9, 5), 10);
        assert_eq!(next_time(1_004, 5), 1_005);
        assert_eq!(next_time(1_005, 5), 1_005);
        assert_eq!(next_time(99_999, 5), 99_999);
    }
}
