//! What is done to messages after they were posted: edited, deleted, pinned, answered.

use entities::ids::Seq;
use entities::{message, message_edit};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::Messages;
use crate::log::members::Membership;
use crate::log::writer::changes::{Delete, Edit, Pin};
use crate::services::details::MessageDetails;
use crate::services::paging::{self, Page, PageRequest};
use crate::services::reading::history;
use crate::services::{Error, Principal, content, mentions};

/// A former content of an edited message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    pub content: String,
    /// When it was replaced, milliseconds since 1970, UTC.
    pub until: i64,
}

impl Messages {
    /// Replaces the content of one of the caller's own messages, for as long as the setting allows; the former content is
    /// kept. `conversation` is checked where a client names one.
    pub async fn edit(
        &self,
        principal: &Principal,
        conversation: Option<&str>,
        reference: &str,
        text: &str,
    ) -> Result<MessageDetails, Error> {
        let text = content::caption(text, self.conversations.settings.limits.text_characters)?;
        let (row, membership) = self.reach(principal, conversation, reference).await?;
        if row.attachments.is_none() {
            content::said(&text)?;
        }
        let mentions = self.mentioned(&membership, &principal.user_id, row.kind, &text).await?;
        let edit = Edit {
            message: row.number,
            editor: principal.user_id.clone(),
            content: text,
            mentions,
            window_minutes: self.conversations.settings.limits.edit_window_minutes,
        };
        let edited = self.conversations.log.writer.change(edit).await?;
        Ok(edited.seen_from(membership.visible_from(&principal.user_id)))
    }

    /// Leaves a tombstone of a message. Its text is gone from the log too.
    pub async fn delete(
        &self,
        principal: &Principal,
        conversation: Option<&str>,
        reference: &str,
    ) -> Result<(), Error> {
        let (row, _) = self.reach(principal, conversation, reference).await?;
        let delete = Delete {
            message: row.number,
            actor: principal.user_id.clone(),
        };
        if self.conversations.log.writer.change(delete).await? {
            self.conversations.files_gone.notify_one();
        }
        Ok(())
    }

    /// Pins a message for everybody, or takes the pin away.
    pub async fn pin(&self, principal: &Principal, reference: &str, is_pinned: bool) -> Result<MessageDetails, Error> {
        let (row, membership) = self.reach(principal, None, reference).await?;
        let pin = Pin {
            message: row.number,
            actor: principal.user_id.clone(),
            is_pinned,
        };
        let pinned = self.conversations.log.writer.change(pin).await?;
        Ok(pinned.seen_from(membership.visible_from(&principal.user_id)))
    }

    /// The pinned messages of a conversation that the caller may see, the last one pinned first.
    pub async fn pins(
        &self,
        principal: &Principal,
        conversation: &str,
        page: &PageRequest,
    ) -> Result<Page<MessageDetails>, Error> {
        let membership = self.conversations.resolve(principal, conversation).await?;
        let visible_from = membership.visible_from(&principal.user_id);
        let pinned = message::Entity::find()
            .filter(message::Column::Conversation.eq(membership.number))
            .filter(message::Column::PinnedAt.is_not_null())
            .filter(message::Column::Seq.gte(visible_from));
        let window = page.offsets()?;
        let total = paging::total(pinned.clone(), &self.conversations.database.read).await?;
        let (_, placement) = window.slice(1, total);
        let newest_first = pinned
            .order_by_desc(message::Column::PinnedAt)
            .order_by_desc(message::Column::Seq);
        let rows = window.of(newest_first);
        let items = self.detailed(&membership, rows, visible_from).await?;
        Ok(Page {
            items,
            pagination: placement.pagination(None),
        })
    }

