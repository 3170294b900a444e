//! Who has how many connections to a hub: one place for each, from the request that opens it until nothing of it is
//! left, however many requests carry it.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, Ordering},
};

use dashmap::{DashMap, mapref::entry::Entry};
use entities::user_id::UserId;
use hub_protocol::negotiate::ConnectionId;

/// The places of one hub.
#[derive(Debug)]
pub(super) struct Places {
    /// Connections a person may have; 0 is no limit.
    limit: usize,
    /// How many each person has, those that are still being opened too.
    counts: DashMap<UserId, usize>,
    /// The negotiated ones, by which a further request of a connection finds its place. Under the person, so that a
    /// token in the wrong hands leads nowhere.
    negotiated: DashMap<(UserId, ConnectionId), Weak<Place>>,
    closed: AtomicBool,
}

/// One connection of a person. Every request that carries the connection holds it.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    person: UserId,
    id: Option<ConnectionId>,
}

/// Why a connection may not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// The server takes no new ones.
    Stopping,
    /// The person has as many as they may, which is so many.
    Full(usize),
}

impl Places {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            counts: DashMap::new(),
            negotiated: DashMap::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Gives no more places away.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Whether a person may have one more connection. Nothing is counted: who negotiates need not come.
    pub(super) fn check(&self, person: &UserId) -> Result<(), NoPlace> {
        let count = self.counts.get(person).map_or(0, |count| *count);
        self.may_have(count + 1)
    }

    /// The place of a connection that a request opens or goes on with.
    ///
    /// While the server stops there is none for a connection whose session is over, but its last words may be fetched.
    pub(super) fn open(
        self: &Arc<Self>,
        person: &UserId,
        id: Option<ConnectionId>,
    ) -> Result<Option<Arc<Place>>, NoPlace> {
        let Some(id) = id else {
            return self.take(person, None).map(Some);
        };
        // Under the entry's lock: two requests that open one connection have one place.
        match self.negotiated.entry((person.clone(), id.clone())) {
            Entry::Occupied(mut known) => {
                if let Some(place) = known.get().upgrade() {
                    return Ok(Some(place));
                }
                if self.closed.load(Ordering::Acquire) {
                    return Ok(None);
                }
                let place = self.take(person, Some(id))?;
                known.insert(Arc::downgrade(&place));
                Ok(Some(place))
            }
            Entry::Vacant(free) => {
                let place = self.take(person, Some(id))?;
                free.insert(Arc::downgrade(&place));
                Ok(Some(place))
            }
        }
    }

    fn take(self: &Arc<Self>, person: &UserId, id: Option<ConnectionId>) -> Result<Arc<Place>, NoPlace> {
        let mut count = self.counts.entry(person.clone()).or_default();
        // The entry of somebody without a place is never left at 0 by a limit: it is at least one.
        if let Err(refusal) = self.may_have(*count + 1) {
            let is_nobody = *count == 0;
            drop(count);
            if is_nobody {
                self.counts.remove_if(person, |_, count| *count == 0);
            }
            return Err(refusal);
        }
        *count += 1;
        Ok(Arc::new(Place {
            places: Arc::clone(self),
            person: person.clone(),
            id,
        }))
    }

    fn may_have(&self, count: usize) -> Result<(), NoPlace> {
        if self.closed.load(Ordering::Acquire) {
            Err(NoPlace::Stopping)
        } else if self.limit > 0 && count > self.limit {
            Err(NoPlace::Full(self.limit))
        } else {
            Ok(())
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let places = &self.places;
        if let Some(mut count) = places.counts.get_mut(&self.person) {
            *count -= 1;
        }
        places.counts.remove_if(&self.person, |_, count| *count == 0);
        // A stopping server remembers whom it sent away: their next poll is let in to hear of it.
        if let Some(id) = self.id.take()
            && !places.closed.load(Ordering::Acquire)
        {
            let key = (self.person.clone(), id);
            places.negotiated.remove_if(&key, |_, place| place.strong_count() == 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> UserId {
        "ann".parse().unwrap()
    }

    fn id(number: u8) -> Option<ConnectionId> {
        Some(ConnectionId::from_random([number; 16]))
    }

    #[test]
    fn requests_of_one_connection_share_its_place() {
        let places = Arc::new(Places::new(1));
        let first = places.open(&ann(), id(1)).unwrap();
        let second = places.open(&ann(), id(1)).unwrap();
        assert_eq!(places.open(&ann(), id(2)).unwrap_err(), NoPlace::Full(1));
        assert_eq!(places.open(&ann(), None).unwrap_err(), NoPlace::Full(1));
        assert_eq!(places.check(&ann()), Err(NoPlace::Full(1)));
        let bob = "bob".parse().unwrap();
        assert!(
            places.open(&bob, id(1)).unwrap().is_some(),
            "a place of another person's own"
        );
        drop(first);
        assert_eq!(places.check(&ann()), Err(NoPlace::Full(1)));
        drop(second);
        assert_eq!(places.check(&ann()), Ok(()));
        assert!(places.counts.is_empty() && places.negotiated.is_empty());
    }

    #[test]
    fn a_closed_door_lets_those_on_who_are_in() {
        let places = Arc::new(Places::new(0));
        let place = places.open(&ann(), id(1)).unwrap();
        places.close();
        assert!(places.open(&ann(), id(1)).unwrap().is_some());
        assert_eq!(places.open(&ann(), id(2)).unwrap_err(), NoPlace::Stopping);
        assert_eq!(places.open(&ann(), None).unwrap_err(), NoPlace::Stopping);
        assert_eq!(places.check(&ann()), Err(NoPlace::Stopping));
        drop(place);
        assert!(
            places.open(&ann(), id(1)).unwrap().is_none(),
            "it fetches its last words"
        );
        assert!(places.counts.is_empty());
    }
}
