//! The calls of clients that an event becomes, encoded once for everybody who hears them; those with links in them once
//! for each address that hearers reach the server by.

use std::sync::{Arc, OnceLock};

use hub_protocol::{hub::Encoded, json::Naming};
use serde::{Serialize, Serializer};

use crate::views::{ClientEvent, Links, Origin};

/// The call of a client method with its one argument, for whoever hears it.
#[derive(Debug)]
pub(super) enum Call {
    /// The same for everybody.
    Alike(Encoded<'static>),
    /// With links, which begin as their reader's do.
    Linked {
        event: Arc<ClientEvent>,
        links: Links,
        written: OnceLock<Box<Written>>,
    },
}

/// One form of a call, and the next other one.
#[derive(Debug)]
pub(super) struct Written {
    origin: Origin,
    call: Encoded<'static>,
    next: OnceLock<Box<Self>>,
}

impl Call {
    pub(super) fn new(event: ClientEvent, links: &Links) -> Self {
        if event.has_links() && !links.are_alike() {
            return Self::Linked {
                event: Arc::new(event),
                links: links.clone(),
                written: OnceLock::new(),
            };
        }
        Self::Alike(call_for(event, links.clone()))
    }

    /// As a hearer gets it who reaches the server by `origin`.
    pub(super) fn at(&self, origin: &Origin) -> &Encoded<'static> {
        let (event, links, mut written) = match self {
            Self::Alike(call) => return call,
            Self::Linked { event, links, written } => (event, links, written),
        };
        loop {
            let found = written.get_or_init(|| {
                Box::new(Written {
                    origin: origin.clone(),
                    call: encoded(event.name(), links.at(origin), Arc::clone(event)),
                    next: OnceLock::new(),
                })
            });
            if found.origin == *origin {
                return &found.call;
            }
            written = &found.next;
        }
    }
}

/// The call of a client method with its one argument, which has no links in it.
pub(super) fn call(event: ClientEvent) -> Encoded<'static> {
    Encoded::new(event.name(), (event,), Naming::CamelCase)
}

/// The same for one reader, whatever is in it.
pub(super) fn call_for(event: ClientEvent, links: Links) -> Encoded<'static> {
    encoded(event.name(), links, event.into())
}

fn encoded(name: &'static str, links: Links, event: Arc<ClientEvent>) -> Encoded<'static> {
    Encoded::new(name, (links.bind(Shared(event)),), Naming::CamelCase)
}

/// An event that is written in several forms.
struct Shared(Arc<ClientEvent>);

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
