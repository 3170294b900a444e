//! What people keep to themselves.

use entities::person;
use sea_orm::{EntityTrait, QuerySelect};

use super::People;
use crate::log::writer::changes::SetPrivacy;
use crate::services::{Error, Principal};

/// What others learn of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privacy {
    /// That they have read a message. That they have received it is never hidden.
    pub read_receipts: bool,
}

impl People {
    /// What others learn of the caller.
    pub async fn privacy(&self, principal: &Principal) -> Result<Privacy, Error> {
        self.shared(principal).await?;
        let hides_reads: Option<bool> = person::Entity::find_by_id(principal.user_id.clone())
            .select_only()
            .column(person::Column::HidesReads)
            .into_tuple()
            .one(&self.database.read)
            .await?;
        Ok(Privacy {
            read_receipts: !hides_reads.unwrap_or_default(),
        })
    }

    /// Says what others learn of the caller. It counts for what was read before as well: as long as it is hidden, that is
    /// shown as received.
    pub async fn set_privacy(&self, principal: &Principal, privacy: Privacy) -> Result<Privacy, Error> {
        self.shared(principal).await?;
        let set = SetPrivacy {
            id: principal.user_id.clone(),
            hides_reads: !privacy.read_receipts,
        };
        self.log.writer.change(set).await?;
        Ok(privacy)
    }
}
