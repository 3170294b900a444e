//! The storage and the services over real databases, without sockets.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(unreachable_pub, unnameable_types, reason = "a test binary has no outside")]

#[path = "../support/database.rs"]
mod database;
mod support;

mod access;
mod actions;
mod blocks;
mod conversations;
mod databases;
mod fold;
mod forwarding;
mod full_writer;
mod idempotency;
mod log;
mod members;
mod membership;
mod migrations;
mod nodes;
mod paging;
mod people;
mod plans;
mod posting;
mod presence;
mod receipts;
mod receipts_model;
mod retention;
mod roles;
mod search;
mod states;
mod syncing;
mod tickets;
mod trouble;
mod typing;
