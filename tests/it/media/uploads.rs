//! What comes by a form: messages, files that wait for one, and refusals that leave nothing.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Form, follow, in_the_end_there_is, jpeg, mp4, png, there_is};
use crate::support::TestApp;

#[tokio::test]
async fn an_upload_with_a_recipient_is_a_message() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    // The fields may come behind the file.
    let form = Form::new()
        .file("holiday.jpg", &jpeg(40, 20, b""))
        .text("recipientId", "bob")
        .text("caption", " By the sea ")
        .text("clientMessageId", "c1")
        .text("tempId", "t1");
    let sent = form.post(&ann, "/upload").await.data();
    assert_eq!(
        (&sent["type"], &sent["content"]),
        (&json!("image"), &json!("By the sea"))
    );
    assert_eq!(
        (&sent["clientMessageId"], &sent["tempId"]),
        (&json!("c1"), &json!("t1"))
    );
    assert_eq!((&sent["status"], sent["createdAt"].is_string()), (&json!("sent"), true));
    let media = &sent["media"];
    assert_eq!(
        (&media["mimeType"], &media["name"]),
        (&json!("image/jpeg"), &json!("holiday.jpg"))
    );
    assert_eq!((&media["width"], &media["height"]), (&json!(40), &json!(20)));
    assert_eq!(sent["attachments"], json!([media]));
    let link = media["url"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("http://{}/api/Chat/media/", app.address)),
        "{link}"
    );
    let kept = follow(&app, &media["url"], &[]).await;
    assert_eq!(kept.body.len() as u64, media["size"].as_u64().unwrap());
    assert_eq!(
        follow(&app, &media["thumbnail"], &[]).await.header("content-type"),
        Some("image/jpeg")
    );
    // Others see the same.
    let path = format!("/messages/{}", sent["id"].as_str().unwrap());
    assert_eq!(bob.get(&path).await.data()["media"], *media);
    assert_eq!(there_is(&app).await, (1, 1, 2, 0));
}

#[tokio::test]
async fn files_without_a_target_wait_for_a_message_and_are_taken_once() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let one = Form::new().file("a.png", &png(3, 3)).post(&ann, "/upload").await.data();
    let two = Form::new().file("a.pdf", b"%PDF-1.7").file("b.mp4", &mp4(100));
    let two = two.post(&ann, "/upload-multiple").await.data();
    assert_eq!(two[0]["thumbnail"], json!(null));
    assert_eq!(
        (&two[0]["mimeType"], &two[1]["mimeType"]),
        (&json!("application/pdf"), &json!("video/mp4"))
    );
    // Nobody else has them yet.
    let path = format!("/media/{}", one["id"].as_str().unwrap());
    bob.get(&path).await.refused(404, "not_found");
    assert_eq!(ann.get(&path).await.status, 200);
    let send = |ids: serde_json::Value| json!({"recipientId": "bob", "attachmentIds": ids});
    let stolen = bob.post("/messages", &send(json!([one["id"]]))).await;
    assert_eq!(
        stolen.refused(400, "validation_failed")["details"]["field"],
        "attachmentIds"
    );
    let sent = ann
        .post("/messages", &send(json!([one["id"], two[0]["id"]])))
        .await
        .data();
    assert_eq!((&sent["type"], &sent["content"]), (&json!("image"), &json!("")));
    assert_eq!(sent["attachments"][1]["id"], two[0]["id"]);
    ann.post("/messages", &send(json!([one["id"]])))
        .await
        .refused(400, "validation_failed");
    for nobody in [json!(["x"]), json!([sent["id"]])] {
        ann.post("/messages", &send(nobody))
            .await
            .refused(400, "validation_failed");
    }
    ann.post("/messages", &send(json!([])))
        .await
        .refused(400, "validation_failed");
    assert_eq!(
        ann.post("/messages", &send(json!(two[1]["id"]))).await.data()["type"],
        "video"
    );
    assert_eq!(bob.get(&path).await.status, 200);
}

