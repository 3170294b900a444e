//! What people keep to themselves.

use entities::person;
use entities::user_id::UserId;
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait, QuerySelect};

use super::people::set;
use crate::log::writer::change::{Change, Outcome, Scope};

/// Whether others learn what somebody has read.
#[derive(Clone, Debug)]
pub(crate) struct SetPrivacy {
    pub id: UserId,
    pub hides_reads: bool,
}

impl Change for SetPrivacy {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        set(scope, &self.id, &self.id, |person| {
            person.hides_reads = self.hides_reads
        })
        .await
    }
}

/// Whether somebody keeps to themselves what they have read.
pub(super) async fn hides_reads(transaction: &DatabaseTransaction, id: &UserId) -> Result<bool, DbErr> {
    let stored: Option<bool> = person::Entity::find_by_id(id.clone())
        .select_only()
        .column(person::Column::HidesReads)
        .into_tuple()
        .one(transaction)
        .await?;
    Ok(stored.unwrap_or_default())
}
