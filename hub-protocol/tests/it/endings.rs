//! What is owed when a connection ends in the middle of something, and what may be left of it: nothing.

use std::sync::{Arc, Weak};

use hub_protocol::hub::{Connection, Hub};
use parking_lot::Mutex;

use crate::support::{serve, until};

#[tokio::test]
async fn an_item_that_holds_its_connection_does_not_outlive_it() {
    struct Listener(#[expect(dead_code, reason = "what it holds is the point")] Connection);
    let left: Arc<Mutex<Weak<Listener>>> = Arc::default();
    let known = left.clone();
    let hub = Hub::builder("h")
        .on_connected(move |cx| {
            let listener = Arc::new(Listener(cx.connection().clone()));
            *known.lock() = Arc::downgrade(&listener);
            cx.connection().set(listener);
            async { Ok(()) }
        })
        .build();
    let server = serve(&hub).await;
    let client = server.connect().await;
    until("it is kept", || left.lock().upgrade().is_some()).await;
    drop(client);
    until("the connection is gone", || hub.handle().connections() == 0).await;
    until("what it kept is gone", || left.lock().upgrade().is_none()).await;
}
