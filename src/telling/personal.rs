//! What an event means to one person alone, read when it is told: as things are then.

use entities::ids::ConversationId;
use entities::user_id::UserId;

use super::Telling;
use crate::log::event::{Body, Departure, Event, State};
use crate::services::{Error, Services};
use crate::views::{self, ClientEvent};

/// Whose own view of a conversation an event changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Personal {
    #[default]
    Nobody,
    One(UserId),
    EveryMember,
}

impl Personal {
    fn concerns(&self, user: &UserId) -> bool {
        match self {
            Self::Nobody => false,
            Self::One(one) => one == user,
            Self::EveryMember => true,
        }
    }
}

impl<C> Telling<C> {
    /// What it means to one person alone, as things are now; not how much is unread.
    ///
    /// # Errors
    ///
    /// `Unavailable` while the database is.
    pub async fn own(&self, event: &Event, user: &UserId, services: &Services) -> Result<Vec<ClientEvent>, Error> {
        if !self.personal.concerns(user) {
            return Ok(Vec::new());
        }
        let conversations = &services.conversations;
        let Some(conversation) = event.conversation else {
            return Ok(Vec::new());
        };
        let seen = || conversations.view_for(user, conversation);
        let own = match &event.body {
            Body::MemberJoined(joined) if !joined.founding => {
                let group = views::GroupMembership::new(joined.conversation_id, joined.name.as_deref());
                Some(ClientEvent::AddedToGroup(group.into()))
            }
            Body::MemberJoined(_) => seen().await?.map(|details| {
                let conversation = views::Conversation::seen_by(&details, user);
                ClientEvent::NewConversation(conversation.into())
            }),
            Body::GroupChanged(_) => seen().await?.map(|details| {
                let conversation = views::Conversation::seen_by(&details, user);
                ClientEvent::GroupUpdated(conversation.into())
            }),
            Body::MemberLeft(left) if left.how == Departure::Removed => {
                let group = views::GroupMembership::new(left.conversation_id, left.name.as_deref());
                Some(ClientEvent::RemovedFromGroup(group.into()))
            }
            Body::MemberLeft(left) => Some(deleted(left.conversation_id)),
            Body::StateChanged(state) => match reason(state.what) {
                None => Some(deleted(state.conversation_id)),
                Some(reason) => seen().await?.map(|details| {
                    let update = views::ConversationUpdated::new(&details, user, reason);
                    ClientEvent::ConversationUpdated(update.into())
                }),
            },
            _ => None,
        };
        Ok(own.into_iter().collect())
    }

    /// Whether it may take messages away from what somebody has unread. They are told how much is left: of several such
    /// events that are told late, once.
    pub fn moves_unread(&self, event: &Event, user: &UserId) -> bool {
        let moves = match &event.body {
            Body::Moved(_) | Body::MemberLeft(_) | Body::MessageDeleted(_) => true,
            Body::StateChanged(state) => state.what == State::Hidden,
            _ => false,
        };
        moves && self.personal.concerns(user)
    }
}

/// How much somebody has unread.
///
/// # Errors
///
/// `Unavailable` while the database is.
pub async fn unread(services: &Services, user: &UserId) -> Result<ClientEvent, Error> {
    let total = services.conversations.unread_total(user).await?;
    Ok(ClientEvent::UnreadCountUpdated(total.into()))
}

fn deleted(conversation_id: ConversationId) -> ClientEvent {
    ClientEvent::ConversationDeleted(views::ConversationDeleted { conversation_id }.into())
}

/// Why `ConversationUpdated` is sent when one's own state changed; what is hidden is gone from one's list.
fn reason(what: State) -> Option<&'static str> {
    match what {
        State::Muted => Some("muted"),
        State::Archived => Some("archived"),
        State::Pinned => Some("pinned"),
        State::Hidden => None,
    }
}
