//! Who may do what in a group: admins are made and unmade, ownership passes on.

use std::sync::Arc;

use entities::ids::ConversationNumber;
use entities::member::{self, Role};
use entities::user_id::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::members::{acting, change};
use super::people;
use crate::log::Error;
use crate::log::event::Body;
use crate::log::members::Membership;
use crate::log::writer::change::{Change, Outcome, Scope};

/// Members who shall be admins, or shall not.
#[derive(Clone, Debug)]
pub(crate) struct ChangeRoles {
    pub conversation: ConversationNumber,
    pub by: UserId,
    /// Each once.
    pub users: Vec<UserId>,
    /// Admin or member.
    pub role: Role,
}

/// The owner makes somebody else the owner, and stays as an admin.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub conversation: ConversationNumber,
    pub by: UserId,
    pub to: UserId,
}

impl Change for ChangeRoles {
    /// Those who do not belong to the group.
    type Output = Vec<UserId>;

    fn weight(&self) -> usize {
        self.users.len() * 256 + 1_024
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Vec<UserId>> {
        let (group, role) = acting(scope, self.conversation, &self.by).await?;
        if role < Role::Owner {
            return Err(Error::Forbidden("Only the owner may make and unmake admins").into());
        }
        let mut absent = Vec::new();
        for user in &self.users {
            match group.current(user).map(|member| member.role) {
                None => absent.push(user.clone()),
                Some(Role::Owner) => {
                    return Err(Error::Invalid {
                        field: "userId",
                        reason: "is the owner's; ownership is transferred",
                    }
                    .into());
                }
                Some(role) if role == self.role => {}
                Some(_) => set(scope, &group, user, self.role, &self.by).await?,
            }
        }
        Ok(absent)
    }
}

impl Change for Transfer {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        let (group, role) = acting(scope, self.conversation, &self.by).await?;
        if role < Role::Owner {
            return Err(Error::Forbidden("Only the owner may transfer ownership").into());
        }
        if self.to == self.by {
            return Ok(());
        }
        if group.current(&self.to).is_none() {
            return Err(Error::Invalid {
                field: "userId",
                reason: "must be a member of the group",
            }
            .into());
        }
        people::require_active(scope.transaction, &self.to).await?;
        set(scope, &group, &self.by, Role::Admin, &self.by).await?;
        set(scope, &group, &self.to, Role::Owner, &self.by).await?;
        Ok(())
    }
}

/// Gives a current member a role and tells everybody.
pub(super) async fn set(
    scope: &mut Scope<'_>,
    group: &Membership,
    user: &UserId,
    role: Role,
    by: &UserId,
) -> Result<(), DbErr> {
    member::Entity::update_many()
        .col_expr(member::Column::Role, Expr::value(role.to_value()))
        .filter(member::Column::Conversation.eq(group.number))
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .exec(scope.transaction)
        .await?;
    let changed = Body::RoleChanged(Arc::new(change(scope, group, user, role).await?));
    scope.work.record(group.number, None, by, scope.now, changed)?;
    Ok(())
}
