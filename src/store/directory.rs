//! A node's data directory: its owner's alone, and one process's at a time.

use super::StoreError;
use super::limits::{KEY_FILE, LOCK_FILE};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A data directory that this process holds: no other opens it until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    // The lock is the file's: the system frees it when the file is closed.
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory if it is missing, readable by its owner only, and locks it. A second process gets
    /// [`StoreError::Locked`] at once.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let not_writable = |why: String| StoreError::NotWritable { path: path.to_owned(), why };
        create_private(path).map_err(|error| not_writable(error.to_string()))?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK_FILE))
            .map_err(|error| not_writable(error.to_string()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: path.to_owned(), pid: holder(path) });
            }
            Err(TryLockError::Error(error)) => {
                return Err(not_writable(format!("it cannot be locked: {error}")));
            }
        }
        // Only a courtesy to whoever finds it locked; that it cannot be written harms nothing but is seen soon enough.
        let _ = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its key file is; see [`super::identity::load_or_create`].
    pub fn key_file(&self) -> PathBuf {
        self.path.join(KEY_FILE)
    }
}

/// Where a node keeps its data unless told otherwise: `rumormill/<chain>/<port>` in the platform's folder for data, so that nodes on
/// several ports of one machine have a directory each. All nodes that do not listen (port 0) share one, for one at a time.
pub fn default_path(chain: &str, port: u16) -> Result<PathBuf, StoreError> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().map_err(|error| StoreError::NoPlace(error.to_string()))?.data_dir();
    Ok(place(&base, chain, port))
}

fn place(base: &Path, chain: &str, port: u16) -> PathBuf {
    base.join("rumormill").join(chain).join(port.to_string())
}

/// Makes a directory and those above it; the ones that are made can be entered by their owner only (on Unix).
pub fn create_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes sure that a new or renamed file is found after a crash. Systems whose folders cannot be opened do this by themselves.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match File::open(path) {
        Ok(folder) if cfg!(unix) => folder.sync_all(),
        _ => Ok(()),
    }
}

/// Who holds the directory, as it wrote itself.
pub(super) fn holder(path: &Path) -> Option<u32> {
    let mut text = String::new();
    File::open(path.join(LOCK_FILE)).ok()?.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chain_and_port_has_a_place_of_its_own() {
        let base = Path::new("base");
        let places: std::collections::BTreeSet<_> = [8080, 8081, 8082].into_iter().map(|port| place(base, "lab", port)).collect();
        assert_eq!(places.len(), 3);
        assert_eq!(place(base, "lab", 8080), Path::new("base/rumormill/lab/8080"));
    }
}
