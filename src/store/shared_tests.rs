use super::fixture::Chain;
use super::*;
use std::path::PathBuf;

#[test]
fn all_handles_are_one_store_and_outlive_each_other() {
    let mut one = SharedStore::new(Box::new(MemoryStore::new()));
    let mut two = one.clone();
    assert!(two.load().unwrap().is_none());
    let mut chain = Chain::new();
    let batch = chain.batch_of(3);
    one.commit(&batch).unwrap();
    drop(one);
    let stored = two.load().unwrap().expect("what the other handle kept");
    assert_eq!((stored.tip, stored.headers.len()), (batch.tip, 3));
    assert_eq!(two.block(&batch.blocks[0].id()).unwrap().as_ref(), Some(&batch.blocks[0]));
}

#[test]
fn a_commit_that_panics_takes_no_other_handle_with_it() {
    struct Broken;
    impl Store for Broken {
        fn load(&mut self) -> Result<Option<Stored>, StoreError> {
            Ok(None)
        }
        fn block(&self, _: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
            Ok(None)
        }
        fn commit(&mut self, _: &Batch) -> Result<(), StoreError> {
            panic!("on purpose")
        }
    }
    let mut one = SharedStore::new(Box::new(Broken));
    let mut two = one.clone();
    let batch = Chain::new().batch();
    assert!(std::thread::spawn(move || one.commit(&batch)).join().is_err());
    assert!(two.load().unwrap().is_none());
}

#[test]
fn a_full_disk_keeps_nothing_new_and_goes_on_when_it_is_freed() {
    let disk = DiskSwitch::default();
    let shared = SharedStore::new(Box::new(MemoryStore::new()));
    let mut store = FaultyStore::new(shared.clone(), disk.clone(), PathBuf::from("/lab/node-3"));
    let mut chain = Chain::new();
    let first = chain.batch();
    store.commit(&first).unwrap();
    disk.set_full(true);
    let second = chain.batch();
    let error = store.commit(&second).unwrap_err();
    assert!(matches!(&error, StoreError::Full { .. }) && error.to_string().contains("/lab/node-3"), "{error}");
    assert!(store.block(&second.blocks[0].id()).unwrap().is_none());
    assert_eq!(store.load().unwrap().expect("what it had").tip, first.tip);
    disk.set_full(false);
    assert!(!disk.is_full());
    store.commit(&second).unwrap();
    assert_eq!(shared.clone().load().unwrap().expect("both").tip, second.tip);
}
