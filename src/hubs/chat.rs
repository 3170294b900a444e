//! `/hubs/chat`: one short method for each client verb.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, Disconnected, Hub, HubError, HubOptions},
};

use super::{
    Chat,
    arguments::{flag, is_object, object, optional_text, text},
    feed::LogFeed,
    listeners::Listener,
};
use crate::{
    services::{
        Error,
        messages::{Draft, Target, Via},
    },
    views::{
        self, Conversation, Group, Message, MessagePage,
        input::{GroupDraft, NewMessage, Paging},
    },
};

/// Every method and the number of its arguments. Trailing ones may be left out, and `Async` put behind any name.
const METHODS: [&str; 7] = [
    "JoinConversation",
    "LeaveConversation",
    "SendMessage",
    "SendTypingIndicator",
    "GetConversations",
    "GetMessages",
    "CreateGroup",
];

/// Builds the hub.
pub(super) fn hub(chat: &Arc<Chat>, options: HubOptions) -> Hub {
    /// A method of `Chat` as the library takes it.
    macro_rules! verb {
        ($method:ident) => {{
            let chat = chat.clone();
            move |cx: Context, arguments: Arguments| {
                let chat = chat.clone();
                async move { chat.$method(&cx, &arguments).await }
            }
        }};
    }
    let (connected, disconnected, proven) = (chat.clone(), chat.clone(), chat.clone());
    let hub = Hub::builder("chat")
        .options(options)
        .on_connected(move |cx| {
            let chat = connected.clone();
            async move { chat.connected(&cx).await }
        })
        .on_disconnected(move |cx, how| {
            let chat = disconnected.clone();
            async move { chat.disconnected(&cx, &how) }
        })
        .on_proven(move |connection, nonce| {
            if let Ok(listener) = Listener::of(connection) {
                proven.proven(&listener, nonce);
            }
        })
        .raw("JoinConversation", 1..=1, verb!(join_conversation))
        .raw("LeaveConversation", 1..=1, verb!(leave_conversation))
        .raw("SendMessage", 1..=3, verb!(send_message))
        .raw("SendTypingIndicator", 2..=2, verb!(send_typing_indicator))
        .raw("GetConversations", 0..=1, verb!(list_conversations))
        .raw("GetMessages", 1..=2, verb!(list_messages))
        .raw("CreateGroup", 1..=1, verb!(create_group));
    METHODS
        .iter()
        .fold(hub, |hub, method| hub.alias(&format!("{method}Async"), method))
        .build()
}

impl Chat {
    async fn connected(self: &Arc<Self>, cx: &Context) -> Result<(), HubError> {
        // First of all: from here on the connection hears.
        let listener = self.listeners.add(cx.connection())?;
        cx.connection()
            .set(Arc::new(self.services.presence.arrive(listener.user())));
        let head = u64::try_from(self.log.tail.head().0).expect("event ids are positive");
        cx.connection()
            .follow(LogFeed::new(Arc::clone(self), Arc::clone(&listener)), head);
        // A profile that cannot be stored now is stored with the next call.
        if let Err(error) = self.services.people.seen(listener.principal()).await {
            tracing::warn!("a person who connected cannot be stored: {error}");
        }
        Ok(())
    }

    fn disconnected(&self, cx: &Context, _: &Disconnected) {
        let Ok(listener) = Listener::of(cx.connection()) else {
            return;
        };
        if self.listeners.remove(&listener) {
            self.services.typing.stop_all(listener.user());
        }
    }

    fn proven(&self, listener: &Listener, nonce: u64) {
        let (proven, next) = listener.proof.proven(nonce);
        proven
            .into_iter()
            .for_each(|message| self.services.messages.proven(message));
        if let Some(nonce) = next {
            listener.connection.probe(nonce);
        }
    }

