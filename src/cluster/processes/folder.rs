//! Where the nodes of a run keep their data: a folder of its own for each run, removed at its end.

use crate::store::limits::LOCK_FILE;
use crate::store::{DataDirectory, StoreError};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// How the folders of runs begin.
const PREFIX: &str = "rumormill-cluster-";

/// A run's folder, its owner's alone. Removed when this is dropped; what a killed launcher leaves behind, the next run removes.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Held as long as the run lives, so that nobody takes the folder for a left one.
    lock: Option<DataDirectory>,
}

impl RunFolder {
    /// A new folder in `place`.
    ///
    /// # Errors
    /// [`StoreError`], where nothing can be written there.
    pub fn create(place: &Path) -> Result<Self, StoreError> {
        // Nobody guesses the name, in a place that all may write to.
        let number = getrandom::u64().map_err(|error| StoreError::NotWritable {
            path: place.to_owned(),
            why: format!("the system gives no randomness for a name: {error}"),
        })?;
        let path = place.join(format!("{PREFIX}{}-{number:016x}", std::process::id()));
        let lock = DataDirectory::open(&path)?;
        Ok(Self { path, lock: Some(lock) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folders beside it whose launchers are gone. Which ones.
    pub fn sweep(&self) -> Vec<PathBuf> {
        let place = self.path.parent().and_then(|place| fs::read_dir(place).ok());
        let left = place.into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| self.is_left(path));
        left.filter(|path| fs::remove_dir_all(path).is_ok()).collect()
    }

    /// Whether this is the folder of a run of ours that is over. A folder whose lock says nothing yet is just being made.
    fn is_left(&self, path: &Path) -> bool {
        let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        let lock = path.join(LOCK_FILE);
        let ours = || Some(owner(&self.path)? == owner(path)? && fs::symlink_metadata(path).ok()?.is_dir());
        let made = || fs::symlink_metadata(&lock).is_ok_and(|file| file.is_file() && file.len() > 0);
        let free = || File::open(&lock).is_ok_and(|file| file.try_lock().is_ok());
        named && path != self.path && ours() == Some(true) && made() && free()
    }
}

/// Who owns it, where files have owners.
fn owner(path: &Path) -> Option<u32> {
    let metadata = fs::symlink_metadata(path).ok()?;
    #[cfg(unix)]
    return Some(std::os::unix::fs::MetadataExt::uid(&metadata));
    #[cfg(not(unix))]
    return Some(u32::from(metadata.is_symlink()));
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // Some systems remove no file that is open.
        self.lock = None;
        // What cannot be removed now, the next run tries again.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_left_folder_is_removed_and_one_in_use_is_not() {
        let place = tempfile::tempdir().unwrap();
        let left = place.path().join(format!("{PREFIX}1-2"));
        drop(DataDirectory::open(&left).unwrap());
        fs::write(left.join("chain"), "x").unwrap();
        let unmade = place.path().join(format!("{PREFIX}3-4"));
        fs::create_dir(&unmade).unwrap();
        let foreign = place.path().join("somebody-else");
        drop(DataDirectory::open(&foreign).unwrap());
        let (one, other) = (RunFolder::create(place.path()).unwrap(), RunFolder::create(place.path()).unwrap());
        assert_eq!(one.sweep(), [left.as_path()]);
        assert!(!left.exists() && unmade.exists() && foreign.exists() && other.path().exists());
        let path = other.path().to_owned();
        fs::write(path.join("n0"), "x").unwrap();
        drop(other);
        assert!(!path.exists() && one.path().exists());
    }
}
