//! The data folder, held by one server at a time.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use super::Error;
use crate::config;

const FILE: &str = "server.lock";

/// A locked data folder. The operating system unlocks it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DataFolder(#[expect(dead_code, reason = "held open for its lock")] File);

impl DataFolder {
    /// Makes the folder if need be and locks it, or says who has it.
    pub(super) fn lock(path: &Path) -> Result<Self, Error> {
        make(path)?;
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(FILE));
        let file = file.map_err(|error| unusable(path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
        }
    }
}

/// Whether some server holds it now. Makes nothing, and keeps no server from starting.
pub(super) fn is_held(path: &Path) -> bool {
    File::open(path.join(FILE)).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Makes the folder; only its owner may look inside.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    config::Error::new("data_dir", format!("{} cannot be used: {error}", path.display())).into()
}
