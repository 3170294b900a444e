//! Hubwire: a SignalR-compatible chat server.

pub mod app;
pub mod auth;
pub mod check;
pub mod clock;
pub mod config;
pub mod controllers;
pub mod database;
pub mod described;
pub mod hubs;
pub mod log;
pub mod media;
pub mod memory;
pub(crate) mod metrics;
pub mod router;
pub mod serve;
pub mod services;
pub mod telemetry;
pub mod telling;
pub mod views;
