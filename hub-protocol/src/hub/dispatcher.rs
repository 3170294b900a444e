//! One call from its admission to its answer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};

use super::{
    Call, Context, Hub, HubError, Next,
    error::Kind as ErrorKind,
    meter::Outcome as Went,
    method::{Answer, Items, Kind, Method},
    upload::Source,
};
use crate::{
    close::CloseReason,
    message::{Completion, HubMessage, Invocation, Outcome, StreamItem},
    transport::{Frame, Outgoing},
};

/// A call that runs.
pub(super) type Running = BoxFuture<'static, Finished>;

/// What a finished call leaves to the session. Its answer, if one is due, is queued.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// Why the connection cannot go on.
    pub(super) end: Option<CloseReason>,
    /// The id of the stream that has ended.
    pub(super) stream: Option<String>,
    /// The ids of the client's streams that nobody reads any more.
    pub(super) uploads: Vec<String>,
    /// What the call came with.
    pub(super) bytes: usize,
}

/// A call that was admitted and has not begun.
pub(super) struct Admitted {
    pub(super) cx: Context,
    pub(super) method: Arc<Method>,
    pub(super) call: Invocation,
    pub(super) uploads: Vec<Source>,
    pub(super) bytes: usize,
}

/// Finds the method of a call and checks that it may be called like this; else the sentence for the caller.
pub(super) fn admit(cx: &Context, call: &Invocation, streaming: bool) -> Result<Arc<Method>, String> {
    let Some(method) = cx.hub().0.methods.named(&call.target) else {
        return Err(HubError::no_such_method().sentence(&call.target, false));
    };
    // The server's own spelling wherever there is one.
    let name = &method.name;
    let refused = || method.policy.as_ref().is_some_and(|policy| !policy(cx));
    // A policy that panics refuses.
    if catch_unwind(AssertUnwindSafe(refused)).unwrap_or(true) {
        return Err(HubError::unauthorized().sentence(name, false));
    }
    match (streaming, method.handler.is_streaming()) {
        (true, false) => {
            return Err(format!(
                "The client attempted to invoke the non-streaming '{name}' method with a streaming invocation."
            ));
        }
        (false, true) => {
            return Err(format!(
                "The client attempted to invoke the streaming '{name}' method with a non-streaming invocation."
            ));
        }
        (true, true) | (false, false) => {}
    }
    let (given, expected) = (call.stream_ids.len(), method.handler.uploads());
    if given != expected {
        return Err(HubError::wrong_streams(given, expected).sentence(name, false));
    }
    Ok(Arc::clone(method))
}

/// Runs a call and queues its answer.
pub(super) async fn run(admitted: Admitted) -> Finished {
    let Admitted {
        cx,
        method,
        call,
        uploads,
        bytes,
    } = admitted;
    let hub = cx.hub();
    let next = Next {
        hub: &hub.0,
        filters: 0,
        method: Some(&method),
    };
    let forwarded = Call {
        context: cx.clone(),
        method: Arc::clone(&method.name),
        arguments: call.arguments,
        uploads,
    };
    // A method that panics fails its call; the connection and everybody else go on.
    // Called here and not in a future of its own, which would keep what it was called with.
    let result = match catch_unwind(AssertUnwindSafe(|| next.call(forwarded))) {
        Ok(answer) => AssertUnwindSafe(answer).catch_unwind().await,
        Err(panic) => Err(panic),
    };
    cx.release();
    let id = call.invocation_id;
    let detailed = hub.0.options.connection.detailed_errors;
    let outcome = match result.unwrap_or_else(|_| Err(panicked())).map(|Answer(kind)| kind) {
        Ok(Kind::Value(result)) => {
            method.meter.count(Went::Succeeded);
            Outcome::Result(result)
        }
        // In a box: a plain call is smaller without it.
        Ok(Kind::Stream(items)) => match Box::pin(forward(&cx, id.as_deref().unwrap_or_default(), items)).await {
            Ok(()) => {
                method.meter.count(Went::Succeeded);
                Outcome::Void
            }
            Err(error) => match failed(hub, &method, &error) {
                Some(reason) => return Finished::ended(reason),
                None => Outcome::Error(error.stream_sentence(detailed)),
            },
        },
        Err(error) => match failed(hub, &method, &error) {
            Some(reason) => return Finished::ended(reason),
            None => Outcome::Error(error.sentence(&method.name, detailed)),
        },
    };
    let stream = id.as_ref().filter(|_| method.handler.is_streaming()).cloned();
    if let Some(id) = id {
        answer(&cx, id, outcome);
    }
    if let Some(nonce) = cx.probe() {
        cx.connection().probe(nonce);
    }
    Finished {
        end: None,
        stream,
        uploads: call.stream_ids,
        bytes,
    }
}

impl Finished {
    pub(super) fn ended(reason: CloseReason) -> Self {
        Self {
            end: Some(reason),
            ..Self::default()
        }
    }
}

/// Sends a stream's items, each when there is room for it.
async fn forward(cx: &Context, id: &str, mut items: Items) -> Result<(), HubError> {
    let member = cx.member();
    let protocol = *member.protocol.get().expect("calls come after the handshake");
    while let Some(item) = AssertUnwindSafe(items.next())
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Some(Err(panicked())))
    {
        let item = HubMessage::StreamItem(StreamItem {
            invocation_id: id.to_owned(),
            item: item?,
        });
        if !member.push_frame_when_room(&Frame::of(protocol, &item)).await {
            // Nobody hears the rest. A stream that is always ready would otherwise never let go of the task.
            break;
        }
    }
    Ok(())
}

fn panicked() -> HubError {
    HubError::unexpected("Panic", "the method panicked")
}

/// Writes an error down that the caller is not told of in full; the reason where it ends the connection.
fn failed(hub: &Hub, method: &Method, error: &HubError) -> Option<CloseReason> {
    let (hub, meter, method) = (&hub.0.name, &method.meter, &*method.name);
    meter.count(match error.kind {
        ErrorKind::Unwritable | ErrorKind::Unexpected(_) => Went::Failed,
        ErrorKind::Public | ErrorKind::NotInvoked { .. } | ErrorKind::Unauthorized => Went::Refused,
    });
    match error.kind {
        ErrorKind::Unwritable => {
            let text = error.text();
            tracing::error!(
                hub.name = hub,
                hub.method = method,
                "the result cannot be written: {text}"
            );
            return Some(CloseReason::Unwritable(error.detail()));
        }
        ErrorKind::Unexpected(_) => {
            tracing::error!(hub.name = hub, hub.method = method, "a hub method failed: {error}");
        }
        ErrorKind::Public | ErrorKind::NotInvoked { .. } | ErrorKind::Unauthorized => {}
    }
    None
}

/// Queues the answer to a call.
pub(super) fn answer(cx: &Context, invocation_id: String, outcome: Outcome) {
    let member = cx.member();
    let protocol = *member.protocol.get().expect("calls come after the handshake");
    let completion = HubMessage::Completion(Completion { invocation_id, outcome });
    member
        .outbox
        .push_own(Outgoing::Frames(Frame::of(protocol, &completion)));
}
