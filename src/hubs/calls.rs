//! The calls of clients that an event becomes, encoded once for everybody who hears them; those with links in them once
//! for each of a few addresses that hearers reach the server by.

use std::{
    borrow::Borrow,
    sync::{Arc, OnceLock},
};

use hub_protocol::{hub::Encoded, json::Naming};
use serde::{Serialize, Serializer};

use crate::views::{ClientEvent, Links, Origin};

/// Forms of a call that are kept. People come by few addresses; whoever makes more up is written for each time.
const MOST_FORMS: usize = 8;

/// The call of a client method with its one argument, for whoever hears it.
#[derive(Debug)]
pub(super) enum Call {
    /// The same for everybody.
    Alike(Encoded<'static>),
    /// With links, which begin as their reader's do.
    Linked {
        event: Arc<ClientEvent>,
        links: Links,
        /// By the address, in the order in which they were needed.
        forms: Box<[OnceLock<(Origin, Encoded<'static>)>; MOST_FORMS]>,
    },
}

/// A call as somebody gets it.
#[derive(Debug)]
pub(super) enum Form<'a> {
    Kept(&'a Encoded<'static>),
    Own(Encoded<'static>),
}

impl Borrow<Encoded<'static>> for Form<'_> {
    fn borrow(&self) -> &Encoded<'static> {
        match self {
            Self::Kept(call) => call,
            Self::Own(call) => call,
        }
    }
}

impl Call {
    pub(super) fn new(event: ClientEvent, links: &Links) -> Self {
        if !event.has_links() {
            return Self::Alike(call(event));
        }
        if links.are_alike() {
            return Self::Alike(call_for(event, links.clone()));
        }
        Self::Linked {
            event: Arc::new(event),
            links: links.clone(),
            forms: Box::default(),
        }
    }

    /// As a hearer gets it who reaches the server by `origin`.
    pub(super) fn at(&self, origin: &Origin) -> Form<'_> {
        let (event, links, forms) = match self {
            Self::Alike(call) => return Form::Kept(call),
            Self::Linked { event, links, forms } => (event, links, forms),
        };
        let written = || encoded(event.name(), links.at(origin), Arc::clone(event));
        for form in forms.iter() {
            let (at, call) = form.get_or_init(|| (origin.clone(), written()));
            if at == origin {
                return Form::Kept(call);
            }
        }
        Form::Own(written())
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
