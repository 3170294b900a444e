//! The server from outside: real sockets, a database of its own for every test.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../support/database.rs"]
#[allow(unreachable_pub, reason = "shared with the storage tests")]
mod database;
mod support;

mod auth;
mod conversations;
mod groups;
mod health;
mod hub_places;
mod messages;
mod origins;
mod page;
mod people;
mod process;
mod requests;
mod tidy;
