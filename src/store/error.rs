//! What can go wrong with what a node keeps. Each sentence says what to do.

use crate::chain::{BlockId, ChainId};
use std::path::PathBuf;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or its file system.
    #[error("{0}")]
    Io(String),
    /// What is there cannot be read.
    #[error(
        "the stored chain is damaged: {0}. Remove its file chain.redb to sync anew (not identity.key, which is who the node is), or choose another --data-dir"
    )]
    Damaged(String),
    /// The directory or a file in it cannot be made or written.
    #[error("cannot write to {}: {why}. Choose another --data-dir, or make this one writable", path.display())]
    NotWritable {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Another process has it open.
    #[error("{} is in use by {}. Stop that one, or choose another --data-dir", path.display(), holder(*pid))]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The other process, where it said who it is.
        pid: Option<u32>,
    },
    /// It holds another chain.
    #[error(
        "{} holds {found}, and {wanted} is wanted. Choose another --data-dir, or remove this one", path.display()
    )]
    OtherChain {
        /// The directory.
        path: PathBuf,
        /// What is in it.
        found: ChainMark,
        /// What this node is for.
        wanted: ChainMark,
    },
    /// It was written by a later version.
    #[error(
        "{} was written by a newer rumormill (format {found}, this one reads {known}). Upgrade, or choose another --data-dir",
        path.display()
    )]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format known here.
        known: u32,
    },
    /// No room is left.
    #[error("no space is left for {}. Free some: nothing that was stored is lost, and storing goes on by itself", path.display())]
    Full {
        /// The directory.
        path: PathBuf,
    },
    /// A batch contradicts itself; nothing of it was kept.
    #[error("a batch was refused: {0}. This is a fault of the program: please report it")]
    Refused(String),
    /// Others can read the key file.
    #[error("the key in {} can be read by others. Make it yours alone: chmod 600 '{}'", path.display(), path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
    },
    /// The key file holds no key.
    #[error(
        "{} holds no key: {why}. Bring it back from a copy; or move it away, and the node gets a new identity and a new account",
        path.display()
    )]
    KeyDamaged {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it. Never its content.
        why: String,
    },
    /// The platform names no folder for data.
    #[error("this system names no folder for data ({0}). Give one with --data-dir")]
    NoPlace(String),
}

/// Which chain a store is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainMark {
    /// The chain's number.
    pub chain: ChainId,
    /// Its first block.
    pub genesis: BlockId,
}

impl std::fmt::Display for ChainMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "chain {} with genesis {}", self.chain.0, self.genesis.short())
    }
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("another process (pid {pid})"),
        None => "another process".to_owned(),
    }
}
