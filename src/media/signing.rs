//! Links that say by themselves that they may be followed, until a day.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

const DAY: i64 = 24 * 60 * 60;
/// Whole days for which a link is good, besides the rest of the one it was made on.
const DAYS: i64 = 7;

/// What of a file a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    Whole,
    Thumbnail,
}

/// Makes and checks links. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Signer(Arc<hmac::Key>);

impl Signer {
    /// All servers on one database have one key.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    /// The path and the query of a link made at `now` (milliseconds since 1970, UTC). All that are made within a day are
    /// the same, so that what they lead to is fetched once.
    #[must_use]
    pub fn link(&self, id: Uuid, variant: Variant, now: i64) -> String {
        let expires = (now.div_euclid(1000 * DAY) + 1 + DAYS) * DAY;
        let tag = hmac::sign(&self.0, message(id, variant, expires).as_bytes());
        let tag = BASE64_URL_SAFE_NO_PAD.encode(tag);
        let thumb = match variant {
            Variant::Whole => "",
            Variant::Thumbnail => "/thumb",
        };
        format!("/api/Chat/media/{id}{thumb}?e={expires}&s={tag}")
    }

    /// Whether a link with this expiry and signature is ours, and still good.
    #[must_use]
    pub fn is_good(&self, id: Uuid, variant: Variant, expires: &str, tag: &str, now: i64) -> bool {
        let Ok(expires) = expires.parse::<i64>() else {
            return false;
        };
        let Ok(tag) = BASE64_URL_SAFE_NO_PAD.decode(tag) else {
            return false;
        };
        let message = message(id, variant, expires);
        hmac::verify(&self.0, message.as_bytes(), &tag).is_ok() && now.div_euclid(1000) < expires
    }
}

fn message(id: Uuid, variant: Variant, expires: i64) -> String {
    format!("media {id} {variant:?} {expires}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_the_same_all_day_and_good_for_a_week() {
        let signer = Signer::new(&[7; 32]);
        let id = Uuid::from_u128(1);
        let day = 1000 * DAY;
        let at = |now| signer.link(id, Variant::Whole, now);
        assert_eq!(at(5 * day), at(6 * day - 1));
        assert_ne!(at(5 * day), at(6 * day));
        let link = at(6 * day - 1);
        let (_, query) = link.split_once("?e=").unwrap();
        let (expires, tag) = query.split_once("&s=").unwrap();
        let is_good = |id, variant, tag: &str, now| signer.is_good(id, variant, expires, tag, now);
        assert!(is_good(id, Variant::Whole, tag, 6 * day - 1 + 7 * day));
        assert!(!is_good(id, Variant::Whole, tag, 13 * day));
        assert!(!is_good(Uuid::from_u128(2), Variant::Whole, tag, 0));
        assert!(!is_good(id, Variant::Thumbnail, tag, 0));
        assert!(!is_good(id, Variant::Whole, &tag[1..], 0));
        assert!(!is_good(id, Variant::Whole, "", 0));
        assert!(!signer.is_good(id, Variant::Whole, &format!("{}0", expires), tag, 0));
        assert!(!Signer::new(&[8; 32]).is_good(id, Variant::Whole, expires, tag, 0));
    }
}
