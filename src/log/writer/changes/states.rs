//! What a conversation is to one of its members: muted, archived, pinned, hidden.

use std::sync::Arc;

use entities::ids::{ConversationId, ConversationNumber};
use entities::user_id::UserId;
use entities::{conversation, member};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::log::Error;
use crate::log::event::{Body, OwnState, State, StateChanged};
use crate::log::writer::change::{Change, Outcome, Scope};
use crate::log::writer::command::Flag;

/// A member sets a flag.
#[derive(Clone, Debug)]
pub(crate) struct SetFlag {
    pub conversation: ConversationNumber,
    pub user: UserId,
    pub flag: Flag,
}

/// A member's flags, as they are afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub is_muted: bool,
    /// When `is_muted` ends by itself.
    pub muted_until: Option<i64>,
    pub is_archived: bool,
    pub is_pinned: bool,
}

/// A member removes a direct conversation from their list, with what was said so far, until the next message.
#[derive(Clone, Debug)]
pub(crate) struct Hide {
    pub conversation: ConversationNumber,
    pub user: UserId,
}

impl Change for SetFlag {
    type Output = Flags;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Flags> {
        let (conversation, stored) = own(scope, self.conversation, &self.user).await?;
        let mut changed = stored.clone();
        let what = match self.flag {
            Flag::Muted { is_muted, until } => {
                changed.is_muted = is_muted && until.is_none_or(|until| until > scope.now);
                changed.muted_until = until.filter(|_| changed.is_muted);
                State::Muted
            }
            Flag::Archived(is_archived) => {
                changed.is_archived = is_archived;
                State::Archived
            }
            Flag::Pinned(is_pinned) => {
                changed.is_pinned = is_pinned;
                State::Pinned
            }
        };
        let is_over = changed.muted_until.is_some_and(|until| until <= scope.now);
        let flags = Flags {
            is_muted: changed.is_muted && !is_over,
            muted_until: changed.muted_until.filter(|_| !is_over),
            is_archived: changed.is_archived,
            is_pinned: changed.is_pinned,
        };
        if changed != stored {
            store(scope, &changed).await?;
            record(scope, conversation.id, &changed, what)?;
        }
        Ok(flags)
    }
}

impl Change for Hide {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        let (conversation, stored) = own(scope, self.conversation, &self.user).await?;
        let changed = member::Model {
            is_hidden: true,
            visible_from_seq: conversation.last_seq.next(),
            read_seq: conversation.last_seq,
            // Otherwise it would not come back to the list.
            is_archived: false,
            is_pinned: false,
            ..stored.clone()
        };
        if changed != stored {
            store(scope, &changed).await?;
            record(scope, conversation.id, &changed, State::Hidden)?;
        }
        Ok(())
    }
}

/// A conversation and the row of somebody who belongs to it.
pub(super) async fn own(
    scope: &Scope<'_>,
    conversation: ConversationNumber,
    user: &UserId,
) -> Outcome<(conversation::Model, member::Model)> {
    let rows = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(member::Column::Conversation.eq(conversation))
        .filter(member::Column::UserId.eq(user))
        .all(scope.transaction)
        .await?;
    let is_known = !rows.is_empty();
    let current = rows.into_iter().find(|(member, _)| member.until_event.is_none());
    match current {
        Some((member, Some(conversation))) => Ok((conversation, member)),
        _ if is_known => Err(Error::NotAParticipant.into()),
        _ => Err(Error::NotFound.into()),
    }
}

async fn store(scope: &Scope<'_>, changed: &member::Model) -> Result<(), DbErr> {
    member::Entity::update(member::ActiveModel {
        number: Unchanged(changed.number),
        visible_from_seq: Set(changed.visible_from_seq),
        read_seq: Set(changed.read_seq),
        is_muted: Set(changed.is_muted),
        muted_until: Set(changed.muted_until),
        is_archived: Set(changed.is_archived),
        is_pinned: Set(changed.is_pinned),
        is_hidden: Set(changed.is_hidden),
        ..Default::default()
    })
    .exec_without_returning(scope.transaction)
    .await
    .map(|_| ())
}

fn record(scope: &mut Scope<'_>, id: ConversationId, changed: &member::Model, what: State) -> Result<(), DbErr> {
    let body = Body::StateChanged(Arc::new(StateChanged {
        conversation_id: id,
        what,
        now: Some(OwnState::from(changed)),
    }));
    let user = &changed.user_id;
    scope
        .work
        .record(changed.conversation, Some(user.clone()), user, scope.now, body)
        .map(|_| ())
}
