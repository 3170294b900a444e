//! Messages, found by their words.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{
        Chat,
        arguments::{object, text},
        listeners::Listener,
    },
    views::{FoundMessages, input::SearchOptions},
};

impl Chat {
    pub(super) async fn search_messages(
        self: Arc<Self>,
        cx: Context,
        arguments: Arguments,
    ) -> Result<FoundMessages, HubError> {
        let listener = Listener::of(cx.connection())?;
        let term = text(&arguments, 0, "searchTerm")?;
        let options: SearchOptions = object(&arguments, 1, "options")?;
        let (conversation, page) = (options.conversation()?, options.page()?);
        let found = self
            .services
            .search
            .messages(listener.principal(), &term, conversation.as_deref(), &page)
            .await;
        Ok(FoundMessages::seen_by(&found?, listener.user()))
    }
}
