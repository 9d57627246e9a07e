//! The power fails at every write and every sync, and the disk fills up at every write: what survives is whole.

use super::fixture::{Chain, Disk, check};
use super::{Batch, Store, StoreError};
use crate::chain::BlockId;

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
            store.commit(&last).unwrap();
        } else {
            // What failed goes with what is next.
            let blocks = next.blocks.iter().chain(&last.blocks).cloned().collect();
            store.commit(&Batch { blocks, ..last.clone() }).unwrap();
        }
        assert_eq!(check(&mut store), Some((last.tip, 66)));
        drop(store);
        assert_eq!(check(&mut disk.store().unwrap()), Some((last.tip, 66)));
    }
}
