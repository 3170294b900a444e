//! Hubwire's schema, a file a change; the rules for writing one are in this folder's README.

use sea_orm_migration::prelude::*;

mod m20261120_000001_chat;
mod m20261120_000002_log;
mod m20261128_000003_chat_model;
mod m20261128_000004_search;
mod m20261128_000005_people;
mod m20261128_000006_privacy;
mod m20261128_000007_hot_indexes;
mod m20261128_000008_words;
mod m20261128_000009_tickets;
mod m20261128_000010_horizon;
mod m20261128_000011_presences;
mod m20261128_000012_files;
mod m20261130_000013_joined_seq;

pub use m20261130_000013_joined_seq::fill as fill_joined_seq;
pub use sea_orm_migration::prelude::{MigratorTrait, SchemaManager};

/// Applies and undoes the changes, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_chat::Migration),
            Box::new(m20261120_000002_log::Migration),
            Box::new(m20261128_000003_chat_model::Migration),
            Box::new(m20261128_000004_search::Migration),
            Box::new(m20261128_000005_people::Migration),
            Box::new(m20261128_000006_privacy::Migration),
            Box::new(m20261128_000007_hot_indexes::Migration),
            Box::new(m20261128_000008_words::Migration),
            Box::new(m20261128_000009_tickets::Migration),
            Box::new(m20261128_000010_horizon::Migration),
            Box::new(m20261128_000011_presences::Migration),
            Box::new(m20261128_000012_files::Migration),
            Box::new(m20261130_000013_joined_seq::Migration),
        ]
    }
}
