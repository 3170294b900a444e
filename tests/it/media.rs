//! Files that people send, from the form they come by to the pictures that others see.

#[cfg(feature = "s3")]
mod bucket;
mod collecting;
mod hostile;
mod links;
mod memory;
mod messages;
mod uploads;
mod viewing;

use std::path::Path;

use entities::{attachment, file};
use sea_orm::{EntityTrait, PaginatorTrait as _};

use crate::support::{Answer, Person, TestApp, eventually};

/// The body of a request with files and fields.
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.part(&format!("name=\"{name}\""), text.as_bytes())
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"file\"; filename=\"{name}\""), content)
    }

    pub(crate) fn part(mut self, disposition: &str, content: &[u8]) -> Self {
        let head = format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        [&self.0[..], b"--x--\r\n"].concat()
    }

    pub(crate) async fn post(self, person: &Person, path: &str) -> Answer {
        self.post_with(person, path, &[]).await
    }

    async fn post_with(self, person: &Person, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "multipart/form-data; boundary=x")];
        all.extend_from_slice(headers);
        person.ask("POST", path, &all, &self.body()).await
    }
}

/// A picture of one colour.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ::png::Encoder::new(&mut bytes, width, height).write_header().unwrap();
    let pixels = vec![100; (width * height) as usize];
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A picture with these bytes in an EXIF segment.
fn jpeg(width: u16, height: u16, exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![200; usize::from(width) * usize::from(height) * 3];
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    if !exif.is_empty() {
        encoder.add_app_segment(1, [b"Exif\0\0", exif].concat()).unwrap();
    }
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

/// The beginning of a video, which is all that tells one.
fn mp4(length: usize) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    bytes.resize(length.max(bytes.len()), 7);
    bytes
}

/// Files below a folder.
fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let counts = entries.map(|entry| match entry.unwrap().path() {
        path if path.is_dir() => files_below(&path),
        _ => 1,
    });
    counts.sum()
}

/// What there is: files and attachments in the tables, files kept, files on their way in.
async fn there_is(app: &TestApp) -> (u64, u64, usize, usize) {
    let (read, folder) = (&app.app.database.read, &app.app.config.data_dir);
    (
        file::Entity::find().count(read).await.unwrap(),
        attachment::Entity::find().count(read).await.unwrap(),
        files_below(&folder.join("media")),
        files_below(&folder.join("uploads")),
    )
}

/// That in the end so much is there.
async fn in_the_end_there_is(app: &TestApp, expected: (u64, u64, usize, usize)) {
    eventually(async || there_is(app).await == expected).await;
}

/// The path and the query of a link, below `/api/Chat`.
fn below(link: &serde_json::Value) -> String {
    let link = link.as_str().unwrap();
    link.split_once("/api/Chat").unwrap().1.to_owned()
}

/// A request with nothing but a link.
async fn follow(app: &TestApp, link: &serde_json::Value, headers: &[(&str, &str)]) -> Answer {
    app.ask("GET", &format!("/api/Chat{}", below(link)), headers, b"").await
}
