//! What a conversation is to its reader: muted, archived, pinned, unread.

use entities::ids::ConversationId;

use crate::log::writer::changes::SetFlag;
pub use crate::log::writer::command::Flag;
use crate::services::conversations::Conversations;
use crate::services::{Error, Principal, reading};

/// A conversation's flags as one of its members sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationState {
    pub id: ConversationId,
    pub is_muted: bool,
    /// When `is_muted` ends by itself, milliseconds since 1970, UTC.
    pub muted_until: Option<i64>,
    pub is_archived: bool,
    pub is_pinned: bool,
}

/// What somebody has not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// As [`Conversations::unread_total`].
    pub total: i64,
    /// The latest activity first.
    pub conversations: Vec<(ConversationId, i64)>,
}

impl Conversations {
    /// Sets one of the caller's own flags and returns them all. The same again changes nothing.
    pub async fn set_flag(
        &self,
        principal: &Principal,
        reference: &str,
        flag: Flag,
    ) -> Result<ConversationState, Error> {
        let conversation = self.resolve(principal, reference).await?;
        let set = SetFlag {
            conversation: conversation.number,
            user: principal.user_id.clone(),
            flag,
        };
        let flags = self.log.writer.change(set).await?;
        Ok(ConversationState {
            id: conversation.id,
            is_muted: flags.is_muted,
            muted_until: flags.muted_until,
            is_archived: flags.is_archived,
            is_pinned: flags.is_pinned,
        })
    }

    /// Where the caller has something to read, and how much.
    pub async fn unread(&self, principal: &Principal) -> Result<Unread, Error> {
        self.people.shared(principal).await?;
        let conversations = reading::unread::each(&self.database.read, &principal.user_id).await?;
        Ok(Unread {
            total: conversations.iter().map(|(_, count)| count).sum(),
            conversations,
        })
    }
}
