//! A bucket: files go up in parts, one after the other.

use std::{io, time::Duration};

use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};
use tokio::{fs::File, io::AsyncReadExt as _, sync::Semaphore};

use super::{Bucket, Error};
use crate::media::staging::Staged;

/// The least that S3 allows, but for the last one.
const PART: usize = 5 * 1024 * 1024;
/// How long a bucket may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// How long after its beginning a download that breaks off still goes on where it was; other requests end by their
/// number of attempts.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// Each holds a part in memory.
static TURNS: Semaphore = Semaphore::const_new(1);

pub(super) fn open(bucket: &Bucket) -> Result<AmazonS3, Error> {
    let plain = bucket.endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
    // Whoever reads a file may be slow: there is no time for a whole one.
    let options = ClientOptions::new()
        .with_allow_http(plain)
        .with_timeout_disabled()
        .with_read_timeout(SILENCE);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(bucket.region.as_deref().unwrap_or("us-east-1"))
        // Not every server that speaks S3 deletes many at once.
        .with_disable_bulk_delete(true)
        .with_client_options(options)
        .with_retry(RetryConfig {
            retry_timeout: LONGEST,
            ..RetryConfig::default()
        });
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(key_id), Some(secret)) = (&bucket.key_id, &bucket.secret) {
        builder = builder.with_access_key_id(key_id).with_secret_access_key(secret);
    }
    builder.build()
}

pub(super) async fn keep(store: &dyn ObjectStore, key: &Path, staged: &Staged) -> Result<(), Error> {
    let _turn = TURNS.acquire().await.expect("the semaphore is never closed");
    let mut file = File::open(staged.path()).await.map_err(failed)?;
    let first = part(&mut file).await?;
    if first.len() < PART {
        return store.put(key, first.into()).await.map(drop);
    }
    let mut upload = store.put_multipart(key).await?;
    match send(&mut *upload, first, &mut file).await {
        Ok(()) => Ok(()),
        Err(error) => {
            // Otherwise its parts stay there, and are paid for.
            if let Err(error) = upload.abort().await {
                tracing::warn!("parts of a file stay in the bucket: {error}");
            }
            Err(error)
        }
    }
}

async fn send(upload: &mut dyn MultipartUpload, first: Vec<u8>, file: &mut File) -> Result<(), Error> {
    let mut next = first;
    while !next.is_empty() {
        upload.put_part(next.into()).await?;
        next = part(file).await?;
    }
    upload.complete().await.map(drop)
}

async fn part(file: &mut File) -> Result<Vec<u8>, Error> {
    let mut part = Vec::new();
    file.take(PART as u64).read_to_end(&mut part).await.map_err(failed)?;
    Ok(part)
}

fn failed(error: io::Error) -> Error {
    Error::Generic {
        store: "file",
        source: error.into(),
    }
}
