//! Conversations: opened and closed as views, listed, typed in.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{
        Chat,
        arguments::{flag, object, text},
        listeners::Listener,
    },
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
        let reference = text(&arguments, 0, "conversationId")?;
        let conversations = &self.services.conversations;
        let membership = conversations.resolve(listener.principal(), &reference).await;
        // Heard before it is read, so that what is said meanwhile is in the answer or comes by itself.
        listener.sent_to(membership?.number);
        let found = conversations.find(listener.principal(), &reference).await;
        let found = found?;
        listener.join(found.number);
        Ok(Conversation::seen_by(&found, listener.user()))
    }

    pub(super) async fn leave_conversation(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let reference = text(&arguments, 0, "conversationId")?;
        let conversations = &self.services.conversations;
        match conversations.resolve(listener.principal(), &reference).await {
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
        let is_typing = flag(&arguments, 1, "isTyping")?;
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
        let reference = text(arguments, 0, "conversationId")?;
        let typing = &self.services.typing;
        Ok(typing.set(listener.principal(), &reference, is_typing).await?)
    }
}
