//! The one match over what clients send.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{Call, Context, Hub, HubError, Next, encoded::frame, error::Kind, method::Method};
use crate::{
    close::CloseReason,
    message::{Completion, HubMessage, Invocation, Outcome},
    transport::Outgoing,
};

/// A call that runs, or `None` where nothing has to be waited for.
pub(super) type Running = BoxFuture<'static, Finished>;

/// What a finished call leaves to the session.
#[derive(Debug)]
pub(super) enum Finished {
    /// Its answer is queued.
    Done,
    /// The connection cannot go on.
    End(CloseReason),
}

/// Acts on one message.
pub(super) fn dispatch(hub: &Hub, cx: Context, message: HubMessage) -> Option<Running> {
    match message {
        HubMessage::Invocation(call) => Some(Box::pin(invoke(hub.clone(), cx, call))),
        HubMessage::StreamInvocation(call) => {
            let id = call.invocation_id.clone()?;
            let error = match hub.0.methods.get(&call.target.to_lowercase()) {
                Some(method) => format!(
                    "The client attempted to invoke the non-streaming '{}' method with a streaming invocation.",
                    method.name
                ),
                None => HubError::no_such_method().sentence(&call.target, false),
            };
            answer(&cx, id, Outcome::Error(error));
            None
        }
        // Items, ends and cancellations of streams that are not there, or are over, are normal races.
        HubMessage::StreamItem(_) | HubMessage::Completion(_) | HubMessage::CancelInvocation(_) => None,
        // The connection's state machine keeps these to itself.
        HubMessage::Ping | HubMessage::Close(_) | HubMessage::Ack(_) | HubMessage::Sequence(_) => None,
    }
}

async fn invoke(hub: Hub, cx: Context, call: Invocation) -> Finished {
    let Invocation {
        invocation_id,
        target,
        arguments,
        stream_ids,
    } = call;
    let method = hub.0.methods.get(&target.to_lowercase()).map(Arc::clone);
    // The server's own spelling wherever there is one.
    let target = method.as_ref().map_or(target, |method| method.name.clone());
    let refused = |method: &Method| method.policy.as_ref().is_some_and(|policy| !policy(&cx));
    let result = match &method {
        None => Err(HubError::no_such_method()),
        // A policy that panics refuses.
        Some(method) if catch_unwind(AssertUnwindSafe(|| refused(method))).unwrap_or(true) => {
            Err(HubError::unauthorized())
        }
        Some(_) if !stream_ids.is_empty() => {
            let count = stream_ids.len();
            Err(HubError::public(format!(
                "Client sent {count} stream(s), Hub method expects 0."
            )))
        }
        Some(method) => {
            let call = Call {
                context: cx.clone(),
                method: target.clone(),
                arguments,
            };
            let next = Next {
                hub: &hub.0,
                filters: 0,
                method: Some(method),
            };
            // A method that panics fails its call; the connection and everybody else go on.
            let result = AssertUnwindSafe(async { next.call(call).await }).catch_unwind().await;
            result.unwrap_or_else(|_| Err(HubError::unexpected("Panic", "the method panicked")))
        }
    };
    let outcome = match result {
        Ok(result) => Outcome::Result(result),
        Err(error) if error.kind == Kind::Unwritable => {
            tracing::error!(
                hub.name = hub.0.name,
                hub.method = target,
                "the result cannot be written: {}",
                error.text()
            );
            return Finished::End(CloseReason::Unwritable(error.detail()));
        }
        Err(error) => {
            if matches!(error.kind, Kind::Unexpected(_)) {
                tracing::error!(
                    hub.name = hub.0.name,
                    hub.method = target,
                    "a hub method failed: {error}"
                );
            }
            Outcome::Error(error.sentence(&target, hub.0.options.connection.detailed_errors))
        }
    };
    if let Some(id) = invocation_id {
        answer(&cx, id, outcome);
    }
    if let Some(nonce) = cx.take_probe() {
        cx.connection().probe(nonce);
    }
    Finished::Done
}

fn answer(cx: &Context, invocation_id: String, outcome: Outcome) {
    let member = &cx.connection().member;
    let protocol = *member.protocol.get().expect("calls come after the handshake");
    let completion = HubMessage::Completion(Completion { invocation_id, outcome });
    member.outbox.push_own(Outgoing::Frames(frame(protocol, &completion)));
}
