//! Bodies cut in every place say the same, and broken ones end.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::HeaderValue;

use super::*;

fn multipart(content_type: &'static str, body: Body) -> Option<Multipart> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Multipart::new(&headers, body)
}

/// What parts there are, with their contents, of a body that comes in pieces of this size.
async fn parts(body: &[u8], size: usize) -> Result<Vec<(Part, Vec<u8>)>, Error> {
    let pieces: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)));
    let mut multipart = multipart("multipart/form-data; boundary=\"b c\"", body).unwrap();
    let mut found = Vec::new();
    while let Some(part) = multipart.next().await? {
        let content: Vec<Bytes> = Box::pin(multipart.pieces()).try_collect().await?;
        found.push((part, content.concat()));
    }
    Ok(found)
}

fn named(name: &str, file: Option<&str>) -> Part {
    Part {
        name: name.to_owned(),
        file: file.map(str::to_owned),
    }
}

#[tokio::test]
async fn parts_are_found_wherever_the_body_is_cut() {
    let body = b"preamble\r\n--b c\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nhi\r\n--b \r\n-\
        \r\n--b c  \r\ncontent-disposition: form-data; filename=\"a \\\"b\\\".png\"; name=file\r\nX: y\r\n\r\n\
        \r\n--b c\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''%e2%82%ac+.txt; filename=\"x\"\r\n\r\n\
        \r\n\r\n--b c--\r\nepilogue";
    let expected = vec![
        (named("content", None), b"hi\r\n--b \r\n-".to_vec()),
        (named("file", Some("a \"b\".png")), Vec::new()),
        (named("f", Some("\u{20ac}+.txt")), b"\r\n".to_vec()),
    ];
    for size in 1..body.len() {
        assert_eq!(parts(body, size).await.unwrap(), expected, "{size}");
    }
}

#[tokio::test]
async fn broken_bodies_are_refused() {
    let long = [b"\r\n--b c\r\n".as_slice(), &vec![b'x'; 2 * LONGEST_HEAD]].concat();
    let preamble = vec![b'x'; MOST_BESIDE + 100];
    for body in [
        b"".as_slice(),
        b"--b c",
        b"--b c\r\n\r\n\r\n--b c--",
        b"--b c\r\nContent-Disposition: form-data\r\n\r\n\r\n--b c--",
        b"--b c\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        b"--b c\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b c",
        &long,
        &preamble,
    ] {
        assert!(parts(body, 1_000).await.is_err(), "{:?}", &body[..body.len().min(80)]);
    }
}

#[test]
fn only_form_data_with_a_boundary_is_taken() {
    for content_type in [
        "multipart/form-data",
        "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=",
    ] {
        assert!(multipart(content_type, Body::empty()).is_none(), "{content_type}");
    }
    assert!(multipart("Multipart/Form-Data; charset=utf-8; BOUNDARY=b", Body::empty()).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_too_slowly_is_given_up() {
    let drops = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
    });
    let mut slow = multipart("multipart/form-data; boundary=b", Body::from_stream(drops)).unwrap();
    let began = Instant::now();
    let refused = slow.next().await.unwrap_err();
    assert_eq!(refused, Error::invalid("body", "did not arrive in time"));
    assert_eq!(began.elapsed().as_secs(), PACE.1.as_secs());
}

/// So much of a body comes every second: how long it is read, and whether it is refused then.
async fn read_for(pace: usize, whole: usize) -> (bool, u64) {
    let head = Bytes::from_static(b"--b\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\n");
    let pieces = stream::unfold(whole, move |left| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let length = pace.min(left);
        (left > 0).then(|| (Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; length])), left - length))
    });
    let end = stream::iter([Ok(Bytes::from_static(b"\r\n--b--"))]);
    let body = stream::iter([Ok(head)]).chain(pieces).chain(end);
    let mut form = multipart("multipart/form-data; boundary=b", Body::from_stream(body)).unwrap();
    let began = Instant::now();
    form.next().await.unwrap();
    let refused = loop {
        match form.content().await {
            Ok(Some(_)) => {}
            end => break end.is_err(),
        }
    };
    (refused, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_body_must_be_whole_in_time() {
    // At a megabit a second, and at the pace that is only just held.
    const MEGABYTE: usize = 1_000_000;
    assert!(!read_for(125_000, 100 * MEGABYTE).await.0);
    let (refused, seconds) = read_for(PACE.0, 100 * MEGABYTE).await;
    assert!(
        refused && (DEADLINE.0.as_secs()..2 * DEADLINE.0.as_secs()).contains(&seconds),
        "{seconds}"
    );
}
