//! A fresh database for a test: an SQLite file of its own, and a PostgreSQL schema of its own when
//! `HUBWIRE_TEST_DATABASE_URL` names a server.
#![allow(dead_code, reason = "each test binary uses its own part")]

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use uuid::Uuid;

/// Lives as long as the test; what was made for it is removed with it.
#[derive(Debug)]
pub struct TestDatabase {
    /// What the server is told.
    pub url: String,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Directory(TempDir),
    Schema { server: String, name: String },
}

impl TestDatabase {
    /// One of each kind there is, for a test that loops over them.
    pub async fn each() -> Vec<Self> {
        let mut databases = vec![Self::sqlite()];
        if let Some(server) = server() {
            databases.push(Self::postgres(server).await);
        }
        databases
    }

    /// A file that does not exist yet, in a directory of its own.
    pub fn sqlite() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}", directory.path().join("hubwire.db").display());
        Self {
            url,
            home: Home::Directory(directory),
        }
    }

    async fn postgres(server: String) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        execute(&server, &format!("CREATE SCHEMA {name}")).await;
        let separator = if server.contains('?') { '&' } else { '?' };
        // Its connections bear its name, so that they can be told from those of other tests.
        let url = format!("{server}{separator}application_name={name}&options=-csearch_path%3D{name}");
        Self {
            url,
            home: Home::Schema { server, name },
        }
    }

    /// Whether it is the SQLite one.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.home, Home::Directory(_))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Home::Schema { server, name } = &self.home else {
            return;
        };
        // A server of the test that was not stopped may be inside a transaction, and its runtime may be this very
        // thread: it would hold its locks for as long as we wait for them.
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'; \
             DROP SCHEMA {name} CASCADE"
        );
        let server = server.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(execute(&server, &sql));
        });
        // A failed clean-up must not hide why the test failed.
        let _ = dropped.join();
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn server() -> Option<String> {
    std::env::var("HUBWIRE_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

async fn execute(server: &str, sql: &str) {
    let connection = Database::connect(server).await.unwrap();
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}
