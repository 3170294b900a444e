//! REST: what the controllers share. A request becomes a call on a service, the answer an envelope.

pub mod blocks;
pub mod conversations;
pub mod demo;
pub mod descriptions;
mod failure;
pub mod groups;
pub mod health;
pub mod media;
pub mod members;
pub mod messages;
pub mod metrics;
mod multipart;
pub mod people;
pub mod pins;
pub mod presence;
pub mod reactions;
pub mod receipts;
mod request;
pub mod search;
pub mod states;
pub mod sync;
pub mod upload;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde::Serialize;

pub(crate) use failure::Refused;
pub use failure::{Failure, render};
pub use request::{Caller, Input, OptionalInput, Params, Place, Reference, References};

use crate::views::{self, Pagination, SearchNotes};

/// A granted request: `{"success": true, "data": …, "pagination"?: …, "search"?: …}` with status 200.
#[derive(Debug)]
pub struct Reply<T> {
    data: T,
    pagination: Option<Pagination>,
    search: Option<SearchNotes>,
}

impl<T> Reply<T> {
    /// An answer without pages.
    pub fn new(data: T) -> Self {
        Self {
            data,
            pagination: None,
            search: None,
        }
    }

    /// One page of something.
    pub fn page(data: T, pagination: Pagination) -> Self {
        Self {
            data,
            pagination: Some(pagination),
            search: None,
        }
    }

    /// The same, with what a search could not look at.
    pub fn noting(self, search: SearchNotes) -> Self {
        Self {
            search: Some(search),
            ..self
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a, T> {
    success: bool,
    data: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<&'a Pagination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<SearchNotes>,
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let envelope = Envelope {
            success: true,
            data: &self.data,
            pagination: self.pagination.as_ref(),
            search: self.search,
        };
        let mut response = Response::new(Body::from(views::json::to_vec(&envelope)));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
