//! What clients send, under every name their libraries use for it. Shared by REST bodies and hub arguments.

use serde::Deserialize;
use serde_json::Value;

pub use super::loose::Text;
use super::loose::{self, Flag, List};
use crate::services::{
    Error,
    groups::NewGroup,
    messages::{Draft, Target, Via},
    paging::PageRequest,
};

/// A message to be sent. Where two names of one thing are there, the first in the contract's order counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NewMessage {
    conversation_id: Text,
    chat_id: Text,
    room_id: Text,
    #[serde(rename = "Room_Id")]
    room_id_snake: Text,
    recipient_id: Text,
    receiver_id: Text,
    content: Text,
    message: Text,
    body: Text,
    text: Text,
    r#type: Text,
    message_type: Text,
    client_message_id: Text,
    temp_id: Text,
    parent_message_id: Text,
    reply_to_message_id: Text,
    attachment_ids: List,
    metadata: Option<Value>,
}

impl NewMessage {
    /// The draft to post. A conversation wins over a recipient; `conversation` (of a path) wins over both.
    pub fn draft(self, conversation: Option<String>, via: Via) -> Result<Draft, Error> {
        let target = self.target(conversation)?;
        let content = loose::first(&[
            ("content", &self.content),
            ("message", &self.message),
            ("body", &self.body),
            ("text", &self.text),
        ])?;
        Ok(Draft {
            target,
            content: content.unwrap_or_default(),
            kind: loose::first(&[("type", &self.r#type), ("messageType", &self.message_type)])?,
            client_message_id: loose::first(&[("clientMessageId", &self.client_message_id)])?,
            temp_id: loose::first(&[("tempId", &self.temp_id)])?,
            parent: loose::first(&[
                ("parentMessageId", &self.parent_message_id),
                ("replyToMessageId", &self.reply_to_message_id),
            ])?,
            attachment_ids: self.attachment_ids.texts("attachmentIds")?.unwrap_or_default(),
            metadata: self.metadata.filter(|value| !value.is_null()),
            via,
        })
    }

    fn target(&self, conversation: Option<String>) -> Result<Target, Error> {
        if let Some(conversation) = conversation {
            return Ok(Target::Conversation(conversation));
        }
        let conversation = loose::first(&[
            ("conversationId", &self.conversation_id),
            ("chatId", &self.chat_id),
            ("roomId", &self.room_id),
            ("room_id", &self.room_id_snake),
        ])?;
        if let Some(conversation) = conversation {
            return Ok(Target::Conversation(conversation));
        }
        let person = loose::first(&[("recipientId", &self.recipient_id), ("receiverId", &self.receiver_id)])?;
        person
            .map(Target::Person)
            .ok_or_else(|| Error::invalid("conversationId", "or recipientId is needed"))
    }
}

/// A group to be made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupDraft {
    name: Text,
    member_ids: List,
    participant_ids: List,
    user_ids: List,
    description: Text,
    avatar: Text,
}

impl GroupDraft {
    /// The group to make; without a name it is refused by the service.
    pub fn group(self) -> Result<NewGroup, Error> {
        let members = loose::first_list(&[
            ("memberIds", &self.member_ids),
            ("participantIds", &self.participant_ids),
            ("userIds", &self.user_ids),
        ])?;
        Ok(NewGroup {
            name: loose::first(&[("name", &self.name)])?.unwrap_or_default(),
            member_ids: members.unwrap_or_default(),
            description: loose::first(&[("description", &self.description)])?,
            avatar: loose::first(&[("avatar", &self.avatar)])?,
        })
    }
}

/// Which page of a list, in whatever style; on the hub an object, in REST the query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Paging {
    skip: Text,
    take: Text,
    page: Text,
    limit: Text,
    page_number: Text,
    page_size: Text,
    offset: Text,
    before: Text,
    after: Text,
    include_archived: Flag,
}

impl Paging {
    /// The page to read.
    pub fn page(&self) -> Result<PageRequest, Error> {
        let value = |name, value: &Text| value.text(name).map(|text| text.map(str::to_owned));
        Ok(PageRequest {
            skip: value("skip", &self.skip)?,
            take: value("take", &self.take)?,
            page: value("page", &self.page)?,
            limit: value("limit", &self.limit)?,
            page_number: value("pageNumber", &self.page_number)?,
            page_size: value("pageSize", &self.page_size)?,
            offset: value("offset", &self.offset)?,
            before: value("before", &self.before)?,
            after: value("after", &self.after)?,
        })
    }

    /// Whether archived conversations are wanted too.
    pub fn include_archived(&self) -> Result<bool, Error> {
        self.include_archived.is_set("includeArchived")
    }
}

/// Somebody who says who they are, for a demo token.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Introduction {
    name: Text,
}

impl Introduction {
    /// The name, at most 64 characters of it.
    pub fn name(self) -> Result<String, Error> {
        let name = loose::first(&[("name", &self.name)])?.ok_or_else(|| Error::invalid("name", "must not be empty"))?;
        Ok(name
            .trim()
            .chars()
            .filter(|letter| !letter.is_control())
            .take(64)
            .collect())
    }
}
