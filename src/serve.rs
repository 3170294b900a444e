//! The accept loop: what `axum::serve` does not have. Header time-out, connection cap, back-off, a bounded stop, and
//! connections that hold no buffers while they wait (`hub_protocol::serve`).
//!
//! Upgraded connections leave this loop's sight: the hubs end them (`App::hubs_drain`).

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use hub_protocol::serve::serve_connection;
use hyper::{Request, server::conn::http1};
use hyper_util::rt::TokioTimer;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Service, service_fn};

/// Time for a request's headers, and for a kept connection's next request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes; more is answered 431.
const LONGEST_HEAD: usize = 64 * 1024;
/// HTTP connections at once; more wait in the operating system's queue. WebSockets are counted by the hubs.
const MOST_CONNECTIONS: usize = 65_536;
/// Pause after an accept that failed for want of file descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Serves `service` until `stop` is cancelled, then waits for running requests, `grace` at most.
///
/// HTTP/1.1 only, by hyper's own builder: the one that detects versions waits without a time-out for the first
/// bytes, and accepts HTTP/2 even when told not to.
pub async fn serve<S>(listener: TcpListener, service: S, stop: CancellationToken, grace: Duration)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(LONGEST_HEAD)
        .max_buf_size(LONGEST_HEAD);
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let connections = TaskTracker::new();
    while let Some((tcp, peer, slot)) = accept(&listener, &slots, &stop).await {
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!("no-delay: {error}");
        }
        let service = service.clone();
        let answer = service_fn(move |mut request: Request<Body>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            service.clone().call(request)
        });
        let connection = serve_connection(builder.clone(), tcp, answer, stop.clone().cancelled_owned());
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("connection: {error}");
            }
            drop(slot);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!("requests were still running and are dropped");
    }
}

/// The next connection; `None` when it is time to stop.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = stop
        .run_until_cancelled(slots.clone().acquire_owned())
        .await?
        .expect("the semaphore is never closed");
    loop {
        match stop.run_until_cancelled(listener.accept()).await? {
            Ok((tcp, peer)) => return Some((tcp, plain(peer), slot)),
            Err(error) if is_of_one_connection(&error) => tracing::debug!("accept: {error}"),
            Err(error) => {
                tracing::warn!("accept: {error}");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// An IPv4 peer of an IPv6 socket, as IPv4.
fn plain(peer: SocketAddr) -> SocketAddr {
    let ip: IpAddr = peer.ip().to_canonical();
    SocketAddr::new(ip, peer.port())
}
