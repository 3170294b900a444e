//! The server from outside: real sockets, a database of its own for every test.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../support/database.rs"]
#[allow(unreachable_pub, reason = "shared with the storage tests")]
mod database;
mod support;
mod syncing;

mod actions;
mod auth;
mod blocks;
mod broken_disk;
mod check;
mod claimed;
mod conversations;
mod described;
mod exhaustion;
mod expelling;
mod full_disk;
mod groups;
mod handed;
mod heads;
mod health;
mod hearing;
mod hearing_races;
mod hub_bad_arguments;
mod hub_bad_records;
mod hub_bad_values;
mod hub_client;
mod hub_door;
mod hub_log;
mod hub_places;
mod hub_trouble;
mod line;
mod media;
mod members;
mod messages;
mod metrics;
mod names;
mod nodes;
mod online;
mod operations;
mod origins;
#[cfg(feature = "otlp")]
mod otlp;
mod outage;
mod page;
mod people;
mod permissions;
mod polls;
mod presence;
mod process;
mod receipts;
mod relay;
mod repeats;
mod requests;
mod requirements;
mod resuming;
mod search;
mod security;
mod sending;
mod slow_listener;
mod states;
mod stopping;
mod strangers;
mod tidy;
mod transports;
mod typing;
