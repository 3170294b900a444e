//! Members receive and read messages: what is newly covered is kept as intervals that never overlap.

use std::sync::Arc;

use entities::ids::{ConversationNumber, MessageId, Seq};
use entities::moves::{self, Kind};
use entities::user_id::UserId;
use entities::{conversation, member, message};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::privacy::hides_reads;
use super::states::own;
use crate::log::event::{Body, Covered, Moved, Person, PointerMoved};
use crate::log::writer::change::{Change, Outcome, Scope};

/// Messages an event names at most; the newest ones.
pub(super) const MOST_COVERED: u64 = 100;
/// Rows of one statement.
const ROWS: usize = 256;

/// Somebody received or read messages of a conversation. What they cannot see, and what was covered before, is left
/// out.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub conversation: ConversationNumber,
    pub person: Person,
    pub kind: Kind,
    pub reach: Reach,
}

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All up to here. Of those received, the ones after the last that was received before.
    Through(Seq),
    /// All there are.
    Newest,
}

/// Where the reader is afterwards: the newest message that is read, if they may see it.
pub(crate) type ReadThrough = Option<MessageId>;

/// Places from the first to the last, both included.
pub(super) type Interval = (i64, i64);

impl Change for Move {
    type Output = ReadThrough;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<ReadThrough> {
        let (conversation, member) = own(scope, self.conversation, &self.person.id).await?;
        let mut pointer = member.read_seq;
        if let Some((first, last)) = self.asked(scope.transaction, &member, conversation.last_seq).await? {
            let is_hidden = self.kind == Kind::Read && hides_reads(scope.transaction, &self.person.id).await?;
            if is_hidden {
                // Who has read has received, and that is never hidden.
                let received = Self {
                    kind: Kind::Delivered,
                    ..self.clone()
                };
                received.cover(scope, &conversation, (first, last), false).await?;
            }
            if self.kind == Kind::Read {
                pointer = Seq(last);
                move_pointer(scope.transaction, &member, pointer).await?;
            }
            let is_told = self.cover(scope, &conversation, (first, last), is_hidden).await?;
            if self.kind == Kind::Read && !is_told {
                let body = Body::PointerMoved(Arc::new(PointerMoved {
                    conversation_id: conversation.id,
                    read_seq: pointer,
                }));
                let user = &self.person.id;
                let (number, now) = (self.conversation, scope.now);
                scope.work.record(number, Some(user.clone()), user, now, body)?;
            }
        }
        if pointer < member.visible_from_seq {
            return Ok(None);
        }
        Ok(at(scope.transaction, self.conversation, pointer).await?)
    }
}

impl Move {
    /// What is asked for, without what is read already or cannot be seen.
    async fn asked(
        &self,
        transaction: &DatabaseTransaction,
        member: &member::Model,
        newest: Seq,
    ) -> Result<Option<Interval>, DbErr> {
        let last = match self.reach {
            Reach::Through(seq) => Ord::min(seq.0, newest.0),
            Reach::Newest => newest.0,
        };
        let unread = Ord::max(member.read_seq.0 + 1, member.visible_from_seq.0);
        let from = match self.kind {
            // Reading is a pointer: there are no holes behind it.
            Kind::Read => unread,
            Kind::Delivered => Ord::max(unread, self.received(transaction).await? + 1),
        };
        Ok((from <= last).then_some((from, last)))
    }

    /// The last place that was received.
    async fn received(&self, transaction: &DatabaseTransaction) -> Result<i64, DbErr> {
        let last = self.own_moves().order_by_desc(moves::Column::FromSeq);
        Ok(last.one(transaction).await?.map_or(0, |row| row.up_to_seq.0))
    }

    fn own_moves(&self) -> sea_orm::Select<moves::Entity> {
        moves_of(self.conversation, &self.person.id, self.kind)
    }

    /// Stores and tells what of the interval was not covered before, and says whether there was anything. Nothing of
    /// others in it: nobody is told.
    async fn cover(
        &self,
        scope: &mut Scope<'_>,
        conversation: &conversation::Model,
        asked: Interval,
        is_hidden: bool,
    ) -> Result<bool, DbErr> {
        let gaps = uncovered(scope.transaction, self.conversation, &self.person.id, self.kind, asked).await?;
        let (Some((first, _)), Some((_, last))) = (gaps.first(), gaps.last()) else {
            return Ok(false);
        };
        let covered = covered(scope.transaction, self.conversation, Some(&self.person.id), &gaps).await?;
        if covered.is_empty() {
            return Ok(false);
        }
        let Some(newest) = at(scope.transaction, self.conversation, Seq(*last)).await? else {
            return Ok(false);
        };
        let places = gaps.iter().map(|gap| (&self.person.id, *gap));
        insert(scope, self.conversation, self.kind, places).await?;
        let moved = Moved {
            conversation_id: conversation.id,
            kind: self.kind,
            person: self.person.clone(),
            from_seq: Seq(*first),
            up_to_seq: Seq(*last),
            last: newest,
            covered,
            is_hidden,
        };
        let body = Body::Moved(Arc::new(moved));
        scope
            .work
            .record(self.conversation, None, &self.person.id, scope.now, body)?;
        Ok(true)
    }
}

