//! The spans that are traced: a request, a call of a hub, a transaction of the writer. Each is a trace of its own, since
//! a transaction is of many calls.
//!
//! Without a collector none is made, and all that costs is one look at a number.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Span, field::Empty, info_span};

/// What keeps them apart from the lines of the log.
#[cfg(feature = "otlp")]
pub(super) const TARGET: &str = "hubwire::span";

/// One of so many is traced; 0: none.
static EVERY: AtomicU64 = AtomicU64::new(0);
/// Whose turn it is among requests, calls and transactions: each kind has its own.
static TURNS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

#[cfg(feature = "otlp")]
pub(super) fn trace_every(every: u64) {
    EVERY.store(every, Ordering::Relaxed);
}

/// Whether anything is traced.
pub(crate) fn are_made() -> bool {
    EVERY.load(Ordering::Relaxed) > 0
}

fn is_turn(of: usize) -> bool {
    match EVERY.load(Ordering::Relaxed) {
        0 => false,
        every => TURNS[of].fetch_add(1, Ordering::Relaxed).is_multiple_of(every),
    }
}

/// Where a request belongs in somebody else's trace: W3C's `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) trace: u128,
    pub(crate) span: u64,
}

impl Parent {
    /// Reads `00-{trace}-{span}-{flags}`; anything that is not exactly that is no parent.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut next = |length: usize| {
            let part = parts.next()?;
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            (part.len() == length && part.bytes().all(is_hex)).then_some(part)
        };
        let (version, trace, span, _) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let read = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            span: u64::from_str_radix(span, 16).ok()?,
        };
        (version == "00" && parts.next().is_none() && read.trace != 0 && read.span != 0).then_some(read)
    }
}

/// A request, by its route.
pub(crate) fn request(method: &http::Method, route: &str, id: &str, parent: Option<Parent>) -> Span {
    if !is_turn(0) {
        return Span::none();
    }
    let span = info_span!(
        target: "hubwire::span",
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        request.id = id,
        http.response.status_code = Empty,
    );
    #[cfg(feature = "otlp")]
    if let Some(parent) = parent {
        follow(&span, parent);
    }
    #[cfg(not(feature = "otlp"))]
    let _ = parent;
    span
}

/// How a request was answered.
pub(crate) fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
}

/// A call of a hub's method, until it has its answer or its stream.
pub(crate) fn call(hub: &str, method: &str) -> Span {
    if !is_turn(1) {
        return Span::none();
    }
    info_span!(
        target: "hubwire::span",
        "call",
        otel.name = format!("{hub}/{method}"),
        otel.kind = "server",
        rpc.system = "signalr",
        rpc.service = hub,
        rpc.method = method,
    )
}

/// A transaction of the writer for so many commands.
pub(crate) fn commit(commands: usize) -> Span {
    if !is_turn(2) {
        return Span::none();
    }
    info_span!(target: "hubwire::span", "commit", commands)
}

#[cfg(feature = "otlp")]
fn follow(span: &Span, parent: Parent) {
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    let remote = SpanContext::new(
        TraceId::from(parent.trace),
        SpanId::from(parent.span),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    // It cannot fail while there is a layer that takes spans, and without one there is none to be lost.
    drop(span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_traceparent_is_one() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let read = Parent::read(good).unwrap();
        assert_eq!(format!("{:032x}", read.trace), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(read.span, 0x00f0_67aa_0ba9_02b7);
        for bad in [
            "",
            "00",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Parent::read(bad), None, "{bad}");
        }
    }
}
