use super::fixture::{Chain, check, spec};
use super::limits::{CHAIN_FILE, FORMAT};
use super::{DiskStore, MemoryStore, Store, StoreError};
use crate::chain::{BlockId, ChainId, ChainSpec, Ledger};
use std::path::Path;

fn open(path: &Path) -> DiskStore {
    DiskStore::open(path, &spec()).unwrap()
}

#[test]
fn both_stores_give_back_what_they_were_given() {
    let place = tempfile::tempdir().unwrap();
    let stores: [Box<dyn Store>; 2] = [Box::new(MemoryStore::new()), Box::new(open(&place.path().join("new/er")))];
    for mut store in stores {
        assert!(store.load().unwrap().is_none());
        let mut chain = Chain::new();
        store.commit(&chain.batch_of(3)).unwrap();
        let mut other = chain.branch(5);
        store.commit(&chain.batch()).unwrap();
        let last = other.batch_of(2);
        store.commit(&last).unwrap();
        assert_eq!(check(&mut *store), Some((last.tip, 5)));
        let stored = store.load().unwrap().unwrap();
        assert_eq!(stored.headers.len(), 6);
        assert!(store.block(&BlockId([1; 32])).unwrap().is_none());
        let left = store.block(&chain.tips[4]).unwrap().unwrap();
        assert_eq!(left.header.height, 4);
    }
}

#[test]
fn what_was_committed_is_there_after_a_restart_and_grows() {
    let place = tempfile::tempdir().unwrap();
    let mut chain = Chain::new();
    let mut store = open(place.path());
    store.commit(&chain.batch_of(10)).unwrap();
    drop(store);
    // Without a load first.
    let mut store = open(place.path());
    store.commit(&chain.batch()).unwrap();
    drop(store);
    let mut store = open(place.path());
    assert_eq!(check(&mut store), Some((chain.tips[11], 11)));
    store.commit(&chain.batch()).unwrap();
    assert_eq!(check(&mut store), Some((chain.tips[12], 12)));
}

#[test]
fn a_ledger_goes_on_from_what_was_stored() {
    let place = tempfile::tempdir().unwrap();
    let mut chain = Chain::new();
    let mut store = open(place.path());
    store.commit(&chain.batch_of(20)).unwrap();
    drop(store);
    let mut store = open(place.path());
    let stored = store.load().unwrap().unwrap();
    let spec = std::sync::Arc::new(spec());
    let ledger = Ledger::restore(spec, stored.headers, stored.tip, stored.state).unwrap();
    assert_eq!((ledger.tip().id, ledger.tip().height), (chain.tips[20], 20));
    for height in 1..=20 {
        let id = ledger.at_height(height).unwrap();
        assert!(ledger.has_body(&id) && store.block(&id).unwrap().is_some());
    }
}

#[test]
fn an_empty_batch_at_genesis_is_a_chain_too() {
    let place = tempfile::tempdir().unwrap();
    let (genesis, state) = spec().genesis();
    let mut store = open(place.path());
    store.commit(&super::Batch { blocks: Vec::new(), tip: genesis.id(), state }).unwrap();
    drop(store);
    let stored = open(place.path()).load().unwrap().unwrap();
    assert_eq!((stored.headers.len(), stored.tip), (0, genesis.id()));
    assert_eq!(stored.state.root(), genesis.header.state_root);
}

#[test]
fn another_chain_is_refused_by_name() {
    let place = tempfile::tempdir().unwrap();
    drop(open(place.path()));
    let other = ChainSpec { chain: ChainId(77), ..spec() };
    let error = DiskStore::open(place.path(), &other).err().unwrap();
    assert!(matches!(error, StoreError::OtherChain { .. }));
    let text = error.to_string();
    let parts = [
        place.path().display().to_string(),
        format!("chain {}", spec().chain.0),
        spec().genesis_id().short(),
        "chain 77".to_owned(),
        other.genesis_id().short(),
        "--data-dir".to_owned(),
        "remove".to_owned(),
    ];
    for part in parts {
        assert!(text.contains(&part), "{part} is missing in: {text}");
    }
    // Nothing was changed by the attempt.
    drop(open(place.path()));
}

#[test]
fn a_newer_format_is_refused() {
    let place = tempfile::tempdir().unwrap();
    drop(open(place.path()));
    let database = redb::Database::open(place.path().join(CHAIN_FILE)).unwrap();
    let write = database.begin_write().unwrap();
    let later = (FORMAT + 1).to_le_bytes();
    write.open_table(super::layout::META).unwrap().insert("format", later.as_slice()).unwrap();
    write.commit().unwrap();
    drop(database);
    let error = DiskStore::open(place.path(), &spec()).err().unwrap();
    assert!(matches!(error, StoreError::NewerFormat { found: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("Upgrade"));
}

#[test]
fn a_store_that_is_open_elsewhere_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let _first = open(place.path());
    let error = DiskStore::open(place.path(), &spec()).err().unwrap();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains(&place.path().display().to_string()));
}

#[test]
fn a_file_in_place_of_the_directory_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = DiskStore::open(&file, &spec()).err().unwrap();
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    let error = DiskStore::open(&file.join("under"), &spec()).err().unwrap();
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
}

