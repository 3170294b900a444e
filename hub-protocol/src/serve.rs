//! HTTP/1.1 connections that hold no buffers while they wait.
//!
//! hyper keeps 8 KiB to read and 8 KiB to write for as long as it has a connection, which is four fifths of what a
//! client of an event stream or a waiting poll costs. So here hyper lets go of them: once the head of an event stream
//! is written, its events are written without hyper; and while a poll waits there is only its socket and its future,
//! and hyper comes back for the answer.

mod flow;
mod runtime;
mod seat;
mod socket;

use std::{convert::Infallible, pin::Pin, sync::Arc, task::Poll, time::Duration};

use axum::{body::Body, response::Response};
use futures_util::{FutureExt, future::FusedFuture};
use http::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

pub use self::runtime::runtime;
use self::seat::{Desk, Seat, Waiter};
pub(crate) use self::{seat::Waiting, socket::Socket};

/// Largest head of a request, in bytes, as Kestrel's; more is answered 431. As much of a body is read at a time.
const LONGEST_HEAD: usize = 32 * 1024;
/// Pause after an accept that failed for want of file descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Serves everybody who connects, without an end: as `axum::serve`, but a client that waits costs less.
///
/// ```no_run
/// # use hub_protocol::hub::Hub;
/// # async fn serve(hub: Hub) -> std::io::Result<()> {
/// let app = axum::Router::new().merge(hub.endpoint().routes("/hub"));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
/// hub_protocol::serve::serve(listener, app).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve<S>(listener: TcpListener, service: S)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .max_header_size(LONGEST_HEAD)
        .max_buf_size(LONGEST_HEAD);
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let connection = serve_connection(builder.clone(), tcp, service.clone(), std::future::pending());
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!("connection: {error}");
                    }
                });
            }
            Err(error) => {
                tracing::debug!("accept: {error}");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

type Http<S> = http1::UpgradeableConnection<TokioIo<Socket>, Desk<S>>;

/// Takes the socket out of hyper, with what hyper has read from it too early. Nothing is left but in an upgrade.
#[expect(clippy::boxed_local, reason = "the allocation goes with it, before anybody waits")]
fn apart<S>(http: Box<Http<S>>) -> Option<Socket>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let parts = http.into_parts()?;
    let mut socket = parts.io.into_inner();
    socket.unread(&parts.read_buf);
    Some(socket)
}

/// Serves one connection to its end. Once `stop` is ready, what was begun is finished and nothing new begins.
///
/// # Errors
///
/// What hyper says of a client that breaks the protocol or vanishes in the middle.
pub async fn serve_connection<S>(
    mut builder: http1::Builder,
    tcp: TcpStream,
    service: S,
    stop: impl Future<Output = ()>,
) -> hyper::Result<()>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    // Otherwise hyper would not always have written what it says that it has.
    builder.pipeline_flush(false);
    let mut stop = std::pin::pin!(stop.fuse());
    let seat = Arc::new(Seat::default());
    let mut socket = Socket::new(tcp, Arc::clone(&seat));
    loop {
        let desk = Desk::new(Arc::clone(&seat), service.clone());
        // Boxed, since it is not there for most of the time.
        let mut http = Box::new(builder.serve_connection(TokioIo::new(socket), desk).with_upgrades());
        let ended = std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(ended) = Pin::new(&mut *http).poll(cx) {
                    return Poll::Ready(Some(ended));
                }
                if stop.is_terminated() || stop.as_mut().poll(cx).is_pending() {
                    break;
                }
                Pin::new(&mut *http).graceful_shutdown();
            }
            if seat.is_waiting() {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        });
        if let Some(ended) = ended.await {
            return ended;
        }
        match apart(http) {
            Some(found) => socket = found,
            None => return Ok(()),
        }
        match seat.waiter() {
            Some(Waiter::Poll { mut answer, closes }) => {
                let answer = std::future::poll_fn(|cx| {
                    if !stop.is_terminated() {
                        let _ = stop.as_mut().poll(cx);
                    }
                    match answer.as_mut().poll(cx) {
                        Poll::Ready(answer) => Poll::Ready(Some(answer)),
                        Poll::Pending if socket.has_gone(cx) => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    }
                });
                let Some(answer) = answer.await else {
                    return Ok(());
                };
                socket.unread(seat.answer(answer, closes || stop.is_terminated()));
            }
            Some(Waiter::Events { body, closes }) => {
                let written = flow::write(&mut socket, body).await;
                let goes_on = written.inspect_err(|error| tracing::debug!("event stream: {error}"));
                if goes_on.is_err() || closes || stop.as_mut().now_or_never().is_some() || stop.is_terminated() {
                    return Ok(());
                }
            }
            None => {}
        }
    }
}
