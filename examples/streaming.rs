//! Streams in both directions. Run it with `cargo run --example streaming`; then, in JavaScript:
//!
//! ```js
//! const connection = new signalR.HubConnectionBuilder().withUrl("http://127.0.0.1:5000/numbers").build();
//! await connection.start();
//!
//! // From the hub: a number every 100 ms until `dispose`, which drops the hub's stream.
//! const ticks = connection.stream("Ticks", 100).subscribe({ next: console.log, error: console.error, complete() {} });
//! setTimeout(() => ticks.dispose(), 1000);
//!
//! // To the hub: the sum of what the subject sends until it completes.
//! const numbers = new signalR.Subject();
//! const sum = connection.invoke("Sum", numbers);
//! for (const number of [1, 2, 3]) numbers.next(number);
//! numbers.complete();
//! console.log(await sum); // 6
//! ```

use std::time::Duration;

use futures_util::{TryStreamExt, stream};
use hub_protocol::hub::{Context, Hub, HubError, Upload};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let hub = Hub::builder("Numbers")
        .stream("Ticks", async |_: Context, milliseconds: u64| {
            if milliseconds == 0 {
                return Err(HubError::public("Every how many milliseconds?"));
            }
            let every = tokio::time::interval(Duration::from_millis(milliseconds));
            Ok(stream::unfold((every, 0), async |(mut every, number)| {
                every.tick().await;
                Some((Ok(number), (every, number + 1)))
            }))
        })
        // Where the client fails or goes before it is done, `?` has the error and the sum is nobody's.
        .method("Sum", async |_: Context, numbers: Upload<f64>| {
            numbers.try_fold(0.0, async |sum, number| Ok(sum + number)).await
        })
        .build();
    let app = axum::Router::new().merge(hub.endpoint().routes("/numbers"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
    axum::serve(listener, app).await
}
