//! A conversation from its beginning, or from where somebody stopped, to its end.

use std::{future::ready, sync::Arc};

use entities::ids::MessageId;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{Chat, arguments::object, listeners::Listener},
    log::event::MessageDetails,
    services::paging::{MAX_SIZE, Page, PageRequest},
    views::{Message, input::Paging},
};

/// Before the first message of every conversation.
const BEGINNING: &str = "1970-01-01T00:00:00Z";

/// After what the next page begins, if there is more.
fn next(page: &Page<MessageDetails>) -> Option<MessageId> {
    let pagination = &page.pagination;
    pagination.has_more.then_some(pagination.next_cursor).flatten()
}

impl Chat {
    /// Messages oldest first, until there is none. Read a page at a time, as the client takes them; what is said
    /// meanwhile is in it.
    pub(super) async fn stream_history(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<impl Stream<Item = Result<Message, HubError>> + Send + 'static, HubError> {
        let listener = Listener::of(cx.connection())?;
        let reference = self.conversation_of(&listener, &arguments).await?.id.to_string();
        let paging: Paging = object(&arguments, 1, "options")?;
        let after = paging.page()?.after.unwrap_or_else(|| BEGINNING.to_owned());
        let page = |after: String| PageRequest {
            after: Some(after),
            limit: Some(MAX_SIZE.to_string()),
            ..PageRequest::default()
        };
        let messages = self.services.messages.clone();
        // What is wrong with the call is said at once.
        let first = messages.page(listener.principal(), &reference, &page(after)).await?;
        let later = stream::try_unfold(next(&first), {
            let listener = Arc::clone(&listener);
            move |cursor| {
                let (messages, listener, reference) = (messages.clone(), Arc::clone(&listener), reference.clone());
                async move {
                    let Some(cursor) = cursor else { return Ok(None) };
                    let page = page(cursor.to_string());
                    let page = messages.page(listener.principal(), &reference, &page).await?;
                    let next = next(&page);
                    Ok(Some((page.items, next)))
                }
            }
        });
        let pages = stream::once(ready(Ok::<_, HubError>(first.items))).chain(later);
        let messages = pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten();
        Ok(messages.map_ok(move |message| Message::seen_by(&message, listener.user())))
    }
}
