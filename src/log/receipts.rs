//! How far messages have come, derived from the moves of those they were sent to. Two or three
//! queries for any number of messages, and the same cost wherever in a conversation they lie.

mod lookup;

use std::collections::HashMap;

use entities::ids::{ConversationNumber, Seq};
use entities::message;
use entities::moves::Kind;
use entities::user_id::UserId;
use futures_util::try_join;
use sea_orm::{ConnectionTrait, DbErr};

use self::lookup::{current, relevant, spans};
use crate::log::event::{Receipt, Status};

/// How far the messages have come that receipts are asked for.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    members: HashMap<ConversationNumber, Vec<Track>>,
}

/// How far one member has come.
#[derive(Debug)]
struct Track {
    user: UserId,
    visible_from: Seq,
    /// What was said up to here was sent to others.
    joined: Seq,
    /// What they read is shown as received.
    hides_reads: bool,
    /// Those that matter, in the order of their places: what was received, what was read.
    moves: [Vec<Moved>; 2],
}

/// Places that were covered together, and when.
#[derive(Clone, Copy, Debug)]
struct Moved {
    from: Seq,
    up_to: Seq,
    at: i64,
}

impl Receipts {
    /// Looks up what concerns these messages.
    pub(crate) async fn load<'a, C: ConnectionTrait>(
        connection: &C,
        messages: impl Iterator<Item = &'a message::Model>,
    ) -> Result<Self, DbErr> {
        let spans = spans(messages.map(|message| (message.conversation, message.seq)).collect());
        if spans.is_empty() {
            return Ok(Self::default());
        }
        let mut numbers: Vec<_> = spans.iter().map(|span| span.conversation).collect();
        numbers.dedup();
        let (current, relevant) = try_join!(current(connection, &numbers), relevant(connection, &spans))?;
        let mut members: HashMap<ConversationNumber, Vec<Track>> = HashMap::new();
        let mut places = HashMap::new();
        for (number, conversation, user, visible_from, joined, hides_reads) in current {
            let tracks = members.entry(conversation).or_default();
            places.insert(number, (conversation, tracks.len()));
            tracks.push(Track {
                user,
                visible_from,
                joined,
                hides_reads: hides_reads != 0,
                moves: [Vec::new(), Vec::new()],
            });
        }
        for (number, kind, from, up_to, at) in relevant {
            let place = places.get(&number);
            let track = place.and_then(|(conversation, place)| members.get_mut(conversation)?.get_mut(*place));
            if let Some(moves) = track.and_then(|track| track.moves.get_mut(kind)) {
                moves.push(Moved { from, up_to, at });
            }
        }
        for moves in members.values_mut().flatten().flat_map(|track| &mut track.moves) {
            moves.sort_unstable_by_key(|moved| moved.from);
        }
        Ok(Self { members })
    }

    /// Everybody else a message was sent to, and how far it has come with each. The other one of a pair (`is_direct`)
    /// counts also after removing the conversation from their list; who joined later, with what they have read.
    pub(crate) fn each<'a>(
        &'a self,
        message: &'a message::Model,
        is_direct: bool,
    ) -> impl Iterator<Item = (&'a UserId, Receipt)> {
        self.members
            .get(&message.conversation)
            .into_iter()
            .flatten()
            .filter(move |track| track.user != message.sender_id)
            .filter(move |track| is_direct || track.visible_from <= message.seq)
            .map(|track| (track, track.receipt(message.seq)))
            .filter(|(track, receipt)| track.joined < message.seq || receipt.status > Status::Sent)
            .map(|(track, receipt)| (&track.user, receipt))
    }

    /// How far a message has come: the lowest of the others. A message that was sent to nobody is sent.
    pub(crate) fn of(&self, message: &message::Model, is_direct: bool) -> Receipt {
        let lowest = self
            .each(message, is_direct)
            .map(|(_, receipt)| receipt)
            .reduce(|one, other| {
                let status = Ord::min(one.status, other.status);
                Receipt {
                    status,
                    delivered_at: Ord::max(one.delivered_at, other.delivered_at)
                        .filter(|_| status >= Status::Delivered),
                    read_at: Ord::max(one.read_at, other.read_at).filter(|_| status == Status::Read),
                }
            });
        lowest.unwrap_or_default()
    }
}

impl Track {
    /// Who has read has received.
    fn receipt(&self, seq: Seq) -> Receipt {
        let read_at = self.moved(Kind::Read, seq);
        let delivered_at = self.moved(Kind::Delivered, seq);
        let delivered_at = delivered_at.or(read_at);
        let read_at = read_at.filter(|_| !self.hides_reads);
        let status = match (read_at, delivered_at) {
            (Some(_), _) => Status::Read,
            (None, Some(_)) => Status::Delivered,
            (None, None) => Status::Sent,
        };
        Receipt {
            status,
            delivered_at,
            read_at,
        }
    }

    /// When a place was covered.
    fn moved(&self, of: Kind, seq: Seq) -> Option<i64> {
        let moves = &self.moves[kind(of)];
        let after = moves.partition_point(|moved| moved.from <= seq);
        let moved = moves[..after].last()?;
        (seq <= moved.up_to).then_some(moved.at)
    }
}

fn kind(kind: Kind) -> usize {
    match kind {
        Kind::Delivered => 0,
        Kind::Read => 1,
    }
}
