//! Messages: sent and read back.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{
        Chat,
        arguments::{is_object, object, optional_text, text},
        listeners::Listener,
    },
    services::messages::{Draft, Target, Via},
    views::{
        self, Message, MessagePage,
        input::{NewMessage, Paging},
    },
};

impl Chat {
    pub(super) async fn send_message(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Message, HubError> {
        let listener = Listener::of(cx.connection())?;
        let draft = if arguments.len() == 1 || is_object(&arguments, 0) {
            object::<NewMessage>(&arguments, 0, "message")?.draft(None, Via::Hub)?
        } else {
            let target = Target::Positional(text(&arguments, 0, "conversationId")?);
            let content = optional_text(&arguments, 1, "content")?.unwrap_or_default();
            Draft {
                kind: optional_text(&arguments, 2, "type")?,
                ..Draft::text(target, content, Via::Hub)
            }
        };
        self.post(&cx, &listener, draft).await
    }

    /// Posts a message, and asks for proof that its answer arrives.
    pub(super) async fn post(&self, cx: &Context, listener: &Listener, draft: Draft) -> Result<Message, HubError> {
        let messages = &self.services.messages;
        let prepared = messages.prepare(listener.principal(), draft).await?;
        let placed = messages.place(listener.principal(), prepared).await?;
        // Heard from here on: once it is stored, the fan-out may be faster than the answer.
        listener.sent_to(placed.conversation());
        let posted = messages.store(placed).await?;
        if let Some(nonce) = listener.proof.answering(posted.message.id, &listener.connection) {
            cx.probe_answer(nonce);
        }
        Ok(Message::for_sender(&posted.message))
    }

    pub(super) async fn list_messages(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<MessagePage, HubError> {
        let listener = Listener::of(cx.connection())?;
        let conversation_id = self.conversation_of(&listener, &arguments).await?.id.to_string();
        let paging: Paging = object(&arguments, 1, "options")?;
        let page = paging.page()?;
        let messages = &self.services.messages;
        let page = messages.page(listener.principal(), &conversation_id, &page).await?;
        let (messages, pagination) = views::page(&page, |message| Message::seen_by(message, listener.user()));
        Ok(MessagePage {
            conversation_id,
            messages,
            pagination,
        })
    }
}
