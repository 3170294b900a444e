//! Groups.

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
    views::{Group, Left, Written, input::GroupDraft},
};

impl Chat {
    pub(super) async fn create_group(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Group, HubError> {
        let listener = Listener::of(cx.connection())?;
        let draft: GroupDraft = object(&arguments, 0, "group")?;
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

    pub(super) async fn leave_group(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Left, HubError> {
        let listener = Listener::of(cx.connection())?;
        let group = self.conversation_of(&listener, &arguments).await?.id.to_string();
        let conversations = &self.services.conversations;
        // Membership of a direct conversation has no end.
        conversations.group_of(listener.principal(), &group).await?;
        let left = conversations.leave(listener.principal(), &group).await;
        Ok(Left::new(left?.id))
    }

    pub(super) async fn add_member(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Written, HubError> {
        let listener = Listener::of(cx.connection())?;
        let person = text(&arguments, 1, "userId")?;
        let group = self.conversation_of(&listener, &arguments).await?.id.to_string();
        let conversations = &self.services.conversations;
        let written = conversations
            .add_members(listener.principal(), &group, vec![person])
            .await;
        Ok(Written::from(&written?))
    }

    pub(super) async fn remove_member(self: Arc<Self>, cx: Context, arguments: Arguments) -> Result<Written, HubError> {
        let listener = Listener::of(cx.connection())?;
        let person = text(&arguments, 1, "userId")?;
        let group = self.conversation_of(&listener, &arguments).await?.id.to_string();
        let conversations = &self.services.conversations;
        let written = conversations
            .remove_members(listener.principal(), &group, Some(vec![person]))
            .await;
        Ok(Written::from(&written?))
    }
}
