//! What is told, when.

use std::time::Duration;

use entities::person::Status;
use entities::user_id::UserId;

use super::{Next, Table, Times, Told};

const START: Duration = Duration::from_secs(100);
const GRACE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(300);

fn ann() -> UserId {
    "ann".parse().unwrap()
}

/// A table where everybody chose to be seen.
fn table(grace: Duration) -> Table {
    Table::new(
        Times {
            grace,
            interval: INTERVAL,
            heartbeat: HEARTBEAT,
        },
        true,
    )
}

/// What is told until `now`, in order.
fn shown(table: &mut Table, now: Duration) -> Vec<Status> {
    let mut shown = Vec::new();
    while let Next::Due(user) = table.next(now) {
        table.learn(&user, Status::Online, now);
        let told = table.settle(&user, now).filter(Told::is_for_others);
        shown.extend(told.map(|told| told.now));
    }
    shown
}

/// The same to those who know two states.
fn told(table: &mut Table, now: Duration) -> Vec<bool> {
    let shown = shown(table, now);
    shown.into_iter().map(|status| status != Status::Offline).collect()
}

fn is_online(table: &Table, now: Duration) -> bool {
    table.status(&ann(), now) != Status::Offline
}

#[test]
fn somebody_comes_once_and_goes_after_the_grace() {
    let mut table = table(GRACE);
    for _ in 0..3 {
        table.arrive(&ann(), START);
    }
    assert_eq!(told(&mut table, START), [true]);
    for _ in 0..3 {
        table.leave(&ann(), START + INTERVAL);
    }
    let gone = START + INTERVAL + GRACE;
    assert_eq!(table.next(START + INTERVAL), Next::At(gone));
    assert!(told(&mut table, gone - Duration::from_millis(1)).is_empty());
    assert!(is_online(&table, gone), "until the others are told");
    assert_eq!(told(&mut table, gone), [false]);
    assert!(!is_online(&table, gone));
    assert_eq!(table.next(gone + INTERVAL), Next::Never);
    assert!(
        table.people.is_empty() && table.due.is_empty(),
        "nothing is left: {table:?}"
    );
}

#[test]
fn a_page_that_is_loaded_again_shows_nothing() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    assert_eq!(told(&mut table, START), [true]);
    table.leave(&ann(), START + GRACE);
    table.arrive(&ann(), START + GRACE + GRACE / 2);
    assert!(told(&mut table, START + GRACE * 10).is_empty());
    assert_eq!(table.next(START + GRACE * 10), Next::Never);
}

#[test]
fn a_change_is_told_once_a_second_at_most() {
    let mut table = table(Duration::ZERO);
    table.arrive(&ann(), START);
    assert_eq!(told(&mut table, START), [true]);
    let mut now = START;
    for _ in 0..5 {
        now += INTERVAL / 10;
        table.leave(&ann(), now);
        table.arrive(&ann(), now);
    }
    table.leave(&ann(), now);
    assert!(told(&mut table, now).is_empty());
    assert_eq!(told(&mut table, START + INTERVAL), [false]);
    table.arrive(&ann(), START + INTERVAL);
    assert_eq!(table.next(START + INTERVAL), Next::At(START + INTERVAL * 2));
    assert_eq!(told(&mut table, START + INTERVAL * 2), [true]);
}

#[test]
fn who_comes_and_goes_at_once_was_here() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    table.leave(&ann(), START);
    assert_eq!(told(&mut table, START), [true]);
    assert_eq!(told(&mut table, START + GRACE), [false]);
}

#[test]
fn who_goes_before_anybody_was_told_was_seen_all_the_same() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    table.leave(&ann(), START);
    // The database took as long to say what they show.
    let later = START + GRACE * 2;
    assert_eq!(table.next(later), Next::Due(ann()));
    table.learn(&ann(), Status::Online, later);
    let seen = table.settle(&ann(), later).unwrap();
    assert_eq!((seen.is_for_others(), seen.now), (false, Status::Offline));
    assert_eq!((seen.last_seen, seen.is_ours), (GRACE * 2, true));
    assert_eq!(table.next(later), Next::Never);
    assert!(table.people.is_empty(), "{table:?}");
    // Of those who appear to be gone it is not shown.
    table.arrive(&ann(), later);
    table.leave(&ann(), later);
    table.learn(&ann(), Status::Offline, later + GRACE);
    assert_eq!(table.settle(&ann(), later + GRACE), None);
    assert!(table.people.is_empty(), "{table:?}");
}

#[test]
fn what_is_postponed_is_told_later() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    assert_eq!(table.next(START), Next::Due(ann()));
    table.postpone(&ann(), START + INTERVAL);
    assert_eq!(table.next(START), Next::At(START + INTERVAL));
    assert_eq!(told(&mut table, START + INTERVAL), [true]);
}

#[test]
fn what_cancels_out_within_a_second_is_not_told() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    assert_eq!(shown(&mut table, START), [Status::Online]);
    let now = START + INTERVAL / 2;
    for status in [Status::Away, Status::Dnd, Status::Offline, Status::Online] {
        table.show(&ann(), status, now);
        assert!(shown(&mut table, now).is_empty());
    }
    assert!(shown(&mut table, START + INTERVAL * 2).is_empty());
    table.show(&ann(), Status::Dnd, START + INTERVAL * 2);
    assert_eq!(shown(&mut table, START + INTERVAL * 2), [Status::Dnd]);
}

