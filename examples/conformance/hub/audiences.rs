//! Methods that call clients: the caller, everybody, groups, users.

use hub_protocol::hub::{Builder, Context};
use serde_json::Value;

use super::{Text, name};

/// Adds them to the hub.
pub(super) fn add(hub: Builder) -> Builder {
    hub.method("CallMe", async |cx: Context, method: Text, value: Value| {
        cx.clients().caller().send(&name(method)?, (value,)).await
    })
    .method("CallMeText", async |cx: Context, method: Text, text: Text| {
        cx.clients().caller().send(&name(method)?, (text,)).await
    })
    .method(
        "CallMeTwo",
        async |cx: Context, method: Text, text: Text, number: i32| {
            cx.clients().caller().send(&name(method)?, (text, number)).await
        },
    )
    .method("JoinGroup", async |cx: Context, group: Text| {
        cx.groups().add(cx.connection_id(), &name(group)?).await
    })
    .method("LeaveGroup", async |cx: Context, group: Text| {
        cx.groups().remove(cx.connection_id(), &name(group)?).await
    })
    .method("AddToGroup", async |cx: Context, connection: Text, group: Text| {
        cx.groups().add(&name(connection)?, &name(group)?).await
    })
    .method("RemoveFromGroup", async |cx: Context, connection: Text, group: Text| {
        cx.groups().remove(&name(connection)?, &name(group)?).await
    })
    .method("ToGroup", async |cx: Context, group: Text, text: Text| {
        cx.clients().group(name(group)?).send("said", (text,)).await
    })
    .method("ToOthersInGroup", async |cx: Context, group: Text, text: Text| {
        cx.clients().others_in_group(name(group)?).send("said", (text,)).await
    })
    .method(
        "ToGroupExcept",
        async |cx: Context, group: Text, except: Vec<String>, text: Text| {
            cx.clients()
                .group_except(name(group)?, except)
                .send("said", (text,))
                .await
        },
    )
    .method("ToAll", async |cx: Context, text: Text| {
        cx.clients().all().send("said", (text,)).await
    })
    .method("ToAllExcept", async |cx: Context, except: Vec<String>, text: Text| {
        cx.clients().all_except(except).send("said", (text,)).await
    })
    .method("ToOthers", async |cx: Context, text: Text| {
        cx.clients().others().send("said", (text,)).await
    })
    .method("ToUser", async |cx: Context, user: Text, text: Text| {
        cx.clients().user(name(user)?).send("said", (text,)).await
    })
    .method("ToClient", async |cx: Context, connection: Text, text: Text| {
        cx.clients().client(name(connection)?).send("said", (text,)).await
    })
}
