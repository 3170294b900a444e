//! A group gets another name or picture, and ends.

use std::sync::Arc;

use entities::attachment;
use entities::conversation::{self, History};
use entities::ids::ConversationNumber;
use entities::member::{self, Role};
use entities::user_id::UserId;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::{Expr, IntoCondition as _};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::members::acting;
use crate::log::Error;
use crate::log::event::{Body, Departure, GroupChanged, GroupProfile, MemberLeft};
use crate::log::writer::change::{Change, Outcome, Scope};
use crate::log::writer::files;

/// What a group is called and shows. `None` leaves a value as it is.
#[derive(Clone, Debug)]
pub(crate) struct ChangeGroup {
    pub conversation: ConversationNumber,
    pub by: UserId,
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub avatar: Option<Option<String>>,
    pub history: Option<History>,
}

/// The owner ends a group for everybody.
#[derive(Clone, Debug)]
pub(crate) struct EndGroup {
    pub conversation: ConversationNumber,
    pub by: UserId,
}

impl Change for ChangeGroup {
    type Output = ();

    fn weight(&self) -> usize {
        8 * 1_024
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        let (group, role) = acting(scope, self.conversation, &self.by).await?;
        if role < Role::Admin {
            return Err(Error::Forbidden("Only the owner and admins may change the group").into());
        }
        let stored = conversation::Entity::find_by_id(group.number)
            .one(scope.transaction)
            .await?;
        let Some(stored) = stored else {
            return Err(Error::NotFound.into());
        };
        let changed = conversation::Model {
            name: self.name.clone().or_else(|| stored.name.clone()),
            description: self.description.clone().unwrap_or_else(|| stored.description.clone()),
            avatar: self.avatar.clone().unwrap_or_else(|| stored.avatar.clone()),
            history: self.history.unwrap_or(stored.history),
            ..stored.clone()
        };
        if changed == stored {
            return Ok(());
        }
        let name = changed.name.clone();
        let profile = GroupProfile {
            description: changed.description.clone(),
            avatar: changed.avatar.clone(),
            history: changed.history,
        };
        conversation::Entity::update(conversation::ActiveModel {
            number: Unchanged(group.number),
            name: Set(changed.name),
            description: Set(changed.description),
            avatar: Set(changed.avatar),
            history: Set(changed.history),
            ..Default::default()
        })
        .exec_without_returning(scope.transaction)
        .await?;
        let body = Body::GroupChanged(Arc::new(GroupChanged {
            conversation_id: group.id,
            name,
            profile: Some(profile),
        }));
        scope.work.record(group.number, None, &self.by, scope.now, body)?;
        Ok(())
    }
}

impl Change for EndGroup {
    /// Whether files are gone with it.
    type Output = bool;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<bool> {
        let (group, role) = acting(scope, self.conversation, &self.by).await?;
        if role < Role::Owner {
            return Err(Error::Forbidden("Only the owner may delete the group for everybody").into());
        }
        let until = scope.work.next_event();
        member::Entity::update_many()
            .col_expr(member::Column::UntilEvent, Expr::value(until.0))
            .filter(member::Column::Conversation.eq(group.number))
            .filter(member::Column::UntilEvent.is_null())
            .exec(scope.transaction)
            .await?;
        for user in group.users() {
            let left = MemberLeft {
                conversation_id: group.id,
                name: group.name.clone(),
                how: Departure::Deleted,
                until_event: Some(until),
            };
            let body = Body::MemberLeft(Arc::new(left));
            scope
                .work
                .record(group.number, Some(user.clone()), &self.by, scope.now, body)?;
        }
        // Nobody sees its messages any more.
        let its = attachment::Column::Conversation.eq(group.number);
        Ok(files::detach(scope.transaction, its.into_condition()).await?)
    }
}
