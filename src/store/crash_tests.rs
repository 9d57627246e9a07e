//! The power fails at every write and every sync, and the disk fills up at every write: what survives is whole.

use super::disk::{DiskStore, Opener};
use super::fixture::{Chain, check, spec};
use super::limits::CACHE_BYTES;
use super::{Store, StoreError};
use crate::chain::BlockId;
use redb::{Builder, StorageBackend};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

/// A disk in memory that knows what was synced and what was not.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Content>>);

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Change>,
    /// Writes, changes of length and syncs so far.
    steps: u64,
    /// The power fails at this step.
    fails_at: Option<u64>,
    /// Writes fail from this step on for want of space, and syncs with them.
    full_at: Option<u64>,
    dead: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => bytes.resize(*length as usize, 0),
        Change::Write(offset, data) => {
            let (from, to) = (*offset as usize, *offset as usize + data.len());
            if bytes.len() < to {
                bytes.resize(to, 0);
            }
            bytes[from..to].copy_from_slice(data);
        }
    }
}

impl Disk {
    fn with(bytes: Vec<u8>) -> Self {
        let content = Content { now: bytes.clone(), synced: bytes, ..Content::default() };
        Self(Arc::new(Mutex::new(content)))
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }

    fn opener(&self) -> Opener {
        let disk = self.clone();
        Box::new(move || Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(disk.clone()))
    }

    fn store(&self) -> std::result::Result<DiskStore, StoreError> {
        DiskStore::with_opener(self.opener(), Path::new("there"), &spec())
    }

    /// What the platter may hold after a power failure: nothing that was not synced, all of it, or some of it.
    fn survivors(&self) -> Vec<Vec<u8>> {
        let content = self.lock();
        let with = |keeps: &dyn Fn(usize) -> bool| {
            let mut bytes = content.synced.clone();
            for (place, change) in content.unsynced.iter().enumerate() {
                if keeps(place) {
                    apply(&mut bytes, change);
                }
            }
            bytes
        };
        let mut random = content.steps.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let picks: Vec<bool> = (0..content.unsynced.len())
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random & 1 == 0
            })
            .collect();
        vec![
            with(&|_| false),
            with(&|_| true),
            with(&|place| picks[place]),
            with(&|place| !picks[place]),
            with(&|place| place + 1 == content.unsynced.len()),
        ]
    }
}

impl Content {
    fn step(&mut self) -> Result<()> {
        if self.dead {
            return Err(Error::other("no power"));
        }
        let step = self.steps;
        self.steps += 1;
        if self.fails_at == Some(step) {
            self.dead = true;
            return Err(Error::other("no power"));
        }
        if self.full_at.is_some_and(|at| step >= at) {
            return Err(Error::from(ErrorKind::StorageFull));
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        Ok(self.lock().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let content = self.lock();
        if content.dead {
            return Err(Error::other("no power"));
        }
        let from = offset as usize;
        let bytes = content.now.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut content = self.lock();
        content.step()?;
        let change = Change::Length(len);
        apply(&mut content.now, &change);
        content.unsynced.push(change);
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut content = self.lock();
        content.step()?;
        content.synced = content.now.clone();
        content.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut content = self.lock();
        let alive = !content.dead;
        if let Err(error) = content.step() {
            if alive && content.dead {
                // Torn: half of it was on its way when the power went.
                content.unsynced.push(Change::Write(offset, data[..data.len() / 2].to_vec()));
            }
            return Err(error);
        }
        let change = Change::Write(offset, data.to_vec());
        apply(&mut content.now, &change);
        content.unsynced.push(change);
        Ok(())
    }
}

/// A disk with a chain file just made.
fn fresh() -> Vec<u8> {
    let disk = Disk::default();
    drop(disk.store().unwrap());
    std::mem::take(&mut disk.lock().now)
}

/// Several commits, a reorg among them. Returns the tips in the order of their commits, and how many were acknowledged.
fn script(disk: &Disk) -> (Vec<BlockId>, usize, bool) {
    let mut chain = Chain::new();
    let mut batches = vec![chain.batch(), chain.batch_of(3), chain.batch()];
    let mut other = chain.branch(9);
    batches.push(chain.batch());
    batches.push(other.batch_of(2));
    batches.push(other.batch_of(40));
    batches.push(other.batch());
    let tips = batches.iter().map(|batch| batch.tip).collect();
    let mut acknowledged = 0;
    let Ok(mut store) = disk.store() else {
        return (tips, 0, false);
    };
    if store.load().is_err() {
        return (tips, 0, false);
    }
    for batch in &batches {
        if store.commit(batch).is_err() {
            return (tips, acknowledged, false);
        }
        acknowledged += 1;
    }
    drop(store);
    let done = !disk.lock().dead;
    (tips, acknowledged, done)
}

#[test]
fn a_power_failure_at_any_step_loses_nothing_acknowledged() {
    let image = fresh();
    for step in 0.. {
        let disk = Disk::with(image.clone());
        disk.lock().fails_at = Some(step);
        let (tips, acknowledged, done) = script(&disk);
        for (kind, survivor) in disk.survivors().into_iter().enumerate() {
            let disk = Disk::with(survivor.clone());
            let mut store = disk.store().unwrap_or_else(|error| panic!("step {step}, {kind}: {error}"));
            let tip = check(&mut store);
            let committed = match tip {
                None => 0,
                Some((tip, _)) => 1 + tips.iter().position(|other| *other == tip).unwrap(),
            };
            assert!(
                committed == acknowledged || committed == acknowledged + 1,
                "step {step}, {kind}: {committed} of {acknowledged}"
            );
            // It also survives that its repair is cut off, at any step of it.
            drop(store);
            if step % 9 == 0 && kind == 2 {
                for again in 0.. {
                    let repair = Disk::with(survivor.clone());
                    repair.lock().fails_at = Some(again);
                    let whole = repair.store().is_ok();
                    for survivor in repair.survivors() {
                        let found = check(&mut Disk::with(survivor).store().unwrap());
                        assert_eq!(found, tip, "step {step}, {kind}, {again}");
                    }
                    if whole {
                        break;
                    }
                }
            }
            // And it goes on.
            let (_, all, done) = script(&disk);
            assert!(done && all == tips.len());
        }
        if done {
            assert!(step > 30, "only {step} steps: the disk was not asked");
            return;
        }
    }
}

#[test]
fn a_full_disk_at_any_step_is_told_and_survived() {
    let image = fresh();
    let mut chain = Chain::new();
    let before = chain.batch_of(5);
    let next = chain.batch_of(60);
    let last = chain.batch();
    for step in 0.. {
        let disk = Disk::with(image.clone());
        let mut store = disk.store().unwrap();
        store.commit(&before).unwrap();
        let full_at = disk.lock().steps + step;
        disk.lock().full_at = Some(full_at);
        let result = store.commit(&next);
        if result.is_ok() {
            assert!(step > 3);
            return;
        }
        assert!(matches!(result, Err(StoreError::Full { .. })), "{result:?}");
        // Still full, and still told.
        assert!(matches!(store.commit(&next), Err(StoreError::Full { .. })));
        disk.lock().full_at = None;
        assert!(store.block(&before.tip).unwrap().is_some());
        if step % 2 == 0 {
            store.commit(&next).unwrap();
        }
        // The node need not try again: what failed comes along with what is next.
        store.commit(&last).unwrap();
        assert_eq!(check(&mut store), Some((last.tip, 66)));
        drop(store);
        assert_eq!(check(&mut disk.store().unwrap()), Some((last.tip, 66)));
    }
}
