//! Files come, and those that nothing has go. No event tells of it: messages do.

use entities::file;
use entities::ids::FileId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, EntityTrait, IntoActiveModel as _, QueryFilter, QueryOrder, QuerySelect,
};

use crate::log::Error;
use crate::log::writer::change::{Change, Outcome, Scope};
use crate::log::writer::files::GONE;

/// Files that are collected in one transaction at most.
pub(crate) const MOST: usize = 64;

/// Files that are about to be kept, and expire unless a message takes them.
#[derive(Clone, Debug)]
pub(crate) struct AddFiles(pub Vec<file::Model>);

/// Lets files that are kept now wait for a message until then. Keeping them may have taken so long that they are gone.
#[derive(Clone, Debug)]
pub(crate) struct AwaitFiles {
    pub ids: Vec<FileId>,
    pub until: i64,
}

/// Lets expire what no message has taken: what was for nothing after all. Says which of them nobody knows any more.
#[derive(Clone, Debug)]
pub(crate) struct DropFiles(pub Vec<FileId>);

/// Takes files that have expired, for good: no message gets them any more, whatever another server's clock says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CollectFiles {
    /// By their ids.
    pub behind: Option<FileId>,
}

/// Forgets files that are no longer kept.
#[derive(Clone, Debug)]
pub(crate) struct ForgetFiles(pub Vec<FileId>);

impl Change for AddFiles {
    type Output = ();

    fn weight(&self) -> usize {
        1_024 * self.0.len()
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let rows = self.0.iter().cloned().map(|row| row.into_active_model().reset_all());
        file::Entity::insert_many(rows)
            .exec_without_returning(scope.transaction)
            .await?;
        scope.work.keep();
        Ok(())
    }
}

impl Change for AwaitFiles {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        match expire(scope, &self.ids, self.until).await? {
            waiting if waiting == self.ids.len() as u64 => Ok(()),
            _ => Err(Error::Unavailable.into()),
        }
    }
}

impl Change for DropFiles {
    type Output = Vec<FileId>;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Vec<FileId>> {
        if expire(scope, &self.0, GONE).await? == self.0.len() as u64 {
            return Ok(Vec::new());
        }
        let known: Vec<FileId> = file::Entity::find()
            .select_only()
            .column(file::Column::Id)
            .filter(file::Column::Id.is_in(self.0.iter().copied()))
            .into_tuple()
            .all(scope.transaction)
            .await?;
        let forgotten = self.0.iter().filter(|id| !known.contains(id));
        Ok(forgotten.copied().collect())
    }
}

/// Says when those expire that neither have a message nor are gone, and how many they are.
async fn expire(scope: &mut Scope<'_>, ids: &[FileId], at: i64) -> Outcome<u64> {
    let expiring = file::Entity::update_many()
        .col_expr(file::Column::ExpiresAt, Expr::value(at))
        .filter(file::Column::Id.is_in(ids.iter().copied()))
        .filter(file::Column::ExpiresAt.gt(GONE))
        .exec(scope.transaction)
        .await?;
    scope.work.keep();
    Ok(expiring.rows_affected)
}

impl Change for CollectFiles {
    /// What is to be removed from the storage, before it is forgotten.
    type Output = Vec<FileId>;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Vec<FileId>> {
        let mut expired = file::Entity::find().filter(file::Column::ExpiresAt.lte(scope.now));
        if let Some(behind) = self.behind {
            expired = expired.filter(file::Column::Id.gt(behind));
        }
        let expired: Vec<FileId> = expired
            .select_only()
            .column(file::Column::Id)
            .order_by_asc(file::Column::Id)
            .limit(MOST as u64)
            .into_tuple()
            .all(scope.transaction)
            .await?;
        if !expired.is_empty() {
            expire(scope, &expired, GONE).await?;
        }
        Ok(expired)
    }
}

impl Change for ForgetFiles {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        file::Entity::delete_many()
            .filter(file::Column::Id.is_in(self.0.iter().copied()))
            .filter(file::Column::ExpiresAt.eq(GONE))
            .exec(scope.transaction)
            .await?;
        scope.work.keep();
        Ok(())
    }
}
