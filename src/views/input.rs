//! What clients send, under every name their libraries use for it. Shared by REST bodies and hub arguments.

mod people;
mod places;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::people::{PeopleInput, PrivacyInput, ProfileInput, ProfilesInput, StatusInput};
pub use self::places::{FlagDraft, GroupChangeDraft, Targets};

pub use super::loose::Text;
use super::loose::{self, Flag, List};
use super::words::{ConversationType, HistoryScope, MessageType, PageOrder};
use crate::services::{
    Error,
    groups::NewGroup,
    messages::{Draft, Mark, Named, Place, Target, Via},
    paging::PageRequest,
};

/// A message to be sent. Where two names of one thing are there, the first in the contract's order counts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct NewMessage {
    /// Where it goes. Also `chatId`, `roomId`, `room_id`.
    conversation_id: Text,
    #[schemars(skip)]
    chat_id: Text,
    #[schemars(skip)]
    room_id: Text,
    #[schemars(skip)]
    #[serde(rename = "Room_Id")]
    room_id_snake: Text,
    /// Or the person it goes to, in the direct conversation with them. Also `receiverId`.
    recipient_id: Text,
    #[schemars(skip)]
    receiver_id: Text,
    /// The text, at most 10,000 characters. Also `message`, `body`, `text`.
    content: Text,
    #[schemars(skip)]
    message: Text,
    #[schemars(skip)]
    body: Text,
    #[schemars(skip)]
    text: Text,
    #[schemars(skip)]
    caption: Text,
    /// What it carries; `text` when absent. Also `messageType`.
    #[schemars(with = "Option<MessageType>")]
    r#type: Text,
    #[schemars(skip)]
    message_type: Text,
    /// A key of the client's own: the same one a second time gets the message of the first.
    client_message_id: Text,
    /// A page's own counter, echoed to the sender.
    temp_id: Text,
    /// The message this answers. Also `replyToMessageId`.
    parent_message_id: Text,
    #[schemars(skip)]
    reply_to_message_id: Text,
    /// What was uploaded before.
    attachment_ids: List,
    /// A message to forward instead of a content. Also `forwardedMessageId`.
    forward_message_id: Text,
    #[schemars(skip)]
    forwarded_message_id: Text,
    /// Anything a client wants to find again; at most 16 KiB.
    #[schemars(with = "Option<Map<String, Value>>")]
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
            ("caption", &self.caption),
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
            uploads: Vec::new(),
            forward: loose::first(&[
                ("forwardMessageId", &self.forward_message_id),
                ("forwardedMessageId", &self.forwarded_message_id),
            ])?,
            metadata: self.metadata.filter(|value| !value.is_null()),
            via,
        })
    }

    /// Whether it says where it goes.
    pub fn has_target(&self) -> Result<bool, Error> {
        let places = [
            ("conversationId", &self.conversation_id),
            ("chatId", &self.chat_id),
            ("roomId", &self.room_id),
            ("room_id", &self.room_id_snake),
            ("recipientId", &self.recipient_id),
            ("receiverId", &self.receiver_id),
        ];
        Ok(loose::first(&places)?.is_some())
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["Content"]))]
pub struct Edit {
    /// The new text. Also `newContent`, `message`, `body`, `text`.
    #[schemars(with = "String")]
    content: Text,
    #[schemars(skip)]
    new_content: Text,
    #[schemars(skip)]
    message: Text,
    #[schemars(skip)]
    body: Text,
    #[schemars(skip)]
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["Emoji"]))]
pub struct Emoji {
    /// Also `reaction`.
    #[schemars(with = "String")]
    emoji: Text,
    #[schemars(skip)]
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Marking {
    /// Everything in it, or how far in it. Also `chatId`, `roomId`, `room_id`.
    conversation_id: Text,
    #[schemars(skip)]
    chat_id: Text,
    #[schemars(skip)]
    room_id: Text,
    #[schemars(skip)]
    #[serde(rename = "Room_Id")]
    room_id_snake: Text,
    /// Through this message.
    message_id: Text,
    /// These messages; an empty list is everything.
    message_ids: List,
    /// Through this message.
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupDraft {
    /// The name of the group. Without one and with one person it is the direct conversation with them.
    name: Text,
    /// Who belongs to it beside its maker. Also `participantIds`, `userIds`.
    member_ids: List,
    #[schemars(skip)]
    participant_ids: List,
    #[schemars(skip)]
    user_ids: List,
    /// At most 2,000 characters.
    description: Text,
    /// The address of a picture.
    avatar: Text,
    /// What newcomers see of what was said before; `all` when absent.
    #[schemars(with = "Option<HistoryScope>")]
    history: Text,
    /// `direct` or `group`, for `POST /conversations` alone.
    #[schemars(with = "Option<ConversationType>")]
    r#type: Text,
    /// The other one of a direct conversation. Also `recipientId`.
    user_id: Text,
    #[schemars(skip)]
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Paging {
    /// Rows to leave out. Pages may also be asked for as `page` and `limit`, `pageNumber` and `pageSize`, or `limit` and `offset`.
    #[schemars(with = "Option<i64>")]
    skip: Text,
    /// Rows at most, 1 to 100; 50 when absent.
    #[schemars(with = "Option<i64>")]
    take: Text,
    #[schemars(skip)]
    page: Text,
    #[schemars(skip)]
    limit: Text,
    #[schemars(skip)]
    page_number: Text,
    #[schemars(skip)]
    page_size: Text,
    #[schemars(skip)]
    offset: Text,
    /// Only what was said before this: a message id, a number or an ISO time.
    before: Text,
    /// Only what was said after this.
    after: Text,
    /// How messages stand on the page; `asc` when absent.
    #[schemars(with = "Option<PageOrder>")]
    order: Text,
    /// Archived conversations too.
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct SearchOptions {
    /// Only in this conversation. Also `chatId`, `roomId`, `room_id`.
    conversation_id: Text,
    #[schemars(skip)]
    chat_id: Text,
    #[schemars(skip)]
    room_id: Text,
    #[schemars(skip)]
    #[serde(rename = "Room_Id")]
    room_id_snake: Text,
    /// Rows to leave out. Pages may also be asked for as `page` and `limit`, `pageNumber` and `pageSize`, or `limit` and `offset`.
    #[schemars(with = "Option<i64>")]
    skip: Text,
    /// Rows at most, 1 to 100; 50 when absent.
    #[schemars(with = "Option<i64>")]
    take: Text,
    #[schemars(skip)]
    page: Text,
    #[schemars(skip)]
    limit: Text,
    #[schemars(skip)]
    page_number: Text,
    #[schemars(skip)]
    page_size: Text,
    #[schemars(skip)]
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["Name"]))]
pub struct Introduction {
    /// What others see.
    #[schemars(with = "String")]
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
