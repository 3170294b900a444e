//! The signing key the server makes up when nobody configured one: a file in the data folder, for its owner only.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

const FILE: &str = "signing.key";
const KEY_BYTES: usize = 48;

/// Reads the key, and makes it first when there is none. Two processes that make one at once get the same one.
pub fn open(folder: &Path) -> io::Result<Vec<u8>> {
    let path = folder.join(FILE);
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(folder, &path)?;
            read(&path)
        }
        other => other,
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let key = fs::read_to_string(path)?.trim().to_owned();
    if key.len() < KEY_BYTES {
        return Err(io::Error::other(format!(
            "{} is damaged; delete it to have another one made",
            path.display()
        )));
    }
    Ok(key.into_bytes())
}

/// Writes a whole key under another name and links it into place, so nobody ever reads half of one.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut bytes = [0_u8; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let draft = folder.join(format!("{FILE}.{}", uuid::Uuid::new_v4().simple()));
    let written =
        write_private(&draft, &URL_SAFE_NO_PAD.encode(bytes)).and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
    let removed = fs::remove_file(&draft);
    written.and(removed)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("data");
        let first = open(&inner).unwrap();
        assert_eq!(first, open(&inner).unwrap());
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "the draft is gone");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(inner.join(FILE)).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn damaged_key_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "short").unwrap();
        assert!(open(folder.path()).unwrap_err().to_string().contains("is damaged"));
    }
}
