//! What a connection waits for, kept where it stays when hyper goes.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{self, Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{
    TryFutureExt,
    future::{BoxFuture, Either, MapOk, Ready, ready},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use hyper::body::{Frame, Incoming, SizeHint};
use parking_lot::Mutex;
use tower_service::Service;

/// Between a connection and the hyper that serves it for now.
#[derive(Default)]
pub(super) struct Seat {
    state: Mutex<State>,
    /// Whether hyper has written all it had.
    written: AtomicBool,
}

#[derive(Default)]
enum State {
    /// Nothing that could wait without hyper.
    #[default]
    Free,
    /// A request that may wait.
    Asked {
        answer: BoxFuture<'static, Response>,
        waiting: Waiting,
        closes: bool,
    },
    /// An event stream; hyper writes its head.
    Begun { body: Body, closes: bool, has_head: bool },
    /// What was asked is answered; hyper has come back for it.
    Answered(Response),
}

/// What is waited for without hyper. `closes` is a client that wants nothing after it.
pub(super) enum Waiter {
    Poll {
        answer: BoxFuture<'static, Response>,
        closes: bool,
    },
    Events {
        body: Body,
        closes: bool,
    },
}

/// In the extensions of a request that may wait without hyper: whoever is going to wait says so.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// The answer will take long.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Seat {
    pub(super) fn note_written(&self, written: bool) {
        self.written.store(written, Ordering::Relaxed);
    }

    /// Whether there is nothing to do for hyper.
    pub(super) fn is_waiting(&self) -> bool {
        let waits = match &*self.state.lock() {
            State::Asked { waiting, .. } => waiting.0.load(Ordering::Relaxed),
            State::Begun { has_head, .. } => *has_head,
            State::Free | State::Answered(_) => false,
        };
        waits && self.written.load(Ordering::Relaxed)
    }

    pub(super) fn waiter(&self) -> Option<Waiter> {
        match mem::take(&mut *self.state.lock()) {
            State::Asked { answer, closes, .. } => Some(Waiter::Poll { answer, closes }),
            State::Begun { body, closes, .. } => Some(Waiter::Events { body, closes }),
            State::Free | State::Answered(_) => None,
        }
    }

    /// Puts down what the next request is answered, and returns that request: hyper answers only those that it has read.
    pub(super) fn answer(&self, answer: Response, closes: bool) -> &'static [u8] {
        *self.state.lock() = State::Answered(answer);
        if closes {
            b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
        } else {
            b"GET / HTTP/1.1\r\n\r\n"
        }
    }

    /// What hyper writes of an answer: all of it, or the head of an event stream whose events are kept back.
    fn begin(self: Arc<Self>, answer: Response, closes: bool) -> http::Response<Answer> {
        if !is_event_stream(&answer) {
            return whole(answer);
        }
        let (head, body) = answer.into_parts();
        let closes = closes || asks_to_close(&head.headers);
        *self.state.lock() = State::Begun {
            body,
            closes,
            has_head: false,
        };
        Response::from_parts(head, Answer::Begun(self))
    }
}

/// The service that hyper calls.
pub(super) struct Desk<S> {
    seat: Arc<Seat>,
    service: S,
}

impl<S> Desk<S> {
    pub(super) fn new(seat: Arc<Seat>, service: S) -> Self {
        Self { seat, service }
    }
}

impl<S> hyper::service::Service<Request<Incoming>> for Desk<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Answer>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Self::Response, Infallible>>, Either<Asked, Plain<S::Future>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let State::Answered(answer) = mem::take(&mut *self.seat.state.lock()) {
            return Either::Left(ready(Ok(whole(answer))));
        }
        let mut service = self.service.clone();
        if !may_wait(&request) {
            let answer = service.call(request.map(Body::new));
            return Either::Right(Either::Right(answer.map_ok(whole as fn(Response) -> _)));
        }
        let closes = asks_to_close(request.headers());
        let waiting = Waiting::default();
        detach(&mut request);
        request.extensions_mut().insert(waiting.clone());
        let answer = service.call(request.map(Body::new));
        *self.seat.state.lock() = State::Asked {
            answer: Box::pin(async move {
                match answer.await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                }
            }),
            waiting,
            closes,
        };
        Either::Right(Either::Left(Asked(Arc::clone(&self.seat))))
    }
}

/// Whether a request is whole and its answer can be written by a hyper that has not read it.
fn may_wait(request: &Request<Incoming>) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && hyper::body::Body::is_end_stream(request.body())
        && !request.headers().contains_key(header::UPGRADE)
}

/// Whether it is written in chunks for as long as it takes.
fn is_event_stream(answer: &Response) -> bool {
    let headers = answer.headers();
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    answer.status() == StatusCode::OK
        && kind.is_some_and(|kind| kind.starts_with(b"text/event-stream"))
        && !headers.contains_key(header::CONTENT_LENGTH)
        && !headers.contains_key(header::TRANSFER_ENCODING)
        && hyper::body::Body::size_hint(answer.body()).exact().is_none()
}

fn asks_to_close(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONNECTION).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("close"))
}

/// Copies what would otherwise hold hyper's read buffer for as long as anybody holds a header.
fn detach(request: &mut Request<Incoming>) {
    for value in request.headers_mut().values_mut() {
        *value = HeaderValue::from_bytes(value.as_bytes()).expect("it was a header's value before");
    }
    if let Ok(uri) = Uri::try_from(request.uri().to_string()) {
        *request.uri_mut() = uri;
    }
}

/// The answer to a request that cannot wait without hyper.
type Plain<F> = MapOk<F, fn(Response) -> http::Response<Answer>>;

fn whole(answer: Response) -> http::Response<Answer> {
    answer.map(Answer::Whole)
}

/// The answer that is in the making in a seat.
pub(super) struct Asked(Arc<Seat>);

impl Future for Asked {
    type Output = Result<http::Response<Answer>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state.lock();
        let State::Asked { answer, closes, .. } = &mut *state else {
            unreachable!("hyper asks for one answer at a time");
        };
        let (answer, closes) = (task::ready!(answer.as_mut().poll(cx)), *closes);
        *state = State::Free;
        drop(state);
        Poll::Ready(Ok(Arc::clone(&self.0).begin(answer, closes)))
    }
}

/// The body that hyper writes.
pub(super) enum Answer {
    Whole(Body),
    /// Nothing: once hyper asks for it, the head is on its way.
    Begun(Arc<Seat>),
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Whole(body) => Pin::new(body).poll_frame(cx),
            Self::Begun(seat) => {
                if let State::Begun { has_head, .. } = &mut *seat.state.lock() {
                    *has_head = true;
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Begun(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Begun(_) => SizeHint::default(),
        }
    }
}
