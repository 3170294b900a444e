//! The members clients see, by name.

use serde_json::json;

use super::*;

#[test]
fn times_have_milliseconds_and_z() {
    assert_eq!(Time(1_704_110_400_000).to_string(), "2024-01-01T12:00:00.000Z");
    assert_eq!(Time(1_704_110_400_007).to_string(), "2024-01-01T12:00:00.007Z");
}

#[test]
fn times_are_timestamps_in_messagepack() {
    // Extension -1 of four bytes, and of eight where there are milliseconds.
    let written = |time| hub_protocol::messagepack::to_vec(&Time(time)).unwrap();
    assert_eq!(written(1_704_110_400_000), [0xd6, 0xff, 0x65, 0x92, 0xa9, 0x40]);
    assert_eq!(written(1_704_110_400_007)[..2], [0xd7, 0xff]);
}

#[test]
fn pagination_has_every_member() {
    let view = Pagination {
        page: 1,
        limit: 50,
        total: 3,
        total_pages: 1,
        has_more: false,
        next_cursor: None,
        prev_cursor: None,
    };
    let expected = json!({"page": 1, "limit": 50, "total": 3, "totalPages": 1, "hasMore": false, "nextCursor": null, "prevCursor": null});
    assert_eq!(json::to_value(&view), expected);
}
