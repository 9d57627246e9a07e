//! The chain in one file: a batch is one durable transaction of redb.

use super::directory::{create_private, holder, sync_folder};
use super::layout::{self, ACCOUNTS, BLOCKS, HEADERS, META};
use super::limits::{CACHE_BYTES, CHAIN_FILE, FORMAT};
use super::{Batch, ChainMark, Store, StoreError, Stored};
use crate::chain::{Address, Block, BlockId, ChainId, ChainSpec, Hash256, Header, State};
use crate::panics::{Panicked, contain};
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, TableError};
use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens the database; called again after a failure, when redb refuses to go on with what it had open.
pub(super) type Opener = Box<dyn FnMut() -> Result<Database, DatabaseError> + Send>;

/// A store on disk, below 2 MiB of memory.
pub struct DiskStore {
    // Closed (`None`) after a failure, and opened anew when next needed; also by `block`, hence the cell.
    open: RefCell<(Opener, Option<Database>)>,
    place: PathBuf,
    mark: ChainMark,
    genesis_root: Hash256,
    /// The last committed tip and its state: the next batch is written as a difference to it.
    tip: Option<BlockId>,
    committed: State,
    /// A commit failed and may or may not have come through.
    doubtful: bool,
}

impl DiskStore {
    /// Opens the chain of `spec` in the directory `dir`, which is made if it is missing. What is there must be this chain; blocks and
    /// state are read by [`Store::load`].
    pub fn open(dir: &Path, spec: &ChainSpec) -> Result<Self, StoreError> {
        let fault = |error: std::io::Error| io_error(dir, &error);
        create_private(dir).map_err(fault)?;
        let file = dir.join(CHAIN_FILE);
        if !file.try_exists().map_err(fault)? {
            // Made beside and put in place when it is whole: redb does not read what a crash leaves of a file's making.
            let beside = dir.join(format!("{CHAIN_FILE}.new"));
            match std::fs::remove_file(&beside) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(fault(error)),
                _ => {}
            }
            let path = beside.clone();
            Self::with_opener(Box::new(move || builder().create(&path)), dir, spec)?;
            std::fs::rename(&beside, &file).map_err(fault)?;
            sync_folder(dir).map_err(fault)?;
        }
        Self::with_opener(Box::new(move || builder().open(&file)), dir, spec)
    }

    /// With a database from elsewhere; `place` is for messages.
    pub(super) fn with_opener(opener: Opener, place: &Path, spec: &ChainSpec) -> Result<Self, StoreError> {
        let (genesis, state) = spec.genesis();
        let mut store = Self {
            open: RefCell::new((opener, None)),
            place: place.to_owned(),
            mark: ChainMark { chain: spec.chain, genesis: genesis.id() },
            genesis_root: state.root(),
            tip: None,
            committed: State::empty(),
            doubtful: false,
        };
        store.attempt(|store, database| store.check_mark(database))?;
        store.tip = store.attempt(|_, database| read_tip(database))?;
        // The state is not known until `load`; a commit before it makes sure.
        store.doubtful = store.tip.is_some();
        Ok(store)
    }

    /// Runs `work` on the open database, opening it first if need be, and closes it when it failed: redb does nothing more after an
    /// error of the disk, and what it holds in memory may no longer be what the file holds.
    fn attempt<T>(&self, work: impl FnOnce(&Self, &Database) -> Result<T, Fault>) -> Result<T, StoreError> {
        let mut open = self.open.borrow_mut();
        let (opener, database) = &mut *open;
        // redb finds most damage by itself, and panics at the rest. What that may leave half done is the database, which is closed then.
        let result = contain(|| match database {
            Some(database) => work(self, database),
            None => work(self, database.insert(opener()?)),
        });
        let fault = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(Fault::Store(error))) => return Err(error),
            Ok(Err(Fault::Redb(error))) => self.explain(error),
            Err(Panicked) => StoreError::Damaged(format!("the file in {} cannot be read", self.place.display())),
        };
        let broken = database.take();
        // Whether it closes well or not, it is not used again.
        let _ = contain(move || drop(broken));
        Err(fault)
    }

    /// Whether the file is this chain's; a new one becomes it.
    fn check_mark(&self, database: &Database) -> Result<(), Fault> {
        let read = database.begin_read()?;
        let found = match read.open_table(META) {
            Ok(meta) => {
                let format = read_u32(&meta, "format")?;
                if format > FORMAT {
                    let (path, found) = (self.place.clone(), format);
                    return Err(StoreError::NewerFormat { path, found, known: FORMAT }.into());
                }
                if format != FORMAT {
                    return Err(damaged(format!("it names format {format}, which never was")));
                }
                let chain = ChainId(read_u32(&meta, "chain")?);
                let Some(genesis) = read_id(&meta, "genesis")? else {
                    return Err(damaged("it names no genesis".to_owned()));
                };
                Some(ChainMark { chain, genesis })
            }
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        };
        match found {
            Some(found) if found == self.mark => Ok(()),
            Some(found) => {
                let (path, wanted) = (self.place.clone(), self.mark);
                Err(StoreError::OtherChain { path, found, wanted }.into())
            }
            None => self.write_mark(database),
        }
    }

    fn write_mark(&self, database: &Database) -> Result<(), Fault> {
        let write = database.begin_write()?;
        {
            let mut meta = write.open_table(META)?;
            meta.insert("format", FORMAT.to_le_bytes().as_slice())?;
            meta.insert("chain", self.mark.chain.0.to_le_bytes().as_slice())?;
            meta.insert("genesis", self.mark.genesis.0.as_slice())?;
            write.open_table(HEADERS)?;
            write.open_table(BLOCKS)?;
            write.open_table(ACCOUNTS)?;
        }
        Ok(write.commit()?)
    }

    fn read_all(&self, database: &Database) -> Result<Option<Stored>, Fault> {
        let Some(tip) = read_tip(database)? else {
            return Ok(None);
        };
        let read = database.begin_read()?;
        let mut headers: Vec<Header> = Vec::new();
        let mut root = (tip == self.mark.genesis).then_some(self.genesis_root);
        for entry in read.open_table(HEADERS)?.iter()? {
            let (key, value) = entry?;
            let (id, header) = layout::decode_header(key.value(), value.value())?;
            if id == tip {
                root = Some(header.state_root);
            }
            headers.push(header);
        }
        let Some(root) = root else {
            return Err(damaged(format!("the header of its tip {} is missing", tip.short())));
        };
        let state = read_state(database)?;
        if state.root() != root {
            return Err(damaged(format!("the accounts are not those after block {}", tip.short())));
        }
        Ok(Some(Stored { headers, tip, state }))
    }

    /// Writes a batch. A block whose parent is not there is refused, so that what is stored is a whole chain at any time.
    fn write_batch(&self, database: &Database, batch: &Batch) -> Result<(), Fault> {
        let write = database.begin_write()?;
        {
            let mut headers = write.open_table(HEADERS)?;
            let mut blocks = write.open_table(BLOCKS)?;
            for block in &batch.blocks {
                let id = block.id();
                let Header { height, parent, .. } = block.header;
                let below = layout::header_key(height.saturating_sub(1), &parent);
                if parent != self.mark.genesis && headers.get(&below)?.is_none() {
                    let why = format!("block {}'s parent is not stored", id.short());
                    return Err(StoreError::Refused(why).into());
                }
                let key = layout::header_key(height, &id);
                headers.insert(&key, layout::encode_header(&block.header)?.as_slice())?;
                blocks.insert(&id.0, layout::encode_block(block)?.as_slice())?;
            }
            let mut accounts = write.open_table(ACCOUNTS)?;
            for (address, account) in batch.state.changes_since(&self.committed) {
                match account {
                    Some(account) => {
                        accounts.insert(&address.0, &layout::encode_account(&account))?;
                    }
                    None => {
                        accounts.remove(&address.0)?;
                    }
                }
            }
            write.open_table(META)?.insert("tip", batch.tip.0.as_slice())?;
        }
        Ok(write.commit()?)
    }

    fn settle_and_write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if self.doubtful {
            self.settle()?;
        }
        self.doubtful = true;
        self.attempt(|store, database| store.write_batch(database, batch))?;
        self.doubtful = false;
        self.tip = Some(batch.tip);
        self.committed = batch.state.clone();
        Ok(())
    }

    /// After a failed commit, or before the first: what does the file hold?
    fn settle(&mut self) -> Result<(), StoreError> {
        let tip = self.attempt(|_, database| read_tip(database))?;
        let known = tip == self.tip && (tip.is_none() || !self.committed.is_empty());
        if !known {
            self.committed = match tip {
                Some(_) => self.attempt(|_, database| read_state(database))?,
                None => State::empty(),
            };
            self.tip = tip;
        }
        self.doubtful = false;
        Ok(())
    }

    /// An error of redb in words that say what to do.
    fn explain(&self, error: redb::Error) -> StoreError {
        match error {
            redb::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
                StoreError::Damaged(format!("{} in {}", error, self.place.display()))
            }
            redb::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                StoreError::Damaged(format!("the file in {} is cut short", self.place.display()))
            }
            redb::Error::Io(error) => io_error(&self.place, &error),
            redb::Error::DatabaseAlreadyOpen => StoreError::Locked { path: self.place.clone(), pid: holder(&self.place) },
            redb::Error::UpgradeRequired(found) => {
                StoreError::Damaged(format!("its file is of format {found}, which is too old"))
            }
            other => StoreError::Damaged(format!("{other} ({})", self.place.display())),
        }
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        let database = self.open.get_mut().1.take();
        let _ = contain(move || drop(database));
    }
}