#[tokio::test]
async fn several_files_are_one_message_or_one_each() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let form = |key: &str| {
        Form::new()
            .text("recipientId", "bob")
            .text("clientMessageId", key)
            .text("content", "all")
            .part("name=\"files\"; filename=\"a.png\"", &png(2, 2))
            .part("name=\"files[]\"; filename=\"b.pdf\"", b"%PDF-1.7")
    };
    let one = form("k").post(&ann, "/upload-multiple").await.data();
    assert_eq!(
        (one["attachments"].as_array().unwrap().len(), &one["media"]["name"]),
        (2, &json!("a.png"))
    );
    let each = form("l").post(&ann, "/upload-multiple?split=true").await.data();
    let told: Vec<_> = each
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (&message["type"], &message["content"]))
        .collect();
    assert_eq!(told, [(&json!("image"), &json!("all")), (&json!("file"), &json!(""))]);
    assert_eq!(form("l").post(&ann, "/upload-multiple?split=true").await.data(), each);
    // What is there already is in the first.
    let waiting = Form::new()
        .file("c.pdf", b"%PDF-1.7")
        .post(&ann, "/upload")
        .await
        .data();
    let long = form(&"k".repeat(200)).text("attachmentIds", waiting["id"].as_str().unwrap());
    let each = long.post(&ann, "/upload-multiple?split=true").await.data();
    let counts = [&each[0], &each[1]].map(|message| message["attachments"].as_array().unwrap().len());
    assert_eq!(counts, [2, 1]);
}

#[tokio::test]
async fn a_repeat_is_the_message_that_is_there_and_leaves_nothing() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let form = |caption: &str, size: u32| {
        let form = Form::new().text("recipientId", "bob").text("content", caption);
        form.file("a.png", &png(size, 1))
    };
    let key = [("idempotency-key", "k")];
    let first = form("x", 1).post_with(&ann, "/upload", &key).await.data();
    let again = form("x", 1).post_with(&ann, "/upload", &key).await.data();
    assert_eq!(first, again);
    form("x", 2)
        .post_with(&ann, "/upload", &key)
        .await
        .refused(409, "idempotency_mismatch");
    form("y", 1)
        .post_with(&ann, "/upload", &key)
        .await
        .refused(409, "idempotency_mismatch");
    in_the_end_there_is(&app, (1, 1, 2, 0)).await;
}

#[tokio::test]
async fn refusals_leave_nothing() {
    let app = TestApp::with(|config| config.limits.file_bytes = 100).await;
    let ann = app.person("ann");
    let pdf = |form: Form| form.file("a.pdf", b"%PDF-1.7");
    for (form, status, code) in [
        (Form::new(), 400, "validation_failed"),
        (Form::new().text("recipientId", "bob"), 400, "validation_failed"),
        (Form::new().file("a.pdf", b""), 400, "validation_failed"),
        (Form::new().file("a.txt", b"just text"), 415, "unsupported_media"),
        (pdf(Form::new()).file("a.txt", b"just text"), 415, "unsupported_media"),
        (Form::new().file("a.png", &png(9, 9)[..60]), 415, "unsupported_media"),
        (
            Form::new().file("a.pdf", &[&b"%PDF-"[..], &[b'x'; 96]].concat()),
            413,
            "too_large",
        ),
        (pdf(Form::new().text("conversationId", "nowhere")), 404, "not_found"),
        (
            pdf(Form::new().text("recipientId", "bob").text("type", "odd")),
            400,
            "validation_failed",
        ),
        (
            pdf(Form::new()
                .text("recipientId", "bob")
                .text("content", &"x".repeat(300_000))),
            413,
            "too_large",
        ),
        (
            pdf(Form::new().text("recipientId", "bob").text("replyToMessageId", "7")),
            400,
            "validation_failed",
        ),
    ] {
        form.post(&ann, "/upload").await.refused(status, code);
        assert_eq!(there_is(&app).await, (0, 0, 0, 0), "{code}");
    }
    let json = ann.post("/upload", &json!({"recipientId": "bob"})).await;
    json.refused(415, "unsupported_media");
    let nobody = app.ask(
        "POST",
        "/api/Chat/upload",
        &[("content-type", "multipart/form-data; boundary=x")],
        b"",
    );
    nobody.await.refused(401, "unauthorized");
}

