//! What somebody missed is found in bounded steps, however much others did meanwhile.

use hubwire::telling::sync::{self, Span};
use hubwire::views::Synced;

use crate::support::{Store, principal, to};

fn told(synced: &Synced) -> Vec<String> {
    let events = synced.events.iter();
    events
        .map(|event| serde_json::to_string(&event.data).unwrap())
        .collect()
}

#[tokio::test]
async fn who_was_away_for_long_from_a_busy_server_is_answered_step_by_step() {
    for store in Store::each().await {
        let own = store.group("ann", &["bob"]).await;
        let others = store.group("carl", &["dan"]).await;
        let (services, log, bob) = (&store.services, &store.log, principal("bob"));
        let begun = sync::since(services, log, &bob, None).await.unwrap().cursor;
        for turn in 0..40 {
            let (sender, group) = if turn % 20 == 19 {
                ("ann", &own)
            } else {
                ("carl", &others)
            };
            store.post(sender, to(group), &format!("turn {turn}")).await.unwrap();
        }
        let whole = sync::since(services, log, &bob, Some(&begun)).await.unwrap();
        assert_eq!((whole.events.len(), whole.has_more), (2, false));
        let span = Span {
            events: 1,
            window: 3,
            windows: 2,
        };
        let (mut cursor, mut steps, mut empty, mut all) = (begun, 0, 0, Vec::new());
        loop {
            let step = sync::within(span, services, log, &bob, Some(&cursor)).await.unwrap();
            all.extend(told(&step));
            (steps, empty, cursor) = (steps + 1, empty + usize::from(step.events.is_empty()), step.cursor);
            if !step.has_more {
                break;
            }
        }
        assert_eq!(all, told(&whole));
        assert_eq!(cursor, whole.cursor);
        assert!(steps >= 7 && empty >= 4, "{steps} {empty}");
    }
}
