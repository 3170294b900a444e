//! What is done to messages after they were sent.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{
        Chat,
        arguments::{optional_flag, optional_text, text},
        listeners::Listener,
    },
    services::{
        details::ReactionSummary,
        messages::{Action, Draft, Target, Via},
    },
    views::Message,
};

impl Chat {
    pub(super) async fn edit_message(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Message, HubError> {
        let listener = Listener::of(cx.connection())?;
        let (conversation, message) = self.message_of(&listener, &arguments, 2).await?;
        let content = optional_text(&arguments, arguments.len() - 1, "content")?.unwrap_or_default();
        let messages = &self.services.messages;
        let edited = messages
            .edit(listener.principal(), conversation.as_deref(), &message, &content)
            .await?;
        Ok(Message::for_sender(&edited))
    }

    pub(super) async fn delete_message(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let (conversation, message) = self.message_of(&listener, &arguments, 1).await?;
        let messages = &self.services.messages;
        let deleted = messages
            .delete(listener.principal(), conversation.as_deref(), &message)
            .await;
        Ok(deleted?)
    }

    pub(super) async fn add_reaction(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<ReactionSummary, HubError> {
        self.react(&cx, &arguments, Action::Add).await
    }

    pub(super) async fn remove_reaction(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<ReactionSummary, HubError> {
        self.react(&cx, &arguments, Action::Remove).await
    }

    pub(super) async fn toggle_reaction(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<ReactionSummary, HubError> {
        self.react(&cx, &arguments, Action::Toggle).await
    }

    async fn react(&self, cx: &Context, arguments: &Arguments, action: Action) -> Result<ReactionSummary, HubError> {
        let listener = Listener::of(cx.connection())?;
        let (conversation, message) = self.message_of(&listener, arguments, 2).await?;
        let emoji = text(arguments, arguments.len() - 1, "reaction")?;
        let messages = &self.services.messages;
        let standing = messages
            .react(listener.principal(), conversation.as_deref(), &message, &emoji, action)
            .await?;
        Ok(standing.summary)
    }

    pub(super) async fn pin_message(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        let is_pinned = optional_flag(&arguments, 1, "isPinned")?.unwrap_or(true);
        self.pin(&cx, &arguments, is_pinned).await
    }

    pub(super) async fn unpin_message(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        self.pin(&cx, &arguments, false).await
    }

    async fn pin(&self, cx: &Context, arguments: &Arguments, is_pinned: bool) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let message = text(arguments, 0, "messageId")?;
        let messages = &self.services.messages;
        messages.pin(listener.principal(), &message, is_pinned).await?;
        Ok(())
    }

    pub(super) async fn forward_message(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<Message, HubError> {
        let listener = Listener::of(cx.connection())?;
        let message = text(&arguments, 0, "messageId")?;
        let target = Target::Positional(text(&arguments, 1, "conversationId")?);
        let draft = Draft {
            forward: Some(message),
            ..Draft::text(target, "", Via::Hub)
        };
        self.post(&cx, &listener, draft).await
    }

    /// The message that a call names: the last of its arguments but for `behind - 1` others, behind its conversation where
    /// that is named too.
    async fn message_of(
        &self,
        listener: &Listener,
        arguments: &Arguments,
        behind: usize,
    ) -> Result<(Option<String>, String), HubError> {
        if arguments.len() <= behind {
            return Ok((None, text(arguments, 0, "messageId")?));
        }
        let message = text(arguments, 1, "messageId")?;
        let conversation = self.conversation_of(listener, arguments).await?;
        Ok((Some(conversation.id.to_string()), message))
    }
}
