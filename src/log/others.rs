//! The other servers on the same PostgreSQL: what they write is taken in as soon as they say so, and within a second where
//! their word is lost; what else they say is passed on. On SQLite there are none, and nothing is said.

use std::sync::Arc;
use std::time::Duration;

use entities::log_head;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement};
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use uuid::Uuid;

use super::Log;
use super::words::{Word, payloads, understand};
use crate::database::Database;
use crate::log::writer::changes::CatchUp;

/// How long a lost word may cost.
const SAFETY: Duration = Duration::from_secs(1);
/// How long listening may take to begin.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nothing may be heard, not even of oneself. A connection whose other end is gone does not say so.
const DEAF: Duration = Duration::from_secs(15);
/// Notifications that somebody may be behind with; then they have [missed](Heard::Missed) some.
const HEARD: usize = 1_024;
/// Words that wait to be said; more are dropped.
const SAID: usize = 1_024;
/// Words of one round, and the time until the next.
const ROUND: (usize, Duration) = (256, Duration::from_millis(20));

/// What comes from other servers.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Said {
        by: Uuid,
        words: Arc<[Word]>,
    },
    /// Something may have been said that was not heard: what it may have been about is to be read again.
    Missed,
    /// This server stops.
    Over,
}

/// The way to the other servers. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Others(Option<Beside>);

#[derive(Clone, Debug)]
struct Beside {
    voice: Voice,
    heard: broadcast::Sender<Heard>,
    said: mpsc::Sender<Word>,
}

/// What a server says, and where: every log has a channel of its own.
#[derive(Clone, Debug)]
struct Voice {
    name: Uuid,
    channel: Arc<str>,
}

impl Others {
    /// Begins to speak, where there can be others.
    pub(super) fn of(database: &Database, epoch: &str) -> Self {
        if database.backend() != DbBackend::Postgres {
            return Self(None);
        }
        let voice = Voice {
            name: database.name(),
            channel: format!("hubwire_{}", epoch.replace('-', "")).into(),
        };
        let (said, words) = mpsc::channel(SAID);
        tokio::spawn(speak(voice.clone(), database.clone(), words));
        let heard = broadcast::Sender::new(HEARD);
        Self(Some(Beside { voice, heard, said }))
    }

    /// None at all.
    #[cfg(test)]
    pub(crate) fn nobody() -> Self {
        Self(None)
    }

    /// Whether there may be any.
    pub(crate) fn may_be(&self) -> bool {
        self.0.is_some()
    }

    /// Says something that is over in a moment. While the database is away, or too much is said at a time, nobody hears
    /// it.
    pub(crate) fn say(&self, word: impl FnOnce() -> Word) {
        if let Some(beside) = &self.0 {
            // An error means that too much is waiting.
            let _ = beside.said.try_send(word());
        }
    }

    /// What others say from now on. Whoever is more than 1,024 notifications behind misses the oldest.
    pub(crate) fn listen(&self) -> Option<broadcast::Receiver<Heard>> {
        self.0.as_ref().map(|beside| beside.heard.subscribe())
    }

    /// Says with a transaction, and only if it is committed, that it wrote events, and what else is new.
    pub(super) async fn tell<C: ConnectionTrait>(
        &self,
        transaction: &C,
        wrote: bool,
        words: &[Word],
    ) -> Result<(), DbErr> {
        match &self.0 {
            Some(beside) => beside.voice.say(transaction, wrote, words).await,
            None => Ok(()),
        }
    }
}

impl Voice {
    async fn say<C: ConnectionTrait>(&self, connection: &C, wrote: bool, words: &[Word]) -> Result<(), DbErr> {
        let mut said = payloads(self.name, words);
        said.extend(wrote.then(|| self.name.to_string()));
        if said.is_empty() {
            return Ok(());
        }
        let said = serde_json::to_string(&said).expect("texts are JSON");
        let notify = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_notify($1, word) FROM json_array_elements_text($2::json) AS word",
            [(*self.channel).into(), said.into()],
        );
        connection.execute_raw(notify).await.map(|_| ())
    }
}

/// Says what is over in a moment: what was said meanwhile goes in one commit. Ends with the log.
async fn speak(voice: Voice, database: Database, mut words: mpsc::Receiver<Word>) {
    let mut round = Vec::new();
    while words.recv_many(&mut round, ROUND.0).await > 0 {
        if let Err(error) = voice.say(&database.read, false, &round).await {
            tracing::debug!("other servers cannot be told: {error}");
        }
        round.clear();
        tokio::time::sleep(ROUND.1).await;
    }
}

/// Follows the other servers until the log is closed, where there can be any.
pub(super) fn follow(log: &Log) {
    if let Others(Some(beside)) = &log.others {
        tokio::spawn(look_around(log.clone(), beside.clone()));
    }
}

async fn look_around(log: Log, beside: Beside) {
    let (mut ear, mut missed) = (None, Instant::now());
    while !log.writer.is_closed() {
        if ear.is_none() {
            ear = listen(log.database.url(), &beside.voice.channel).await;
            // Whoever cannot listen reads what may have been said, now and then.
            if ear.is_some() || missed.elapsed() >= DEAF {
                missed = Instant::now();
                // Nobody may be there yet who would want to know.
                let _ = beside.heard.send(Heard::Missed);
            }
        }
        wait(&mut ear, &beside).await;
        ear = ear.filter(|ear| ear.heard_at.elapsed() < DEAF);
        match is_behind(&log).await {
            // The writer is who takes in what is new, so that nothing is taken in twice.
            Ok(true) => drop(log.writer.change(CatchUp).await),
            Ok(false) => {}
            Err(error) => tracing::debug!("the log of other servers cannot be read: {error}"),
        }
    }
    let _ = beside.heard.send(Heard::Over);
}

/// Where words are heard.
struct Ear {
    listener: PgListener,
    heard_at: Instant,
}

/// Passes on what others say, until it is time to look into the log.
async fn wait(ear: &mut Option<Ear>, beside: &Beside) {
    let until = Instant::now() + SAFETY;
    while let Some(Ear { listener, heard_at }) = ear {
        let Ok(word) = tokio::time::timeout_at(until, listener.try_recv()).await else {
            return;
        };
        // Lost, or broken.
        let Ok(Some(word)) = word else {
            *ear = None;
            break;
        };
        *heard_at = Instant::now();
        match understand(word.payload()) {
            Some((by, _)) if by == beside.voice.name => {}
            Some((_, words)) if words.is_empty() => return,
            Some((by, words)) => {
                let words = words.into();
                let _ = beside.heard.send(Heard::Said { by, words });
            }
            None => tracing::debug!("what another server says is not understood"),
        }
    }
    tokio::time::sleep_until(until).await;
}

async fn listen(url: &str, channel: &str) -> Option<Ear> {
    let listening = async {
        let mut listener = PgListener::connect(url).await?;
        // What is said meanwhile would be lost, and nobody would know.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        let heard_at = Instant::now();
        Ok::<_, sqlx::Error>(Ear { listener, heard_at })
    };
    let listening = tokio::time::timeout(PATIENCE, listening).await;
    listening
        .map_err(|_| tracing::debug!("other servers are not heard: the database does not answer"))
        .ok()?
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
