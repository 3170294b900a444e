//! `/hubs/messages?userId=`: a page that shows the thread with one person.

use crate::{
    hubs::{Chat, calls::call_for, listeners::Listener},
    services::{Error, paging::PageRequest},
    views::{ClientEvent, Message},
};

impl Chat {
    /// Joins the direct conversation with somebody and sends what was said last in it. Where there is none the thread is
    /// empty and everything is heard: so is what begins it, and nothing is made only because somebody looks.
    pub(super) async fn open_thread(&self, listener: &Listener, partner: &str) {
        let thread = match self.thread(listener, partner).await {
            Ok(thread) => thread,
            Err(error) => {
                // The page may still ask for it.
                tracing::warn!("a thread cannot be read: {error}");
                return;
            }
        };
        // Before everything its feed will say.
        let links = self.links.at(&listener.visitor.origin);
        let call = call_for(ClientEvent::ReceiveMessageThread(thread.into()), links);
        if let Err(error) = listener.connection.try_send(&call) {
            tracing::error!("a thread cannot be written: {error}");
        }
    }

    async fn thread(&self, listener: &Listener, partner: &str) -> Result<Vec<Message>, Error> {
        let (principal, conversations) = (listener.principal(), &self.services.conversations);
        let Some(membership) = conversations.known_direct(principal, partner).await? else {
            return Ok(Vec::new());
        };
        // Before it is read, so that what is said meanwhile is in it or comes by itself.
        listener.join(membership.number);
        let (reference, newest) = (membership.id.to_string(), PageRequest::default());
        let page = self.services.messages.page(principal, &reference, &newest).await?;
        let seen = page
            .items
            .iter()
            .map(|message| Message::seen_by(message, &principal.user_id));
        Ok(seen.collect())
    }
}
