//! Marking messages as received and read, and who did.

use std::collections::HashMap;
use std::sync::Arc;

use entities::ids::{ConversationId, ConversationNumber, MessageId, MessageNumber, Seq};
use entities::moves::Kind;
use entities::user_id::UserId;

use super::Messages;
use crate::log::details;
use crate::log::members::Membership;
use crate::log::receipts::Receipts;
use crate::log::writer::changes::{Deliver, Move, Reach};
use crate::services::details::{Person, Receipt, Status};
use crate::services::reading::{self, history, unread};
use crate::services::{Error, Principal, access};

/// Messages that one call may name.
const MOST_NAMED: usize = 1_000;

/// What a client says it received or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub place: Place,
    /// Through the newest of these; none of them is through the conversation's newest.
    pub messages: Option<Named>,
}

/// Messages by UUID or number, and what the client calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub field: &'static str,
    pub ids: Vec<String>,
}

/// Where a [`Mark`] is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A conversation by UUID or number: through its newest message.
    Conversation(String),
    /// A message by UUID or number: through it.
    Message(String),
    /// A hub's first argument: the UUID of a conversation, or a person and so the direct conversation with them, else a
    /// message.
    Positional(String),
}

impl Mark {
    /// Through what the place names.
    #[must_use]
    pub fn at(place: Place) -> Self {
        Self { place, messages: None }
    }
}

/// Where the caller is after a [`Mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    pub conversation_id: ConversationId,
    /// The newest message that is read.
    pub last_read: Option<MessageId>,
    pub unread_count: i64,
}

/// Who received and read a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageReceipts {
    pub message: MessageId,
    pub conversation_id: ConversationId,
    /// How many of the others read it.
    pub read_count: usize,
    /// How many of the others received it, the readers included.
    pub delivered_count: usize,
    /// The others: those it was sent to, and who came later and read it, without its sender.
    pub member_count: usize,
    /// Those who received it, the first readers first.
    pub people: Vec<PersonReceipt>,
}

/// One person who received a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonReceipt {
    pub person: Person,
    pub receipt: Receipt,
}

impl Messages {
    /// Marks everything up to a place as read. Reading does not go back, and what is read already is no news.
    pub async fn mark_read(&self, principal: &Principal, mark: &Mark) -> Result<Marked, Error> {
        self.mark(principal, mark, Kind::Read).await
    }

    /// Marks everything up to a place as received by a device of the caller.
    pub async fn mark_delivered(&self, principal: &Principal, mark: &Mark) -> Result<Marked, Error> {
        self.mark(principal, mark, Kind::Delivered).await
    }

    /// A device of `user` is proven to have the messages from `first` to `last`. [`Deliveries`] gathers many of these.
    ///
    /// [`Deliveries`]: crate::services::deliveries::Deliveries
    pub async fn delivered(
        &self,
        user: &UserId,
        conversation: ConversationNumber,
        first: Seq,
        last: Seq,
    ) -> Result<(), Error> {
        let arrivals = vec![(user.clone(), vec![(first.0, last.0)])];
        let delivered = Deliver { conversation, arrivals };
        Ok(self.conversations.log.writer.change(delivered).await?)
    }

    /// Who received and read a message the caller may see.
    pub async fn receipts(&self, principal: &Principal, reference: &str) -> Result<MessageReceipts, Error> {
        let (row, membership) = self.reach(principal, None, reference).await?;
        let read = &self.conversations.database.read;
        let receipts = Receipts::load(read, std::iter::once(&row)).await?;
        let is_direct = membership.partner(&row.sender_id).is_some();
        let others: Vec<(&UserId, Receipt)> = receipts.each(&row, is_direct).collect();
        let count = |least| others.iter().filter(|(_, receipt)| receipt.status >= least).count();
        let mut reached: Vec<_> = others
            .iter()
            .filter(|(_, receipt)| receipt.status >= Status::Delivered)
            .collect();
        reached.sort_by_key(|(_, receipt)| (std::cmp::Reverse(receipt.status), receipt.read_at, receipt.delivered_at));
        let ids = reached.iter().map(|(user, _)| (*user).clone()).collect();
        let mut people = details::people(read, ids).await?;
        let people = reached.into_iter().map(|(user, receipt)| PersonReceipt {
            person: people
                .remove(*user)
                .unwrap_or_else(|| Person::placeholder((*user).clone())),
            receipt: *receipt,
        });
        Ok(MessageReceipts {
            message: row.id,
            conversation_id: membership.id,
            read_count: count(Status::Read),
            delivered_count: count(Status::Delivered),
            member_count: others.len(),
            people: people.collect(),
        })
    }

