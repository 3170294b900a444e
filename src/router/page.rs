//! The page, compiled into the program: works offline, loads nothing from elsewhere, runs no inline script.

use std::{
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use axum::{
    body::Body,
    response::Response,
    routing::{MethodRouter, get},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use crate::{app::App, controllers::Failure};

/// One file of the page.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

macro_rules! asset {
    ($path:literal, $file:literal, $content_type:expr) => {
        Asset {
            path: $path,
            content_type: $content_type,
            content: include_bytes!(concat!("../../web/", $file)),
        }
    };
}

/// Every file of the page; a new one is a new line.
const ASSETS: &[Asset] = &[
    asset!("/", "index.html", HTML),
    asset!("/style.css", "style.css", CSS),
    asset!("/chat.css", "chat.css", CSS),
    asset!("/icon.svg", "icon.svg", SVG),
    asset!("/app.js", "app.js", JS),
    asset!("/client/api.js", "client/api.js", JS),
    asset!("/client/connection.js", "client/connection.js", JS),
    asset!("/client/drafts.js", "client/drafts.js", JS),
    asset!("/client/events.js", "client/events.js", JS),
    asset!("/client/history.js", "client/history.js", JS),
    asset!("/client/outbox.js", "client/outbox.js", JS),
    asset!("/client/reading.js", "client/reading.js", JS),
    asset!("/client/store.js", "client/store.js", JS),
    asset!("/client/upload.js", "client/upload.js", JS),
    asset!("/views/attachments.js", "views/attachments.js", JS),
    asset!("/views/composer.js", "views/composer.js", JS),
    asset!("/views/conversations.js", "views/conversations.js", JS),
    asset!("/views/details.js", "views/details.js", JS),
    asset!("/views/dom.js", "views/dom.js", JS),
    asset!("/views/find.js", "views/find.js", JS),
    asset!("/views/found.js", "views/found.js", JS),
    asset!("/views/header.js", "views/header.js", JS),
    asset!("/views/menu.js", "views/menu.js", JS),
    asset!("/views/message.js", "views/message.js", JS),
    asset!("/views/picker.js", "views/picker.js", JS),
    asset!("/views/reactions.js", "views/reactions.js", JS),
    asset!("/views/receipts.js", "views/receipts.js", JS),
    asset!("/views/search.js", "views/search.js", JS),
    asset!("/views/side.js", "views/side.js", JS),
    asset!("/views/signin.js", "views/signin.js", JS),
    asset!("/views/textbox.js", "views/textbox.js", JS),
    asset!("/views/thread.js", "views/thread.js", JS),
    asset!("/views/time.js", "views/time.js", JS),
    asset!("/views/timeline.js", "views/timeline.js", JS),
    asset!("/views/tools.js", "views/tools.js", JS),
    asset!("/views/tray.js", "views/tray.js", JS),
    asset!("/docs", "docs/index.html", HTML),
    asset!("/docs/docs.css", "docs/docs.css", CSS),
    asset!("/docs/docs.js", "docs/docs.js", JS),
    asset!("/docs/documents.js", "docs/documents.js", JS),
    asset!("/docs/hub.js", "docs/hub.js", JS),
    asset!("/docs/parts.js", "docs/parts.js", JS),
    asset!("/docs/rest.js", "docs/rest.js", JS),
    asset!("/docs/schemas.js", "docs/schemas.js", JS),
    asset!("/docs/session.js", "docs/session.js", JS),
    asset!("/vendor/signalr.min.js", "vendor/signalr.min.js", JS),
    asset!("/vendor/signalr.LICENSE.txt", "vendor/signalr.LICENSE.txt", TEXT),
];

/// The files' entity tags, in the order of [`ASSETS`].
static TAGS: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| ASSETS.iter().map(|asset| tag(asset.content)).collect());

/// The routes of the page.
pub(super) fn routes() -> impl Iterator<Item = (&'static str, MethodRouter<Arc<App>>)> {
    ASSETS.iter().map(|asset| (asset.path, get(file)))
}

/// `GET` of any file of the page.
async fn file(uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
    let found = ASSETS
        .iter()
        .zip(TAGS.iter())
        .find(|(asset, _)| asset.path == uri.path());
    let (asset, tag) = found.ok_or_else(Failure::unknown_route)?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag);
    let mut response = Response::new(if known {
        Body::empty()
    } else {
        Body::from(asset.content)
    });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    answer.insert(header::ETAG, tag.clone());
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer.insert(header::CONTENT_SECURITY_POLICY, policy(&headers));
    answer.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    Ok(response)
}

fn tag(content: &[u8]) -> HeaderValue {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
    let mut text = "\"".to_owned();
    for byte in &digest.as_ref()[..12] {
        write!(text, "{byte:02x}").expect("text takes everything");
    }
    text.push('"');
    HeaderValue::from_str(&text).expect("hexadecimal digits are a header value")
}

/// The page may load from here and talk to here. Older browsers do not count WebSockets as 'self', so our host
/// is named as well.
fn policy(headers: &HeaderMap) -> HeaderValue {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte))
        });
    let sockets = host
        .map(|host| format!(" ws://{host} wss://{host}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; \
         connect-src 'self'{sockets}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("the host was checked")
}
