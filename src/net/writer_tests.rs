use super::*;
use crate::chain::{Address, ChainSpec, Ledger, State};
use crate::store::fixture::{self, Chain, Disk};
use crate::store::{StoreError, Stored};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// What a store was asked, for the test to look at.
#[derive(Default)]
struct Log {
    blocks: HashMap<BlockId, Arc<Block>>,
    commits: Vec<(usize, BlockId)>,
    failures: usize,
    /// Commits begun: they may wait at the gate.
    begun: usize,
}

/// A store in memory that waits for the gate before each commit.
struct Gated {
    log: Arc<Mutex<Log>>,
    gate: Arc<Mutex<()>>,
}

impl Store for Gated {
    fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        Ok(None)
    }
    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
        Ok(self.log.lock().unwrap().blocks.get(id).cloned())
    }
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.log.lock().unwrap().begun += 1;
        let _open = self.gate.lock().unwrap();
        let mut log = self.log.lock().unwrap();
        if log.failures > 0 {
            log.failures -= 1;
            return Err(StoreError::Io("no space left".to_owned()));
        }
        log.blocks.extend(batch.blocks.iter().map(|block| (block.id(), Arc::clone(block))));
        log.commits.push((batch.blocks.len(), batch.tip));
        Ok(())
    }
}

fn blocks(count: u8) -> Vec<Arc<Block>> {
    let ledger = Ledger::new(Arc::new(ChainSpec::lab()));
    (0..count).map(|number| Arc::new(ledger.mining_job(Address([number; 32])).build(u64::from(number)).block)).collect()
}

fn batch(block: &Arc<Block>) -> Batch {
    Batch { blocks: vec![Arc::clone(block)], tip: block.id(), state: State::empty() }
}

struct Bench {
    writer: Writer,
    log: Arc<Mutex<Log>>,
    gate: Arc<Mutex<()>>,
    answers: Receiver<Input>,
}

fn bench() -> Bench {
    let (log, gate) = (Arc::<Mutex<Log>>::default(), Arc::<Mutex<()>>::default());
    let (sender, answers) = channel();
    let store = Box::new(Gated { log: Arc::clone(&log), gate: Arc::clone(&gate) });
    let answer = move |input| {
        let _ = sender.send(input);
    };
    Bench { writer: Writer::start(store, None, answer).unwrap(), log, gate, answers }
}

#[tokio::test]
async fn what_waits_goes_in_one_commit_and_all_of_it_before_the_end() {
    let Bench { writer, log, gate, answers } = bench();
    let blocks = blocks(20);
    let closed = gate.lock().unwrap();
    for block in &blocks {
        writer.store(batch(block));
    }
    drop(closed);
    writer.finish().await;
    let log = log.lock().unwrap();
    assert_eq!(log.blocks.len(), 20);
    assert!(log.commits.len() < 20, "{} commits", log.commits.len());
    assert_eq!(log.commits.last().unwrap().1, blocks[19].id());
    let stored: Vec<_> = answers.iter().flat_map(|input| if let Input::Stored(ids) = input { ids } else { vec![] }).collect();
    assert_eq!(stored, blocks.iter().map(|block| block.id()).collect::<Vec<_>>());
}

#[test]
fn a_load_sees_what_was_stored_before_it() {
    let Bench { writer, answers, .. } = bench();
    let blocks = blocks(2);
    writer.store(batch(&blocks[0]));
    writer.load(5, vec![blocks[1].id(), blocks[0].id()]);
    assert!(matches!(answers.recv_timeout(PATIENCE), Ok(Input::Stored(_))));
    let Ok(Input::Loaded { request: 5, blocks: loaded }) = answers.recv_timeout(PATIENCE) else { panic!("not loaded") };
    assert!(loaded[0].1.is_none() && loaded[1].1.as_ref() == Some(&blocks[0]));
    // Dropped without a word, the thread ends too.
    drop(writer);
    assert!(matches!(answers.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected)));
}

#[test]
fn a_failed_commit_is_told_and_goes_with_the_next() {
    let Bench { writer, log, answers, .. } = bench();
    log.lock().unwrap().failures = 1;
    let blocks = blocks(2);
    writer.store(batch(&blocks[0]));
    assert!(matches!(answers.recv_timeout(PATIENCE), Ok(Input::StoreFailed(why)) if why.contains("no space")));
    writer.store(batch(&blocks[1]));
    let Ok(Input::Stored(ids)) = answers.recv_timeout(PATIENCE) else { panic!("not stored") };
    assert_eq!(ids, [blocks[0].id(), blocks[1].id()]);
}

/// As the node does it: every few seconds all that is not acknowledged, one more block on top, and a peer that asks meanwhile.
#[tokio::test]
async fn a_disk_that_is_full_for_long_stores_everything_when_it_has_room_again() {
    let disk = Disk::default();
    let mut store = disk.store().unwrap();
    store.load().unwrap();
    let (sender, answers) = channel();
    let writer = Writer::start(Box::new(store), None, move |input| sender.send(input).unwrap_or_default()).unwrap();
    let mut chain = Chain::new();
    let mut all = chain.batch_of(30);
    disk.lock().full_at = Some(0);
    for _ in 0..60 {
        writer.store(all.clone());
        assert!(matches!(answers.recv_timeout(PATIENCE), Ok(Input::StoreFailed(why)) if why.contains("no space")));
        // It is not tried again because a peer asks for a block.
        let steps = disk.lock().steps;
        writer.load(1, Vec::new());
        assert!(matches!(answers.recv_timeout(PATIENCE), Ok(Input::Loaded { .. })));
        assert_eq!(disk.lock().steps, steps);
        let next = chain.batch();
        all = Batch { blocks: all.blocks.into_iter().chain(next.blocks).collect(), ..next };
    }
    disk.lock().full_at = None;
    // Handed over before the node heard of the last failure: on its own it would lack its parent.
    let last = chain.batch();
    writer.store(Batch { blocks: vec![Arc::clone(all.blocks.last().unwrap()), Arc::clone(&last.blocks[0])], ..last });
    let Ok(Input::Stored(ids)) = answers.recv_timeout(PATIENCE) else { panic!("not stored") };
    assert_eq!(ids, chain.tips[1..], "each once, parents first");
    writer.finish().await;
    assert_eq!(fixture::check(&mut disk.store().unwrap()), Some((chain.tips[91], 91)));
}

#[tokio::test]
async fn an_abandoned_queue_is_not_drained() {
    let Bench { writer, log, gate, answers } = bench();
    let blocks = blocks(3);
    let closed = gate.lock().unwrap();
    writer.store(batch(&blocks[0]));
    while log.lock().unwrap().begun == 0 {
        std::thread::yield_now();
    }
    writer.store(batch(&blocks[1]));
    writer.store(batch(&blocks[2]));
    // As `abandon` does first; the gate opens only then.
    writer.abandoned.store(true, Ordering::Release);
    drop(closed);
    writer.abandon().await;
    assert_eq!(log.lock().unwrap().commits, [(1, blocks[0].id())], "the commit that was under way, and no other");
    assert_eq!(Arc::strong_count(&log), 1, "the store is closed");
    drop(answers);
}
