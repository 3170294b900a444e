//! Files on their way in: in a folder of their own until they are whole and known to be good. Whatever ends the way
//! earlier, they are removed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tokio::fs::File;
use uuid::Uuid;

/// Bytes that are gathered before they are written.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// The folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Staging(PathBuf);

impl Staging {
    /// Makes the folder. What an earlier server left there goes: nobody else uses it.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self(folder))
    }

    /// A new, empty file.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn file(&self) -> io::Result<(Staged, File)> {
        let staged = self.place();
        let mut file = File::create_new(staged.path()).await?;
        file.set_max_buf_size(WRITTEN_AT_ONCE);
        Ok((staged, file))
    }

    /// A place for one.
    #[must_use]
    pub fn place(&self) -> Staged {
        Staged(self.0.join(Uuid::new_v4().simple().to_string()))
    }
}

/// One file, removed when this is dropped unless it was moved away.
#[derive(Debug)]
pub struct Staged(PathBuf);

impl Staged {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("a file on its way in cannot be removed: {error}");
        }
    }
}
