//! `/api/Chat/media/{id}` and its small picture: to whoever has a link, or may see a message with the file.

use std::{fmt::Write as _, ops::Range, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Caller, Failure, Params, Reference};
use crate::{
    app::App,
    media::signing::Variant,
    services::{Error, media::Opened},
};

/// For how long a browser need not ask again, which is how long a link stays the same.
const CACHING: &str = "private, max-age=86400";
/// Nothing of a file runs, whatever it turns out to be.
const POLICY: &str = "sandbox; default-src 'none'";

/// `GET /api/Chat/media/{id}`
pub async fn whole(State(app): State<Arc<App>>, viewing: Viewing) -> Result<Response, Failure> {
    show(&app, viewing, Variant::Whole).await
}

/// `GET /api/Chat/media/{id}/thumb`
pub async fn thumbnail(State(app): State<Arc<App>>, viewing: Viewing) -> Result<Response, Failure> {
    show(&app, viewing, Variant::Thumbnail).await
}

/// Who wants to see which file, and which part of it.
#[derive(Debug)]
pub struct Viewing {
    id: String,
    /// Until when the link is good, and its signature.
    link: Option<(String, String)>,
    caller: Result<Caller, Failure>,
    headers: HeaderMap,
}

impl FromRequestParts<Arc<App>> for Viewing {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Reference(id) = Reference::from_request_parts(parts, app).await?;
        let params = Params::from_request_parts(parts, app).await?;
        let link = params.first(&["e"]).zip(params.first(&["s"]));
        Ok(Self {
            id,
            link: link.map(|(expires, tag)| (expires.to_owned(), tag.to_owned())),
            caller: Caller::from_request_parts(parts, app).await,
            headers: std::mem::take(&mut parts.headers),
        })
    }
}

async fn show(app: &App, viewing: Viewing, variant: Variant) -> Result<Response, Failure> {
    let Viewing {
        id,
        link,
        caller,
        headers,
    } = viewing;
    let is_good = |(expires, tag): &(String, String)| {
        let now = app.clock.now();
        let id = id.parse();
        id.is_ok_and(|id| app.media.signer.is_good(id, variant, expires, tag, now))
    };
    let file = match (&link, caller) {
        (Some(link), _) if is_good(link) => app.media.by_link(&id, variant).await?,
        (_, Ok(Caller(principal))) => app.media.by_person(&principal, &id, variant).await?,
        // One that was altered or is over leads nowhere, whatever it led to.
        (Some(_), Err(_)) => return Err(Error::NotFound("File not found".to_owned()).into()),
        (None, Err(failure)) => return Err(failure),
    };
    answer(app, &file, &headers).await
}

async fn answer(app: &App, file: &Opened, asked: &HeaderMap) -> Result<Response, Failure> {
    let tag = tag(file);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Pages elsewhere show it, and are no way to learn a link.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, &tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let content_type = HeaderValue::from_str(&file.mime).map_err(|_| Failure::internal())?;
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_DISPOSITION, disposition(file));
    let is_of_this = asked.get(header::IF_RANGE).is_none_or(|known| *known == tag);
    let range = asked.get(header::RANGE).filter(|_| is_of_this);
    let range = match range
        .and_then(|range| range.to_str().ok())
        .map(|range| wanted(range, file.size))
    {
        None | Some(Wanted::All) => 0..file.size,
        Some(Wanted::Part(range)) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range_of = format!("bytes {}-{}/{}", range.start, range.end - 1, file.size);
            response.headers_mut().insert(header::CONTENT_RANGE, plain(&range_of));
            range
        }
        Some(Wanted::Beyond) => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            let range_of = format!("bytes */{}", file.size);
            response.headers_mut().insert(header::CONTENT_RANGE, plain(&range_of));
            response.headers_mut().remove(header::CONTENT_TYPE);
            response.headers_mut().remove(header::CONTENT_DISPOSITION);
            return Ok(response);
        }
    };
    let length = HeaderValue::from(range.end - range.start);
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    *response.body_mut() = Body::from_stream(app.media.read(file, range).await?);
    Ok(response)
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// Also where it asks in another unit, for several parts, or for what nobody understands.
    All,
    Part(Range<u64>),
    Beyond,
}

fn wanted(range: &str, size: u64) -> Wanted {
    let Some((first, last)) = range
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Wanted::All;
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        return Wanted::All;
    }
    // Longer than any file is beyond its end.
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    match (first, last) {
        ("", "") => Wanted::All,
        ("", length) => match number(length) {
            0 => Wanted::Beyond,
            length => Wanted::Part(size.saturating_sub(length)..size),
        },
        (first, last) => {
            let (first, end) = (
                number(first),
                if last.is_empty() {
                    size
                } else {
                    number(last).saturating_add(1).min(size)
                },
            );
            match () {
                () if !last.is_empty() && number(last) < first => Wanted::All,
                () if first >= size => Wanted::Beyond,
                () => Wanted::Part(first..end),
            }
        }
    }
}

/// Contents never change under an id.
fn tag(file: &Opened) -> HeaderValue {
    let thumb = match file.variant {
        Variant::Whole => "",
        Variant::Thumbnail => "-thumb",
    };
    plain(&format!("\"{}{thumb}\"", file.id.0.simple()))
}

fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else {
        return false;
    };
    known
        .split(',')
        .any(|one| matches!(one.trim().trim_start_matches("W/"), one if one == tag || one == "*"))
}

/// Shown in the page only what cannot run there; the name in the two spellings of RFC 6266.
fn disposition(file: &Opened) -> HeaderValue {
    let is_shown = ["image/", "video/", "audio/"]
        .iter()
        .any(|kind| file.mime.starts_with(kind));
    let how = if is_shown { "inline" } else { "attachment" };
    let name = match file.variant {
        Variant::Whole => file.name.clone(),
        Variant::Thumbnail => {
            let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
            let ending = if file.mime == "image/png" { "png" } else { "jpg" };
            format!("{stem}.{ending}")
        }
    };
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || " -_.()".contains(letter);
    let simple: String = name
        .chars()
        .map(|letter| if is_safe(letter) { letter } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("text takes everything");
        }
    }
    plain(&format!("{how}; filename=\"{simple}\"; filename*=UTF-8''{encoded}"))
}

fn plain(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("it is made of ASCII letters, digits and signs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_understood_and_others_are_the_whole() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-4", Wanted::Part(2..5)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=9-99999999999999999999", Wanted::Part(9..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=99999999999999999999-", Wanted::Beyond),
            ("bytes=4-2", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("lines=0-1", Wanted::All),
        ] {
            assert_eq!(wanted(range, 10), expected, "{range}");
        }
    }
}
