//! What was missed.

use std::sync::Arc;

use hub_protocol::{
    codec::Arguments,
    hub::{Context, HubError},
};

use crate::{
    hubs::{Chat, arguments::optional_text, listeners::Listener},
    telling::sync,
    views::Synced,
};

impl Chat {
    pub(super) async fn sync(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Synced, HubError> {
        let listener = Listener::of(cx.connection())?;
        let cursor = optional_text(&arguments, 0, "since")?.filter(|cursor| !cursor.trim().is_empty());
        let synced = sync::since(&self.services, &self.log, listener.principal(), cursor.as_deref()).await;
        Ok(synced?)
    }
}
