//! Files that people send: taken in, looked at, kept, shown to those who may see them, and collected.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use entities::ids::FileId;
use entities::user_id::UserId;
use entities::{file, secret};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, DbErr, EntityTrait};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::database::Database;
use crate::log::Log;
use crate::media::signing::Signer;
use crate::media::staging::Staging;
use crate::media::storage::{self, Storage};
use crate::services::limits::Allowances;
use crate::services::{Error, Limits, Principal, Services};

mod collecting;
mod receiving;
mod uploading;
mod viewing;

pub use self::receiving::Received;
pub use self::uploading::{Uploaded, Wanted};
pub use self::viewing::Opened;

/// Uploads at once, of one person and of all: each holds some 100 KiB while it runs.
const MOST_OF_ONE: usize = 4;
const MOST_OF_ALL: usize = 32;
/// How long a file is there that is not wholly kept yet, or whose message is not posted yet: with the time between two
/// rounds of the collector, an hour at most after whatever interrupted it.
const UNFINISHED: Duration = Duration::from_secs(50 * 60);
/// How long a file is there that no message takes.
const UNTAKEN: Duration = Duration::from_secs(24 * 60 * 60);
/// The name of the key that links are signed with.
const LINKS: &str = "media links";

/// Where files are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    pub place: storage::Place,
    /// The folder of files on their way in, of this server alone.
    pub staging: PathBuf,
}

/// Why there can be no files.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder for uploads: {0}")]
    Staging(io::Error),
    #[error("the storage of files: {0}")]
    Storage(storage::Error),
    #[error(transparent)]
    Database(DbErr),
}

/// Files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Media {
    services: Services,
    database: Database,
    log: Log,
    clock: Clock,
    storage: Storage,
    staging: Staging,
    pub signer: Signer,
    limits: Limits,
    allowances: Allowances,
    slots: Arc<Semaphore>,
    of_each: Arc<DashMap<UserId, usize>>,
    /// Pictures are shrunk one after the other, so that the memory that one needs is what all need.
    shrinking: Arc<Semaphore>,
}

impl Media {
    /// Opens the storage, and starts to collect what nothing has. Call it inside a runtime.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is missing.
    pub async fn open(
        services: &Services,
        database: &Database,
        log: &Log,
        clock: &Clock,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let limits = services.conversations.settings.limits.clone();
        let media = Self {
            services: services.clone(),
            database: database.clone(),
            log: log.clone(),
            clock: clock.clone(),
            storage: Storage::open(&settings.place).map_err(OpenError::Storage)?,
            staging: Staging::open(settings.staging.clone()).map_err(OpenError::Staging)?,
            signer: Signer::new(&key(database).await.map_err(OpenError::Database)?),
            allowances: services.allowances.clone(),
            slots: Arc::new(Semaphore::new(MOST_OF_ALL)),
            of_each: Arc::default(),
            shrinking: Arc::new(Semaphore::new(1)),
            limits,
        };
        media.collect();
        Ok(media)
    }

    /// A place for one request that uploads.
    ///
    /// # Errors
    ///
    /// `TooMany` while the person, or everybody together, has as many as there may be.
    pub fn enter(&self, principal: &Principal) -> Result<Slot, Error> {
        let too_many = |limit: String| Error::TooMany {
            limit,
            retry_after: Duration::from_secs(5),
        };
        let user = principal.user_id.clone();
        let mut of_one = self.of_each.entry(user.clone()).or_default();
        if *of_one >= MOST_OF_ONE {
            let limit = format!("uploads at once: the limit is {MOST_OF_ONE}");
            return Err(too_many(limit));
        }
        let permit = Arc::clone(&self.slots).try_acquire_owned();
        let permit = permit.map_err(|_| too_many("uploads of everybody at once".to_owned()));
        if permit.is_ok() {
            *of_one += 1;
        }
        drop(of_one);
        // Nobody is remembered who has none.
        self.of_each.remove_if(&user, |_, of_one| *of_one == 0);
        Ok(Slot {
            _permit: permit?,
            of_each: Arc::clone(&self.of_each),
            user,
        })
    }

    /// Takes one of the uploads that the person may begin a minute, however many files it has.
    ///
    /// # Errors
    ///
    /// `TooMany` where there is none left.
    pub fn begin(&self, principal: &Principal) -> Result<(), Error> {
        self.allowances.uploads.take(&principal.user_id)
    }
}

/// One of the uploads that may run at once.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
    of_each: Arc<DashMap<UserId, usize>>,
    user: UserId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(mut of_one) = self.of_each.get_mut(&self.user) {
            *of_one -= 1;
        }
        self.of_each.remove_if(&self.user, |_, of_one| *of_one == 0);
    }
}

/// Whether a file is there at `now`.
fn lives(file: &file::Model, now: i64) -> bool {
    file.expires_at.is_none_or(|at| at > now)
}

/// A new file's id, which cannot be guessed.
fn fresh_id() -> FileId {
    FileId(uuid::Uuid::new_v4())
}

/// The key of links, made by the first server on this database.
async fn key(database: &Database) -> Result<Vec<u8>, DbErr> {
    let mut value = vec![0; 32];
    getrandom::fill(&mut value).map_err(|error| DbErr::Custom(error.to_string()))?;
    let fresh = secret::ActiveModel {
        name: ActiveValue::Set(LINKS.to_owned()),
        value: ActiveValue::Set(value),
    };
    secret::Entity::insert(fresh)
        .on_conflict(OnConflict::column(secret::Column::Name).do_nothing().to_owned())
        .exec_without_returning(&database.write)
        .await?;
    let stored = secret::Entity::find_by_id(LINKS).one(&database.write).await?;
    let stored = stored.ok_or_else(|| DbErr::RecordNotFound("the key of links".to_owned()))?;
    Ok(stored.value)
}
