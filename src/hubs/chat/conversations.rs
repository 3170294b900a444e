//! Conversations: opened and closed as views, listed, typed in.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{
        Chat,
        arguments::{object, optional_flag, text},
        listeners::Listener,
    },
    log::members::Membership,
    services::Error,
    views::{Conversation, input::Paging},
};

impl Chat {
    pub(super) async fn join_conversation(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<Conversation, HubError> {
        let listener = Listener::of(cx.connection())?;
        let membership = self.conversation_of(&listener, &arguments).await?;
        // Heard before it is read, so that what is said meanwhile is in the answer or comes by itself.
        listener.sent_to(membership.number);
        let conversations = &self.services.conversations;
        let found = conversations
            .find(listener.principal(), &membership.id.to_string())
            .await?;
        listener.join(found.number);
        Ok(Conversation::seen_by(&found, listener.user()))
    }

    pub(super) async fn leave_conversation(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let reference = text(&arguments, 0, "conversationId")?;
        let conversations = &self.services.conversations;
        match conversations.named(listener.principal(), &reference).await {
            Ok(membership) => listener.leave(membership.number),
            // A view of what one no longer belongs to is closed already.
            Err(Error::NotAParticipant) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    pub(super) async fn list_conversations(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<Vec<Conversation>, HubError> {
        let listener = Listener::of(cx.connection())?;
        let paging: Paging = object(&arguments, 0, "options")?;
        let (page, include_archived) = (paging.page()?, paging.include_archived()?);
        let conversations = &self.services.conversations;
        let page = conversations.list(listener.principal(), &page, include_archived).await;
        let page = page?;
        Ok(page
            .items
            .iter()
            .map(|found| Conversation::seen_by(found, listener.user()))
            .collect())
    }

    pub(super) async fn send_typing_indicator(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<(), HubError> {
        let is_typing = optional_flag(&arguments, 1, "isTyping")?.unwrap_or(true);
        self.type_in(&cx, &arguments, is_typing).await
    }

    pub(super) async fn start_typing(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        self.type_in(&cx, &arguments, true).await
    }

    pub(super) async fn stop_typing(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        self.type_in(&cx, &arguments, false).await
    }

    async fn type_in(&self, cx: &Context, arguments: &Arguments, is_typing: bool) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let membership = self.conversation_of(&listener, arguments).await?;
        let typing = &self.services.typing;
        let typed = typing
            .set(listener.principal(), &membership.id.to_string(), is_typing)
            .await;
        Ok(typed?)
    }

    /// The conversation that the first argument names.
    pub(super) async fn conversation_of(
        &self,
        listener: &Listener,
        arguments: &Arguments,
    ) -> Result<Arc<Membership>, HubError> {
        let text = text(arguments, 0, "conversationId")?;
        let named = self.services.conversations.named(listener.principal(), &text).await;
        Ok(named?)
    }
}
