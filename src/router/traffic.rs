//! Requests as they are counted: by the route that they matched, never by their path.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use http::{Method, StatusCode};

use super::HUB_PATHS;
use crate::metrics::{Histogram, Kind, Page, TIMES};

const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
/// The last is for all others.
const NAMES: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Requests of one route, by method and class of status.
type Counts = [[AtomicU64; CLASSES.len()]; NAMES.len()];

/// The requests of this server.
#[derive(Debug)]
pub struct Traffic {
    places: HashMap<&'static str, usize>,
    /// One more than routes: the last is for what matched none.
    counts: Vec<Counts>,
    /// Of the hubs' paths none: polls and streams take as long as nothing happens.
    times: Histogram,
}

impl Traffic {
    pub(crate) fn new(routes: impl Iterator<Item = &'static str>) -> Self {
        let mut places = HashMap::new();
        for route in routes {
            let place = places.len();
            places.entry(route).or_insert(place);
        }
        Self {
            counts: std::iter::repeat_with(Counts::default).take(places.len() + 1).collect(),
            places,
            times: Histogram::new(TIMES),
        }
    }

    pub(super) fn count(&self, route: Option<&str>, method: &Method, status: StatusCode, time: Duration) {
        let place = route.and_then(|route| self.places.get(route)).copied();
        let method = METHODS.iter().position(|known| known == method);
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        let counts = &self.counts[place.unwrap_or(self.places.len())][method.unwrap_or(METHODS.len())];
        counts[class].fetch_add(1, Ordering::Relaxed);
        if !route.is_some_and(|route| HUB_PATHS.contains(&route)) {
            self.times.observe_time(time);
        }
    }

    pub(crate) fn measure(&self, page: &mut Page) {
        let mut routes: Vec<_> = self.places.iter().map(|(route, place)| (*route, *place)).collect();
        routes.sort_unstable();
        routes.push(("other", self.places.len()));
        let mut requests = page.metric(
            Kind::Counter,
            "hubwire_http_requests_total",
            "Requests by route, method and class of the answer's status; those that there were.",
        );
        for (route, place) in routes {
            for (method, classes) in NAMES.iter().zip(&self.counts[place]) {
                for (class, count) in CLASSES.iter().zip(classes) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        requests.sample(&[("route", route), ("method", method), ("status", class)], count);
                    }
                }
            }
        }
        page.histogram(
            "hubwire_http_request_duration_seconds",
            "Time until a request was answered, those to the hubs left out.",
            &self.times,
        );
    }
}
