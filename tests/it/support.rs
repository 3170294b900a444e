//! A server per test and the people who talk to it. Both act only through the public doors.

mod http;
pub(crate) mod messagepack;

use std::{net::SocketAddr, sync::Arc, thread::JoinHandle, time::Duration};

use hubwire::{
    app::{self, App},
    auth::NewToken,
    clock::Clock,
    config::{Config, Limits, Secret},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};
use tokio_util::sync::CancellationToken;

use crate::{database::TestDatabase, described::conforming};
pub(crate) use http::{Answer, DEADLINE, ask, exchange, try_exchange};

/// The secret tests sign with.
pub(crate) const SECRET: &str = "the secret of the tests, 32 bytes or more";

/// A running server with a database of its own: PostgreSQL if there is one, else SQLite.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    // Dropped last, in this order: the server has stopped by then.
    database: Option<TestDatabase>,
    _folder: TempDir,
}

impl TestApp {
    /// A server without limits.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose settings the test has changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::by(Clock::system(), change).await
    }

    /// A server whose clock stands still; Ann and Bob share a conversation, Carl and Dora another.
    pub(crate) async fn of_two_pairs() -> Self {
        let app = Self::by(Clock::fixed(1_700_000_000_000), |_| {}).await;
        let [ann, carl] = app.people(["ann", "carl"]);
        ann.direct("bob").await;
        carl.direct("dora").await;
        app
    }

    /// A server that lives by this clock.
    pub(crate) async fn by(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::each().await.pop().unwrap();
        let url = database.url.clone();
        Self::over(&url, Some(database), clock, change).await
    }

    /// Another server on the same database, which must be dropped first; `None` where there can be no other.
    pub(crate) async fn beside(&self) -> Option<Self> {
        self.beside_with(|_| {}).await
    }

    /// The same with settings of its own.
    pub(crate) async fn beside_with(&self, change: impl FnOnce(&mut Config)) -> Option<Self> {
        let database = self.database.as_ref().filter(|database| !database.is_sqlite())?;
        Some(Self::over(&database.url, None, self.app.clock.clone(), change).await)
    }

    async fn over(url: &str, database: Option<TestDatabase>, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            database_url: Some(Secret::new(url)),
            data_dir: folder.path().to_owned(),
            jwt_secret: Some(Secret::new(SECRET)),
            limits: Limits::default(),
            ..Config::default()
        };
        change(&mut config);
        let stop = CancellationToken::new();
        let (tell, told) = oneshot::channel();
        let stopped = stop.clone().cancelled_owned();
        // A thread of its own, so that it can end in order while the test is being torn down.
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let app = Box::pin(App::open(config, clock)).await.unwrap();
                let listener = TcpListener::bind(app.config.listen).await.unwrap();
                tell.send((listener.local_addr().unwrap(), app.clone())).ok().unwrap();
                app::run(listener, app, stopped).await;
            });
        });
        let (address, app) = told.await.expect("the server starts");
        Self {
            address,
            app,
            stop,
            server: Some(server),
            database,
            _folder: folder,
        }
    }

    /// A token for somebody, an hour long.
    pub(crate) fn token(&self, user: &str) -> String {
        self.token_for(user, Duration::from_secs(3600))
    }

    pub(crate) fn token_for(&self, user: &str, lifetime: Duration) -> String {
        let token = NewToken {
            user,
            name: None,
            username: None,
            scope: None,
            lifetime,
        };
        self.app.auth.sign(&token).unwrap()
    }

    /// Somebody with a token.
    pub(crate) fn person(&self, user: &str) -> Person {
        Person {
            address: self.address,
            token: self.token(user),
        }
    }

    /// Somebody whose token says that they administer the chat.
    pub(crate) fn admin(&self, user: &str) -> Person {
        let token = NewToken {
            user,
            scope: Some("hubwire.admin"),
            lifetime: Duration::from_secs(3600),
            ..NewToken::default()
        };
        Person {
            address: self.address,
            token: self.app.auth.sign(&token).unwrap(),
        }
    }

    /// Several people.
    pub(crate) fn people<const N: usize>(&self, users: [&str; N]) -> [Person; N] {
        users.map(|user| self.person(user))
    }

    /// A request without a token.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        ask(self.address, method, path, headers, body).await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        let ended = self.server.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "the server panicked"
        );
    }
}

/// Asks until it is so, or the test fails.
pub(crate) async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.expect("it becomes so");
}

/// Somebody with a token, talking REST.
pub(crate) struct Person {
    address: SocketAddr,
    pub(crate) token: String,
}

impl Person {
    /// A request with this person's token; paths are below `/api/Chat`.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", authorization.as_str())];
        all.extend_from_slice(headers);
        let path = format!("/api/Chat{path}");
        let answer = ask(self.address, method, &path, &all, body).await;
        conforming::answer(method, &path, &answer);
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.write("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.write("PUT", path, body).await
    }

    /// A request with a JSON body.
    pub(crate) async fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask(method, path, &headers, body.to_string().as_bytes()).await
    }

    /// The direct conversation with somebody.
    pub(crate) async fn direct(&self, with: &str) -> String {
        self.ask("POST", &format!("/conversations/direct/{with}"), &[], b"")
            .await
            .data()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Sends a text and returns the message.
    pub(crate) async fn say(&self, conversation: &str, content: &str) -> Value {
        let body = serde_json::json!({"conversationId": conversation, "content": content});
        self.post("/messages", &body).await.data()
    }
}
