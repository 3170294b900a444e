//! The database: one pool that writes, one that reads, and the migrations.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod nodelay;

use std::{sync::Arc, time::Duration};

use migrations::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use uuid::Uuid;

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite:…` or `postgres://…`.
    pub url: String,
    /// Connections for reading (SQLite), or for everything (PostgreSQL).
    pub max_connections: u32,
    /// How long a statement waits for somebody else's lock before it gives up.
    pub busy_timeout: Duration,
}

impl Options {
    /// The defaults for `url`: 4 readers beside SQLite's one writer, 16 connections to PostgreSQL, 5 s of patience.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let max_connections = if url.starts_with("sqlite:") { 4 } else { 16 };
        Self {
            url,
            max_connections,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

/// What is to be done before this program fits its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrations {
    /// Those that the database lacks.
    pub pending: Vec<String>,
    /// Those that this program lacks: a newer one was here.
    pub unknown: Vec<String>,
}

/// Two pools on SQLite: one connection that writes, a few that only read. On PostgreSQL both are one pool.
#[derive(Clone, Debug)]
pub struct Database {
    pub write: DatabaseConnection,
    pub read: DatabaseConnection,
    options: Arc<Options>,
    /// What others know this server's words by.
    name: Uuid,
}

impl Database {
    /// Connects and applies the migrations.
    pub async fn open(options: &Options) -> Result<Self, DbErr> {
        let database = Self::connect(options).await?;
        database.migrate().await?;
        Ok(database)
    }

    /// Connects to what is there, and only to read.
    pub async fn look(options: &Options) -> Result<Self, DbErr> {
        if !options.url.starts_with("sqlite:") {
            return Self::connect(options).await;
        }
        let read = sea_orm::Database::connect(sqlite(options, true)).await?;
        Ok(Self {
            write: read.clone(),
            read,
            options: Arc::new(options.clone()),
            name: Uuid::new_v4(),
        })
    }

    /// Connects and leaves the schema as it is. A missing SQLite file is made.
    pub async fn connect(options: &Options) -> Result<Self, DbErr> {
        if !options.url.starts_with("sqlite:") {
            let pool = sea_orm::Database::connect(postgres(options)).await?;
            return Ok(Self {
                write: pool.clone(),
                read: pool,
                options: Arc::new(options.clone()),
                name: Uuid::new_v4(),
            });
        }
        let write = sea_orm::Database::connect(sqlite(options, false)).await?;
        let read = if in_memory(&options.url) {
            write.clone()
        } else {
            sea_orm::Database::connect(sqlite(options, true)).await?
        };
        Ok(Self {
            write,
            read,
            options: Arc::new(options.clone()),
            name: Uuid::new_v4(),
        })
    }

    /// Replaces SQLite's writing connection after a transaction on it failed; clones of this keep the closed one.
    ///
    /// On a full disk SQLite ends a transaction by itself or keeps it open, and the driver's count of savepoints is
    /// wrong in either case: what it then calls a commit may release a savepoint of a transaction that nobody ends.
    /// PostgreSQL knows the state of its connections.
    pub(crate) async fn renew_writer(&mut self) -> Result<(), DbErr> {
        if self.backend() != DbBackend::Sqlite || in_memory(&self.options.url) {
            return Ok(());
        }
        // Closed first: it may hold the lock.
        self.write.clone().close().await?;
        self.write = sea_orm::Database::connect(sqlite(&self.options, false)).await?;
        Ok(())
    }

    /// Applies the migrations that are missing, and fills in what they or an older server left open.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        Migrator::up(&self.write, None).await?;
        migrations::fill_joined_seq(&self.write).await
    }

    /// Which database answers, and in which version.
    pub async fn version(&self) -> Result<String, DbErr> {
        let (name, ask) = match self.backend() {
            DbBackend::Sqlite => ("SQLite", "SELECT sqlite_version() AS version"),
            _ => ("PostgreSQL", "SELECT current_setting('server_version') AS version"),
        };
        let row = self
            .read
            .query_one_raw(Statement::from_string(self.backend(), ask))
            .await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the database has no version".to_owned()))?;
        Ok(format!("{name} {}", row.try_get::<String>("", "version")?))
    }

    /// The migrations of this program and of the database, compared. Applies none.
    pub async fn migrations(&self) -> Result<Migrations, DbErr> {
        let table = "seaql_migrations";
        let is_there = SchemaManager::new(&self.read).has_table(table).await?;
        let applied = if is_there {
            let ask = format!("SELECT version FROM {table} ORDER BY version");
            let rows = self
                .read
                .query_all_raw(Statement::from_string(self.backend(), ask))
                .await?;
            let names = rows.iter().map(|row| row.try_get::<String>("", "version"));
            names.collect::<Result<Vec<_>, _>>()?
        } else {
            Vec::new()
        };
        let known: Vec<String> = Migrator::migrations()
            .iter()
            .map(|known| known.name().to_owned())
            .collect();
        let without =
            |these: &[String], others: &[String]| these.iter().filter(|name| !others.contains(name)).cloned().collect();
        Ok(Migrations {
            pending: without(&known, &applied),
            unknown: without(&applied, &known),
        })
    }

    /// One round trip to the database, for `/readyz`.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.execute_unprepared("SELECT 1").await.map(|_| ())
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.options.url
    }

    /// What others know this server's words by: new with every start.
    pub(crate) fn name(&self) -> Uuid {
        self.name
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Closes both pools; SQLite folds its write-ahead log into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }
}

impl Options {
    /// The file of a SQLite database that is not there yet.
    #[must_use]
    pub fn missing_file(&self) -> Option<String> {
        if !self.url.starts_with("sqlite:") || in_memory(&self.url) {
            return None;
        }
        let options: SqliteConnectOptions = self.url.parse().ok()?;
        let file = options.get_filename();
        (!file.exists()).then(|| file.display().to_string())
    }
}

fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

fn postgres(options: &Options) -> ConnectOptions {
    let mut connect = ConnectOptions::new(&options.url);
    let busy = options.busy_timeout;
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .statement_timeout(Duration::from_secs(15))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        // The default pings at every acquire.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .map_sqlx_postgres_opts(move |options| {
            options.options([
                ("lock_timeout", busy.as_millis().to_string().as_str()),
                ("synchronous_commit", "on"),
            ])
        });
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    nodelay::send_at_once(&mut connect);
    connect
}

fn sqlite(options: &Options, read_only: bool) -> ConnectOptions {
    let mut connect = ConnectOptions::new(&options.url);
    let connections = if read_only { options.max_connections } else { 1 };
    let busy = options.busy_timeout;
    connect
        .max_connections(connections)
        .min_connections(1)
        // Never recycled: the page cache and the prepared statements stay, and so does a database in memory.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .busy_timeout(busy)
                .foreign_keys(true)
                .statement_cache_capacity(128);
            if read_only {
                return sqlite.pragma("query_only", "ON");
            }
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: what was acknowledged survives a power cut.
                .synchronous(SqliteSynchronous::Full)
                .pragma("wal_autocheckpoint", "4000")
                .pragma("journal_size_limit", "67108864")
                .pragma("cache_size", "-8192")
                .pragma("temp_store", "MEMORY")
        });
    connect
}
