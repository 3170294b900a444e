//! The log as one person's: what happened to them, and in the conversations they belong or belonged to.

use std::sync::Arc;

use entities::event::Column;
use entities::ids::EventId;
use entities::user_id::UserId;
use entities::{event as rows, member};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::log::event::Event;
use crate::log::{Log, ReadError, read};

impl Log {
    /// Up to `limit` events in `(after, up_to]` that may concern somebody, in order. Of those about conversations the
    /// membership says which do. Where something after `after` is no longer kept, it is [`ReadError::TooOld`].
    pub async fn concerning(
        &self,
        user: &UserId,
        after: EventId,
        up_to: EventId,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, ReadError> {
        let conversations = member::Entity::find()
            .select_only()
            .column(member::Column::Conversation)
            .filter(member::Column::UserId.eq(user))
            .into_query();
        let shared = Condition::all()
            .add(Column::UserId.is_null())
            .add(Column::Conversation.in_subquery(conversations));
        let own = Condition::all().add(Column::UserId.eq(user));
        let mut found = Vec::new();
        // One after the other: each has an index of its own.
        for concerns in [shared, own] {
            let stored = rows::Entity::find()
                .filter(concerns)
                .filter(Column::Id.gt(after))
                .filter(Column::Id.lte(up_to))
                .order_by_asc(Column::Id)
                .limit(limit as u64)
                .all(&self.database.read)
                .await?;
            found.extend(read(stored)?);
        }
        // Asked last, so that what was pruned before the events were read is known.
        let horizon = self.stored_horizon().await?;
        if after < horizon {
            return Err(ReadError::TooOld { horizon });
        }
        found.sort_unstable_by_key(|event| event.id);
        found.truncate(limit);
        Ok(found)
    }
}
