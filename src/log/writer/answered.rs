//! What the batch's new messages answer, as it is now: between the look of a service and the writer's turn it may have
//! been edited or deleted.

use std::collections::HashMap;

use entities::ids::MessageNumber;
use entities::message;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::command::Post;
use super::rows::padded;
use crate::log::event::Quoted;

/// The answered messages of a batch.
#[derive(Debug)]
pub(super) struct Answered(HashMap<MessageNumber, message::Model>);

impl Answered {
    /// Looks them up in one query, if there are any.
    pub(super) async fn load<'a>(
        transaction: &DatabaseTransaction,
        posts: impl Iterator<Item = &'a Post>,
    ) -> Result<Self, DbErr> {
        let quoted = posts.filter_map(|post| post.quoted.as_ref());
        let mut numbers: Vec<MessageNumber> = quoted.map(|quoted| quoted.number).collect();
        let Some(last) = numbers.last().copied() else {
            return Ok(Self(HashMap::new()));
        };
        numbers.resize(padded(numbers.len()), last);
        let rows = message::Entity::find()
            .filter(message::Column::Number.is_in(numbers))
            .all(transaction)
            .await?;
        Ok(Self(rows.into_iter().map(|row| (row.number, row)).collect()))
    }

    /// What stands above a new message.
    pub(super) fn quoted(&self, post: &Post) -> Option<Quoted> {
        let quoted = post.quoted.as_ref()?;
        let row = self.0.get(&quoted.number)?;
        Some(Quoted::new(row.clone(), quoted.sender.clone()))
    }
}
