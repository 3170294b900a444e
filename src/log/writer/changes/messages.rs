//! What is done to a message after it was posted: edited, deleted, pinned.

use std::sync::Arc;

use entities::conversation::Kind;
use entities::ids::{MessageNumber, Seq};
use entities::member::Role;
use entities::user_id::UserId;
use entities::{attachment, event as rows, message, message_edit, reaction};
use sea_orm::sea_query::{Expr, IntoCondition as _};
use sea_orm::{ActiveValue, ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::log::Error;
use crate::log::details::{self, Row};
use crate::log::event::{self, Body, Event, MessageDetails, MessageRef, Pinned};
use crate::log::members::Membership;
use crate::log::writer::change::{Change, Outcome, Scope};
use crate::log::writer::files;

/// New content for a message of one's own. Equal content changes nothing.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) message: MessageNumber,
    pub(crate) editor: UserId,
    pub(crate) content: String,
    pub(crate) mentions: Vec<UserId>,
    /// Minutes after which it can no longer be edited; 0 is no limit.
    pub(crate) window_minutes: u32,
}

/// Leaves a tombstone of a message: one's own, or in a group anybody's for an admin. Deleted already is done.
#[derive(Debug)]
pub(crate) struct Delete {
    pub(crate) message: MessageNumber,
    pub(crate) actor: UserId,
}

/// Pins a message, or takes the pin away: anybody of a pair, in a group an admin.
#[derive(Debug)]
pub(crate) struct Pin {
    pub(crate) message: MessageNumber,
    pub(crate) actor: UserId,
    pub(crate) is_pinned: bool,
}

impl Change for Edit {
    type Output = MessageDetails;

