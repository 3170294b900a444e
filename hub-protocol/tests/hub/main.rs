//! The library from outside: bytes, properties, one connection under virtual time, whole hubs over sockets.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod attacks;
mod churn;
mod client_results;
mod connection;
mod counts;
mod endings;
mod frames;
mod fuzzed;
mod hostile;
mod http;
mod http2;
mod leftovers;
mod lifetime;
mod messagepack;
mod messagepack_sessions;
mod model;
mod parallel;
mod polling;
mod posting;
mod properties;
mod races;
mod raw;
mod resuming;
mod resuming_model;
mod sessions;
mod slow_clients;
mod splits;
mod stream_costs;
mod streams;
mod support;
mod uploads;
mod vectors;
mod waiting;
mod websocket;
mod websocket_conformance;
