//! Is the process alive, and should it be sent requests?

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, Reply};
use crate::app::App;

/// How long the database may take to answer.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// What a healthy server answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// `GET /healthz`: the process answers.
pub async fn alive() -> Reply<Health> {
    Reply::new(Health { status: "alive" })
}

/// `GET /readyz`: the database answers and the server is not stopping.
pub async fn ready(State(app): State<Arc<App>>) -> Result<Reply<Health>, Failure> {
    if app.is_draining() {
        return Err(Failure::unavailable("The server is stopping"));
    }
    match tokio::time::timeout(PING_TIMEOUT, app.database.ping()).await {
        Ok(Ok(())) => Ok(Reply::new(Health { status: "ready" })),
        Ok(Err(error)) => {
            tracing::warn!("readiness: {error}");
            Err(Failure::unavailable("The database does not answer"))
        }
        Err(_) => Err(Failure::unavailable("The database does not answer")),
    }
}
