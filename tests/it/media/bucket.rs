//! Files in a bucket: a stand-in on this machine that speaks as much of S3 as is used.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use hubwire::clock::Clock;
use hubwire::config::{Config, MediaPlace, Secret};
use parking_lot::Mutex;
use serde_json::json;
use tokio::{net::TcpListener, sync::Semaphore};

use super::{Form, follow, mp4, png, there_is};
use crate::support::{TestApp, eventually};

#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    /// By the key that is uploaded in parts.
    parts: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// Refuses whatever is put.
    is_full: bool,
    /// Takes whatever is put, and says nothing until then.
    silent: Option<Arc<Semaphore>>,
}

type Shared = Arc<Mutex<Bucket>>;

fn answer(status: u16, body: impl Into<Body>) -> Response {
    let response = Response::builder().status(status).header("etag", "\"x\"");
    let response = response.header("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT");
    response.body(body.into()).unwrap()
}

async fn serve(State(bucket): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let signature = head.headers.get("authorization").unwrap().to_str().unwrap();
    assert!(signature.contains("Credential=key/"), "{signature}");
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let key = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default();
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let silent = bucket.lock().silent.clone();
    if head.method == "PUT"
        && let Some(until) = silent
    {
        drop(until.acquire().await);
    }
    let mut bucket = bucket.lock();
    let part = query.get("partNumber").map(|number| number.parse().unwrap());
    match (head.method.as_str(), part) {
        ("PUT", _) if bucket.is_full => answer(400, "<Error><Code>Full</Code></Error>"),
        ("PUT", Some(number)) => {
            bucket.parts.get_mut(&key).unwrap().insert(number, body);
            answer(200, "")
        }
        ("PUT", None) => {
            bucket.objects.insert(key, body);
            answer(200, "")
        }
        ("POST", _) if query.contains_key("uploads") => {
            bucket.parts.insert(key, BTreeMap::new());
            let told = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
            answer(200, told)
        }
        ("POST", _) => {
            let parts = bucket.parts.remove(&key).unwrap();
            bucket.objects.insert(key, parts.into_values().flatten().collect());
            let told = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>";
            answer(200, told)
        }
        ("DELETE", _) => {
            bucket.parts.remove(&key);
            bucket.objects.remove(&key);
            answer(204, "")
        }
        (method, _) => {
            let Some(object) = bucket.objects.get(&key) else {
                return answer(404, "<Error><Code>NoSuchKey</Code></Error>");
            };
            let size = object.len();
            if method == "HEAD" {
                let mut response = answer(200, "");
                response.headers_mut().insert("content-length", size.into());
                return response;
            }
            let range = head.headers.get("range").unwrap().to_str().unwrap();
            let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
            let mut response = answer(206, object[from..=to].to_vec());
            let said = format!("bytes {from}-{to}/{size}").parse().unwrap();
            response.headers_mut().insert("content-range", said);
            response
        }
    }
}

/// A server whose files are in a bucket, and the bucket.
async fn with_bucket(clock: Clock) -> (TestApp, Shared) {
    let bucket = Shared::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(serve).with_state(Arc::clone(&bucket));
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    let settings = |config: &mut Config| {
        config.media.place = Some(MediaPlace::Bucket {
            name: "files".to_owned(),
            prefix: "chat/one".to_owned(),
        });
        config.media.s3_endpoint = Some(endpoint);
        config.media.s3_key_id = Some("key".to_owned());
        config.media.s3_secret = Some(Secret::new("secret"));
    };
    (TestApp::by(clock, settings).await, bucket)
}

#[tokio::test]
async fn files_are_kept_in_a_bucket_and_removed_from_it() {
    let (app, bucket) = with_bucket(Clock::system()).await;
    let ann = app.person("ann");
    let large = mp4(12_000_000);
    let form = Form::new()
        .text("recipientId", "bob")
        .file("a.png", &png(5, 5))
        .file("b.mp4", &large);
    let sent = form.post(&ann, "/upload").await.data();
    assert_eq!(bucket.lock().objects.len(), 3);
    assert!(
        bucket
            .lock()
            .objects
            .keys()
            .all(|key| key.starts_with("/files/chat/one/"))
    );
    assert!(bucket.lock().parts.is_empty());
    let media = &sent["attachments"][1];
    assert!(follow(&app, &media["url"], &[]).await.body == large);
    let part = follow(&app, &media["url"], &[("range", "bytes=11999990-")]).await;
    assert_eq!((part.status, part.body), (206, large[11_999_990..].to_vec()));
    assert_eq!(follow(&app, &sent["media"]["thumbnail"], &[]).await.status, 200);
    let path = format!("/messages/{}", sent["id"].as_str().unwrap());
    ann.delete(&path).await.data();
    eventually(async || bucket.lock().objects.is_empty()).await;
}

#[tokio::test]
async fn a_bucket_that_takes_nothing_leaves_nothing() {
    let (app, bucket) = with_bucket(Clock::system()).await;
    bucket.lock().is_full = true;
    let ann = app.person("ann");
    for content in [png(5, 5), mp4(6_000_000)] {
        let form = Form::new().text("recipientId", "bob").file("a", &content);
        form.post(&ann, "/upload").await.refused(503, "unavailable");
        super::in_the_end_there_is(&app, (0, 0, 0, 0)).await;
        assert!(bucket.lock().parts.is_empty());
    }
    let conversation = ann.direct("bob").await;
    let listed = ann.get(&format!("/conversations/{conversation}/messages")).await.data();
    assert_eq!(listed["messages"], json!([]));
}

/// Row 56 of the security checklist: what a server that dies in the midst of it cannot clean up.
#[tokio::test]
async fn sec_56_what_is_not_wholly_kept_is_forgotten_within_the_hour() {
    let clock = Clock::fixed(1_700_000_000_000);
    let (app, bucket) = with_bucket(clock.clone()).await;
    let until = Arc::new(Semaphore::new(0));
    bucket.lock().silent = Some(Arc::clone(&until));
    let ann = app.person("ann");
    let for_a_message = Form::new().text("recipientId", "bob").file("a.png", &png(3, 3));
    let alone = Form::new().file("b.png", &png(3, 3));
    let uploads = async { tokio::join!(for_a_message.post(&ann, "/upload"), alone.post(&ann, "/upload")) };
    let an_hour = async {
        eventually(async || there_is(&app).await.0 == 2).await;
        for _ in 0..6 {
            clock.advance(Duration::from_secs(10 * 60));
        }
        eventually(async || there_is(&app).await.0 == 0).await;
        bucket.lock().silent = None;
        until.close();
    };
    // Who still waits for it is not told that it was kept.
    let ((for_a_message, alone), ()) = tokio::join!(uploads, an_hour);
    assert_eq!((for_a_message.status, alone.status), (400, 503));
    assert!(bucket.lock().objects.is_empty(), "what came late is removed too");
}
