//! `/hubs/chat`: every verb of a client, and the connections that come and go.

mod actions;
mod conversations;
mod groups;
mod history;
mod messages;
mod receipts;
mod search;
mod sync;
mod thread;

use std::{ops::RangeInclusive, sync::Arc};

use futures_util::Stream;
use hub_protocol::{
    codec::Arguments,
    hub::{Builder, Context, Disconnected, Hub, HubError, HubOptions},
};
use serde::Serialize;

use super::{Chat, fanout, feed::LogFeed, listeners::Listener, presence, verbs};
use crate::services::tickets::Resumption;

/// Builds the hub.
pub(super) fn hub(chat: &Arc<Chat>, options: HubOptions) -> Hub {
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
        });
    let verbs = Verbs {
        hub: presence::verbs(hub, &chat.services),
        chat: chat.clone(),
    };
    verbs
        .add(&["JoinConversation"], 1..=1, Chat::join_conversation)
        .add(&["LeaveConversation"], 1..=1, Chat::leave_conversation)
        .add(&["GetConversations"], 0..=1, Chat::list_conversations)
        .add(
            &["SendTypingIndicator", "SendTyping", "SendTypingStatus", "NotifyTyping"],
            2..=2,
            Chat::send_typing_indicator,
        )
        .add(&["StartTyping", "Typing"], 1..=1, Chat::start_typing)
        .add(&["StopTyping"], 1..=1, Chat::stop_typing)
        .add(
            &["SendMessage", "SendPrivateMessage", "SendText"],
            1..=3,
            Chat::send_message,
        )
        .add(&["ForwardMessage"], 2..=2, Chat::forward_message)
        .add(&["EditMessage"], 2..=3, Chat::edit_message)
        .add(&["DeleteMessage", "UnsendMessage"], 1..=2, Chat::delete_message)
        .add(&["AddReaction", "ReactToMessage"], 2..=3, Chat::add_reaction)
        .add(&["RemoveReaction"], 2..=3, Chat::remove_reaction)
        .add(&["ToggleReaction"], 2..=3, Chat::toggle_reaction)
        .add(&["PinMessage"], 1..=2, Chat::pin_message)
        .add(&["UnpinMessage"], 1..=1, Chat::unpin_message)
        .add(&["GetMessages"], 1..=2, Chat::list_messages)
        .add_stream(&["StreamHistory"], 1..=2, Chat::stream_history)
        .add(
            &[
                "MarkAsRead",
                "MarkMessageAsRead",
                "MarkMessagesAsRead",
                "MarkRead",
                "AcknowledgeRead",
            ],
            1..=2,
            Chat::mark_as_read,
        )
        .add(
            &[
                "MessageDelivered",
                "ConfirmDelivery",
                "MarkMessageDelivered",
                "AcknowledgeDelivery",
            ],
            1..=2,
            Chat::mark_as_delivered,
        )
        .add(&["GetUnreadCount"], 0..=0, Chat::unread_count)
        .add(&["SearchMessages"], 1..=2, Chat::search_messages)
        .add(&["Sync"], 0..=1, Chat::sync)
        .add(&["CreateGroup"], 1..=1, Chat::create_group)
        .add(&["LeaveGroup"], 1..=1, Chat::leave_group)
        .add(&["AddMember"], 2..=2, Chat::add_member)
        .add(&["RemoveMember"], 2..=2, Chat::remove_member)
        .hub
        .build()
}

/// The hub while its methods are added.
struct Verbs {
    hub: Builder,
    chat: Arc<Chat>,
}

impl Verbs {
    fn add<R, F>(
        mut self,
        names: &[&str],
        arguments: RangeInclusive<usize>,
        verb: impl Fn(Arc<Chat>, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: Serialize + Send + 'static,
        F: Future<Output = Result<R, HubError>> + Send + 'static,
    {
        let chat = self.chat.clone();
        let verb = move |cx, arguments| verb(chat.clone(), cx, arguments);
        self.hub = verbs::named(self.hub.raw(names[0], arguments, verb), names);
        self
    }

    fn add_stream<S, R, F>(
        mut self,
        names: &[&str],
        arguments: RangeInclusive<usize>,
        verb: impl Fn(Arc<Chat>, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Stream<Item = Result<R, HubError>> + Send + 'static,
        R: Serialize + 'static,
        F: Future<Output = Result<S, HubError>> + Send + 'static,
    {
        let chat = self.chat.clone();
        let verb = move |cx, arguments| verb(chat.clone(), cx, arguments);
        self.hub = verbs::named(self.hub.raw_stream(names[0], arguments, verb), names);
        self
    }
}

impl Chat {
    async fn connected(self: &Arc<Self>, cx: &Context) -> Result<(), HubError> {
        // First of all: from here on the connection hears.
        let listener = self.listeners.add(cx.connection())?;
        // Who was deactivated between the door and here: from now on the connection would be found and closed.
        if let Err(error) = self.services.people.admit(listener.user()) {
            self.listeners.remove(&listener);
            return Err(error.into());
        }
        cx.connection()
            .set(Arc::new(self.services.presence.arrive(listener.user())));
        self.begin(&listener).await;
        // A profile that cannot be stored now is stored with the next call.
        if let Err(error) = self.services.people.seen(listener.principal()).await {
            tracing::warn!("a person who connected cannot be stored: {error}");
        }
        if let Some(partner) = &listener.visitor.partner {
            self.open_thread(&listener, partner).await;
        }
        Ok(())
    }

    /// From here on it hears: what it missed since an earlier connection of its device, then what comes.
    async fn begin(self: &Arc<Self>, listener: &Arc<Listener>) {
        let head = self.log.tail.head();
        let Some(found) = self.look_back(listener).await else {
            return;
        };
        let feed = LogFeed::new(Arc::clone(self), Arc::clone(listener), head);
        let moving = self.moving.read();
        listener.begin(|| {
            let (from, hears) = match found.take() {
                Some(Resumption { position, hears }) => (position.min(head), hears),
                None => (head, None),
            };
            listener.connection.follow(feed, fanout::number(from));
            hears
        });
        drop(moving);
        self.arrivals.notify_one();
    }

    fn disconnected(&self, cx: &Context, how: &Disconnected) {
        let Ok(listener) = Listener::of(cx.connection()) else {
            return;
        };
        // While it is still found: nobody must see neither it nor what it leaves.
        self.see_out(&listener, how);
        listener.end();
        if self.listeners.remove(&listener) {
            self.services.typing.stop_all(listener.user());
        }
    }
}
