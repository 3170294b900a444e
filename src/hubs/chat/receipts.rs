//! What was received and read.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{
        Chat,
        arguments::{is_list, is_object, list, object, optional_text},
        listeners::Listener,
    },
    services::messages::{Mark, Place},
    views::{Marked, input::Marking},
};

impl Chat {
    pub(super) async fn mark_as_read(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Marked, HubError> {
        let listener = Listener::of(cx.connection())?;
        let mark = mark(&arguments)?;
        let marked = self.services.messages.mark_read(listener.principal(), &mark).await;
        Ok(marked?.into())
    }

    pub(super) async fn mark_as_delivered(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<Marked, HubError> {
        let listener = Listener::of(cx.connection())?;
        let mark = mark(&arguments)?;
        let marked = self.services.messages.mark_delivered(listener.principal(), &mark).await;
        Ok(marked?.into())
    }

    pub(super) async fn unread_count(self: Arc<Self>, cx: Context, _: Arguments) -> Result<i64, HubError> {
        let listener = Listener::of(cx.connection())?;
        let total = self.services.conversations.unread_total(listener.user()).await;
        Ok(total?)
    }
}

/// A conversation or a message, then perhaps messages; or the messages alone; or all of it as one object.
fn mark(arguments: &Arguments) -> Result<Mark, HubError> {
    if is_object(arguments, 0) {
        return Ok(object::<Marking>(arguments, 0, "options")?.mark(None)?);
    }
    if is_list(arguments, 0) {
        return Ok(Marking::from(list(arguments, 0, "messageIds")?).mark(None)?);
    }
    let place = optional_text(arguments, 0, "conversationId")?.filter(|text| !text.trim().is_empty());
    let messages = list(arguments, 1, "messageIds")?;
    Ok(Marking::from(messages).mark(place.map(Place::Positional))?)
}
