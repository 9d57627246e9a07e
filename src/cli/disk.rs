//! What a node is across its runs: its key, its chain, and where both are kept.

use super::Failure;
use crate::chain::{ChainSpec, KeyPair};
use crate::store::{DataDirectory, DiskStore, MemoryStore, Store, StoreError, directory, identity};
use std::path::{Path, PathBuf};

/// The lab chain's name among the data directories.
const CHAIN: &str = "lab";

/// A node's belongings.
pub struct Home {
    /// Its key.
    pub keys: KeyPair,
    /// Its chain.
    pub store: Box<dyn Store>,
    /// Its directory, held for as long as this lives; `None` in memory.
    pub directory: Option<DataDirectory>,
}

impl Home {
    /// In memory: a new key, an empty chain.
    pub fn ephemeral() -> Result<Self, Failure> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(no_randomness)?;
        Ok(Self { keys: KeyPair::from_seed(*seed), store: Box::new(MemoryStore::new()), directory: None })
    }

    /// In `folder`, or in the place that the platform has for the node on this port.
    pub fn on_disk(folder: Option<&Path>, port: u16, spec: &ChainSpec) -> Result<Self, Failure> {
        // The store's errors are sentences that name the argument.
        Self::open(folder, port, spec).map_err(|error| Failure::Environment(error.to_string()))
    }

    fn open(folder: Option<&Path>, port: u16, spec: &ChainSpec) -> Result<Self, StoreError> {
        let directory = match folder {
            Some(folder) => DataDirectory::open(folder)?,
            None => DataDirectory::open_first(&directory::default_paths(CHAIN, port)?)?,
        };
        let store = DiskStore::open(directory.path(), spec)?;
        let keys = identity::load_or_create(&directory.key_file())?;
        Ok(Self { keys, store: Box::new(store), directory: Some(directory) })
    }
}

/// The folder that the platform has for the node on this port, if it has one; of several the first, whose settings are for all of them.
pub fn default_folder(port: u16) -> Option<PathBuf> {
    directory::default_paths(CHAIN, port).ok()?.into_iter().next()
}

/// A seed for a node's random generator.
pub fn random_seed() -> Result<u64, Failure> {
    getrandom::u64().map_err(no_randomness)
}

fn no_randomness(error: getrandom::Error) -> Failure {
    Failure::Environment(format!("the system gives no randomness: {error}"))
}
