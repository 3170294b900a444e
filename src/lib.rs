//! Hubwire: a SignalR-compatible chat server.

pub mod config;
