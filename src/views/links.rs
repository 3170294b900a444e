//! Links to files. They are signed, begin with the address that their reader knows the server by, and are renewed with
//! every reading: so a view holds what a link leads to, and it becomes a link when the view is written for somebody.

use std::{borrow::Cow, sync::Arc};

use entities::ids::FileId;
use http::{HeaderMap, header, uri::Authority};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::{
    clock::Clock,
    media::signing::{Signer, Variant},
};

tokio::task_local! {
    /// How links are written at the moment.
    static READER: Links;
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: FileId,
    pub variant: Variant,
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A view that is written for nobody has links that lead nowhere.
        let url = READER.try_with(|links| links.url(self)).unwrap_or_default();
        serializer.serialize_str(&url)
    }
}

impl JsonSchema for Link {
    fn schema_name() -> Cow<'static, str> {
        "Link".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "uri-reference"})
    }
}

/// Scheme and host by which somebody reaches the server; empty where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin(Arc<str>);

impl Origin {
    /// As a request says it. Whoever says something else deceives nobody but themselves: it is in no one else's answers.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_secure = text("x-forwarded-proto")
            .and_then(|schemes| schemes.split(',').next())
            .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
        let scheme = if is_secure { "https" } else { "http" };
        let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b".-:[]_".contains(&letter);
        match text(header::HOST.as_str()) {
            Some(host) if host.len() <= 255 && host.bytes().all(is_plain) && host.parse::<Authority>().is_ok() => {
                Self(format!("{scheme}://{host}").into())
            }
            _ => Self::default(),
        }
    }
}

/// Writes links for somebody. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Links {
    signer: Signer,
    clock: Clock,
    /// The same for everybody, where the settings say it.
    public: Option<Origin>,
    origin: Origin,
}

impl Links {
    /// Links that begin with `public_url`, else with what is said of whoever reads.
    pub fn new(signer: Signer, clock: Clock, public_url: Option<&str>) -> Self {
        let public = public_url.map(|url| Origin(url.into()));
        Self {
            signer,
            clock,
            origin: public.clone().unwrap_or_default(),
            public,
        }
    }

    /// The same for somebody who reaches the server by `origin`.
    #[must_use]
    pub fn at(&self, origin: &Origin) -> Self {
        Self {
            origin: self.public.clone().unwrap_or_else(|| origin.clone()),
            ..self.clone()
        }
    }

    /// Whether all links are alike, whoever reads.
    #[must_use]
    pub fn are_alike(&self) -> bool {
        self.public.is_some()
    }

    /// Whatever is written while `answer` runs is written for this reader.
    pub async fn reading<F: Future>(self, answer: F) -> F::Output {
        READER.scope(self, answer).await
    }

    /// The value, written for this reader whenever it is.
    pub fn bind<T>(self, value: T) -> Bound<T> {
        Bound::new(Some(self), value)
    }

    fn url(&self, link: &Link) -> String {
        let path = self.signer.link(link.id.0, link.variant, self.clock.now());
        format!("{}{path}", self.origin.0)
    }
}

/// A view for one reader.
#[derive(Clone, Debug)]
pub struct Bound<T> {
    links: Option<Links>,
    value: T,
}

impl<T> Bound<T> {
    /// Without `links` there are none in the view.
    pub fn new(links: Option<Links>, value: T) -> Self {
        Self { links, value }
    }
}

impl<T: Serialize> Serialize for Bound<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.links {
            Some(links) => READER.sync_scope(links.clone(), || self.value.serialize(serializer)),
            None => self.value.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn origin(headers: &[(&'static str, &'static str)]) -> Origin {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Origin::of(&map)
    }

    #[test]
    fn hosts_that_are_none_are_not_repeated() {
        for (headers, expected) in [
            (&[("host", "a.example:5080")][..], "http://a.example:5080"),
            (
                &[("host", "[::1]:80"), ("x-forwarded-proto", "https")],
                "https://[::1]:80",
            ),
            (
                &[("host", "a.example"), ("x-forwarded-proto", "javascript")],
                "http://a.example",
            ),
            (&[("host", "a@b")], ""),
            (&[("host", "a/b?c")], ""),
            (&[("host", "a\"b")], ""),
            (&[("host", "")], ""),
            (&[], ""),
        ] {
            assert_eq!(&*origin(headers).0, expected, "{headers:?}");
        }
    }

    #[test]
    fn links_are_written_for_who_reads() {
        let clock = Clock::fixed(0);
        let link = Link {
            id: FileId(Uuid::nil()),
            variant: Variant::Thumbnail,
        };
        let written = |links: Links| serde_json::to_string(&links.bind(link)).unwrap();
        let path = "/api/Chat/media/00000000-0000-0000-0000-000000000000/thumb?e=691200&s=";
        let by_request = Links::new(Signer::new(&[1; 32]), clock.clone(), None);
        let reader = origin(&[("host", "a.example")]);
        assert!(written(by_request.at(&reader)).starts_with(&format!("\"http://a.example{path}")));
        assert!(written(by_request).starts_with(&format!("\"{path}")));
        let public = Links::new(Signer::new(&[1; 32]), clock, Some("https://b.example/chat"));
        assert!(written(public.at(&reader)).starts_with(&format!("\"https://b.example/chat{path}")));
    }
}
