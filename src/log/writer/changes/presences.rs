//! Who is here on a server, told to the others in the same commit. Only where there may be others.

use entities::user_id::UserId;
use entities::{node, presence};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::tickets::sign;
use crate::log::words::Word;
use crate::log::writer::change::{Change, Outcome, Scope};

/// Rows of one statement.
const ROWS: usize = 256;

/// A server is alive; these came to it since it last said so, and these went, who were last seen then.
#[derive(Clone, Debug)]
pub(crate) struct SavePresences {
    pub node: Uuid,
    pub came: Vec<UserId>,
    /// With milliseconds since 1970, UTC.
    pub went: Vec<(UserId, i64)>,
}

impl Change for SavePresences {
    type Output = ();

    fn weight(&self) -> usize {
        256 + 128 * (self.came.len() + self.went.len())
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        // No ticket goes on from there: with the first one it is stored anew.
        let told = scope.work.head.event;
        sign(scope, self.node, told, &[node::Column::SeenAt]).await?;
        for users in self.came.chunks(ROWS) {
            let rows = users.iter().map(|user| presence::Model {
                node: self.node,
                user_id: user.clone(),
            });
            let again = OnConflict::columns([presence::Column::Node, presence::Column::UserId])
                .do_nothing()
                .to_owned();
            presence::Entity::insert_many(rows.map(|row| row.into_active_model().reset_all()))
                .on_conflict(again)
                .exec_without_returning(scope.transaction)
                .await?;
        }
        for gone in self.went.chunks(ROWS) {
            presence::Entity::delete_many()
                .filter(presence::Column::Node.eq(self.node))
                .filter(presence::Column::UserId.is_in(gone.iter().map(|(user, _)| user)))
                .exec(scope.transaction)
                .await?;
        }
        scope.work.say(Word::Alive);
        self.came
            .iter()
            .for_each(|user| scope.work.say(Word::Came(user.clone())));
        self.went
            .iter()
            .for_each(|(user, at)| scope.work.say(Word::Went(user.clone(), *at)));
        scope.work.keep();
        Ok(())
    }
}
