//! The Conformance hub: echoes of every kind of value, errors of every kind, groups and users.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::{
    hub::{Builder, Context, Hub, HubError, HubOptions, Upload},
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
    questions(streams(audiences(hub))).build()
}

fn audiences(hub: Builder) -> Builder {
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
        cx.groups().add(cx.connection_id().as_str(), &name(group)?).await
    })
    .method("LeaveGroup", async |cx: Context, group: Text| {
        cx.groups().remove(cx.connection_id().as_str(), &name(group)?).await
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

fn streams(hub: Builder) -> Builder {
    hub.stream("Counter", async |_: Context, count: i32, delay: i32| {
        let delay = Duration::from_millis(u64::try_from(delay).unwrap_or(0));
        Ok(stream::iter(0..count).then(move |number| async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(number)
        }))
    })
    .stream("CounterChannel", async |_: Context, count: i32| {
        Ok(stream::iter(0..count).map(|number| Ok(format!("item {number}"))))
    })
    .stream("FailingStream", async |_: Context, after: i32| {
        let error = HubError::unexpected("InvalidOperationException", "secret stream detail");
        Ok(failing(after, error))
    })
    .stream("FailingHubStream", async |_: Context, after: i32| {
        Ok(failing(after, HubError::public("a public stream reason")))
    })
    .method("Concat", async |_: Context, items: Upload<String>| {
        items.try_collect::<String>().await
    })
    .method(
        "SumTwo",
        async |_: Context, first: Upload<i32>, second: Upload<i32>, start: i32| {
            let sum = async |total: i32, number: i32| Ok(total.wrapping_add(number));
            let first = first.try_fold(start, sum).await?;
            second.try_fold(first, sum).await
        },
    )
    .stream("StreamEcho", async |_: Context, items: Upload<String>| {
        Ok(items.map_ok(|item| format!("echo:{item}")))
    })
}

fn failing(after: i32, error: HubError) -> impl Stream<Item = Result<i32, HubError>> {
    stream::iter(0..after).map(Ok).chain(stream::iter([Err(error)]))
}

fn questions(hub: Builder) -> Builder {
    hub.method("AskMe", async |cx: Context, text: Text| {
        let answer: Text = cx.clients().caller().invoke("answer", (text,)).await?;
        Ok(format!("you said {}", answer.unwrap_or_default()))
    })
    .method("AskOther", async |cx: Context, connection: Text, text: Text| {
        let other = cx.clients().client(name(connection)?);
        let answer: Text = other.invoke("answer", (text,)).await?;
        Ok(format!("they said {}", answer.unwrap_or_default()))
    })
    .method("AskNumber", async |cx: Context| {
        let answer = cx.clients().caller().invoke::<i32>("number", ()).await;
        Ok(match answer {
            Ok(number) => format!("number {number}"),
            Err(error) => error.to_string(),
        })
    })
}
