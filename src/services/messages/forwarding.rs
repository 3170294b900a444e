//! Sending a message on: what it says is its author's.

use serde_json::value::RawValue;

use super::{Draft, Messages};
use crate::services::details::{Forwarded, MessageDetails};
use crate::services::{Error, Principal, content};

impl Messages {
    /// The message to be forwarded, deleted or not, and what is told of its origin.
    pub(super) async fn origin(
        &self,
        principal: &Principal,
        reference: Option<&str>,
    ) -> Result<Option<(MessageDetails, Forwarded)>, Error> {
        let Some(reference) = reference.map(str::trim).filter(|reference| !reference.is_empty()) else {
            return Ok(None);
        };
        let message = self.find(principal, reference).await?;
        let origin = message.forwarded.as_deref().cloned().unwrap_or_else(|| Forwarded {
            id: message.id,
            sender: message.sender.clone(),
            created_at: message.created_at,
        });
        Ok(Some((message, origin)))
    }
}

/// Refuses what is deleted, and what would put words into an author's mouth. Saying the same as they did is fine.
pub(super) fn unchanged(draft: &Draft, metadata: Option<&RawValue>, origin: &MessageDetails) -> Result<(), Error> {
    if origin.deleted_at.is_some() {
        return Err(Error::no_message());
    }
    let said = draft.content.trim();
    let kind = draft.kind.as_deref().filter(|kind| !kind.trim().is_empty());
    let kind = kind.map(|kind| content::kind(Some(kind))).transpose()?;
    let told = metadata.map(RawValue::get);
    let field = if !said.is_empty() && said != origin.content {
        "content"
    } else if kind.is_some_and(|kind| kind != origin.kind) {
        "type"
    } else if told.is_some() && told != origin.metadata.as_deref().map(RawValue::get) {
        "metadata"
    } else if !draft.attachment_ids.is_empty() || !draft.uploads.is_empty() {
        "attachmentIds"
    } else {
        return Ok(());
    };
    Err(Error::invalid(
        field,
        "is the forwarded message's own and must be left out",
    ))
}
