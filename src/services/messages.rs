//! Messages: post and read back.

use std::sync::Arc;

use entities::ids::{ConversationNumber, EventId, MessageId};
use entities::message;
use entities::user_id::UserId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use crate::log::members::Membership;
use crate::log::writer::command::{Post, Repeats};
use crate::services::conversations::Conversations;
use crate::services::details::{MessageDetails, Person, Quoted};
use crate::services::limits::Allowances;
use crate::services::paging::{Page, PageRequest};
use crate::services::reading::history;
use crate::services::typing::Typing;
use crate::services::{Error, Principal, access, content};

mod actions;
mod files;
mod forwarding;
mod reactions;
mod receipts;

pub use self::actions::Former;
pub use self::files::{MOST_FILES, Upload};
pub use self::reactions::{Action, Reaction, Standing};
pub use self::receipts::{Mark, Marked, MessageReceipts, Named, PersonReceipt, Place};

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
    /// Files of one's own that no message has yet.
    pub attachment_ids: Vec<String>,
    /// The same, about to be stored.
    pub uploads: Vec<Upload>,
    /// The message (UUID or number) to send on, with its origin: all that it says is its own.
    pub forward: Option<String>,
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
            uploads: Vec::new(),
            forward: None,
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

/// A message that may be sent, and is not stored yet.
#[derive(Debug)]
pub struct Prepared {
    post: Post,
    /// Whom it begins a conversation with.
    first: Option<Target>,
}

/// One whose conversation there is.
#[derive(Debug)]
pub struct Placed(Post);

impl Placed {
    /// Where it goes.
    #[must_use]
    pub fn conversation(&self) -> ConversationNumber {
        self.0.conversation
    }
}

/// Messages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Messages {
    conversations: Conversations,
    typing: Typing,
    allowances: Allowances,
}

impl Messages {
    pub(crate) fn new(conversations: Conversations, typing: Typing, allowances: Allowances) -> Self {
        Self {
            conversations,
            typing,
            allowances,
        }
    }

    /// Posts a message. The answer means that it is committed.
    pub async fn post(&self, principal: &Principal, draft: Draft) -> Result<Posted, Error> {
        let prepared = self.prepare(principal, draft).await?;
        self.store(self.place(principal, prepared).await?).await
    }

    /// Checks a message: [`post`](Self::post) up to where anything is stored.
    pub async fn prepare(&self, principal: &Principal, mut draft: Draft) -> Result<Prepared, Error> {
        let limits = &self.conversations.settings.limits;
        let metadata = content::metadata(draft.metadata.take())?;
        let (origin, forwarded) = self.origin(principal, draft.forward.as_deref()).await?.unzip();
        let said = match &origin {
            Some(message) => forwarding::unchanged(&draft, metadata.as_deref(), message),
            None => Ok(()),
        };
        let files = self.files(principal, &draft, origin.as_ref()).await?;
        let (kind, text) = match &origin {
            Some(message) => (message.kind, message.content.clone()),
            None => {
                let kind = match draft.kind.as_deref().filter(|kind| !kind.trim().is_empty()) {
                    None => files.kind(),
                    named => content::kind(named)?,
                };
                let text = if files.is_empty() {
                    content::text(&draft.content, limits.text_characters)?
                } else {
                    content::caption(&draft.content, limits.text_characters)?
                };
                (kind, text)
            }
        };
        let client_message_id = content::key("clientMessageId", draft.client_message_id)?;
        let temp_id = content::key("tempId", draft.temp_id)?;
        let sender = self.conversations.people.shared(principal).await?;
        let known = self.known_target(principal, &draft.target).await?;
        let people = &self.conversations.people;
        let partner = known.as_ref().and_then(|known| known.partner(&principal.user_id));
        let may = if partner.is_some_and(|partner| people.is_deactivated(partner)) {
            Err(Error::deactivated_person())
        } else {
            said.and_then(|()| self.allowances.messages.take(&principal.user_id))
        };
        let key = client_message_id.as_deref();
        self.unless_repeated(known.as_deref(), &sender.id, key, may).await?;
        let parent = draft.parent.as_deref().filter(|parent| !parent.trim().is_empty());
        let (conversation, quoted, mentions) = match (&known, parent) {
            (Some(membership), parent) => {
                let quoted = self.quoted(membership, &sender.id, parent).await;
                let quoted = self.unless_repeated(Some(membership), &sender.id, key, quoted).await?;
                let mentions = self.mentioned(membership, &sender.id, kind, &text).await?;
                (membership.number, quoted, mentions)
            }
            (None, Some(_)) => return Err(no_parent()),
            (None, None) => {
                let (Target::Conversation(person) | Target::Person(person) | Target::Positional(person)) =
                    &draft.target;
                let person = self.conversations.other(principal, person, "recipientId")?;
                if people.is_deactivated(&person) {
                    return Err(Error::deactivated_person());
                }
                files.untaken(self.conversations.clock.now())?;
                (ConversationNumber(0), None, Vec::new())
            }
        };
        let keyless = client_message_id.is_none() && temp_id.is_none();
        let post = Post {
            id: MessageId(Uuid::now_v7()),
            conversation,
            sender: (*sender).clone(),
            kind,
            hash: content::hash(kind, &text, files.hashes()),
            content: text,
            quoted,
            mentions,
            forwarded,
            attachments: files.attachments,
            shares_files: files.are_shared,
            metadata: metadata.or_else(|| origin?.metadata),
            client_message_id,
            temp_id,
            repeats: match draft.via {
                Via::Hub => Repeats::Remember,
                Via::Rest if keyless => Repeats::Recall,
                Via::Rest => Repeats::No,
            },
        };
        Ok(Prepared {
            post,
            first: known.is_none().then_some(draft.target),
        })
    }

