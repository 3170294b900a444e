//! Files that no message has go.

use std::{fs, time::Duration};

use hubwire::clock::Clock;

use super::{Form, png, there_is};
use crate::support::TestApp;

#[tokio::test]
async fn what_no_message_takes_is_collected_after_a_day() {
    let clock = Clock::fixed(1_700_000_000_000);
    let app = TestApp::by(clock.clone(), |_| {}).await;
    let ann = app.person("ann");
    Form::new().file("a.png", &png(3, 3)).post(&ann, "/upload").await.data();
    let form = Form::new().file("b.png", &png(3, 3)).text("recipientId", "bob");
    form.post(&ann, "/upload").await.data();
    assert_eq!(there_is(&app).await, (2, 1, 4, 0));
    clock.advance(Duration::from_secs(23 * 60 * 60));
    assert_eq!(there_is(&app).await, (2, 1, 4, 0));
    crate::support::eventually(async || {
        clock.advance(Duration::from_secs(10 * 60));
        there_is(&app).await == (1, 1, 2, 0)
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_keeps_no_other() {
    let clock = Clock::fixed(1_700_000_000_000);
    let app = TestApp::by(clock.clone(), |_| {}).await;
    let ann = app.person("ann");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let file = Form::new()
            .file("a.pdf", b"%PDF-1.7")
            .post(&ann, "/upload")
            .await
            .data();
        ids.push(file["id"].as_str().unwrap().replace('-', ""));
    }
    // They are taken by their ids.
    ids.sort();
    let first = app.app.config.data_dir.join("media").join(&ids[0][30..]).join(&ids[0]);
    fs::remove_file(&first).unwrap();
    fs::create_dir(&first).unwrap();
    clock.advance(Duration::from_secs(24 * 60 * 60));
    let in_the_end = async |rows| {
        crate::support::eventually(async || {
            clock.advance(Duration::from_secs(10 * 60));
            there_is(&app).await == (rows, 0, 0, 0)
        })
        .await;
    };
    in_the_end(1).await;
    fs::remove_dir(&first).unwrap();
    in_the_end(0).await;
}
