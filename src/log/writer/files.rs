//! Files become parts of new messages, and are let go of with them.

use std::collections::HashMap;

use entities::ids::FileId;
use entities::{attachment, file, message};
use sea_orm::sea_query::{Condition, Expr, Query};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel as _, QueryFilter,
    QuerySelect,
};

use super::command::Post;
use crate::log::Error;

/// Files in one statement at most.
const AT_ONCE: usize = 500;
/// Since before any clock: the file is gone, for every server.
pub(super) const GONE: i64 = 0;

/// The files that the new messages of a batch name.
#[derive(Debug)]
pub(super) struct Files(HashMap<FileId, file::Model>);

impl Files {
    pub(super) async fn load<'a>(
        transaction: &DatabaseTransaction,
        posts: impl Iterator<Item = &'a Post>,
    ) -> Result<Self, DbErr> {
        let ids: Vec<FileId> = posts
            .flat_map(|post| post.attachments.iter().map(|file| file.id))
            .collect();
        let mut files = HashMap::new();
        for ids in ids.chunks(AT_ONCE) {
            let rows = file::Entity::find().filter(file::Column::Id.is_in(ids.iter().copied()));
            files.extend(rows.all(transaction).await?.into_iter().map(|row| (row.id, row)));
        }
        Ok(Self(files))
    }

    /// Takes a message's files, all of them or none: its sender's that no message has, or those that the forwarded
    /// message still has.
    pub(super) fn claim(&mut self, post: &Post, now: i64) -> Result<(), Error> {
        let is_free = |file: &file::Model| {
            if post.shares_files {
                file.expires_at.is_none()
            } else {
                file.owner_id == post.sender.id && waits(file, now)
            }
        };
        let are_free = post
            .attachments
            .iter()
            .all(|named| self.0.get(&named.id).is_some_and(is_free));
        if !are_free && post.shares_files {
            return Err(Error::NoMessage);
        }
        if !are_free {
            return Err(NOT_THERE);
        }
        for named in &post.attachments {
            if let Some(file) = self.0.get_mut(&named.id) {
                file.expires_at = None;
            }
        }
        Ok(())
    }
}

/// Whether a file waits for a message: none has it, or had.
pub(crate) fn waits(file: &file::Model, now: i64) -> bool {
    file.expires_at.is_some_and(|at| at > now)
}

/// Why a message cannot have a file.
pub(crate) const NOT_THERE: Error = Error::Invalid {
    field: "attachmentIds",
    reason: "must be files of your own that no message has yet",
};

/// The rows of a new message's files.
pub(super) fn rows(post: &Post, message: &message::Model) -> impl Iterator<Item = attachment::Model> {
    post.attachments
        .iter()
        .zip(0..)
        .map(|(file, position)| attachment::Model {
            message: message.number,
            position,
            conversation: message.conversation,
            file: file.id,
        })
}

/// Stores them; from here on the files do not expire.
pub(super) async fn attach(transaction: &DatabaseTransaction, rows: Vec<attachment::Model>) -> Result<(), DbErr> {
    for rows in rows.chunks(AT_ONCE) {
        let files = rows.iter().map(|row| row.file);
        file::Entity::update_many()
            .col_expr(file::Column::ExpiresAt, Expr::value(None::<i64>))
            .filter(file::Column::Id.is_in(files))
            .exec(transaction)
            .await?;
        let rows = rows.iter().cloned().map(|row| row.into_active_model().reset_all());
        attachment::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// Lets go of the files of some messages. Those that no other message has are gone; says whether there are any.
pub(super) async fn detach(transaction: &DatabaseTransaction, of: Condition) -> Result<bool, DbErr> {
    let files: Vec<FileId> = attachment::Entity::find()
        .select_only()
        .column(attachment::Column::File)
        .distinct()
        .filter(of.clone())
        .into_tuple()
        .all(transaction)
        .await?;
    attachment::Entity::delete_many().filter(of).exec(transaction).await?;
    let mut gone = 0;
    for files in files.chunks(AT_ONCE) {
        let still_had = Query::select()
            .column(attachment::Column::File)
            .from(attachment::Entity)
            .and_where(attachment::Column::File.is_in(files.iter().copied()))
            .take();
        let updated = file::Entity::update_many()
            .col_expr(file::Column::ExpiresAt, Expr::value(GONE))
            .filter(file::Column::Id.is_in(files.iter().copied()))
            .filter(file::Column::Id.not_in_subquery(still_had))
            .exec(transaction)
            .await?;
        gone += updated.rows_affected;
    }
    Ok(gone > 0)
}
