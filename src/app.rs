//! The server put together once: settings, keys, database, log, services; and its life from the first request to
//! the last.

mod lock;
mod metrics;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::Auth,
    clock::Clock,
    config::{self, Config},
    database::{self, Database},
    hubs::Hubs,
    log::Log,
    media::storage::{Bucket, Place},
    router::{self, origins::Origins, traffic::Traffic},
    serve,
    services::{
        Limits, PresenceScope, Services, Settings, UnknownPeople,
        media::{self, Media},
    },
    views::Links,
};
use lock::DataFolder;

/// Kept back of the time to stop, for closing the database after everything else.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why the server cannot start. Each is one sentence for the person who starts it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot be used.
    #[error(transparent)]
    Setting(#[from] config::Error),
    /// Another server uses the same data folder.
    #[error("The data folder {0} is in use by another hubwire server.")]
    InUse(String),
    /// The database cannot be reached, or its schema not brought up to date.
    #[error("The database cannot be opened: {0}.")]
    Database(String),
    /// Files cannot be kept.
    #[error("Files cannot be kept: {0}.")]
    Media(#[from] media::OpenError),
}

/// Everything a controller or a hub needs.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub database: Database,
    pub log: Log,
    pub services: Services,
    pub media: Media,
    /// Makes links to files, for whoever reads them.
    pub links: Links,
    pub auth: Auth,
    pub hubs: Hubs,
    pub origins: Arc<Origins>,
    pub traffic: Arc<Traffic>,
    draining: AtomicBool,
    /// Locked for as long as the server lives.
    _folder: DataFolder,
}

impl App {
    /// Opens the data folder, the keys and the database, and builds the services over them.
    pub async fn open(config: Config, clock: Clock) -> Result<Arc<Self>, Error> {
        let folder = DataFolder::lock(&config.data_dir)?;
        let auth = Auth::open(&config, clock.clone())?;
        let options = database::Options::new(config.database());
        let database = Database::open(&options)
            .await
            .map_err(|error| unreachable_database(&error))?;
        let log = Log::open(&database, &clock)
            .await
            .map_err(|error| unreachable_database(&error))?;
        if let days @ 1.. = config.limits.event_days {
            log.keep_for(Duration::from_secs(days.saturating_mul(24 * 60 * 60)), &clock);
        }
        let services = Services::new(&database, &log, &clock, settings(&config));
        services
            .people
            .load()
            .await
            .map_err(|error| unreachable_database(&error))?;
        services
            .presence
            .load()
            .await
            .map_err(|error| unreachable_database(&error))?;
        let media = Box::pin(Media::open(
            &services,
            &database,
            &log,
            &clock,
            &media_settings(&config),
        ))
        .await?;
        let links = Links::new(media.signer.clone(), clock.clone(), config.public_url.as_deref());
        let hubs = Hubs::new(&services, &log, &clock, &config, &links);
        let origins = Arc::new(Origins::new(&config));
        let traffic = Arc::new(router::traffic());
        let draining = AtomicBool::new(false);
        Ok(Arc::new(Self {
            config,
            clock,
            database,
            log,
            services,
            media,
            links,
            auth,
            hubs,
            origins,
            traffic,
            draining,
            _folder: folder,
        }))
    }

    /// Whether the server is stopping: `/readyz` says so, and hubs take no new connections.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Whether `POST /demo/token` exists: only for somebody trying the server out on their own machine.
    pub fn gives_demo_tokens(&self) -> bool {
        self.auth.is_made_up() && self.config.listen.ip().is_loopback()
    }

    /// Empties the writer and closes the database.
    async fn close(&self) {
        self.services.presence.close().await;
        self.log.close().await;
        if let Err(error) = self.database.clone().close().await {
            tracing::warn!("closing the database: {error}");
        }
    }
}

/// Serves until `shutdown`, then stops in order: unready, hubs, requests, writer. Takes `config.shutdown` at most.
pub async fn run(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let total = app.config.shutdown;
    let patience = total.checked_sub(LAST_WORDS).unwrap_or(total / 2);
    let serving = tokio::spawn(serve::serve(listener, router::service(&app), stop.clone(), patience));
    shutdown.await;
    tracing::info!("stopping");
    app.draining.store(true, Ordering::Release);
    let ending = async {
        app.hubs.drain().await;
        stop.cancel();
        if let Err(error) = serving.await {
            tracing::error!("the accept loop ended early: {error}");
        }
    };
    if tokio::time::timeout(patience, ending).await.is_err() {
        tracing::warn!("connections were still open and are dropped");
        stop.cancel();
    }
    if tokio::time::timeout(total - patience, app.close()).await.is_err() {
        tracing::warn!("the database was still busy");
    }
    tracing::info!("stopped");
}

/// What the services are told by the settings.
fn settings(config: &Config) -> Settings {
    let narrow = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
    let limits = &config.limits;
    Settings {
        limits: Limits {
            text_characters: usize::try_from(limits.text_characters).unwrap_or(usize::MAX),
            group_members: narrow(limits.group_members),
            messages_per_minute: narrow(limits.messages_per_minute),
            reactions_per_minute: narrow(limits.reactions_per_minute),
            uploads_per_minute: narrow(limits.uploads_per_minute),
            image_bytes: limits.image_bytes,
            video_bytes: limits.video_bytes,
            file_bytes: limits.file_bytes,
            burst: narrow(limits.burst),
            edit_window_minutes: narrow(limits.edit_window_minutes),
        },
        unknown_people: match config.unknown_people {
            config::UnknownPeople::Create => UnknownPeople::Create,
            config::UnknownPeople::Refuse => UnknownPeople::Refuse,
        },
        presence_scope: match config.presence_scope {
            config::PresenceScope::Conversations => PresenceScope::Conversations,
            config::PresenceScope::Everyone => PresenceScope::Everyone,
        },
        resume: config.resume,
        ..Settings::default()
    }
}

/// Where files are kept, by the settings.
fn media_settings(config: &Config) -> media::Settings {
    let place = match &config.media.place {
        None => Place::Folder(config.data_dir.join("media")),
        Some(config::MediaPlace::Folder(folder)) => Place::Folder(folder.clone()),
        Some(config::MediaPlace::Bucket { name, prefix }) => Place::Bucket(Bucket {
            name: name.clone(),
            prefix: prefix.clone(),
            endpoint: config.media.s3_endpoint.clone(),
            region: config.media.s3_region.clone(),
            key_id: config.media.s3_key_id.clone(),
            secret: config.media.s3_secret.as_ref().map(|secret| secret.expose().to_owned()),
        }),
    };
    media::Settings {
        place,
        staging: config.data_dir.join("uploads"),
    }
}

/// Whether a server has this data folder.
pub(crate) fn is_in_use(data_dir: &std::path::Path) -> bool {
    lock::is_held(data_dir)
}

/// Applies the migrations and leaves.
pub async fn migrate(config: &Config) -> Result<(), Error> {
    lock::make(&config.data_dir)?;
    let options = database::Options::new(config.database());
    let database = Database::open(&options)
        .await
        .map_err(|error| unreachable_database(&error))?;
    database.close().await.map_err(|error| unreachable_database(&error))
}

/// The database's own words on one line. They name hosts and files, never passwords.
pub(crate) fn unreachable_database(error: &dyn std::error::Error) -> Error {
    let text = error.to_string();
    Error::Database(
        text.lines()
            .next()
            .unwrap_or("no reason is known")
            .trim_end_matches('.')
            .to_owned(),
    )
}
