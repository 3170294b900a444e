//! Reactions: each person each emoji once.

use std::sync::Arc;

use entities::ids::MessageNumber;
use entities::reaction;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter};

use super::messages::reach;
use crate::log::Error;
use crate::log::details;
use crate::log::event::{Body, MessageRef, Person, Reacted};
use crate::log::writer::change::{Change, Outcome, Scope};
use crate::log::writer::command::{Action, Standing};

/// Different emoji under one message at most.
const MOST: usize = 50;

/// A reaction that comes or goes. What is so already changes nothing.
#[derive(Debug)]
pub(crate) struct React {
    pub(crate) message: MessageNumber,
    pub(crate) person: Person,
    pub(crate) emoji: String,
    pub(crate) action: Action,
}

impl Change for React {
    type Output = Standing;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Standing> {
        let (row, membership) = reach(scope, self.message, &self.person.id).await?;
        if row.deleted_at.is_some() {
            return Err(Error::NoMessage.into());
        }
        let stored = reaction::Entity::find()
            .filter(reaction::Column::Message.eq(self.message))
            .filter(reaction::Column::UserId.eq(&self.person.id))
            .filter(reaction::Column::Emoji.eq(&self.emoji))
            .one(scope.transaction)
            .await?;
        let stands = match self.action {
            Action::Add => true,
            Action::Remove => false,
            Action::Toggle => stored.is_none(),
        };
        let before = details::summary(scope.transaction, self.message).await?;
        match &stored {
            Some(stored) if !stands => {
                reaction::Entity::delete_by_id(stored.number)
                    .exec(scope.transaction)
                    .await?;
            }
            None if stands => {
                membership.contact()?;
                if before.len() >= MOST && !before.contains_key(&self.emoji) {
                    return Err(Error::Forbidden("A message has at most 50 different reactions").into());
                }
                let row = reaction::ActiveModel {
                    number: ActiveValue::NotSet,
                    message: ActiveValue::Set(self.message),
                    user_id: ActiveValue::Set(self.person.id.clone()),
                    emoji: ActiveValue::Set(self.emoji.clone()),
                    at: ActiveValue::Set(scope.now),
                };
                reaction::Entity::insert(row)
                    .exec_without_returning(scope.transaction)
                    .await?;
            }
            Some(_) | None => {
                return Ok(Standing {
                    summary: before,
                    stands,
                });
            }
        }
        let summary = details::summary(scope.transaction, self.message).await?;
        let reacted = Reacted {
            message: MessageRef::of(&row, membership.id),
            person: self.person.clone(),
            emoji: self.emoji.clone(),
            added: stands,
            summary: summary.clone(),
        };
        let body = Body::Reacted(Arc::new(reacted));
        scope
            .work
            .record(membership.number, None, &self.person.id, scope.now, body)?;
        Ok(Standing { summary, stands })
    }
}