    /// The messages of a conversation that have files, the newest first; of one type where that is named.
    pub async fn with_attachments(
        &self,
        principal: &Principal,
        conversation: &str,
        kind: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<MessageDetails>, Error> {
        let kind = kind.map(|kind| content::kind(Some(kind))).transpose()?;
        let membership = self.conversations.resolve(principal, conversation).await?;
        let visible_from = membership.visible_from(&principal.user_id);
        let mut attached = message::Entity::find()
            .filter(message::Column::Conversation.eq(membership.number))
            .filter(message::Column::Attachments.is_not_null())
            .filter(message::Column::DeletedAt.is_null())
            .filter(message::Column::Seq.gte(visible_from));
        if let Some(kind) = kind {
            attached = attached.filter(message::Column::Kind.eq(kind));
        }
        let window = page.offsets()?;
        let total = paging::total(attached.clone(), &self.conversations.database.read).await?;
        let (_, placement) = window.slice(1, total);
        let rows = window.of(attached.order_by_desc(message::Column::Seq));
        let items = self.detailed(&membership, rows, visible_from).await?;
        Ok(Page {
            items,
            pagination: placement.pagination(None),
        })
    }

    /// The answers to a message, as a page of history: counted back from the newest, ascending inside the page.
    pub async fn thread(
        &self,
        principal: &Principal,
        reference: &str,
        page: &PageRequest,
    ) -> Result<Page<MessageDetails>, Error> {
        let (row, membership) = self.reach(principal, None, reference).await?;
        let visible_from = membership.visible_from(&principal.user_id);
        let answers = message::Entity::find().filter(message::Column::Parent.eq(row.id));
        let window = page.window()?;
        let read = &self.conversations.database.read;
        let (low, high) = history::range(read, membership.number, &window, (visible_from.0, i64::MAX)).await?;
        let within = answers
            .clone()
            .filter(message::Column::Seq.gte(low))
            .filter(message::Column::Seq.lte(high));
        let total = paging::total(within.clone(), read).await?;
        let (slice, mut placement) = window.slice(1, total);
        let Some((from, to)) = slice else {
            return page.arrange(history::placed(Vec::new(), placement));
        };
        let rows = within
            .order_by_asc(message::Column::Seq)
            .offset(u64::try_from(from - 1).unwrap_or(0))
            .limit(u64::try_from(to - from + 1).unwrap_or(0));
        let items = self.detailed(&membership, rows, visible_from).await?;
        let is_bounded = window.before.is_some() || window.after.is_some();
        if let (true, Some(first), Some(last)) = (is_bounded, items.first(), items.last()) {
            let beyond = if placement.ascends() {
                answers.filter(message::Column::Seq.lt(first.seq))
            } else {
                answers.filter(message::Column::Seq.gt(last.seq))
            };
            placement.has_previous = paging::total(beyond, read).await? > 0;
        }
        page.arrange(history::placed(items, placement))
    }

    /// What an edited message said before, oldest first; nothing for one that was never edited or is deleted.
    pub async fn edits(&self, principal: &Principal, reference: &str) -> Result<Vec<Former>, Error> {
        let (row, _) = self.reach(principal, None, reference).await?;
        let rows = message_edit::Entity::find()
            .filter(message_edit::Column::Message.eq(row.number))
            .order_by_asc(message_edit::Column::Number)
            .all(&self.conversations.database.read)
            .await?;
        let former = rows.into_iter().map(|row| Former {
            content: row.content,
            until: row.until,
        });
        Ok(former.collect())
    }

    pub(super) async fn mentioned(
        &self,
        membership: &Membership,
        author: &entities::user_id::UserId,
        kind: message::Kind,
        text: &str,
    ) -> Result<Vec<entities::user_id::UserId>, Error> {
        if kind == message::Kind::Encrypted {
            return Ok(Vec::new());
        }
        mentions::find(&self.conversations.database.read, membership, author, text).await
    }

    async fn detailed(
        &self,
        membership: &Membership,
        rows: Select<message::Entity>,
        visible_from: Seq,
    ) -> Result<Vec<MessageDetails>, Error> {
        let read = &self.conversations.database.read;
        history::detailed(read, membership, rows.all(read).await?, visible_from).await
    }
}
