//! Streams in both directions, and questions to clients.

use std::time::Duration;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::hub::{Builder, Context, HubError, Upload};

use super::{Text, name};

/// Adds them to the hub.
pub(super) fn add(hub: Builder) -> Builder {
    let hub = hub
        .stream("Counter", async |_: Context, count: i32, delay: i32| {
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
        });
    questions(hub)
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