#[test]
fn nobody_is_seen_before_it_is_known_what_they_show() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    assert!(table.is_unknown(&ann()) && !is_online(&table, START));
    assert_eq!(table.next(START), Next::Due(ann()));
    table.learn(&ann(), Status::Offline, START);
    assert!(shown(&mut table, START).is_empty(), "she appears to be gone");
    table.learn(&ann(), Status::Online, START);
    assert!(!is_online(&table, START), "what was chosen since is not overwritten");
    table.leave(&ann(), START);
    assert!(shown(&mut table, START + GRACE).is_empty());
    assert!(
        table.people.is_empty() && table.due.is_empty(),
        "nothing is left: {table:?}"
    );
}

#[test]
fn heartbeats_count_while_there_is_no_connection() {
    let mut table = table(GRACE);
    table.beat(&ann(), START);
    assert_eq!(told(&mut table, START), [true]);
    table.beat(&ann(), START + HEARTBEAT / 2);
    assert!(told(&mut table, START + HEARTBEAT).is_empty());
    assert_eq!(told(&mut table, START + HEARTBEAT + HEARTBEAT / 2), [false]);
    let now = START + HEARTBEAT * 2;
    table.arrive(&ann(), now);
    table.beat(&ann(), now);
    assert_eq!(told(&mut table, now), [true]);
    table.leave(&ann(), now);
    assert_eq!(
        told(&mut table, now + GRACE),
        [false],
        "the connection was the better witness"
    );
}

#[test]
fn last_seen_is_the_last_sign_of_life() {
    let mut table = table(GRACE);
    table.arrive(&ann(), START);
    assert_eq!(told(&mut table, START), [true]);
    table.leave(&ann(), START + INTERVAL);
    let gone = START + INTERVAL + GRACE;
    assert_eq!(table.next(gone), Next::Due(ann()));
    assert_eq!(table.settle(&ann(), gone).unwrap().last_seen, GRACE);
}

#[test]
fn who_was_in_a_list_is_told_to_go_though_nobody_was_told_that_they_came() {
    let mut table = table(GRACE);
    table.beat(&ann(), START);
    table.learn(&ann(), Status::Online, START);
    assert!(table.list(&ann(), START));
    assert!(table.silence(&ann(), START + INTERVAL), "there is something to do");
    assert_eq!(told(&mut table, START + INTERVAL), [false]);
    assert_eq!(table.next(START + INTERVAL * 3), Next::Never);
    assert!(table.people.is_empty() && table.due.is_empty());
}

#[test]
fn who_is_gone_is_gone_for_so_long_also_before_it_is_told() {
    let mut table = table(GRACE);
    let later = START + HEARTBEAT + INTERVAL;
    table.beat(&ann(), START);
    table.learn(&ann(), Status::Online, START);
    assert_eq!(table.gone_for(&ann(), START), None);
    assert_eq!(table.status(&ann(), later), Status::Offline);
    assert_eq!(table.gone_for(&ann(), later), Some(HEARTBEAT + INTERVAL));
}

#[test]
fn who_only_appears_to_be_gone_is_gone_for_no_time() {
    let mut table = table(GRACE);
    table.beat(&ann(), START);
    table.learn(&ann(), Status::Offline, START);
    assert_eq!(table.gone_for(&ann(), START + HEARTBEAT + INTERVAL), None);
}

#[test]
fn who_is_here_by_another_server_is_here_and_goes_without_a_second_grace() {
    let mut table = table(GRACE);
    table.arrive_elsewhere(&ann(), None, false, START);
    table.arrive_elsewhere(&ann(), None, false, START);
    assert_eq!(told(&mut table, START), [true]);
    assert!(!table.is_connected(&ann()), "nobody to be told anything here");
    let later = START + GRACE;
    table.leave_elsewhere(&ann(), 2 * INTERVAL, false, later);
    assert!(told(&mut table, later).is_empty(), "there is another");
    table.leave_elsewhere(&ann(), INTERVAL, false, later);
    assert_eq!(told(&mut table, later), [false]);
    assert_eq!(table.gone_for(&ann(), later), Some(INTERVAL));
    assert!(told(&mut table, later + INTERVAL).is_empty());
    assert!(table.people().is_empty(), "nothing is left of it");
}

#[test]
fn who_comes_here_before_the_other_server_lets_them_go_was_never_gone() {
    let mut table = table(GRACE);
    table.arrive_elsewhere(&ann(), None, false, START);
    assert_eq!(told(&mut table, START), [true]);
    table.arrive(&ann(), START + INTERVAL);
    table.leave_elsewhere(&ann(), GRACE, false, START + GRACE);
    assert!(told(&mut table, START + GRACE).is_empty());
    table.leave(&ann(), START + GRACE);
    table.arrive_elsewhere(&ann(), None, false, START + GRACE + INTERVAL);
    assert!(told(&mut table, START + 3 * GRACE).is_empty());
}

#[test]
fn other_servers_are_told_of_those_here_and_of_no_others() {
    let mut table = table(GRACE);
    table.arrive_elsewhere(&ann(), Some(Status::Online), true, START);
    assert!(told(&mut table, START).is_empty(), "there was nobody yet");
    assert!(!table.take_news());
    table.arrive(&ann(), START);
    assert!(table.take_news());
    assert_eq!(table.unsaid(9, START).came, [ann()]);
    table.leave(&ann(), START);
    assert!(
        table.unsaid(9, START + GRACE - INTERVAL).is_empty(),
        "the grace is this server's"
    );
    assert_eq!(table.unsaid(9, START + GRACE).went, [(ann(), GRACE)]);
    assert!(is_online(&table, START + GRACE), "by the other one");
    assert!(
        table.everybody(START + GRACE).is_empty(),
        "whose business it is to say since when"
    );
}