    fn weight(&self) -> usize {
        self.content.len() + 512
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<MessageDetails> {
        let (row, membership) = reach(scope, self.message, &self.editor).await?;
        if row.deleted_at.is_some() {
            return Err(Error::NoMessage.into());
        }
        if row.sender_id != self.editor {
            return Err(Error::Forbidden("Only the sender can edit a message").into());
        }
        if row.forwarded.is_some() {
            return Err(Error::Forbidden("A forwarded message says what its author said and cannot be edited").into());
        }
        membership.contact()?;
        let age = (scope.now - row.created_at).max(0);
        if self.window_minutes > 0 && age > i64::from(self.window_minutes) * 60_000 {
            return Err(Error::EditWindowOver {
                minutes: self.window_minutes,
                age_minutes: age / 60_000,
            }
            .into());
        }
        if row.content == self.content {
            return Ok(details(scope, &membership, row).await?);
        }
        let former = message_edit::ActiveModel {
            number: ActiveValue::NotSet,
            message: ActiveValue::Set(row.number),
            content: ActiveValue::Set(row.content.clone()),
            until: ActiveValue::Set(scope.now),
        };
        message_edit::Entity::insert(former)
            .exec_without_returning(scope.transaction)
            .await?;
        let row = message::Model {
            content: self.content.clone(),
            edited_at: Some(scope.now),
            mentions: event::written(&self.mentions),
            ..row
        };
        let change = message::ActiveModel {
            number: ActiveValue::Unchanged(row.number),
            content: ActiveValue::Set(row.content.clone()),
            edited_at: ActiveValue::Set(row.edited_at),
            mentions: ActiveValue::Set(row.mentions.clone()),
            ..Default::default()
        };
        message::Entity::update(change)
            .exec_without_returning(scope.transaction)
            .await?;
        let message = details(scope, &membership, row).await?;
        let body = Body::MessageEdited(Arc::new(message.clone()));
        scope
            .work
            .record(membership.number, None, &self.editor, scope.now, body)?;
        Ok(message)
    }
}

impl Change for Delete {
    /// Whether files are gone with it.
    type Output = bool;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<bool> {
        let (row, membership) = reach(scope, self.message, &self.actor).await?;
        if row.sender_id != self.actor && !(membership.kind == Kind::Group && is_admin(&membership, &self.actor)) {
            return Err(Error::Forbidden("Only the sender or an admin can delete a message").into());
        }
        if row.deleted_at.is_some() {
            return Ok(false);
        }
        let tombstone = message::ActiveModel {
            number: ActiveValue::Unchanged(row.number),
            content: ActiveValue::Set(String::new()),
            metadata: ActiveValue::Set(None),
            mentions: ActiveValue::Set(None),
            forwarded: ActiveValue::Set(None),
            attachments: ActiveValue::Set(None),
            pinned_at: ActiveValue::Set(None),
            pinned_by: ActiveValue::Set(None),
            deleted_at: ActiveValue::Set(Some(scope.now)),
            ..Default::default()
        };
        message::Entity::update(tombstone)
            .exec_without_returning(scope.transaction)
            .await?;
        message_edit::Entity::delete_many()
            .filter(message_edit::Column::Message.eq(row.number))
            .exec(scope.transaction)
            .await?;
        reaction::Entity::delete_many()
            .filter(reaction::Column::Message.eq(row.number))
            .exec(scope.transaction)
            .await?;
        let files_are_gone = row.attachments.is_some() && {
            let its = attachment::Column::Message.eq(row.number);
            files::detach(scope.transaction, its.into_condition()).await?
        };
        scrub(scope, &row).await?;
        let message = MessageRef::of(&row, membership.id);
        let body = Body::MessageDeleted(Arc::new(message));
        scope
            .work
            .record(membership.number, None, &self.actor, scope.now, body)?;
        // What the batch did to the message or its answers before is on its way into the log.
        scope.work.scrub(row.number)?;
        Ok(files_are_gone)
    }
}

impl Change for Pin {
    type Output = MessageDetails;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<MessageDetails> {
        let (row, membership) = reach(scope, self.message, &self.actor).await?;
        if row.deleted_at.is_some() {
            return Err(Error::NoMessage.into());
        }
        if membership.kind == Kind::Group && !is_admin(&membership, &self.actor) {
            return Err(Error::Forbidden("Only an admin can pin messages in a group").into());
        }
        if row.pinned_at.is_some() == self.is_pinned {
            return Ok(details(scope, &membership, row).await?);
        }
        let row = message::Model {
            pinned_at: self.is_pinned.then_some(scope.now),
            pinned_by: self.is_pinned.then(|| self.actor.clone()),
            ..row
        };
        let change = message::ActiveModel {
            number: ActiveValue::Unchanged(row.number),
            pinned_at: ActiveValue::Set(row.pinned_at),
            pinned_by: ActiveValue::Set(row.pinned_by.clone()),
            ..Default::default()
        };
        message::Entity::update(change)
            .exec_without_returning(scope.transaction)
            .await?;
        let message = details(scope, &membership, row).await?;
        let body = Body::MessagePinned(Arc::new(Pinned {
            message: message.reference(),
            is_pinned: self.is_pinned,
        }));
        scope
            .work
            .record(membership.number, None, &self.actor, scope.now, body)?;
        Ok(message)
    }
}

/// A message that `user` may see, and its conversation.
pub(super) async fn reach(
    scope: &Scope<'_>,
    number: MessageNumber,
    user: &UserId,
) -> Outcome<(message::Model, Membership)> {
    let row = message::Entity::find_by_id(number).one(scope.transaction).await?;
    let row = row.ok_or(Error::NoMessage)?;
    let membership = scope.membership(row.conversation).await?.ok_or(Error::NoMessage)?;
    membership.admit_to(user, row.seq)?;
    Ok((row, membership))
}

fn is_admin(membership: &Membership, user: &UserId) -> bool {
    membership
        .current(user)
        .is_some_and(|member| member.role >= Role::Admin)
}

async fn details(scope: &Scope<'_>, membership: &Membership, row: message::Model) -> Result<MessageDetails, DbErr> {
    // In an event everybody may read it; who may not see what it answers is told without.
    let row = Row::of(membership, row, Seq(1));
    let mut found = details::detailed(scope.transaction, vec![row]).await?;
    found
        .pop()
        .ok_or_else(|| DbErr::RecordNotFound("the message of its row".to_owned()))
}

/// Takes the text of a deleted message out of the stored log: from its own events, and from those of its answers.
async fn scrub(scope: &Scope<'_>, deleted: &message::Model) -> Result<(), DbErr> {
    let answers = message::Entity::find()
        .filter(message::Column::Parent.eq(deleted.id))
        .all(scope.transaction)
        .await?;
    let mut numbers = vec![deleted.number];
    numbers.extend(answers.iter().map(|answer| answer.number));
    for portion in numbers.chunks(500) {
        let stored = rows::Entity::find()
            .filter(rows::Column::Message.is_in(portion.iter().copied()))
            .all(scope.transaction)
            .await?;
        for row in stored {
            let event = Event::from_row(row).map_err(|error| DbErr::Json(error.to_string()))?;
            let Some(event) = event.scrubbed(deleted.number) else {
                continue;
            };
            let row = event.to_row().map_err(|error| DbErr::Json(error.to_string()))?;
            rows::Entity::update_many()
                .col_expr(rows::Column::Body, Expr::value(row.body))
                .filter(rows::Column::Id.eq(row.id))
                .exec(scope.transaction)
                .await?;
        }
    }
    Ok(())
}
