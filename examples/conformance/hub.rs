//! The Conformance hub: echoes of every kind of value, errors of every kind, groups and users.

mod audiences;
mod streams;

use std::{collections::BTreeMap, time::Duration};

use hub_protocol::{
    hub::{Context, Hub, HubError, HubOptions},
    values::{Binary, DateTime, DateTimeOffset, Guid},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Every kind of member that a .NET class may have.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Complex {
    id: i32,
    name: Option<String>,
    guid: Guid,
    when: DateTime,
    bytes: Option<Binary>,
    colour: Colour,
    score: Option<f64>,
    tags: Option<Vec<String>>,
    counts: Option<BTreeMap<String, i32>>,
    nested: Option<Box<Self>>,
}

#[derive(Default, Serialize, Deserialize)]
enum Colour {
    #[default]
    Red,
    Green,
    Blue,
}

/// In .NET every text may be null.
type Text = Option<String>;

fn name(text: Text) -> Result<String, HubError> {
    text.ok_or_else(|| HubError::unexpected("ArgumentNullException", "Value cannot be null."))
}

/// Builds the hub.
pub(crate) fn conformance(options: HubOptions) -> Hub {
    let hub = Hub::builder("Conformance")
        .options(options)
        .method("Echo", async |_: Context, text: Text| Ok(text))
        .method("EchoComplex", async |_: Context, value: Option<Complex>| Ok(value))
        .method("EchoJson", async |_: Context, value: Value| Ok(value))
        .method("EchoDateTime", async |_: Context, value: DateTime| Ok(value))
        .method("EchoDateTimeOffset", async |_: Context, value: DateTimeOffset| {
            Ok(value)
        })
        .method("EchoGuid", async |_: Context, value: Guid| Ok(value))
        .method("EchoBytes", async |_: Context, value: Option<Binary>| Ok(value))
        .method("EchoDouble", async |_: Context, value: f64| Ok(value))
        .method("EchoLong", async |_: Context, value: i64| Ok(value))
        .method("EchoEnum", async |_: Context, value: Colour| Ok(value))
        .method("EchoList", async |_: Context, value: Option<Vec<i32>>| Ok(value))
        .method("EchoNullable", async |_: Context, value: Option<i32>| Ok(value))
        .method("Add", async |_: Context, a: i32, b: i32| Ok(a.wrapping_add(b)))
        .method("Nothing", async |_: Context| Ok(()))
        .method("NothingAsync", async |_: Context| Ok(()))
        .method("ReturnNull", async |_: Context| Ok(None::<String>))
        .method("renamed", async |_: Context| Ok("renamed was called"))
        .method("Fail", async |_: Context| {
            Err::<(), _>(HubError::unexpected("InvalidOperationException", "secret detail"))
        })
        .method("FailHub", async |_: Context| {
            Err::<(), _>(HubError::public("a public reason"))
        })
        .method("NeedsUser", async |cx: Context| {
            Ok(cx.user_identifier().map(ToOwned::to_owned))
        })
        .authorize("NeedsUser", |cx| cx.user_identifier().is_some())
        .method("ConnectionId", async |cx: Context| Ok(cx.connection_id().clone()))
        .method("UserIdentifier", async |cx: Context| {
            Ok(cx.user_identifier().map(ToOwned::to_owned))
        })
        .method("Abort", async |cx: Context| {
            cx.abort();
            Ok(())
        })
        .method("Slow", async |_: Context, milliseconds: i32| {
            tokio::time::sleep(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))).await;
            Ok(format!("done {milliseconds}"))
        });
    streams::add(audiences::add(hub)).build()
}
