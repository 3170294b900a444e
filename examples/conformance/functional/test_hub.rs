//! The hub `TestHub`, method for method.

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::{
    hub::{Builder, Connection, Context, Encoded, Hub, HubError, HubOptions, Upload},
    json::Naming,
    values::{Binary, DateTime, Guid},
};
use serde::{Deserialize, Serialize};

use super::request::TransportRequest;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CustomObject {
    name: Option<String>,
    value: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ComplexObject {
    string: Option<String>,
    int_array: Option<Vec<i32>>,
    byte_array: Option<Binary>,
    guid: Guid,
    date_time: DateTime,
}

type Text = Option<String>;

/// Builds the hub.
pub(crate) fn build(options: HubOptions) -> Hub {
    let hub = Hub::builder("Test")
        .options(options)
        .method("Echo", async |_: Context, text: Text| Ok(text))
        .method("GetCallerConnectionId", async |cx: Context| {
            Ok(cx.connection_id().clone())
        })
        .method("ThrowException", async |_: Context, text: Text| {
            Err::<(), _>(failure(text))
        })
        .method("InvokeWithString", async |cx: Context, text: Text| {
            cx.clients().caller().send("Message", (text,)).await
        })
        .method("SendCustomObject", async |cx: Context, object: Option<CustomObject>| {
            cx.clients().caller().send("CustomObject", (object,)).await
        })
        .method(
            "EchoComplexObject",
            async |_: Context, object: Option<ComplexObject>| Ok(object),
        )
        .method("SendComplexObject", async |_: Context| complex_object());
    requests(streams(hub)).build()
}

fn failure(text: Text) -> HubError {
    HubError::unexpected("InvalidOperationException", text.unwrap_or_default())
}

fn complex_object() -> Result<ComplexObject, HubError> {
    let guid = Guid::parse("00010203-0405-0607-0706-050403020100");
    let date_time = DateTime::parse("2000-01-01T00:00:00Z");
    let (Some(guid), Some(date_time)) = (guid, date_time) else {
        return Err(failure(None));
    };
    Ok(ComplexObject {
        string: Some("hello world".to_owned()),
        int_array: Some(vec![1, 2, 3]),
        byte_array: Some(Binary(vec![1, 2, 3])),
        guid,
        date_time,
    })
}

fn streams(hub: Builder) -> Builder {
    hub.stream("Stream", async |_: Context| Ok(stream::iter(["a", "b", "c"].map(Ok))))
        .stream("EmptyStream", async |_: Context| {
            Ok(stream::empty::<Result<i32, HubError>>())
        })
        .stream("StreamThrowException", async |_: Context, text: Text| {
            Err::<stream::Empty<Result<i32, HubError>>, _>(failure(text))
        })
        .stream("InfiniteStream", async |cx: Context| {
            Ok(until_cancelled(cx.connection().clone()))
        })
        .method("StreamingConcat", async |_: Context, items: Upload<String>| {
            items.try_collect::<String>().await
        })
}

/// Yields nothing, and tells the caller when it is dropped.
fn until_cancelled(caller: Connection) -> impl Stream<Item = Result<i32, HubError>> {
    struct Farewell(Connection);
    impl Drop for Farewell {
        fn drop(&mut self) {
            // A client that has gone need not hear it.
            let _ = self.0.push(&Encoded::new("StreamCanceled", (), Naming::Exact));
        }
    }
    let farewell = Farewell(caller);
    stream::pending().inspect(move |_| {
        let _ = &farewell;
    })
}

fn requests(hub: Builder) -> Builder {
    hub.method("GetActiveTransportName", async |cx: Context| {
        Ok(TransportRequest::of(&cx).map(|request| request.transport))
    })
    .method("GetNumRedirects", async |cx: Context| {
        let count = TransportRequest::of(&cx).and_then(|request| request.number("numRedirects"));
        count.ok_or_else(|| failure(Some("There is no such number.".to_owned())))
    })
    .method("GetContentTypeHeader", async |cx: Context| {
        Ok(TransportRequest::of(&cx).and_then(|request| request.header("content-type")))
    })
    .method("GetHeader", async |cx: Context, name: String| {
        Ok(TransportRequest::of(&cx).and_then(|request| request.header(&name)))
    })
    .method("GetCookie", async |cx: Context, name: String| {
        Ok(TransportRequest::of(&cx).and_then(|request| request.cookie(&name)))
    })
}
