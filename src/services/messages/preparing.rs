//! A message before it is stored: checked, and given its conversation.

use std::sync::Arc;

use entities::ids::{ConversationNumber, MessageId};
use entities::message;
use entities::user_id::UserId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Draft, Messages, Target, Via, forwarding};
use crate::log::members::Membership;
use crate::log::writer::command::{Post, Repeats};
use crate::services::details::{Person, Quoted};
use crate::services::reading::history;
use crate::services::{Error, Principal, access, content};

/// A message that may be sent, and is not stored yet.
#[derive(Debug)]
pub struct Prepared {
    /// Of no conversation yet where it begins one.
    post: Post,
    /// Whom it begins a conversation with.
    first: Option<Target>,
}

/// One whose conversation there is.
#[derive(Debug)]
pub struct Placed(pub(super) Post);

impl Placed {
    /// Where it goes.
    #[must_use]
    pub fn conversation(&self) -> ConversationNumber {
        self.0.conversation
    }
}

impl Messages {
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
                let person = self
                    .conversations
                    .other(principal, draft.target.text(), "recipientId")?;
                if people.is_deactivated(&person) {
                    return Err(Error::deactivated_person());
                }
                files.untaken()?;
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
        let number = self
            .conversations
            .direct_number(principal, target.text(), "recipientId")
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
