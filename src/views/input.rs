//! What clients send, under every name their libraries use for it. Shared by REST bodies and hub arguments.

mod people;
mod places;

use serde::Deserialize;
use serde_json::Value;

pub use self::people::{PeopleInput, PrivacyInput, ProfileInput, ProfilesInput, StatusInput};
pub use self::places::{FlagDraft, GroupChangeDraft, Targets};

pub use super::loose::Text;
use super::loose::{self, Flag, List};
use crate::services::{
    Error,
    groups::NewGroup,
    messages::{Draft, Mark, Named, Place, Target, Via},
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
    forward_message_id: Text,
    forwarded_message_id: Text,
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
            forward: loose::first(&[
                ("forwardMessageId", &self.forward_message_id),
                ("forwardedMessageId", &self.forwarded_message_id),
            ])?,
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

/// New content for a message.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Edit {
    content: Text,
    new_content: Text,
    message: Text,
    body: Text,
    text: Text,
}

impl Edit {
    /// The content; without any it is refused by the service.
    pub fn content(self) -> Result<String, Error> {
        let content = loose::first(&[
            ("content", &self.content),
            ("newContent", &self.new_content),
            ("message", &self.message),
            ("body", &self.body),
            ("text", &self.text),
        ])?;
        Ok(content.unwrap_or_default())
    }
}

/// A reaction.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Emoji {
    emoji: Text,
    reaction: Text,
}

impl Emoji {
    /// The emoji, which must be there.
    pub fn emoji(self) -> Result<String, Error> {
        loose::first(&[("emoji", &self.emoji), ("reaction", &self.reaction)])?
            .ok_or_else(|| Error::invalid("emoji", "is needed; reaction is the same"))
    }
}

/// What was received or read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Marking {
    conversation_id: Text,
    chat_id: Text,
    room_id: Text,
    #[serde(rename = "Room_Id")]
    room_id_snake: Text,
    message_id: Text,
    message_ids: List,
    last_read_message_id: Text,
}

impl Marking {
    /// The mark to make; `place` (of a path or an argument) wins over what the body names.
    pub fn mark(self, place: Option<Place>) -> Result<Mark, Error> {
        let conversation = loose::first(&[
            ("conversationId", &self.conversation_id),
            ("chatId", &self.chat_id),
            ("roomId", &self.room_id),
            ("room_id", &self.room_id_snake),
        ])?;
        let message = loose::first(&[("messageId", &self.message_id)])?;
        let last = loose::first(&[("lastReadMessageId", &self.last_read_message_id)])?;
        let messages = self.message_ids.texts("messageIds")?;
        // One message beside a conversation is how far in it.
        let (place, one) = match (place, conversation) {
            (Some(place), _) => (Some(place), None),
            (None, Some(conversation)) => (Some(Place::Conversation(conversation)), message),
            (None, None) => (message.map(Place::Message), None),
        };
        let named = |field, ids| Some(Named { field, ids });
        let messages = match (messages, last, one) {
            (Some(ids), _, _) => named("messageIds", ids),
            (None, Some(id), _) => named("lastReadMessageId", vec![id]),
            (None, None, Some(id)) => named("messageId", vec![id]),
            (None, None, None) => None,
        };
        let first = || messages.as_ref().and_then(|named| named.ids.first().cloned());
        let place = place
            .or_else(|| first().map(Place::Message))
            .ok_or_else(|| Error::invalid("messageId", "or conversationId is needed"))?;
        Ok(Mark { place, messages })
    }
}

impl From<List> for Marking {
    fn from(message_ids: List) -> Self {
        Self {
            message_ids,
            ..Self::default()
        }
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
    history: Text,
    r#type: Text,
    user_id: Text,
    recipient_id: Text,
}

impl GroupDraft {
    /// The other one, where this is no group: by its type, or nameless with one person.
    pub fn direct(&self) -> Result<Option<String>, Error> {
        let kind = loose::first(&[("type", &self.r#type)])?.map(|kind| kind.trim().to_ascii_lowercase());
        let is_direct = match kind.as_deref() {
            Some("direct" | "private") => Some(true),
            Some("group") => Some(false),
            Some(_) => return Err(Error::invalid("type", "must be direct or group")),
            None => None,
        };
        let other = loose::first(&[("userId", &self.user_id), ("recipientId", &self.recipient_id)])?;
        let is_nameless = loose::first(&[("name", &self.name)])?.is_none();
        if is_direct == Some(false) || (is_direct.is_none() && !is_nameless) {
            return Ok(None);
        }
        let people = other.map(|other| vec![other]).or(self.people()?).unwrap_or_default();
        match <[String; 1]>::try_from(people) {
            Ok([other]) => Ok(Some(other)),
            Err(_) if is_direct == Some(true) => Err(Error::invalid("userId", "must be one person")),
            Err(_) => Ok(None),
        }
    }

    fn people(&self) -> Result<Option<Vec<String>>, Error> {
        loose::first_list(&[
            ("memberIds", &self.member_ids),
            ("participantIds", &self.participant_ids),
            ("userIds", &self.user_ids),
        ])
    }

    /// The group to make; without a name it is refused by the service.
    pub fn group(self) -> Result<NewGroup, Error> {
        let members = self.people()?;
        Ok(NewGroup {
            name: loose::first(&[("name", &self.name)])?.unwrap_or_default(),
            member_ids: members.unwrap_or_default(),
            description: loose::first(&[("description", &self.description)])?,
            avatar: loose::first(&[("avatar", &self.avatar)])?,
            history: places::history(&self.history)?.unwrap_or_default(),
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
    order: Text,
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
            order: value("order", &self.order)?,
        })
    }

    /// Whether archived conversations are wanted too.
    pub fn include_archived(&self) -> Result<bool, Error> {
        self.include_archived.is_set("includeArchived")
    }
}

/// Where to search, and which page of what is found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SearchOptions {
    conversation_id: Text,
    chat_id: Text,
    room_id: Text,
    #[serde(rename = "Room_Id")]
    room_id_snake: Text,
    skip: Text,
    take: Text,
    page: Text,
    limit: Text,
    page_number: Text,
    page_size: Text,
    offset: Text,
}

impl SearchOptions {
    /// The conversation; nothing is all of them.
    pub fn conversation(&self) -> Result<Option<String>, Error> {
        loose::first(&[
            ("conversationId", &self.conversation_id),
            ("chatId", &self.chat_id),
            ("roomId", &self.room_id),
            ("room_id", &self.room_id_snake),
        ])
    }

    /// The page to read.
    pub fn page(&self) -> Result<PageRequest, Error> {
        Ok(PageRequest {
            skip: loose::first(&[("skip", &self.skip)])?,
            take: loose::first(&[("take", &self.take)])?,
            page: loose::first(&[("page", &self.page)])?,
            limit: loose::first(&[("limit", &self.limit)])?,
            page_number: loose::first(&[("pageNumber", &self.page_number)])?,
            page_size: loose::first(&[("pageSize", &self.page_size)])?,
            offset: loose::first(&[("offset", &self.offset)])?,
            ..PageRequest::default()
        })
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