    async fn join_conversation(&self, cx: &Context, arguments: &Arguments) -> Result<Conversation, HubError> {
        let listener = Listener::of(cx.connection())?;
        let reference = text(arguments, 0, "conversationId")?;
        let conversations = &self.services.conversations;
        let membership = conversations.resolve(listener.principal(), &reference).await;
        // Heard before it is read, so that what is said meanwhile is in the answer or comes by itself.
        listener.sent_to(membership?.number);
        let found = conversations.find(listener.principal(), &reference).await;
        let found = found?;
        listener.join(found.number);
        Ok(Conversation::seen_by(&found, listener.user()))
    }

    async fn leave_conversation(&self, cx: &Context, arguments: &Arguments) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let reference = text(arguments, 0, "conversationId")?;
        let conversations = &self.services.conversations;
        match conversations.resolve(listener.principal(), &reference).await {
            Ok(membership) => listener.leave(membership.number),
            // A view of what one no longer belongs to is closed already.
            Err(Error::NotAParticipant) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn send_message(&self, cx: &Context, arguments: &Arguments) -> Result<Message, HubError> {
        let listener = Listener::of(cx.connection())?;
        let draft = if arguments.len() == 1 || is_object(arguments, 0) {
            object::<NewMessage>(arguments, 0, "message")?.draft(None, Via::Hub)?
        } else {
            let target = Target::Positional(text(arguments, 0, "conversationId")?);
            let content = optional_text(arguments, 1, "content")?.unwrap_or_default();
            Draft {
                kind: optional_text(arguments, 2, "type")?,
                ..Draft::text(target, content, Via::Hub)
            }
        };
        let messages = &self.services.messages;
        let prepared = messages.prepare(listener.principal(), draft).await?;
        // Heard from here on: once it is stored, the fan-out may be faster than the answer.
        listener.sent_to(prepared.conversation());
        let posted = messages.store(prepared).await?;
        if let Some(nonce) = listener.proof.answering(posted.message.id) {
            cx.probe_answer(nonce);
        }
        Ok(Message::for_sender(&posted.message))
    }

    async fn send_typing_indicator(&self, cx: &Context, arguments: &Arguments) -> Result<(), HubError> {
        let listener = Listener::of(cx.connection())?;
        let (reference, is_typing) = (text(arguments, 0, "conversationId")?, flag(arguments, 1, "isTyping")?);
        let set = self
            .services
            .typing
            .set(listener.principal(), &reference, is_typing)
            .await;
        Ok(set?)
    }

    async fn list_conversations(&self, cx: &Context, arguments: &Arguments) -> Result<Vec<Conversation>, HubError> {
        let listener = Listener::of(cx.connection())?;
        let paging: Paging = object(arguments, 0, "options")?;
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

    async fn list_messages(&self, cx: &Context, arguments: &Arguments) -> Result<MessagePage, HubError> {
        let listener = Listener::of(cx.connection())?;
        let reference = text(arguments, 0, "conversationId")?;
        let paging: Paging = object(arguments, 1, "options")?;
        let page = paging.page()?;
        let messages = &self.services.messages;
        let page = messages.page(listener.principal(), &reference, &page).await?;
        let membership = self
            .services
            .conversations
            .resolve(listener.principal(), &reference)
            .await;
        let conversation_id = membership?.id.to_string();
        let (messages, pagination) = views::page(&page, |message| Message::seen_by(message, listener.user()));
        Ok(MessagePage {
            conversation_id,
            messages,
            pagination,
        })
    }

    async fn create_group(&self, cx: &Context, arguments: &Arguments) -> Result<Group, HubError> {
        let listener = Listener::of(cx.connection())?;
        let draft: GroupDraft = object(arguments, 0, "group")?;
        let group = draft.group()?;
        let made = self
            .services
            .conversations
            .create_group(listener.principal(), group)
            .await;
        let (group, skipped) = made?;
        listener.sent_to(group.number);
        Ok(Group::written(&group, &skipped))
    }
}