impl Store for DiskStore {
    fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        let stored = self.attempt(|store, database| store.read_all(database))?;
        self.tip = stored.as_ref().map(|stored| stored.tip);
        self.committed = stored.as_ref().map_or_else(State::empty, |stored| stored.state.clone());
        self.doubtful = false;
        Ok(stored)
    }

    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
        self.attempt(|_, database| {
            let blocks = database.begin_read()?.open_table(BLOCKS)?;
            let Some(bytes) = blocks.get(&id.0)? else {
                return Ok(None);
            };
            Ok(Some(Arc::new(layout::decode_block(id, bytes.value())?)))
        })
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let tip = batch.blocks.iter().rev().find(|block| block.id() == batch.tip);
        if tip.is_some_and(|tip| tip.header.state_root != batch.state.root()) {
            let why = format!("its state is not the one after block {}", batch.tip.short());
            return Err(StoreError::Refused(why));
        }
        self.settle_and_write(batch)
    }
}

/// A failure of redb, after which its database is closed, or one of our own, after which it stays open.
pub(super) enum Fault {
    Redb(redb::Error),
    Store(StoreError),
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self::Redb(error.into())
            }
        }
    )*};
}

from_redb!(CommitError, DatabaseError, StorageError, TableError, TransactionError);

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn damaged(why: String) -> Fault {
    Fault::Store(StoreError::Damaged(why))
}

