//! What other servers on the same PostgreSQL write: taken in as soon as they say so, and within a second where their
//! word is lost.

use std::time::Duration;

use entities::log_head;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait};
use sqlx::postgres::PgListener;

use super::Log;
use crate::log::writer::changes::CatchUp;

/// What says that something was written. Says nothing itself: the log is where to look.
pub(crate) const CHANNEL: &str = "hubwire_log";
/// How long a lost word may cost.
const SAFETY: Duration = Duration::from_secs(1);

/// Follows the other servers until the log is closed, where there can be any.
pub(super) fn follow(log: &Log) {
    if log.database.backend() == DbBackend::Postgres {
        tokio::spawn(look_around(log.clone()));
    }
}

/// Tells the other servers, once the transaction is committed.
pub(crate) async fn tell<C: ConnectionTrait>(transaction: &C) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
    }
    Ok(())
}

async fn look_around(log: Log) {
    let mut words = None;
    while !log.writer.is_closed() {
        if words.is_none() {
            words = listen(log.database.url()).await;
        }
        wait(&mut words).await;
        match is_behind(&log).await {
            // The writer is who takes in what is new, so that nothing is taken in twice.
            Ok(true) => drop(log.writer.change(CatchUp).await),
            Ok(false) => {}
            Err(error) => tracing::debug!("the log of other servers cannot be read: {error}"),
        }
    }
}

/// Waits for a word, or for the time after which to look anyway.
async fn wait(words: &mut Option<PgListener>) {
    let word = async {
        match words {
            Some(listener) => listener.recv().await.is_ok(),
            None => std::future::pending().await,
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
    Ok(head.is_some_and(|head| head.event > log.tail.head()))
}
