//! Messages: post and read back.

use std::sync::Arc;

use entities::ids::{ConversationNumber, EventId, MessageId, Seq};
use entities::message;
use entities::user_id::UserId;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::Clock;
use crate::log::members::Membership;
use crate::log::writer::command::{Post, Repeats};
use crate::services::conversations::Conversations;
use crate::services::details::MessageDetails;
use crate::services::limits::RateLimit;
use crate::services::paging::{Page, PageRequest};
use crate::services::reading::history;
use crate::services::typing::Typing;
use crate::services::{Error, Principal, access, content};

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A conversation by its UUID or number.
    Conversation(String),
    /// A person by their id; the direct conversation is made unless it is there.
    Person(String),
    /// A hub's first argument: the UUID of one of the caller's conversations is that one, anything else a person.
    Positional(String),
}

/// Which edge a message came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Its answer is unproven for 5 s, until [`Messages::proven`].
    Hub,
    Rest,
}

/// What a client wants to say.
#[derive(Clone, Debug)]
pub struct Draft {
    pub target: Target,
    pub content: String,
    /// The type's name in any case; text when absent.
    pub kind: Option<String>,
    /// Unique for ever per sender and conversation.
    pub client_message_id: Option<String>,
    /// Recognises a repeat of the same content for 60 s.
    pub temp_id: Option<String>,
    /// The message (UUID or number) of the same conversation that this one answers.
    pub parent: Option<String>,
    /// A JSON object.
    pub metadata: Option<Value>,
    pub attachment_ids: Vec<String>,
    pub via: Via,
}

impl Draft {
    /// Plain text, without a key.
    #[must_use]
    pub fn text(target: Target, content: impl Into<String>, via: Via) -> Self {
        Self {
            target,
            content: content.into(),
            kind: None,
            client_message_id: None,
            temp_id: None,
            parent: None,
            metadata: None,
            attachment_ids: Vec::new(),
            via,
        }
    }
}

/// A message that is committed.
#[derive(Clone, Debug)]
pub struct Posted {
    pub message: Arc<MessageDetails>,
    /// The event that told the others; `None` when this was a repeat.
    pub event: Option<EventId>,
    /// It was there already, and nobody was told anything.
    pub repeated: bool,
}

/// Messages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Messages {
    conversations: Conversations,
    typing: Typing,
    rate: RateLimit,
}

impl Messages {
    pub(crate) fn new(conversations: Conversations, typing: Typing, clock: Clock) -> Self {
        let limits = &conversations.settings.limits;
        let rate = RateLimit::new(limits.messages_per_minute, limits.burst, clock);
        Self {
            conversations,
            typing,
            rate,
        }
    }

    /// Posts a message. The answer means that it is committed.
    pub async fn post(&self, principal: &Principal, draft: Draft) -> Result<Posted, Error> {
        self.post_with(principal, draft, |_| {}).await
    }

    /// [`post`](Self::post), and says where to before anybody can hear of it.
    pub async fn post_with(
        &self,
        principal: &Principal,
        draft: Draft,
        sends_to: impl FnOnce(ConversationNumber) + Send,
    ) -> Result<Posted, Error> {
        let limits = &self.conversations.settings.limits;
        let kind = content::kind(draft.kind.as_deref())?;
        let text = content::text(&draft.content, limits.text_characters)?;
        let client_message_id = content::key("clientMessageId", draft.client_message_id)?;
        let temp_id = content::key("tempId", draft.temp_id)?;
        let metadata = content::metadata(draft.metadata)?;
        if let Some(id) = draft.attachment_ids.first() {
            return Err(Error::invalid(
                "attachmentIds",
                format!("there is no attachment {id:.64}"),
            ));
        }
        let sender = self.conversations.people.shared(principal).await?;
        let known = self.known_target(principal, &draft.target).await?;
        self.rate.take(&principal.user_id)?;
        let membership = match known {
            Some(membership) => membership,
            None => self.direct(principal, &draft.target).await?,
        };
        let parent = self
            .parent(&membership, &principal.user_id, draft.parent.as_deref())
            .await?;
        let keyless = client_message_id.is_none() && temp_id.is_none();
        sends_to(membership.number);
        let posted = self
            .conversations
            .log
            .writer
            .post(Post {
                id: MessageId(Uuid::now_v7()),
                conversation: membership.number,
                sender: (*sender).clone(),
                kind,
                hash: content::hash(kind, &text),
                content: text,
                parent,
                metadata,
                client_message_id,
                temp_id,
                repeats: match draft.via {
                    Via::Hub => Repeats::Remember,
                    Via::Rest if keyless => Repeats::Recall,
                    Via::Rest => Repeats::No,
                },
            })
            .await?;
        if !posted.repeated {
            self.typing.sent(membership.number, &principal.user_id);
        }
        Ok(Posted {
            message: posted.message,
            event: posted.event,
            repeated: posted.repeated,
        })
    }