fn read_tip(database: &Database) -> Result<Option<BlockId>, Fault> {
    read_id(&database.begin_read()?.open_table(META)?, "tip")
}

fn read_state(database: &Database) -> Result<State, Fault> {
    let mut fault = None;
    let table = database.begin_read()?.open_table(ACCOUNTS)?;
    let accounts = table.iter()?.map_while(|entry| match entry {
        Ok((key, value)) => Some((Address(*key.value()), layout::decode_account(value.value()))),
        Err(error) => {
            fault = Some(error);
            None
        }
    });
    let state = State::from_accounts(accounts);
    fault.map_or(Ok(state), |error| Err(error.into()))
}

type Meta = redb::ReadOnlyTable<&'static str, &'static [u8]>;

fn read_u32(meta: &Meta, name: &str) -> Result<u32, Fault> {
    let bytes = meta.get(name)?;
    let bytes = bytes.as_ref().and_then(|bytes| <[u8; 4]>::try_from(bytes.value()).ok());
    bytes.map(u32::from_le_bytes).ok_or_else(|| damaged(format!("its {name} is not a number")))
}

fn read_id(meta: &Meta, name: &str) -> Result<Option<BlockId>, Fault> {
    let Some(bytes) = meta.get(name)? else {
        return Ok(None);
    };
    match <[u8; 32]>::try_from(bytes.value()) {
        Ok(id) => Ok(Some(BlockId(id))),
        Err(_) => Err(damaged(format!("its {name} is not an id"))),
    }
}

/// An error of the file system in words that say what to do.
fn io_error(place: &Path, error: &std::io::Error) -> StoreError {
    let path = place.to_owned();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { path },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            StoreError::NotWritable { path, why: error.to_string() }
        }
        _ => StoreError::Io(format!(
            "the disk failed at {}: {error}. Check it; storing goes on by itself when it works again",
            place.display()
        )),
    }
}