    async fn mark(&self, principal: &Principal, mark: &Mark, kind: Kind) -> Result<Marked, Error> {
        let (membership, reach) = self.extent(principal, mark).await?;
        let person = self.conversations.people.shared(principal).await?;
        let conversation = membership.number;
        let moved = Move {
            conversation,
            person: (*person).clone(),
            kind,
            reach,
        };
        let last_read = self.conversations.log.writer.change(moved).await?;
        Ok(Marked {
            conversation_id: membership.id,
            last_read,
            unread_count: unread::one(&self.conversations.database.read, &principal.user_id, conversation).await?,
        })
    }

    /// Which conversation, and how far in it.
    async fn extent(&self, principal: &Principal, mark: &Mark) -> Result<(Arc<Membership>, Reach), Error> {
        let (membership, reach) = match &mark.place {
            Place::Conversation(reference) => (self.conversations.resolve(principal, reference).await?, Reach::Newest),
            Place::Message(reference) => self.through(principal, reference).await?,
            Place::Positional(reference) => {
                match access::positional(&self.conversations.log, &principal.user_id, reference).await? {
                    Some(membership) => (membership, Reach::Newest),
                    None => self.through(principal, reference).await?,
                }
            }
        };
        let reach = match &mark.messages {
            None => reach,
            Some(named) if named.ids.is_empty() => Reach::Newest,
            Some(named) => Reach::Through(self.newest_of(principal, &membership, named).await?),
        };
        Ok((membership, reach))
    }

    async fn through(&self, principal: &Principal, reference: &str) -> Result<(Arc<Membership>, Reach), Error> {
        let (row, membership) = self.reach(principal, None, reference).await?;
        Ok((membership, Reach::Through(row.seq)))
    }

    /// The last place of these messages; each must be one of the conversation that the caller may see.
    async fn newest_of(&self, principal: &Principal, membership: &Membership, named: &Named) -> Result<Seq, Error> {
        let wrong = |reason: String| Error::invalid(named.field, reason);
        if named.ids.len() > MOST_NAMED {
            return Err(wrong(format!("has at most {MOST_NAMED} ids")));
        }
        let read = &self.conversations.database.read;
        let mine = reading::mine(read, &principal.user_id, membership.number).await?;
        let (mine, _) = mine.ok_or(Error::NotAParticipant)?;
        let (mut by_id, mut by_number) = (HashMap::new(), HashMap::new());
        for row in history::messages(read, &named.ids).await? {
            if row.conversation == membership.number && row.seq >= mine.visible_from_seq {
                by_id.insert(row.id, row.seq);
                by_number.insert(row.number, row.seq);
            }
        }
        let place = |reference: &String| {
            let text = reference.trim();
            let id = text.parse().ok().and_then(|id: MessageId| by_id.get(&id));
            let number = || {
                text.parse()
                    .ok()
                    .and_then(|number: MessageNumber| by_number.get(&number))
            };
            id.or_else(number)
                .copied()
                .ok_or_else(|| wrong(format!("{text:.64} is no message of this conversation")))
        };
        let places: Vec<Seq> = named.ids.iter().map(place).collect::<Result<_, _>>()?;
        Ok(places.into_iter().max().unwrap_or_default())
    }
}
