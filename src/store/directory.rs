//! A node's data directory: its owner's alone, and one process's at a time.

use super::StoreError;
use super::limits::{ANY_PORT_FOLDERS, KEY_FILE, LOCK_FILE};
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

    /// The first of these that no other process holds; see [`DataDirectory::open`].
    pub fn open_first(paths: &[PathBuf]) -> Result<Self, StoreError> {
        let mut last = StoreError::NoPlace("there is no folder to choose from".to_owned());
        for path in paths {
            match Self::open(path) {
                Err(error @ StoreError::Locked { .. }) => last = error,
                result => return result,
            }
        }
        Err(last)
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
/// several ports of one machine have a directory each. Nodes on any free port (port 0) take the first that none of them holds: `0`, `0-2`,
/// `0-3` and so on, each with its own identity and chain.
pub fn default_paths(chain: &str, port: u16) -> Result<Vec<PathBuf>, StoreError> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().map_err(|error| StoreError::NoPlace(error.to_string()))?.data_dir();
    Ok(places(&base, chain, port))
}

fn places(base: &Path, chain: &str, port: u16) -> Vec<PathBuf> {
    let chain = base.join("rumormill").join(chain);
    let last = if port == 0 { ANY_PORT_FOLDERS } else { 1 };
    std::iter::once(port.to_string())
        .chain((2..=last).map(|number| format!("{port}-{number}")))
        .map(|name| chain.join(name))
        .collect()
}

/// Makes a directory and those above it; the ones that are made can be entered by their owner only (on Unix), and are found after a crash.
pub fn create_private(path: &Path) -> std::io::Result<()> {
    create_synced(path, &mut sync_folder)
}

/// The same; `sync` makes sure of what a folder holds.
fn create_synced(path: &Path, sync: &mut dyn FnMut(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    // A folder is there after a crash when the one that it is in has been synced. The last of a path's ancestors is the empty one, which
    // stands for the working directory.
    let missing: Vec<PathBuf> =
        path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).map(Path::to_owned).collect();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    for made in missing.iter().rev() {
        let above = made.parent().filter(|above| !above.as_os_str().is_empty());
        sync(above.unwrap_or(Path::new(".")))?;
    }
    Ok(())
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
        let all: std::collections::BTreeSet<_> = [8080, 8081, 8082].into_iter().map(|port| places(base, "lab", port)).collect();
        assert_eq!(all.len(), 3);
        assert_eq!(places(base, "lab", 8080), [Path::new("base/rumormill/lab/8080")]);
    }

    #[test]
    fn nodes_on_any_free_port_have_a_place_each() {
        let base = tempfile::tempdir().unwrap();
        let places = places(base.path(), "lab", 0);
        let held: Vec<_> = (0..3).map(|_| DataDirectory::open_first(&places).unwrap()).collect();
        let names: Vec<_> = held.iter().map(|held| held.path().file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["0", "0-2", "0-3"]);
        // Who comes back has what he had.
        let mut held = held;
        let first = held.remove(0).path().to_owned();
        assert_eq!(DataDirectory::open_first(&places).unwrap().path(), first);
        assert!(matches!(DataDirectory::open_first(&places[1..3]), Err(StoreError::Locked { .. })), "unless all are held");
    }

    #[test]
    fn what_holds_a_new_folder_is_synced_from_the_top() {
        let place = tempfile::tempdir().unwrap();
        let mut synced = Vec::new();
        let mut note = |folder: &Path| {
            synced.push(folder.to_owned());
            Ok(())
        };
        let path = place.path().join("a/b/c");
        create_synced(&path, &mut note).unwrap();
        create_synced(&path, &mut note).unwrap();
        assert_eq!(
            synced,
            [place.path().to_owned(), place.path().join("a"), place.path().join("a/b")],
            "once, when they are made"
        );
        let mut failing = |_: &Path| Err(std::io::Error::other("no power"));
        assert!(create_synced(&path.join("d"), &mut failing).is_err());
    }
}
