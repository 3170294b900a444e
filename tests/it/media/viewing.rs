//! What a file looks like to who fetches it: parts of it, its name, and that nothing of it runs.

use super::{Form, files_below, follow, mp4, png};
use crate::support::{Answer, TestApp};

async fn sent(app: &TestApp, name: &str, content: &[u8]) -> serde_json::Value {
    let form = Form::new().file(name, content);
    form.post(&app.person("ann"), "/upload").await.data()
}

#[tokio::test]
async fn parts_of_a_file_are_fetched_by_range() {
    let app = TestApp::start().await;
    let content: Vec<u8> = [mp4(24), (0..200_000_u32).map(|byte| byte as u8).collect()].concat();
    let file = sent(&app, "a.mp4", &content).await;
    let get = async |headers: &[(&str, &str)]| follow(&app, &file["url"], headers).await;
    let whole = get(&[]).await;
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
    assert!(whole.body == content);
    let tag = whole.header("etag").unwrap();
    let part = |answer: &Answer| {
        let range = answer.header("content-range").map(str::to_owned);
        (answer.status, range, answer.body.clone())
    };
    let size = content.len();
    for (range, (from, to)) in [
        ("bytes=0-0", (0, 1)),
        ("bytes=100-150000", (100, 150_001)),
        ("bytes=200000-", (200_000, size)),
        ("bytes=-5", (size - 5, size)),
    ] {
        let expected = (
            206,
            Some(format!("bytes {from}-{}/{size}", to - 1)),
            content[from..to].to_vec(),
        );
        assert!(part(&get(&[("range", range)]).await) == expected, "{range}");
        assert!(
            part(&get(&[("range", range), ("if-range", tag)]).await) == expected,
            "{range}"
        );
        assert_eq!(get(&[("range", range), ("if-range", "\"other\"")]).await.status, 200);
    }
    let beyond = get(&[("range", "bytes=999999-")]).await;
    assert_eq!(part(&beyond), (416, Some(format!("bytes */{size}")), Vec::new()));
    let many = get(&[("range", "bytes=0-1,5-6")]).await;
    assert!((many.status, many.body.len()) == (200, size));
    let known = get(&[("if-none-match", tag)]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let link = format!("/api/Chat{}", super::below(&file["url"]));
    let head = app.ask("HEAD", &link, &[], b"").await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some(size.to_string().as_str()))
    );
}

/// Row 53 of the security checklist.
#[tokio::test]
async fn sec_53_names_are_only_shown() {
    let app = TestApp::start().await;
    let long = format!("{}.pdf", "n".repeat(300));
    for (name, shown) in [
        ("../../etc/passwd", "passwd"),
        ("..%2f..%2fetc%2fpasswd", "%2f..%2fetc%2fpasswd"),
        ("C:\\\\windows\\\\a.pdf", "a.pdf"),
        (".htaccess", "htaccess"),
        ("..", "file"),
        ("", "file"),
        ("a\u{0}\u{202e}b.pdf", "ab.pdf"),
        ("say %22hi%22.pdf", "say \"hi\".pdf"),
        ("\u{20ac} \u{1f600}.pdf", "\u{20ac} \u{1f600}.pdf"),
        (long.as_str(), &format!("{}.pdf", "n".repeat(196))),
    ] {
        let file = sent(&app, name, b"%PDF-1.7").await;
        assert_eq!(file["name"], shown, "{name}");
        let fetched = follow(&app, &file["url"], &[]).await;
        let disposition = fetched.header("content-disposition").unwrap();
        let (simple, encoded) = disposition.split_once("; filename*=UTF-8''").unwrap();
        let simple = simple
            .strip_prefix("attachment; filename=\"")
            .unwrap()
            .strip_suffix('"')
            .unwrap();
        assert!(
            !simple.contains(['"', '\\', '/', '%']) && encoded.is_ascii(),
            "{disposition}"
        );
    }
    assert_eq!(files_below(&app.app.config.data_dir.join("media")), 10);
    assert_eq!(files_below(&app.app.config.data_dir.join("uploads")), 0);
}

/// Row 54 of the security checklist.
#[tokio::test]
async fn sec_54_nothing_of_a_file_runs() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    for page in [
        "<html><script>alert(1)</script>",
        "<svg onload=alert(1)>",
        "alert(1)",
        "<?xml version=\"1.0\"?><svg/>",
    ] {
        let form = Form::new().file("innocent.png", page.as_bytes());
        form.post(&ann, "/upload").await.refused(415, "unsupported_media");
    }
    // A script by its first letters, and a picture.
    let polyglot = b"GIF89a=\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;alert(1)";
    for (name, content, kind, how) in [
        ("a.html", &png(2, 2)[..], "image/png", "inline"),
        ("a.js", polyglot, "image/gif", "inline"),
        ("a.html", b"%PDF-1.7", "application/pdf", "attachment"),
        ("a.svg", &mp4(50), "video/mp4", "inline"),
    ] {
        let file = sent(&app, name, content).await;
        let fetched = follow(&app, &file["url"], &[]).await;
        assert_eq!(fetched.header("content-type"), Some(kind));
        assert!(fetched.header("content-disposition").unwrap().starts_with(how));
        assert_eq!(
            fetched.header("content-security-policy"),
            Some("sandbox; default-src 'none'")
        );
        assert_eq!(fetched.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(fetched.header("cross-origin-resource-policy"), Some("cross-origin"));
        assert!(
            fetched
                .header("cache-control")
                .unwrap()
                .starts_with("private, max-age=")
        );
        assert!(!fetched.body.ends_with(b"alert(1)"));
    }
}
