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

use std::sync::Arc;

use hub_protocol::hub::{Context, Disconnected, Hub, HubError, HubOptions};

use super::{
    Chat, fanout,
    feed::LogFeed,
    listeners::Listener,
    presence,
    traced::traced,
    verbs::{Table, Verbs},
};
use crate::{described::hub as words, services::tickets::Resumption};

/// Builds the hub.
pub(super) fn hub(chat: &Arc<Chat>, options: HubOptions) -> Hub {
    let (connected, disconnected, proven) = (chat.clone(), chat.clone(), chat.clone());
    let hub = traced(Hub::builder("chat"), "chat")
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
    let hub = presence::methods(Verbs {
        hub,
        state: Arc::new(chat.services.clone()),
    });
    let hub = methods(Verbs {
        hub: hub.hub,
        state: Arc::clone(chat),
    });
    hub.hub.build()
}

/// What clients may call besides the methods that both hubs have. The first name is the contract's.
#[rustfmt::skip]
pub(super) fn methods<T: Table<Arc<Chat>>>(table: T) -> T {
    table
        .add(&["JoinConversation"], words::join_conversation, Chat::join_conversation)
        .add(&["LeaveConversation"], words::leave_conversation, Chat::leave_conversation)
        .add(&["GetConversations"], words::list_conversations, Chat::list_conversations)
        .add(&["SendTypingIndicator", "SendTyping", "SendTypingStatus", "NotifyTyping"], words::send_typing_indicator, Chat::send_typing_indicator)
        .add(&["StartTyping", "Typing"], words::start_typing, Chat::start_typing)
        .add(&["StopTyping"], words::stop_typing, Chat::stop_typing)
        .add(&["SendMessage", "SendPrivateMessage", "SendText"], words::send_message, Chat::send_message)
        .add(&["ForwardMessage"], words::forward_message, Chat::forward_message)
        .add(&["EditMessage"], words::edit_message, Chat::edit_message)
        .add(&["DeleteMessage", "UnsendMessage"], words::delete_message, Chat::delete_message)
        .add(&["AddReaction", "ReactToMessage"], words::add_reaction, Chat::add_reaction)
        .add(&["RemoveReaction"], words::remove_reaction, Chat::remove_reaction)
        .add(&["ToggleReaction"], words::toggle_reaction, Chat::toggle_reaction)
        .add(&["PinMessage"], words::pin_message, Chat::pin_message)
        .add(&["UnpinMessage"], words::unpin_message, Chat::unpin_message)
        .add(&["GetMessages"], words::list_messages, Chat::list_messages)
        .add_stream(&["StreamHistory"], words::stream_history, Chat::stream_history)
        .add(&["MarkAsRead", "MarkMessageAsRead", "MarkMessagesAsRead", "MarkRead", "AcknowledgeRead"], words::mark_as_read, Chat::mark_as_read)
        .add(&["MessageDelivered", "ConfirmDelivery", "MarkMessageDelivered", "AcknowledgeDelivery"], words::mark_as_delivered, Chat::mark_as_delivered)
        .add(&["GetUnreadCount"], words::unread_count, Chat::unread_count)
        .add(&["SearchMessages"], words::search_messages, Chat::search_messages)
        .add(&["Sync"], words::sync, Chat::sync)
        .add(&["CreateGroup"], words::create_group, Chat::create_group)
        .add(&["LeaveGroup"], words::leave_group, Chat::leave_group)
        .add(&["AddMember"], words::add_member, Chat::add_member)
        .add(&["RemoveMember"], words::remove_member, Chat::remove_member)
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
