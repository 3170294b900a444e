//! Every style of paging the clients know, as one window of consecutive places.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use entities::ids::{MessageId, MessageNumber};
use sea_orm::{DatabaseConnection, DbErr, PaginatorTrait, QuerySelect};

use crate::services::Error;

/// Items on a page when nobody says.
pub const DEFAULT_SIZE: i64 = 50;
/// Items on a page at most.
pub const MAX_SIZE: i64 = 100;
/// Integers from here on are epoch milliseconds, not message numbers.
const EPOCH_FROM: i64 = 100_000_000_000;
/// The end of the year 9999, the last moment that can be told as text.
const LAST: i64 = 253_402_300_799_999;

/// The parameters as they came in, as text. An empty one counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    pub skip: Option<String>,
    pub take: Option<String>,
    pub page: Option<String>,
    pub limit: Option<String>,
    pub page_number: Option<String>,
    pub page_size: Option<String>,
    pub offset: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// `asc` or `desc`: how messages stand on their page, which is the same either way.
    pub order: Option<String>,
}

/// One page and where it lies.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub pagination: Pagination,
}

/// Where a page lies. `total` and `total_pages` count what `page` counts: the range that `before` and `after` leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pagination {
    /// From 1.
    pub page: i64,
    /// The size in force.
    pub limit: i64,
    pub total: i64,
    pub total_pages: i64,
    /// Whether there is more in the direction read.
    pub has_more: bool,
    /// Goes on in the direction read: `before=` it (or `after=` it when the request had `after` alone).
    pub next_cursor: Option<MessageId>,
    /// Goes back: the other parameter.
    pub prev_cursor: Option<MessageId>,
}

/// One end of a range of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Id(MessageId),
    Number(MessageNumber),
    /// Milliseconds since 1970, UTC; `exact` unless the text was finer than that, when this is the millisecond below.
    Time {
        milliseconds: i64,
        exact: bool,
    },
}

/// A request, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) skip: i64,
    pub(crate) size: i64,
    pub(crate) before: Option<Bound>,
    pub(crate) after: Option<Bound>,
}

impl PageRequest {
    /// Understands the parameters. The offset styles take precedence in the order skip, offset, page.
    pub(crate) fn window(&self) -> Result<Window, Error> {
        let sizes = [
            ("take", &self.take),
            ("limit", &self.limit),
            ("pageSize", &self.page_size),
        ];
        let size = first(sizes)?.unwrap_or(DEFAULT_SIZE).clamp(1, MAX_SIZE);
        let skip = first([("skip", &self.skip), ("offset", &self.offset)])?;
        let page = first([("page", &self.page), ("pageNumber", &self.page_number)])?;
        let skip = match (skip, page) {
            // Clients that always send `skip=0` page with `page`.
            (None | Some(0), Some(page)) => (page.max(1) - 1).saturating_mul(size),
            (skip, _) => skip.unwrap_or(0).max(0),
        };
        Ok(Window {
            skip,
            size,
            before: bound("before", &self.before)?,
            after: bound("after", &self.after)?,
        })
    }
}

impl PageRequest {
    /// Puts the messages of a page, which ascend, in the order that is asked for.
    pub(crate) fn arrange<T>(&self, mut page: Page<T>) -> Result<Page<T>, Error> {
        let order = self.order.as_deref().unwrap_or_default().trim();
        if order.eq_ignore_ascii_case("desc") {
            page.items.reverse();
        } else if !order.is_empty() && !order.eq_ignore_ascii_case("asc") {
            return Err(Error::invalid("order", "must be asc or desc"));
        }
        Ok(page)
    }

    /// The same for lists that `before` and `after` mean nothing to.
    pub(crate) fn offsets(&self) -> Result<Window, Error> {
        let window = Self {
            before: None,
            after: None,
            ..self.clone()
        };
        window.window()
    }
}

/// How many rows a list has.
pub(crate) async fn total<'db, Q>(query: Q, read: &'db DatabaseConnection) -> Result<i64, DbErr>
where
    Q: PaginatorTrait<'db, DatabaseConnection> + Send,
{
    Ok(i64::try_from(query.count(read).await?).unwrap_or(i64::MAX))
}

impl Window {
    /// The rows of this page, for lists that count from their beginning.
    pub(crate) fn of<Q: QuerySelect>(&self, query: Q) -> Q {
        let places = |count| u64::try_from(count).unwrap_or(0);
        query.offset(places(self.skip)).limit(places(self.size))
    }

    /// Whether it counts from the oldest.
    fn ascends(&self) -> bool {
        self.after.is_some() && self.before.is_none()
    }

    /// The part of `low..=high` (places without gaps) that is on this page, and where it lies. An empty page is
    /// `None`.
    pub(crate) fn slice(&self, low: i64, high: i64) -> (Option<(i64, i64)>, Placement) {
        let total = (high - low + 1).max(0);
        let taken = (total - self.skip).clamp(0, self.size);
        let slice = (taken > 0).then(|| {
            if self.ascends() {
                (low + self.skip, low + self.skip + taken - 1)
            } else {
                (high - self.skip - taken + 1, high - self.skip)
            }
        });
        let placement = Placement {
            page: (self.skip / self.size).saturating_add(1),
            limit: self.size,
            total,
            has_more: total > self.skip.saturating_add(taken),
            has_previous: self.skip > 0,
            ascends: self.ascends(),
        };
        (slice, placement)
    }
}

