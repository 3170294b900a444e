//! What a connection leaves behind when it ends: nothing.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering},
};

use hub_protocol::hub::{Connection, Context, Disconnected, Hub};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::support::{serve, until};

/// An application's own view of a connection, which holds the connection that holds it.
struct Listener {
    _connection: Connection,
}

#[tokio::test]
async fn what_an_application_attached_goes_with_the_connection() {
    let seen: Arc<Mutex<Weak<Listener>>> = Arc::default();
    let attached = Arc::clone(&seen);
    let hub = Hub::builder("h")
        .on_connected(move |cx: Context| {
            let listener = Arc::new(Listener {
                _connection: cx.connection().clone(),
            });
            *attached.lock() = Arc::downgrade(&listener);
            cx.connection().set(listener);
            async { Ok(()) }
        })
        .build();
    let server = serve(&hub).await;
    let client = server.connect().await;
    until("it is attached", || seen.lock().upgrade().is_some()).await;
    drop(client);
    until("it is gone", || seen.lock().upgrade().is_none()).await;
}

#[tokio::test]
async fn who_goes_while_the_hub_still_connects_them_is_disconnected_too() {
    let (release, left) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let connecting: Arc<Mutex<Option<Connection>>> = Arc::default();
    let (entered, released, counted) = (Arc::clone(&connecting), Arc::clone(&release), Arc::clone(&left));
    let hub = Hub::builder("h")
        .on_connected(move |cx: Context| {
            *entered.lock() = Some(cx.connection().clone());
            let released = Arc::clone(&released);
            async move {
                released.notified().await;
                Ok(())
            }
        })
        .on_disconnected(move |_: Context, _: Disconnected| {
            counted.fetch_add(1, Ordering::SeqCst);
            async {}
        })
        .build();
    let server = serve(&hub).await;
    let client = server.connect().await;
    until("its connect handler runs", || connecting.lock().is_some()).await;
    drop(client);
    let connection = connecting.lock().clone().unwrap();
    until("its loss is seen", || connection.is_closed()).await;
    // Only now does the handler end, and well: what it did must be undone.
    release.notify_one();
    until("the registry is empty", || hub.handle().connections() == 0).await;
    assert_eq!(left.load(Ordering::SeqCst), 1);
}