    /// The answer to a hub send has arrived: an equal REST send from now on is a message of its own.
    pub fn proven(&self, message: MessageId) {
        self.conversations.log.unproven.proven(message);
    }

    /// A page of a conversation, ascending in `seq`; see CONTRACT §2 for the direction.
    pub async fn page(
        &self,
        principal: &Principal,
        reference: &str,
        page: &PageRequest,
    ) -> Result<Page<MessageDetails>, Error> {
        let window = page.window()?;
        let membership = self.conversations.resolve(principal, reference).await?;
        history::page(
            &self.conversations.database.read,
            &membership,
            &principal.user_id,
            &window,
        )
        .await
    }

    /// One message the caller may see, by UUID or number.
    pub async fn find(&self, principal: &Principal, reference: &str) -> Result<MessageDetails, Error> {
        let row = history::message(&self.conversations.database.read, reference).await?;
        let row = row.ok_or_else(Error::no_message)?;
        let membership = self
            .conversations
            .log
            .members
            .of(row.conversation)
            .await?
            .ok_or_else(Error::no_message)?;
        match membership.current(&principal.user_id) {
            Some(member) if member.visible_from_seq <= row.seq => {}
            Some(_) => return Err(Error::no_message()),
            None if membership.knows(&principal.user_id) => return Err(Error::NotAParticipant),
            None => return Err(Error::no_message()),
        }
        let mut details = history::detailed(&self.conversations.database.read, &membership, vec![row]).await?;
        details.pop().ok_or_else(Error::no_message)
    }

    /// The conversation a target names, unless it is a person.
    async fn known_target(&self, principal: &Principal, target: &Target) -> Result<Option<Arc<Membership>>, Error> {
        let log = &self.conversations.log;
        match target {
            Target::Conversation(reference) => access::membership(log, &principal.user_id, reference).await.map(Some),
            Target::Person(_) => Ok(None),
            Target::Positional(text) => {
                let Ok(id) = text.trim().parse() else { return Ok(None) };
                let membership = log.members.by_id(id).await?;
                match membership.filter(|membership| membership.knows(&principal.user_id)) {
                    Some(membership) => {
                        access::authorize(&membership, &principal.user_id)?;
                        Ok(Some(membership))
                    }
                    None => Ok(None),
                }
            }
        }
    }

    async fn direct(&self, principal: &Principal, target: &Target) -> Result<Arc<Membership>, Error> {
        let (Target::Conversation(person) | Target::Person(person) | Target::Positional(person)) = target;
        let number = self
            .conversations
            .direct_number(principal, person, "recipientId")
            .await?;
        self.conversations
            .log
            .members
            .of(number)
            .await?
            .ok_or_else(Error::no_conversation)
    }

    /// The answered message: it must be one of this conversation that the sender may see.
    async fn parent(
        &self,
        membership: &Membership,
        sender: &UserId,
        reference: Option<&str>,
    ) -> Result<Option<MessageId>, Error> {
        let Some(reference) = reference.map(str::trim).filter(|reference| !reference.is_empty()) else {
            return Ok(None);
        };
        let visible_from = membership
            .current(sender)
            .map_or(Seq(i64::MAX), |member| member.visible_from_seq);
        let row: Option<message::Model> = history::message(&self.conversations.database.read, reference).await?;
        match row {
            Some(row) if row.conversation == membership.number && row.seq >= visible_from => Ok(Some(row.id)),
            _ => Err(Error::invalid(
                "parentMessageId",
                "must be a message of this conversation",
            )),
        }
    }
}