/// A page's place, before its cursors are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    page: i64,
    limit: i64,
    total: i64,
    has_more: bool,
    /// Whether there is something on the side the reading came from. The caller may know better.
    pub(crate) has_previous: bool,
    ascends: bool,
}

impl Placement {
    /// Whether it counts from the oldest.
    pub(crate) fn ascends(&self) -> bool {
        self.ascends
    }

    /// Completes it with the ids of the oldest and the newest item on the page.
    pub(crate) fn pagination(self, ends: Option<(MessageId, MessageId)>) -> Pagination {
        let (next, previous) = match ends {
            Some((oldest, newest)) if self.ascends => (Some(newest), Some(oldest)),
            Some((oldest, newest)) => (Some(oldest), Some(newest)),
            None => (None, None),
        };
        Pagination {
            page: self.page,
            limit: self.limit,
            total: self.total,
            total_pages: (self.total + self.limit - 1) / self.limit,
            has_more: self.has_more,
            next_cursor: next.filter(|_| self.has_more),
            prev_cursor: previous.filter(|_| self.has_previous),
        }
    }
}

/// The first of several spellings that is present.
fn first<const N: usize>(spellings: [(&'static str, &Option<String>); N]) -> Result<Option<i64>, Error> {
    for (name, value) in spellings {
        if let Some(text) = present(value) {
            return number(name, text).map(Some);
        }
    }
    Ok(None)
}

fn present(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// A whole number; one too large for 64 bits is the largest.
fn number(name: &'static str, text: &str) -> Result<i64, Error> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::invalid(name, "must be a whole number"));
    }
    let largest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(text.parse().unwrap_or(largest))
}

fn bound(name: &'static str, value: &Option<String>) -> Result<Option<Bound>, Error> {
    let Some(text) = present(value) else { return Ok(None) };
    let bound = if let Ok(id) = text.parse() {
        Some(Bound::Id(id))
    } else if let Ok(number) = text.parse::<i64>() {
        Some(if number >= EPOCH_FROM {
            Bound::Time {
                milliseconds: number,
                exact: true,
            }
        } else {
            Bound::Number(MessageNumber(number))
        })
    } else {
        time(text)
    };
    bound
        .map(Some)
        .ok_or_else(|| Error::invalid(name, "must be a message id, a number or an ISO 8601 time"))
}

/// A moment in milliseconds since 1970, UTC: an ISO 8601 time, or a number of seconds or milliseconds.
pub(crate) fn moment(name: &'static str, text: &str) -> Result<i64, Error> {
    let text = text.trim();
    let moment = match (text.parse::<i64>(), time(text)) {
        (Ok(number), _) if number < EPOCH_FROM => Some(number.saturating_mul(1_000)),
        (Ok(number), _) => Some(number),
        (Err(_), Some(Bound::Time { milliseconds, .. })) => Some(milliseconds),
        (Err(_), _) => None,
    };
    moment.filter(|moment| (0..=LAST).contains(moment)).ok_or_else(|| {
        let reason = "must be an ISO 8601 time or a number of seconds or milliseconds, from 1970 to 9999";
        Error::invalid(name, reason)
    })
}

/// An ISO 8601 time, UTC unless it says otherwise. In a query string the `+` of an offset arrives as a space.
fn time(text: &str) -> Option<Bound> {
    let moment = [text.to_owned(), text.replacen(' ', "+", 1), text.replacen(' ', "T", 1)]
        .iter()
        .find_map(|text| {
            DateTime::parse_from_rfc3339(text)
                .map(|time| time.to_utc())
                .or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc()))
                .ok()
        })
        .or_else(|| {
            text.parse::<NaiveDate>()
                .ok()?
                .and_hms_opt(0, 0, 0)
                .map(|time| time.and_utc())
        })?;
    let exact = moment.timestamp_subsec_nanos() % 1_000_000 == 0;
    Some(Bound::Time {
        milliseconds: moment.timestamp_millis(),
        exact,
    })
}

#[cfg(test)]
mod tests {
    use super::PageRequest;

    #[test]
    fn a_page_beyond_all_numbers_is_an_empty_one() {
        for (name, request) in [
            (
                "skip",
                PageRequest {
                    skip: Some(i64::MAX.to_string()),
                    ..PageRequest::default()
                },
            ),
            (
                "page",
                PageRequest {
                    page: Some("9".repeat(30)),
                    ..PageRequest::default()
                },
            ),
        ] {
            let request = PageRequest {
                take: Some("1".to_owned()),
                ..request
            };
            let (slice, placement) = request.window().unwrap().slice(1, 10);
            assert_eq!(slice, None, "{name}");
            let pagination = placement.pagination(None);
            assert!(pagination.page > 0 && !pagination.has_more, "{name}: {pagination:?}");
        }
    }
}
