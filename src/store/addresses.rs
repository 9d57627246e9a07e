//! A node's address book on disk: one JSON file, written whole and put in place at once.
//!
//! What is in its place and is no address book is set aside under another name, and the node begins a new book: a node that starts without
//! addresses finds others, one that does not start finds none. A file that the system does not give us may be a good one: it stays where it
//! is, and is not written over before it was read.

use super::directory::sync_folder;
use super::limits::{ADDRESSES_ASIDE, ADDRESSES_BYTES, ADDRESSES_FILE};
use super::{DiskSwitch, StoreError};
use crate::chain::Address;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Format of the file. Rises when an older program could not read it.
const VERSION: u32 = 1;

/// An address book as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SavedAddresses {
    /// Format of what follows.
    pub version: u32,
    /// The best peers of the last run, to be dialled first in the next.
    pub anchors: Vec<SocketAddr>,
    /// All addresses worth keeping.
    pub addresses: Vec<SavedAddress>,
}

impl Default for SavedAddresses {
    fn default() -> Self {
        Self { version: VERSION, anchors: Vec::new(), addresses: Vec::new() }
    }
}

/// One address as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SavedAddress {
    /// Where.
    pub address: SocketAddr,
    /// Who is there, as far as known.
    pub node: Option<Address>,
    /// In whose account it is booked.
    pub teller: Teller,
    /// When it was last known alive, in Unix seconds; 0: never.
    pub seen: u64,
    /// When it was first heard of, in Unix seconds.
    pub since: u64,
    /// Whether it ever answered.
    pub tried: bool,
    /// Dials that came to an end.
    pub attempts: u16,
    /// Those of them that led to shaken hands.
    pub successes: u16,
}

/// In whose account an address is booked: whoever told of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Teller {
    /// The node itself.
    Own,
    /// Anybody in a network of IPv4: the first two bytes of the address.
    Ipv4([u8; 2]),
    /// Anybody in a network of IPv6: the first four bytes.
    Ipv6([u8; 4]),
    /// A node, where networks say nothing: the first bytes of its id.
    Node([u8; 8]),
    /// A DNS seed, by name.
    Seed(Arc<str>),
}

/// Where an address book is kept. Clones are the same place.
#[derive(Clone, Debug)]
pub struct AddressFile {
    place: Place,
    disk: DiskSwitch,
    /// What is there could not be read, and may be worth more than what this run has.
    unread: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    Memory(Arc<Mutex<Option<SavedAddresses>>>),
}

impl AddressFile {
    /// In a node's data directory, which must exist, and should be held by a [`super::DataDirectory`].
    pub fn in_folder(folder: &Path) -> Self {
        Self { place: Place::Folder(folder.to_owned()), disk: DiskSwitch::default(), unread: Arc::default() }
    }

    /// In memory, for nodes that live no longer than the process.
    pub fn in_memory() -> Self {
        Self { place: Place::Memory(Arc::default()), disk: DiskSwitch::default(), unread: Arc::default() }
    }

    /// On a disk that can be filled at will.
    #[must_use]
    pub fn on(self, disk: DiskSwitch) -> Self {
        Self { disk, ..self }
    }

    /// What is kept there, if anything; and what there is to say about it: a file that is no address book is set aside, and one that the
    /// system does not give us is left alone. Never fails, as no node should stay down for want of addresses.
    pub fn load(&self) -> (Option<SavedAddresses>, Option<String>) {
        match &self.place {
            Place::Memory(saved) => (saved.lock().unwrap_or_else(PoisonError::into_inner).clone(), None),
            Place::Folder(folder) => {
                let path = folder.join(ADDRESSES_FILE);
                let read = read(&path);
                self.unread.store(matches!(read, Err(Unread::Failed(_))), Ordering::Release);
                match read {
                    Ok(saved) => (saved, None),
                    Err(Unread::Foreign(why)) => (None, Some(set_aside(folder, &why))),
                    Err(Unread::Failed(error)) => (
                        None,
                        Some(format!(
                            "the address book {} could not be read ({error}). It is left as it is, and none is kept in this run: \
                             start the node again when it can be read",
                            path.display()
                        )),
                    ),
                }
            }
        }
    }

