//! Where the connections of this server are: asked of them, stored, left behind by those that are lost, and taken up by
//! those that come back.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use hub_protocol::{close::End, hub::Disconnected};
use tokio::time::Instant;

use super::{
    Chat, fanout,
    listeners::Listener,
    proof::{Arrived, Proven},
};
use crate::services::tickets::Found;

/// How long connections of a device that comes back have to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often those are asked who were told something within a second of the question before.
const ASKING: Duration = Duration::from_millis(250);
/// Least time between storing where connections are, and where new ones are.
const STORING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(200));
/// After so long without storing anything others may have taken this server for dead, and its tickets away.
const SILENCE: Duration = Duration::from_secs(60);
/// How often what servers left behind is looked through.
const TIDYING: Duration = Duration::from_secs(60);

/// Asks for proofs and stores places for as long as the server lives.
pub(super) fn start(chat: &Arc<Chat>) {
    tokio::spawn(ask(Arc::downgrade(chat)));
    tokio::spawn(store(Arc::downgrade(chat)));
}

impl Chat {
    /// Asks a connection for proof of what it was told, if it is time to.
    pub(super) fn ask(&self, listener: &Listener) {
        if let Some(nonce) = listener.proof.ask(|| listener.connection.position()) {
            listener.connection.probe(nonce);
        }
    }

    /// What a Pong proves is passed on.
    pub(super) fn proven(&self, listener: &Listener, nonce: u64) {
        let (Proven { answers, messages }, next) = listener.proof.proven(nonce, &listener.connection);
        answers
            .into_iter()
            .for_each(|message| self.services.messages.proven(message));
        for Arrived {
            conversation,
            first,
            last,
            of_others,
            ..
        } in messages
        {
            let places = (first, last);
            self.services
                .deliveries
                .arrived(listener.user(), conversation, places, of_others);
        }
        if let Some(nonce) = next {
            listener.connection.probe(nonce);
        }
    }

    /// What lost connections of a new one's device left, for it to begin with.
    ///
    /// Those that still live are asked first; who does not answer is taken for lost. Until then, and for two seconds at
    /// most, the new one is told nothing. Those that cannot answer may live or not: they keep their places, and the new
    /// one begins there. `None` where it is over before that is known.
    pub(super) async fn look_back(&self, listener: &Listener) -> Option<Found> {
        let device = &listener.visitor.device;
        let others = || {
            let known = self.listeners.of(listener.user()).into_iter();
            known.filter(|other| other.ticket != listener.ticket && other.visitor.device.is(device))
        };
        let mut asked: FuturesUnordered<_> = others()
            .map(|other| async move {
                if !answers(&other).await {
                    self.give_up(&other);
                    other.connection.supersede();
                }
            })
            .collect();
        while asked.next().await.is_some() {}
        loop {
            match self.services.tickets.find(listener.user(), device).await {
                Ok(found) => {
                    let told = self.told.load(Ordering::Acquire);
                    let silent = others().filter(|other| !other.proof.is_possible());
                    return Some(found.beside(silent.filter_map(|other| other.stands(told)).collect()));
                }
                Err(_) if listener.connection.is_closed() => return None,
                Err(error) => {
                    tracing::warn!("what a connection missed cannot be looked up: {error}");
                    tokio::time::sleep(fanout::RETRY).await;
                }
            }
        }
    }

    /// The place of a connection becomes a ticket.
    fn give_up(&self, listener: &Listener) {
        let _moving = self.moving.read();
        if let Some(ticket) = listener.give_up(self.told.load(Ordering::Acquire)) {
            self.services.tickets.leave(ticket);
        }
    }

    /// A connection ended. Whoever closed it wants nothing more of it; anything else may come back.
    pub(super) fn see_out(&self, listener: &Listener, how: &Disconnected) {
        if how.end != End::Closed {
            return self.give_up(listener);
        }
        let _moving = self.moving.read();
        let _ = listener.give_up(self.told.load(Ordering::Acquire));
        self.services.tickets.forget(listener.user(), listener.ticket);
    }

    /// Stores where connections are that are elsewhere than was stored. Returns how far everybody had been told, if that
    /// is stored.
    async fn store_standings(&self, stored: u64) -> Option<u64> {
        let (mut changed, mut from) = (Vec::new(), Vec::new());
        let moving = self.moving.write();
        // First: whoever is asked after this has been told as much.
        let told = self.told.load(Ordering::Acquire);
        self.listeners.each(|listener| {
            if let Some(ticket) = listener.unstored(told) {
                changed.push(ticket);
                from.push(Arc::clone(listener));
            }
        });
        let left = self.services.tickets.due();
        drop(moving);
        if changed.is_empty() && told == stored && left.is_empty() {
            return Some(stored);
        }
        match self.services.tickets.save(fanout::event_id(told), changed, left).await {
            Ok(()) => Some(told),
            Err(error) => {
                tracing::warn!("where connections are cannot be stored: {error}");
                from.iter().for_each(|listener| listener.store_again());
                None
            }
        }
    }
}

/// Whether a connection shows within [`PATIENCE`] that somebody is there. Those that cannot are believed.
async fn answers(other: &Listener) -> bool {
    let Some((nonce, answered)) = other.proof.call_out() else {
        return true;
    };
    other.connection.probe(nonce);
    tokio::select! {
        answered = tokio::time::timeout(PATIENCE, answered) => matches!(answered, Ok(Ok(()))),
        // Its own end says how it is to be taken, if it comes to that.
        () = other.connection.closed() => is_seen_out(other).await,
    }
}

/// Waits for a connection that is over to be seen out, for as long as that may take.
async fn is_seen_out(other: &Listener) -> bool {
    let seen_out = async {
        while !other.is_over() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen_out).await.is_ok()
}

/// Who was told something soon after the question before is asked when its second is over.
async fn ask(chat: Weak<Chat>) {
    loop {
        tokio::time::sleep(ASKING).await;
        let Some(chat) = chat.upgrade() else { return };
        chat.listeners.each(|listener| chat.ask(listener));
    }
}

async fn store(chat: Weak<Chat>) {
    let (mut stored, mut tidied, mut began) = (0, Instant::now(), Instant::now());
    let mut saved = Instant::now();
    loop {
        let Some(known) = chat.upgrade() else { return };
        let arrival = known.arrivals.clone();
        drop(known);
        // Counted from when the last one began: how long it takes must not make places older.
        tokio::select! {
            () = tokio::time::sleep_until(began + STORING.0) => {}
            () = arrival.notified() => tokio::time::sleep_until(began + STORING.1).await,
        }
        began = Instant::now();
        let Some(chat) = chat.upgrade() else { return };
        if saved.elapsed() >= SILENCE {
            chat.listeners.each(|listener| listener.store_again());
            chat.services.tickets.store_again();
        }
        if let Some(told) = chat.store_standings(stored).await {
            (stored, saved) = (told, Instant::now());
        }
        if tidied.elapsed() >= TIDYING {
            tidied = Instant::now();
            if let Err(error) = chat.services.tickets.tidy().await {
                tracing::warn!("what servers left behind cannot be tidied: {error}");
            }
        }
    }
}