/// Row 56 of the security checklist.
#[tokio::test]
async fn sec_56_the_byte_that_is_too_much_and_uploads_that_end_early_leave_nothing() {
    let app = TestApp::with(|config| {
        config.limits.image_bytes = u64::try_from(png(30, 30).len()).unwrap();
        config.limits.video_bytes = 200_000;
    })
    .await;
    let ann = app.person("ann");
    let too_large = Form::new().file("a.mp4", &mp4(200_001)).post(&ann, "/upload").await;
    assert!(
        too_large.refused(413, "too_large")["error"]
            .as_str()
            .unwrap()
            .contains("200000")
    );
    let behind = [&png(30, 30)[..], b"x"].concat();
    Form::new()
        .file("a.png", &behind)
        .post(&ann, "/upload")
        .await
        .refused(413, "too_large");
    assert_eq!(there_is(&app).await, (0, 0, 0, 0));
    Form::new()
        .file("a.mp4", &mp4(200_000))
        .post(&ann, "/upload")
        .await
        .data();
    Form::new()
        .file("a.png", &png(30, 30))
        .post(&ann, "/upload")
        .await
        .data();
    assert_eq!(there_is(&app).await, (2, 0, 3, 0));
    // Half of one comes, and its client goes.
    let body = Form::new().file("a.mp4", &mp4(100_000)).body();
    let head = format!(
        "POST /api/Chat/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         content-type: multipart/form-data; boundary=x\r\n\r\n",
        ann.token,
        body.len()
    );
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body[..body.len() / 2]).await.unwrap();
    in_the_end_there_is(&app, (2, 0, 3, 1)).await;
    drop(socket);
    in_the_end_there_is(&app, (2, 0, 3, 0)).await;
}

#[tokio::test]
async fn who_was_deactivated_while_a_file_came_posts_nothing() {
    let app = TestApp::start().await;
    let (ann, admin) = (app.person("ann"), app.admin("root"));
    ann.direct("bob").await;
    let body = Form::new()
        .text("recipientId", "bob")
        .file("a.mp4", &mp4(100_000))
        .body();
    let head = format!(
        "POST /api/Chat/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         connection: close\r\ncontent-type: multipart/form-data; boundary=x\r\n\r\n",
        ann.token,
        body.len()
    );
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    let (first, rest) = body.split_at(body.len() / 2);
    socket.write_all(&[head.as_bytes(), first].concat()).await.unwrap();
    in_the_end_there_is(&app, (0, 0, 0, 1)).await;
    admin.ask("POST", "/users/ann/deactivate", &[], b"").await.data();
    socket.write_all(rest).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    in_the_end_there_is(&app, (0, 0, 0, 0)).await;
}

#[tokio::test]
async fn as_many_files_as_a_message_may_have_are_one_upload() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let mut form = Form::new().text("recipientId", "bob");
    for _ in 0..20 {
        form = form.file("a.pdf", b"%PDF-1.7");
    }
    let sent = form.post(&ann, "/upload-multiple").await.data();
    assert_eq!(sent["attachments"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn refused_uploads_leave_no_conversation() {
    let app = TestApp::with(|config| (config.limits.messages_per_minute, config.limits.burst) = (30, 1)).await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let form = Form::new()
        .text("recipientId", "bob")
        .file("a.pdf", b"%PDF-1.7")
        .file("b.pdf", b"%PDF-1.7");
    form.post(&ann, "/upload-multiple?split=true")
        .await
        .refused(429, "rate_limited");
    assert_eq!(bob.get("/conversations").await.data(), json!([]));
    in_the_end_there_is(&app, (0, 0, 0, 0)).await;
}

#[tokio::test]
async fn uploads_have_a_rate_and_a_number_of_their_own() {
    let app = TestApp::with(|config| {
        config.limits.uploads_per_minute = 2;
        config.limits.burst = 2;
    })
    .await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let upload = async |person| Form::new().file("a.pdf", b"%PDF-1.7").post(person, "/upload").await;
    upload(&ann).await.data();
    upload(&ann).await.data();
    let refused = upload(&ann).await;
    assert!(
        refused.refused(429, "rate_limited")["error"]
            .as_str()
            .unwrap()
            .contains("the limit is 2 a minute")
    );
    assert!(refused.header("retry-after").is_some());
    upload(&bob).await.data();
    // Four that have not ended.
    let carol = app.person("carol");
    let head = format!(
        "POST /api/Chat/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 99\r\n\
         content-type: multipart/form-data; boundary=x\r\n\r\n",
        carol.token
    );
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut socket = TcpStream::connect(app.address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        held.push(socket);
    }
    crate::support::eventually(async || upload(&carol).await.status == 429).await;
    drop(held);
    crate::support::eventually(async || upload(&carol).await.status == 200).await;
}
