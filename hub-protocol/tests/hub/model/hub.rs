//! The hub under test. What its calls do to others is done one at a time, and written down in that order.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use hub_protocol::{
    connection,
    hub::{Builder, Clients, Context, Groups, Hub, HubError, HubOptions, Upload},
};
use parking_lot::Mutex;

use crate::support::Alive;

/// Bytes that may wait for one client; the world never lets more, unless it wants to see the client go.
pub(super) const OUTBOX: usize = 96 * 1024;

/// What is done to others. A connection is named by its id.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    Join(u8),
    Leave(u8),
    /// Calls `Heard`, with the number, on these.
    Say(To),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum To {
    All,
    Others,
    Group(u8),
    OthersIn(u8),
    Groups(u8, u8),
    Caller,
    One(String),
    /// As one of many: nobody waits for room.
    These(Vec<String>),
    User(String),
}

/// One line of what was done.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The caller's connection; none for what came from outside.
    pub(super) by: Option<String>,
    pub(super) number: u64,
    pub(super) deed: Deed,
}

/// What the hub's methods have seen.
#[derive(Clone, Default)]
pub(super) struct Witness {
    /// Held while something is done to others: its order is the order in which they hear of it.
    pub(super) done: Arc<tokio::sync::Mutex<Vec<Entry>>>,
    /// Every call that has begun, by its number.
    pub(super) begun: Arc<Mutex<HashSet<u64>>>,
    /// Calls and streams that run.
    pub(super) alive: Alive,
}

impl Witness {
    fn begin(&self, number: u64) {
        let is_new = self.begun.lock().insert(number);
        // In a method this fails the call, which the model will see.
        assert!(is_new, "call {number} has begun twice");
    }

    /// Does something to others, from inside a call or from outside.
    pub(super) async fn act(
        &self,
        (clients, groups): (Clients, Groups),
        by: Option<String>,
        number: u64,
        deed: Deed,
    ) -> Result<u64, HubError> {
        let mut done = self.done.lock().await;
        done.push(Entry {
            by: by.clone(),
            number,
            deed: deed.clone(),
        });
        let caller = by.unwrap_or_default();
        let to = match deed {
            Deed::Join(group) => return groups.add(caller, &name(group)).await.map(|()| number),
            Deed::Leave(group) => return groups.remove(caller, &name(group)).await.map(|()| number),
            Deed::Say(to) => to,
        };
        let said = (number, text(number));
        let audience = match to {
            To::All => clients.all(),
            To::Others => clients.others(),
            To::Group(group) => clients.group(name(group)),
            To::OthersIn(group) => clients.others_in_group(name(group)),
            To::Groups(one, other) => clients.groups([name(one), name(other)]),
            To::These(ids) => clients.clients(ids),
            To::User(user) => clients.user(user),
            To::Caller => return clients.caller().send("Heard", said).await.map(|()| number),
            To::One(id) => return clients.client(id).send("Heard", said).await.map(|()| number),
        };
        audience.send("Heard", said).await.map(|()| number)
    }
}

pub(super) fn name(group: u8) -> String {
    format!("group {group}")
}

/// What a number stands for: its last two bits say how long it is.
pub(super) fn text(number: u64) -> String {
    let length = match number % 4 {
        0 => usize::try_from(number / 4 % 50).unwrap(),
        1 => 300,
        2 => 2_000,
        _ => 8_000,
    };
    format!("{number} \"é\u{1f980}\\ {}", "x".repeat(length))
}

pub(super) fn hub(witness: &Witness) -> Hub {
    let options = HubOptions {
        connection: connection::Options {
            // Nobody is sent away because the machine is busy.
            handshake_timeout: Duration::from_secs(600),
            client_timeout: Duration::from_secs(600),
            ..connection::Options::default()
        },
        send_timeout: Duration::from_secs(600),
        disconnect_timeout: Duration::from_secs(600),
        outbox_bytes: OUTBOX,
        ..HubOptions::default()
    };
    streams(calls(Hub::builder("model").options(options), witness), witness).build()
}

fn calls(mut builder: Builder, witness: &Witness) -> Builder {
    /// Each way to do something to others is a method of its own.
    fn deed<A: serde::de::DeserializeOwned + Send + 'static>(
        builder: Builder,
        witness: &Witness,
        name: &str,
        deed: fn(A) -> Deed,
    ) -> Builder {
        let witness = witness.clone();
        builder.method(name, move |cx: Context, number: u64, argument: A| {
            let witness = witness.clone();
            async move {
                witness.begin(number);
                let from = (cx.clients(), cx.groups());
                let by = cx.connection_id().to_string();
                witness.act(from, Some(by), number, deed(argument)).await
            }
        })
    }
    builder = deed(builder, witness, "Join", Deed::Join);
    builder = deed(builder, witness, "Leave", Deed::Leave);
    builder = deed(builder, witness, "All", |()| Deed::Say(To::All));
    builder = deed(builder, witness, "Others", |()| Deed::Say(To::Others));
    builder = deed(builder, witness, "Group", |group| Deed::Say(To::Group(group)));
    builder = deed(builder, witness, "OthersIn", |group| Deed::Say(To::OthersIn(group)));
    builder = deed(builder, witness, "Groups", |(a, b)| Deed::Say(To::Groups(a, b)));
    builder = deed(builder, witness, "Caller", |()| Deed::Say(To::Caller));
    builder = deed(builder, witness, "One", |id| Deed::Say(To::One(id)));
    builder = deed(builder, witness, "These", |ids| Deed::Say(To::These(ids)));
    builder = deed(builder, witness, "User", |user| Deed::Say(To::User(user)));
    let (echo, fail, abort) = (witness.clone(), witness.clone(), witness.clone());
    builder
        .method("Echo", move |_: Context, number: u64, text: String| {
            echo.begin(number);
            async { Ok(text) }
        })
        .method("Fail", move |_: Context, number: u64| {
            fail.begin(number);
            async move { Err::<(), _>(HubError::public(format!("no {number}"))) }
        })
        .method("Abort", move |cx: Context, number: u64| {
            abort.begin(number);
            async move {
                cx.abort();
                Ok(number)
            }
        })
}

fn streams(builder: Builder, witness: &Witness) -> Builder {
    let (count, rest, sum, mirror) = (witness.clone(), witness.clone(), witness.clone(), witness.clone());
    builder
        .stream("Count", move |_: Context, number: u64, upto: u64| {
            count.begin(number);
            let guard = count.alive.guard();
            async move { Ok(stream::iter(0..upto).map(move |item| (&guard, Ok(item)).1)) }
        })
        .stream("Rest", move |_: Context, number: u64, upto: u64| {
            rest.begin(number);
            let guard = rest.alive.guard();
            let items = stream::iter(0..upto).chain(stream::pending());
            async move { Ok(items.map(move |item| (&guard, Ok(item)).1)) }
        })
        .method("Sum", move |_: Context, number: u64, items: Upload<u64>| {
            sum.begin(number);
            let guard = sum.alive.guard();
            async move {
                let _guard = guard;
                items.try_fold(0, async |sum, item| Ok(sum + item)).await
            }
        })
        .stream("Mirror", move |_: Context, number: u64, items: Upload<u64>| {
            mirror.begin(number);
            let guard = mirror.alive.guard();
            async move { Ok(items.map(move |item| (&guard, item).1)) }
        })
}
