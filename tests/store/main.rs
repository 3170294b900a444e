//! The storage and the services over real databases, without sockets.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(unreachable_pub, unnameable_types, reason = "a test binary has no outside")]

#[path = "../support/database.rs"]
mod database;
mod support;

mod access;
mod conversations;
mod full_writer;
mod idempotency;
mod log;
mod migrations;
mod paging;
mod posting;
mod presence;
mod trouble;
mod typing;
