//! Where files are kept: a folder, or a bucket that speaks S3.

#[cfg(feature = "s3")]
mod s3;

use std::{
    fs, io,
    ops::Range,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path};
use uuid::Uuid;

use super::{signing::Variant, staging::Staged};

/// What may go wrong, with the words of the storage, which are for the log.
pub type Error = object_store::Error;

/// How to reach a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Before every key; empty or without slashes around it.
    pub prefix: String,
    /// Of a server other than Amazon's.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// Without a pair of keys those of the machine are asked for.
    pub key_id: Option<String>,
    pub secret: Option<String>,
}

/// Where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// The storage. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    /// Of a folder, which files are moved into.
    folder: Option<PathBuf>,
}

impl Storage {
    /// Opens it; a missing folder is made. A bucket is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// Those of the file system, and what the settings of a bucket lack.
    pub fn open(place: &Place) -> Result<Self, Error> {
        match place {
            Place::Folder(folder) => {
                let generic = |source: io::Error| Error::Generic {
                    store: "folder",
                    source: source.into(),
                };
                fs::create_dir_all(folder).map_err(generic)?;
                let store = LocalFileSystem::new_with_prefix(folder)?;
                Ok(Self {
                    store: Arc::new(store),
                    prefix: String::new(),
                    folder: Some(folder.clone()),
                })
            }
            #[cfg(feature = "s3")]
            Place::Bucket(bucket) => Ok(Self {
                store: Arc::new(s3::open(bucket)?),
                prefix: bucket.prefix.clone(),
                folder: None,
            }),
            #[cfg(not(feature = "s3"))]
            Place::Bucket(_) => Err(Error::NotImplemented {
                operation: "this program was built without S3".to_owned(),
                implementer: "hubwire".to_owned(),
            }),
        }
    }

    /// Takes a whole file over. It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the storage; there may be a part of it then, which [`remove`](Self::remove) removes.
    pub async fn keep(&self, id: Uuid, variant: Variant, staged: Staged) -> Result<(), Error> {
        let key = self.key(id, variant);
        match &self.folder {
            Some(folder) => {
                let to = folder.join(key.as_ref());
                let moved = tokio::task::spawn_blocking(move || move_to(&staged, &to)).await;
                moved
                    .map_err(io::Error::other)
                    .flatten()
                    .map_err(|source| Error::Generic {
                        store: "folder",
                        source: source.into(),
                    })
            }
            #[cfg(feature = "s3")]
            None => s3::keep(&*self.store, &key, &staged).await,
            #[cfg(not(feature = "s3"))]
            None => unreachable!("there are only folders"),
        }
    }

    /// A part of what is kept, in pieces.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where it is gone.
    pub async fn read(
        &self,
        id: Uuid,
        variant: Variant,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&self.key(id, variant), options).await?;
        Ok(found.into_stream())
    }

    /// How long what is kept is.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where it is gone.
    pub async fn size(&self, id: Uuid, variant: Variant) -> Result<u64, Error> {
        Ok(self.store.head(&self.key(id, variant)).await?.size)
    }

    /// Removes all there is of a file. What is gone is no error.
    ///
    /// # Errors
    ///
    /// Those of the storage.
    pub async fn remove(&self, id: Uuid) -> Result<(), Error> {
        for variant in [Variant::Thumbnail, Variant::Whole] {
            match self.store.delete(&self.key(id, variant)).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ids are ours, so nothing of a client's is part of it. Folders of a few hundred files each stay quick to look into.
    fn key(&self, id: Uuid, variant: Variant) -> Path {
        let name = id.simple().to_string();
        let shard = &name[name.len() - 2..];
        let end = match variant {
            Variant::Whole => "",
            Variant::Thumbnail => ".thumb",
        };
        Path::from(format!("{}/{shard}/{name}{end}", self.prefix))
    }
}

/// Blocks. Across file systems it is copied first, beside its place.
fn move_to(staged: &Staged, to: &FilePath) -> io::Result<()> {
    let folder = to.parent().unwrap_or(to);
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        // A new folder is an entry of the one above.
        #[cfg(unix)]
        if let Some(above) = folder.parent() {
            fs::File::open(above)?.sync_all()?;
        }
    }
    fs::File::open(staged.path())?.sync_all()?;
    match fs::rename(staged.path(), to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let beside = to.with_added_extension("part");
            let copied = fs::copy(staged.path(), &beside)
                .and_then(|_| fs::File::open(&beside)?.sync_all())
                .and_then(|()| fs::rename(&beside, to));
            if copied.is_err() {
                drop(fs::remove_file(&beside));
            }
            copied?;
        }
        moved => moved?,
    }
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