#[test]
fn what_a_crash_left_of_making_the_file_is_made_anew() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("chain.redb.new"), [0; 5_000]).unwrap();
    let mut store = open(place.path());
    assert!(store.load().unwrap().is_none());
    assert!(!place.path().join("chain.redb.new").exists());
}

#[test]
fn a_batch_that_contradicts_itself_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let mut chain = Chain::new();
    let first = chain.batch();
    let mut wrong = chain.batch();
    wrong.state = first.state.clone();
    let mut store = open(place.path());
    store.commit(&first).unwrap();
    assert!(matches!(store.commit(&wrong), Err(StoreError::Refused(_))));
    assert_eq!(check(&mut store), Some((first.tip, 1)));
}

#[test]
fn a_block_without_its_parent_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let mut chain = Chain::new();
    let first = chain.batch();
    let _lost = chain.batch();
    let mut store = open(place.path());
    store.commit(&first).unwrap();
    assert!(matches!(store.commit(&chain.batch()), Err(StoreError::Refused(_))));
    assert_eq!(check(&mut store), Some((first.tip, 1)));
}

#[test]
fn other_bytes_in_place_of_the_chain_are_told() {
    let place = tempfile::tempdir().unwrap();
    for bytes in [&b""[..], b"hello", &[0; 10_000], &[255; 10_000]] {
        std::fs::write(place.path().join(CHAIN_FILE), bytes).unwrap();
        let error = DiskStore::open(place.path(), &spec()).err().unwrap();
        assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    }
}

/// Whatever single byte is damaged: an error or the right answer, never a panic and never a wrong one.
#[test]
fn damaged_bytes_are_errors() {
    let place = tempfile::tempdir().unwrap();
    let mut chain = Chain::new();
    let mut store = open(place.path());
    store.commit(&chain.batch_of(30)).unwrap();
    drop(store);
    let file = place.path().join(CHAIN_FILE);
    let good = std::fs::read(&file).unwrap();
    // Only where something is: most of a young file is zeros.
    let used: Vec<usize> = (0..good.len()).filter(|&place| good[place] != 0).collect();
    let mut found = 0;
    for place_of_damage in used.iter().step_by(used.len() / 400) {
        let mut bytes = good.clone();
        bytes[*place_of_damage] ^= 0x41;
        std::fs::write(&file, &bytes).unwrap();
        let Ok(mut store) = DiskStore::open(place.path(), &spec()) else {
            found += 1;
            continue;
        };
        match store.load() {
            Ok(Some(stored)) => {
                assert!(chain.tips.contains(&stored.tip));
                for id in &chain.tips[1..] {
                    match store.block(id) {
                        Ok(Some(block)) => assert_eq!(block.id(), *id),
                        Ok(None) => {}
                        Err(_) => found += 1,
                    }
                }
            }
            Ok(None) => {}
            Err(_) => found += 1,
        }
    }
    assert!(found > 20, "{found}");
}

/// Prints what the store takes: `cargo test --release --lib store::disk_tests::memory -- --ignored --nocapture`.
#[test]
#[ignore = "measures the whole process, so it runs alone"]
#[cfg(target_os = "linux")]
fn memory() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let place = tempfile::tempdir().unwrap();
    let mut chain = Chain::new();
    let batches: Vec<_> = (0..2_000).map(|_| chain.batch()).collect();
    let before = resident();
    let mut store = open(place.path());
    let opened = resident();
    let begin = std::time::Instant::now();
    for batch in &batches {
        store.commit(batch).unwrap();
    }
    let (each, committed) = (begin.elapsed() / 2_000, resident());
    for id in &chain.tips[1..] {
        store.block(id).unwrap().unwrap();
    }
    let read = resident();
    drop(store);
    let closed = resident();
    let begin = std::time::Instant::now();
    let stored = open(place.path()).load().unwrap().unwrap();
    let file = std::fs::metadata(place.path().join(CHAIN_FILE)).unwrap().len();
    println!(
        "KiB: opening +{}, 2000 commits of {each:?} +{}, reading all +{}, closing {}, file {}; load {:?}, {} headers",
        opened - before,
        committed - opened,
        read - committed,
        closed as i64 - read as i64,
        file / 1024,
        begin.elapsed(),
        stored.headers.len()
    );
    assert!(read - before < 8 << 10, "{} KiB", read - before);
}

/// On a file system of a few MiB, named by `RUMORMILL_TEST_SMALL_DISK` (`mount -t tmpfs -o size=4m tmpfs <place>`).
#[test]
#[ignore = "wants a small file system"]
fn a_real_disk_that_is_full() {
    let place = std::env::var_os("RUMORMILL_TEST_SMALL_DISK").unwrap();
    let place = Path::new(&place);
    let ballast = place.join("ballast");
    std::fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let data = place.join("data");
    let mut store = open(&data);
    let mut chain = Chain::new();
    let mut failed = 0;
    while failed < 3 {
        let before = chain.height();
        if let Err(error) = store.commit(&chain.batch_of(50)) {
            assert!(matches!(error, StoreError::Full { .. }), "{error}");
            failed += 1;
            println!("full above block {before}: {error}");
        }
    }
    std::fs::remove_file(&ballast).unwrap();
    let last = chain.batch();
    store.commit(&last).unwrap();
    assert_eq!(check(&mut store), Some((last.tip, chain.height())));
    drop(store);
    assert_eq!(check(&mut open(&data)), Some((last.tip, chain.height())));
}
