//! The server from outside: real sockets, a database of its own for every test.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../support/database.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the storage tests, which use the rest of it"
)]
mod database;
mod support;

mod auth;
mod conversations;
mod groups;
mod health;
mod messages;
mod origins;
mod page;
mod people;
mod process;
mod requests;
mod tidy;
