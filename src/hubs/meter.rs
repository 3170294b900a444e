//! What the hubs say of themselves: the library's counts, and what is behind or waits here.

use hub_protocol::hub::{ConnectionCounts, Counts, HubHandle};

use super::{Chat, Hubs, fanout};
use crate::metrics::{Kind, Page};

impl Hubs {
    pub(crate) fn measure(&self, page: &mut Page) {
        let hubs = [("chat", &self.chat.handle), ("chat-online", &self.online.handle)]
            .map(|(name, handle)| (name, handle, handle.hub().counts()));
        connections(page, &hubs);
        calls(page, &hubs);
        let mut people = page.metric(
            Kind::Gauge,
            "hubwire_hub_users",
            "People who are connected to a hub here.",
        );
        for (hub, handle, _) in &hubs {
            people.sample(&[("hub", hub)], handle.users());
        }
        each(
            page,
            "hubwire_hub_messages_received_total",
            "Messages of clients, without Pings and Acks.",
            &hubs,
            |counts| counts.received,
        );
        each(
            page,
            "hubwire_hub_messages_sent_total",
            "Frames handed to transports, without Pings and Acks.",
            &hubs,
            |counts| counts.sent,
        );
        each(
            page,
            "hubwire_hub_overflows_total",
            "Deliveries that found a connection's queue full; it is fed from the log from there on.",
            &hubs,
            |counts| counts.overflowed,
        );
        self.shared.measure(page);
    }
}

/// A hub's name, handle and counts.
type Hub<'a> = (&'a str, &'a HubHandle, Counts);

fn each(page: &mut Page, name: &str, help: &str, hubs: &[Hub<'_>], value: impl Fn(&Counts) -> u64) {
    let mut metric = page.metric(Kind::Counter, name, help);
    for (hub, _, counts) in hubs {
        metric.sample(&[("hub", hub)], value(counts));
    }
}

fn connections(page: &mut Page, hubs: &[Hub<'_>]) {
    type Value = fn(&ConnectionCounts) -> u64;
    let metrics: [(Kind, &str, &str, Value); 2] = [
        (
            Kind::Gauge,
            "hubwire_hub_connections",
            "Open connections after their handshake.",
            |counts| counts.open,
        ),
        (
            Kind::Counter,
            "hubwire_hub_connections_opened_total",
            "Connections that have shaken hands.",
            |counts| counts.opened,
        ),
    ];
    for (kind, name, help, value) in metrics {
        let mut metric = page.metric(kind, name, help);
        for (hub, _, counts) in hubs {
            for counts in &counts.connections {
                let labels = [
                    ("hub", *hub),
                    ("transport", counts.transport.name()),
                    ("protocol", counts.protocol.name()),
                ];
                metric.sample(&labels, value(counts));
            }
        }
    }
    let mut ended = page.metric(
        Kind::Counter,
        "hubwire_hub_connections_closed_total",
        "Connections that have ended, with or without a handshake, by reason.",
    );
    for (hub, _, counts) in hubs {
        for (reason, count) in &counts.ended {
            ended.sample(&[("hub", hub), ("reason", reason)], count);
        }
    }
}

fn calls(page: &mut Page, hubs: &[Hub<'_>]) {
    let mut calls = page.metric(
        Kind::Counter,
        "hubwire_hub_invocations_total",
        "Calls of hub methods that are over, by what became of them; other is every method that there is none of.",
    );
    for (hub, _, counts) in hubs {
        for method in &counts.methods {
            let outcomes = [
                ("succeeded", method.succeeded),
                ("refused", method.refused),
                ("failed", method.failed),
                ("canceled", method.canceled),
            ];
            for (outcome, count) in outcomes {
                calls.sample(&[("hub", hub), ("method", &method.method), ("outcome", outcome)], count);
            }
        }
        let unknown = counts.unknown_methods;
        calls.sample(&[("hub", hub), ("method", "other"), ("outcome", "refused")], unknown);
    }
}

impl Chat {
    fn measure(&self, page: &mut Page) {
        page.histogram(
            "hubwire_delivery_duration_seconds",
            "From the commit of an event (or when this server learned of another's) until everybody connected here has \
             it in their queue.",
            &self.delays,
        );
        let (mut open, mut behind, mut unproven) = (0_u64, 0_u64, 0_u64);
        self.listeners.each(|listener| {
            open += 1;
            behind += u64::from(listener.connection.lacks_after().is_some());
            unproven += u64::from(listener.proof.unproven_from().is_some());
        });
        page.gauge("hubwire_listeners", "Connections that follow the log.", open);
        page.gauge(
            "hubwire_listeners_behind",
            "Those that are fed from the log, since they read more slowly than they are sent to or have just come back.",
            behind,
        );
        page.gauge(
            "hubwire_listeners_unproven",
            "Those that were sent something that is not proven to have arrived.",
            unproven,
        );
        let told = self.told.load(std::sync::atomic::Ordering::Acquire);
        page.gauge(
            "hubwire_fanout_queue",
            "Events that are committed and were not told to everybody here.",
            fanout::number(self.log.tail.head()).saturating_sub(told),
        );
        page.gauge(
            "hubwire_notices_queue",
            "People and conversations of which a ConversationUpdated waits or was given a moment ago; 65,536 may.",
            self.notices.len(),
        );
    }
}
