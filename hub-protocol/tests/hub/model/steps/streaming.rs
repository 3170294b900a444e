//! Calls with streams: begun, fed, ended, torn and cancelled.

use hub_protocol::message::{CancelInvocation, Completion, HubMessage, Outcome, StreamItem};

use super::MOST_STREAMS;
use crate::model::{
    ears::{Kind, Stream},
    world::World,
};

impl World {
    pub(super) async fn begin_stream(&mut self, slot: usize) {
        if self.client(slot).ears.streams.len() >= MOST_STREAMS {
            return;
        }
        let kinds = [Kind::Count, Kind::Rest, Kind::Sum, Kind::Mirror];
        let kind = *self.random.pick(&kinds).expect("a kind");
        let (number, items) = (self.number(0), self.random.below(20));
        self.owe(slot, items + 1, number);
        self.note(slot, "begins a stream", format_args!("{kind:?} {number} of {items}"));
        let client = self.client(slot);
        let mut call = match kind {
            Kind::Count => client.call(number, "Count", &(number, items)),
            Kind::Rest => client.call(number, "Rest", &(number, items)),
            Kind::Sum => client.call(number, "Sum", &(number,)),
            Kind::Mirror => client.call(number, "Mirror", &(number,)),
        };
        let items = if kind.is_upload() { 0 } else { items as u64 };
        if kind.is_upload() {
            call.stream_ids.push(format!("s{number}"));
        }
        let stream = Stream {
            kind,
            items: (0..items).collect(),
            heard: 0,
            ended: None,
        };
        client.ears.streams.insert(number, stream);
        let message = match kind {
            Kind::Sum => HubMessage::Invocation(call),
            Kind::Count | Kind::Rest | Kind::Mirror => HubMessage::StreamInvocation(call),
        };
        client.say(&message).await;
    }

    /// Sends an item of a stream, ends it, or cancels it.
    pub(super) async fn go_on_with_stream(&mut self, slot: usize) {
        let client = self.slots[slot].as_ref().expect("somebody");
        let running = client.ears.streams.iter().filter(|(_, stream)| stream.ended.is_none());
        let running: Vec<_> = running.map(|(number, stream)| (*number, stream.kind)).collect();
        let Some(&(number, kind)) = self.random.pick(&running) else {
            return self.act(slot).await;
        };
        let (what, item) = (self.random.below(8), self.random.below(1_000) as u64);
        let verb = match (kind.is_upload(), what) {
            (true, 0) => "ends a stream",
            (true, 1) => "tears a stream",
            (true, _) => "sends an item",
            (false, 0..3) => "cancels",
            (false, _) => return,
        };
        self.note(slot, verb, format_args!("{kind:?} {number}"));
        self.owe(slot, 1, number);
        let client = self.client(slot);
        let encoded = client.encode(item);
        let stream = client.ears.streams.get_mut(&number).expect("it runs");
        let message = match (kind.is_upload(), what) {
            (true, 0 | 1) => {
                stream.ended = Some(what == 0);
                let outcome = if what == 0 {
                    Outcome::Void
                } else {
                    Outcome::Error("torn".to_owned())
                };
                HubMessage::Completion(Completion {
                    invocation_id: format!("s{number}"),
                    outcome,
                })
            }
            (true, _) => {
                stream.items.push(item);
                HubMessage::StreamItem(StreamItem {
                    invocation_id: format!("s{number}"),
                    item: encoded,
                })
            }
            (false, _) => {
                stream.ended = Some(false);
                HubMessage::CancelInvocation(CancelInvocation {
                    invocation_id: number.to_string(),
                })
            }
        };
        client.say(&message).await;
    }
}
