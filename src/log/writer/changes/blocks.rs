//! Who wants to hear no more from whom.

use std::sync::Arc;

use entities::user_id::UserId;
use entities::{block, conversation};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::newcomers::{insert_placeholders, unknown};
use crate::log::Error;
use crate::log::event::{Blocked, Body};
use crate::log::words::Word;
use crate::log::writer::change::{Change, Outcome, Scope};

/// Somebody blocks somebody, or does no longer. Says whether that parts the two or brings them together again: it does
/// neither when it is so already, or when the other one blocks too.
#[derive(Clone, Debug)]
pub(crate) struct SetBlock {
    pub user: UserId,
    pub other: UserId,
    pub is_blocked: bool,
    /// Whether an unknown `other` becomes a placeholder.
    pub create_unknown: bool,
}

impl Change for SetBlock {
    type Output = bool;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<bool> {
        let pair = (self.user.clone(), self.other.clone());
        let stored = block::Entity::find_by_id(pair.clone()).one(scope.transaction).await?;
        if stored.is_some() == self.is_blocked {
            return Ok(false);
        }
        if self.is_blocked {
            let unknown = unknown(scope.transaction, std::slice::from_ref(&self.other)).await?;
            if !unknown.is_empty() && !self.create_unknown {
                return Err(Error::UnknownPerson.into());
            }
            insert_placeholders(scope, &unknown, &self.user).await?;
            let row = block::Model {
                user_id: self.user.clone(),
                blocked_id: self.other.clone(),
                at: scope.now,
            };
            block::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(scope.transaction)
                .await?;
        } else {
            block::Entity::delete_by_id(pair).exec(scope.transaction).await?;
        }
        let key = conversation::direct_key(&self.user, &self.other);
        let direct = conversation::Entity::find()
            .filter(conversation::Column::DirectKey.eq(key))
            .one(scope.transaction)
            .await?;
        let body = Body::Blocked(Arc::new(Blocked {
            other: self.other.clone(),
            is_blocked: self.is_blocked,
        }));
        let (user, now) = (&self.user, scope.now);
        match direct {
            Some(direct) => scope.work.record(direct.number, Some(user.clone()), user, now, body)?,
            None => scope.work.record_of(user.clone(), user, now, body)?,
        };
        let back = (self.other.clone(), self.user.clone());
        let blocks_back = block::Entity::find_by_id(back).one(scope.transaction).await?;
        let parts = blocks_back.is_none();
        if parts {
            scope.work.say(Word::Parted(self.user.clone(), self.other.clone()));
        }
        Ok(parts)
    }
}
