//! What was missed: `/api/Chat/sync`.

use std::sync::Arc;

use axum::extract::State;

use super::{Caller, Failure, Params, Reply};
use crate::{app::App, telling::sync, views::Synced};

/// `GET /api/Chat/sync?since=`
pub async fn since(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
) -> Result<Reply<Synced>, Failure> {
    let synced = sync::since(&app.services, &app.log, &principal, params.first(&["since"])).await?;
    Ok(Reply::new(synced))
}
