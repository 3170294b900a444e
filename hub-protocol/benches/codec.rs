//! What a message costs to read and to write, without sockets. Run with `cargo bench -p hub-protocol --bench codec`.
#![allow(missing_docs, reason = "criterion's macros make functions without")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hub_protocol::{
    codec::{Protocol, ToArguments},
    json::Naming,
    message::{Completion, HubMessage, Invocation, Outcome},
};

const TEXT: &str =
    "a message of the length that people write when they have something to say to each other in the evening";

/// A call with two arguments, about 180 bytes of JSON.
fn call(protocol: Protocol, id: Option<&str>) -> HubMessage {
    let arguments = (TEXT, "text").encode(protocol, Naming::CamelCase);
    HubMessage::Invocation(Invocation {
        invocation_id: id.map(str::to_owned),
        target: "SendMessage".to_owned(),
        arguments: arguments.expect("texts can be encoded"),
        stream_ids: Vec::new(),
    })
}

/// The same without its frame: the separator behind it, or the two bytes of its length before it.
fn record(protocol: Protocol) -> Bytes {
    let mut out = Vec::new();
    protocol.write(&call(protocol, Some("17")), &mut out);
    let end = out.len() - 1;
    match protocol {
        Protocol::Json => Bytes::from(out).slice(..end),
        _ => Bytes::from(out).slice(2..),
    }
}

fn read(criterion: &mut Criterion) {
    for protocol in Protocol::ALL {
        let record = record(*protocol);
        criterion.bench_function(&format!("read a call, {}", protocol.name()), |bencher| {
            bencher.iter(|| {
                let Ok(Some(HubMessage::Invocation(call))) = protocol.parse(black_box(&record)) else {
                    unreachable!("it is a call")
                };
                let text: String = call.arguments.bind(0).expect("a text");
                let kind: String = call.arguments.bind(1).expect("a text");
                (call.invocation_id, text, kind)
            });
        });
    }
}

fn write(criterion: &mut Criterion) {
    for protocol in Protocol::ALL {
        criterion.bench_function(&format!("write a call, {}", protocol.name()), |bencher| {
            bencher.iter_batched_ref(
                || Vec::with_capacity(512),
                |out| protocol.write(&call(*protocol, None), out),
                BatchSize::SmallInput,
            );
        });
        let completion = HubMessage::Completion(Completion {
            invocation_id: "17".to_owned(),
            outcome: Outcome::Result(protocol.encode(TEXT, Naming::CamelCase).expect("texts can be encoded")),
        });
        criterion.bench_function(&format!("write an answer, {}", protocol.name()), |bencher| {
            bencher.iter_batched_ref(
                || Vec::with_capacity(512),
                |out| protocol.write(black_box(&completion), out),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, read, write);
criterion_main!(benches);
