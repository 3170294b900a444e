//! What other servers on the same PostgreSQL write: taken in as soon as they say so, and within a second where their
//! word is lost.

use std::time::Duration;

use entities::log_head;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait};
use sqlx::postgres::PgListener;
use uuid::Uuid;

use super::Log;
use crate::log::writer::changes::CatchUp;

/// What says that something was written, and who says so. What it was is in the log.
const CHANNEL: &str = "hubwire_log";
/// How long a lost word may cost.
const SAFETY: Duration = Duration::from_secs(1);

/// Follows the other servers until the log is closed, where there can be any.
pub(super) fn follow(log: &Log) {
    if log.database.backend() == DbBackend::Postgres {
        tokio::spawn(look_around(log.clone()));
    }
}

/// Tells the other servers, once the transaction is committed.
pub(crate) async fn tell<C: ConnectionTrait>(transaction: &C, name: Uuid) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let words = format!("NOTIFY {CHANNEL}, '{name}'");
        transaction.execute_unprepared(&words).await?;
    }
    Ok(())
}

async fn look_around(log: Log) {
    let (mut words, name) = (None, log.database.name().to_string());
    while !log.writer.is_closed() {
        if words.is_none() {
            words = listen(log.database.url()).await;
        }
        wait(&mut words, &name).await;
        match is_behind(&log).await {
            // The writer is who takes in what is new, so that nothing is taken in twice.
            Ok(true) => drop(log.writer.change(CatchUp).await),
            Ok(false) => {}
            Err(error) => tracing::debug!("the log of other servers cannot be read: {error}"),
        }
    }
}

/// Waits for somebody else's word, or for the time after which to look anyway.
async fn wait(words: &mut Option<PgListener>, own: &str) {
    let word = async {
        let Some(listener) = words else {
            return std::future::pending().await;
        };
        loop {
            match listener.recv().await {
                Ok(word) if word.payload() == own => {}
                heard => return heard.is_ok(),
            }
        }
    };
    if let Ok(false) = tokio::time::timeout(SAFETY, word).await {
        *words = None;
    }
}

async fn listen(url: &str) -> Option<PgListener> {
    let listening = async {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    listening
        .await
        .inspect_err(|error| tracing::debug!("other servers are not heard: {error}"))
        .ok()
}

async fn is_behind(log: &Log) -> Result<bool, DbErr> {
    let head = log_head::Entity::find_by_id(log_head::ID)
        .one(&log.database.read)
        .await?;
    Ok(head.is_some_and(|head| {
        log.horizon.rise(head.horizon);
        head.event > log.tail.head()
    }))
}
