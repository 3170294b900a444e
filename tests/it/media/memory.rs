//! What uploads cost the whole server in memory, whatever they are.

use std::{fs, path::Path};

use super::{Form, hostile, mp4};
use crate::{
    process::{Program, hubwire, token},
    support::ask,
};

/// What the server may rise by, in KiB.
const MOST: u64 = 32 * 1024;

/// The most that a process ever held, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Forgets the peak.
fn begin_anew(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

/// A photograph: noise compresses badly, so that there is something to decode.
fn photo(width: u16, height: u16, is_progressive: bool) -> Vec<u8> {
    let mut seed = 1_u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8 / 16
    };
    let tile: Vec<u8> = (0..usize::from(width) * 3).map(|_| 100 + noise()).collect();
    let pixels = tile.repeat(usize::from(height));
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 70);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.set_progressive(is_progressive);
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

async fn upload(program: &Program, folder: &Path, content: &[u8]) -> serde_json::Value {
    let bearer = format!("Bearer {}", token(folder, "ann"));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let body = Form::new().file("a", content).body();
    ask(program.address, "POST", "/api/Chat/upload", &headers, &body)
        .await
        .json()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn photographs_have_small_pictures_and_nothing_costs_more_than_32_mib() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hubwire(folder.path());
    command.env("HUBWIRE_LIMITS_UPLOADS_PER_MINUTE", "0");
    let program = Program::spawn(command);
    let process = program.child.id();
    upload(&program, folder.path(), &super::png(8, 8)).await;
    let mut risen = Vec::new();
    let mut all = vec![
        ("a photograph of 12 megapixels", photo(4_000, 3_000, false), Some(true)),
        ("a photograph of 50 megapixels", photo(8_160, 6_120, false), Some(true)),
        // All of a progressive one is held until its last scan.
        (
            "a progressive photograph of 6 megapixels",
            photo(3_000, 2_000, true),
            Some(true),
        ),
        (
            "a progressive photograph of 12 megapixels",
            photo(4_000, 3_000, true),
            Some(false),
        ),
        ("a picture of 12 megapixels", super::png(4_000, 3_000), Some(true)),
        ("a video of 60 MB", mp4(60_000_000), Some(false)),
    ];
    all.extend(hostile::bombs().into_iter().map(|(what, bomb, _)| (what, bomb, None)));
    for (what, content, has_small) in all {
        begin_anew(process);
        let before = peak(process);
        let answer = upload(&program, folder.path(), &content).await;
        risen.push((what, peak(process).saturating_sub(before)));
        if let Some(has_small) = has_small {
            assert_eq!(answer["data"]["thumbnail"].is_string(), has_small, "{what}: {answer}");
        }
    }
    assert!(risen.iter().all(|(_, risen)| *risen <= MOST), "{risen:#?}");
}
