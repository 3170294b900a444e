//! Hubwire: a chat server that speaks SignalR.

pub mod clock;
pub mod database;
pub mod log;
pub mod services;
