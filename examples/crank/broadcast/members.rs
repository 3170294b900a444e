//! Those who hear.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::{
    AT_ONCE, Broadcast,
    tally::{Stamp, Tally},
};
use crate::Server;
use crate::client::Connection;

const BEFORE: &[u8] = b"{\"type\":1,\"target\":\"said\",\"arguments\":[\"";

/// Opens all members, lets them join, and then listens.
pub(super) async fn open(server: &Server, broadcast: &Broadcast, tally: &Rc<Tally>) -> Result<JoinSet<Result<()>>> {
    let mut members = JoinSet::new();
    let mut opening = stream::iter(0..broadcast.members)
        .map(|number| async move {
            let mut connection = Connection::open(server, &format!("member-{number}")).await?;
            join(&mut connection, number % broadcast.groups).await?;
            anyhow::Ok((number, connection))
        })
        .buffer_unordered(AT_ONCE);
    while let Some(opened) = opening.next().await {
        let (number, connection) = opened?;
        members.spawn_local(listen(connection, number, broadcast.publishers, tally.clone()));
    }
    Ok(members)
}

async fn join(connection: &mut Connection, group: usize) -> Result<()> {
    connection
        .invoke("JoinGroup", &[json!(format!("crank-{group}"))])
        .await?;
    Ok(())
}

async fn listen(mut connection: Connection, member: usize, publishers: usize, tally: Rc<Tally>) -> Result<()> {
    let mut next = vec![0; publishers];
    while !tally.is_stalled(member) {
        let mut now = None;
        let mut wrong = None;
        let owed = connection
            .reader
            .read(|record| {
                let Some(text) = record.strip_prefix(BEFORE) else {
                    return;
                };
                match Stamp::read(text).and_then(|stamp| Ok((next.get_mut(stamp.publisher).context("nobody")?, stamp)))
                {
                    Ok((next, stamp)) => tally.deliver(stamp, next, *now.get_or_insert_with(|| tally.now_us())),
                    Err(error) => wrong = Some(error),
                }
            })
            .await?;
        if let Some(error) = wrong {
            return Err(error);
        }
        connection.writer.pay(&owed).await?;
    }
    // The socket stays open, and nobody reads it.
    std::future::pending().await
}

/// Connections that come, join the first group, listen for a second and leave.
pub(super) async fn churn(server: Server, a_second: u64) -> Result<()> {
    let mut guests = JoinSet::new();
    let mut every = interval(Duration::from_secs(1) / a_second as u32);
    for number in 0_u64.. {
        every.tick().await;
        let server = server.clone();
        guests.spawn_local(async move {
            let mut connection = Connection::open(&server, &format!("guest-{number}")).await?;
            join(&mut connection, 0).await?;
            let listening = async {
                loop {
                    connection.reader.read(|_| {}).await?;
                }
            };
            tokio::select! {
                ended = listening => ended,
                () = sleep(Duration::from_secs(1)) => anyhow::Ok(()),
            }
        });
        while guests.try_join_next().is_some() {}
    }
    Ok(())
}