    /// Begins the conversation that a first message goes to.
    pub async fn place(&self, principal: &Principal, prepared: Prepared) -> Result<Placed, Error> {
        let Prepared { mut post, first } = prepared;
        if let Some(target) = first {
            let membership = self.direct(principal, &target).await?;
            post.conversation = membership.number;
            post.mentions = self
                .mentioned(&membership, &principal.user_id, post.kind, &post.content)
                .await?;
        }
        Ok(Placed(post))
    }

    /// Stores what was placed. The answer means that it is committed.
    pub async fn store(&self, Placed(post): Placed) -> Result<Posted, Error> {
        let (conversation, sender) = (post.conversation, post.sender.id.clone());
        let posted = self.conversations.log.writer.post(post).await?;
        let message = if posted.repeated {
            self.as_it_is(posted.message, &sender).await?
        } else {
            self.typing.sent(conversation, &sender);
            posted.message
        };
        Ok(Posted {
            message,
            event: posted.event,
            repeated: posted.repeated,
        })
    }

    /// A stored message with what has happened to it since.
    async fn as_it_is(&self, message: Arc<MessageDetails>, sender: &UserId) -> Result<Arc<MessageDetails>, Error> {
        let (read, members) = (&self.conversations.database.read, &self.conversations.log.members);
        let row = message::Entity::find_by_id(message.number).one(read).await?;
        let (Some(row), Some(membership)) = (row, members.of(message.conversation).await?) else {
            return Ok(message);
        };
        let visible_from = membership.visible_from(sender);
        let mut details = history::detailed(read, &membership, vec![row], visible_from).await?;
        Ok(details.pop().map_or(message, Arc::new))
    }

    /// The answer to a hub send has arrived: an equal REST send from now on is a message of its own.
    pub fn proven(&self, message: MessageId) {
        self.conversations.log.unproven.proven(message);
    }

    /// A page of a conversation, ascending in `seq` unless asked otherwise; see CONTRACT §2 for the direction.
    pub async fn page(
        &self,
        principal: &Principal,
        reference: &str,
        page: &PageRequest,
    ) -> Result<Page<MessageDetails>, Error> {
        let window = page.window()?;
        let membership = self.conversations.resolve(principal, reference).await?;
        let read = &self.conversations.database.read;
        page.arrange(history::page(read, &membership, &principal.user_id, &window).await?)
    }

    /// One message the caller may see, by UUID or number.
    pub async fn find(&self, principal: &Principal, reference: &str) -> Result<MessageDetails, Error> {
        let (row, membership) = self.reach(principal, None, reference).await?;
        let visible_from = membership.visible_from(&principal.user_id);
        let read = &self.conversations.database.read;
        let mut details = history::detailed(read, &membership, vec![row], visible_from).await?;
        details.pop().ok_or_else(Error::no_message)
    }

    /// A message the caller may see, and its conversation, which must be `conversation` where that is named.
    async fn reach(
        &self,
        principal: &Principal,
        conversation: Option<&str>,
        reference: &str,
    ) -> Result<(message::Model, Arc<Membership>), Error> {
        let row = history::message(&self.conversations.database.read, reference).await?;
        let row = row.ok_or_else(Error::no_message)?;
        let members = &self.conversations.log.members;
        let membership = members.of(row.conversation).await?.ok_or_else(Error::no_message)?;
        membership.admit_to(&principal.user_id, row.seq)?;
        if let Some(conversation) = conversation
            && self.conversations.resolve(principal, conversation).await?.number != membership.number
        {
            return Err(Error::no_message());
        }
        Ok((row, membership))
    }

    /// An outcome, or none where a message of the sender's has the key already: a repeat is answered whatever would be
    /// refused now.
    async fn unless_repeated<T: Default>(
        &self,
        known: Option<&Membership>,
        sender: &UserId,
        key: Option<&str>,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        let (Err(_), Some(membership), Some(key)) = (&outcome, known, key) else {
            return outcome;
        };
        let earlier = message::Entity::find()
            .filter(message::Column::SenderId.eq(sender))
            .filter(message::Column::Conversation.eq(membership.number))
            .filter(message::Column::ClientMessageId.eq(key));
        match earlier.one(&self.conversations.database.read).await? {
            Some(_) => Ok(T::default()),
            None => outcome,
        }
    }

    /// The conversation a target names, a person's if there is one.
    async fn known_target(&self, principal: &Principal, target: &Target) -> Result<Option<Arc<Membership>>, Error> {
        let (log, user) = (&self.conversations.log, &principal.user_id);
        match target {
            Target::Conversation(reference) => access::membership(log, user, reference).await.map(Some),
            Target::Person(person) => access::direct(log, user, person).await,
            Target::Positional(text) => access::positional(log, user, text).await,
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
    async fn quoted(
        &self,
        membership: &Membership,
        sender: &UserId,
        reference: Option<&str>,
    ) -> Result<Option<Quoted>, Error> {
        let Some(reference) = reference else { return Ok(None) };
        let row = history::message(&self.conversations.database.read, reference).await?;
        let row = row.filter(|row| row.conversation == membership.number && row.seq >= membership.visible_from(sender));
        let Some(row) = row else {
            return Err(no_parent());
        };
        let author = self.conversations.people.find(&row.sender_id).await?;
        let author = author.unwrap_or_else(|| Person::placeholder(row.sender_id.clone()));
        Ok(Some(Quoted::new(row, author)))
    }
}

fn no_parent() -> Error {
    Error::invalid("parentMessageId", "must be a message of this conversation")
}

#[cfg(test)]
mod tests;