fn moves_of(conversation: ConversationNumber, user: &UserId, kind: Kind) -> sea_orm::Select<moves::Entity> {
    moves::Entity::find()
        .filter(moves::Column::Conversation.eq(conversation))
        .filter(moves::Column::UserId.eq(user))
        .filter(moves::Column::Kind.eq(kind))
}

/// Stores intervals as covered now.
pub(super) async fn insert(
    scope: &Scope<'_>,
    conversation: ConversationNumber,
    kind: Kind,
    places: impl Iterator<Item = (&UserId, Interval)>,
) -> Result<(), DbErr> {
    let rows: Vec<_> = places
        .map(|(user, (from, up_to))| moves::ActiveModel {
            number: ActiveValue::NotSet,
            conversation: ActiveValue::Set(conversation),
            user_id: ActiveValue::Set(user.clone()),
            kind: ActiveValue::Set(kind),
            from_seq: ActiveValue::Set(Seq(from)),
            up_to_seq: ActiveValue::Set(Seq(up_to)),
            at: ActiveValue::Set(scope.now),
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        moves::Entity::insert_many(rows.iter().cloned())
            .exec_without_returning(scope.transaction)
            .await?;
    }
    Ok(())
}

/// The parts of an interval that no move of this kind covers, in order.
pub(super) async fn uncovered(
    transaction: &DatabaseTransaction,
    conversation: ConversationNumber,
    user: &UserId,
    kind: Kind,
    (first, last): Interval,
) -> Result<Vec<Interval>, DbErr> {
    let before = moves_of(conversation, user, kind)
        .filter(moves::Column::FromSeq.lt(first))
        .order_by_desc(moves::Column::FromSeq)
        .one(transaction)
        .await?;
    let inside = moves_of(conversation, user, kind)
        .filter(moves::Column::FromSeq.between(first, last))
        .order_by_asc(moves::Column::FromSeq)
        .all(transaction)
        .await?;
    let mut gaps = Vec::new();
    let mut next = first;
    for row in before.into_iter().chain(inside) {
        if next < row.from_seq.0 {
            gaps.push((next, row.from_seq.0 - 1));
        }
        next = Ord::max(next, row.up_to_seq.0 + 1);
    }
    if next <= last {
        gaps.push((next, last));
    }
    Ok(gaps)
}

async fn move_pointer(transaction: &DatabaseTransaction, member: &member::Model, to: Seq) -> Result<(), DbErr> {
    member::Entity::update_many()
        .col_expr(member::Column::ReadSeq, Expr::value(to.0))
        .filter(member::Column::Number.eq(member.number))
        .exec(transaction)
        .await
        .map(drop)
}

/// The message at a place.
async fn at(
    transaction: &DatabaseTransaction,
    conversation: ConversationNumber,
    seq: Seq,
) -> Result<Option<MessageId>, DbErr> {
    message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::Conversation.eq(conversation))
        .filter(message::Column::Seq.eq(seq))
        .into_tuple()
        .one(transaction)
        .await
}

/// The newest messages in the gaps that are not deleted, in order; those of others than `user`.
pub(super) async fn covered(
    transaction: &DatabaseTransaction,
    conversation: ConversationNumber,
    user: Option<&UserId>,
    gaps: &[Interval],
) -> Result<Vec<Covered>, DbErr> {
    let places = gaps.iter().fold(Condition::any(), |any, (first, last)| {
        any.add(message::Column::Seq.between(*first, *last))
    });
    let mut rows = message::Entity::find()
        .filter(message::Column::Conversation.eq(conversation))
        .filter(places)
        .apply_if(user, |rows, user| rows.filter(message::Column::SenderId.ne(user)))
        .filter(message::Column::DeletedAt.is_null())
        .order_by_desc(message::Column::Seq)
        .limit(MOST_COVERED)
        .all(transaction)
        .await?;
    rows.reverse();
    let covered = rows.into_iter().map(|row| Covered {
        id: row.id,
        seq: row.seq,
        sender: row.sender_id,
        client_message_id: row.client_message_id,
        temp_id: row.temp_id,
    });
    Ok(covered.collect())
}