    /// Keeps a book in place of the one before. After an error the one before is still there.
    ///
    /// # Errors
    /// [`StoreError::Full`], and [`StoreError::NotWritable`] also where the last [`AddressFile::load`] could not read what is there.
    pub fn save(&self, saved: &SavedAddresses) -> Result<(), StoreError> {
        let full = |path: &Path| StoreError::Full { path: path.to_owned() };
        match &self.place {
            _ if self.disk.is_full() => Err(full(Path::new(ADDRESSES_FILE))),
            Place::Memory(kept) => {
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved.clone());
                Ok(())
            }
            Place::Folder(folder) if self.unread.load(Ordering::Acquire) => {
                let why = "what is there could not be read, and may be good".to_owned();
                Err(StoreError::NotWritable { path: folder.join(ADDRESSES_FILE), why })
            }
            Place::Folder(folder) => write(folder, saved).map_err(|error| match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => full(folder),
                _ => StoreError::NotWritable { path: folder.join(ADDRESSES_FILE), why: error.to_string() },
            }),
        }
    }
}

/// Why there is no book.
enum Unread {
    /// What is there is none; in words.
    Foreign(String),
    /// The system did not give it: for want of file descriptors or memory, perhaps, or because the disk failed.
    Failed(std::io::Error),
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Self {
        Self::Foreign(error.to_string())
    }
}

/// The book in a file; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<SavedAddresses>, Unread> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(Unread::Foreign("it is not a file".to_owned()));
    }
    if about.len() > ADDRESSES_BYTES {
        return Err(Unread::Foreign(format!("it is longer than {ADDRESSES_BYTES} bytes")));
    }
    let mut bytes = Vec::new();
    file.take(ADDRESSES_BYTES).read_to_end(&mut bytes)?;
    /// All that every version of the file has.
    #[derive(serde::Deserialize)]
    struct Head {
        version: u32,
    }
    let head: Head = serde_json::from_slice(&bytes)?;
    if head.version != VERSION {
        return Err(Unread::Foreign(format!("it has format {}, and this program knows {VERSION}", head.version)));
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Gives a file that is no address book another name; what is to be said of it.
fn set_aside(folder: &Path, why: &str) -> String {
    let path = folder.join(ADDRESSES_FILE);
    // A folder full of them is a defect of its own: the last name is then used again.
    let mut names = (1..=ADDRESSES_ASIDE).map(|number| folder.join(format!("{ADDRESSES_FILE}.broken-{number}")));
    let free = names.clone().find(|name| std::fs::symlink_metadata(name).is_err()).or(names.next_back());
    let aside = free.unwrap_or_else(|| path.clone());
    let begun = "and a new one is begun: peers are found anew";
    match std::fs::rename(&path, &aside) {
        Ok(()) => {
            format!("the address book {} cannot be read ({why}). It is kept as {}, {begun}", path.display(), aside.display())
        }
        Err(error) => format!("the address book {} cannot be read ({why}) nor set aside ({error}), {begun}", path.display()),
    }
}

/// Written beside, synced, and put in place at once, so that no crash leaves half of it.
fn write(folder: &Path, saved: &SavedAddresses) -> std::io::Result<()> {
    let mut bytes = serde_json::to_vec(saved)?;
    bytes.push(b'\n');
    let beside = folder.join(format!("{ADDRESSES_FILE}.new"));
    let written = File::create(&beside).and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()));
    let placed = written.and_then(|()| std::fs::rename(&beside, folder.join(ADDRESSES_FILE)));
    if placed.is_err() {
        // What is half written only takes up room on a disk that may be full.
        let _ = std::fs::remove_file(&beside);
    }
    placed.and_then(|()| sync_folder(folder))
}

#[cfg(test)]
#[path = "addresses_tests.rs"]
mod tests;
