use super::super::switches::Mode;
use super::*;
use crate::chain::{Address, ChainSpec, Ledger};

const PATIENCE: Duration = Duration::from_secs(20);

fn job(difficulty: u64) -> MiningJob {
    let spec = Arc::new(ChainSpec { initial_difficulty: difficulty, ..ChainSpec::lab() });
    Ledger::new(spec).mining_job(Address([1; 32]))
}

fn miner(rate: u64) -> (Miner, Receiver<Arc<Block>>) {
    let (sender, receiver) = channel();
    let found = move |block| {
        let _ = sender.send(block);
    };
    (Miner::start(rate, Clock::start(), Arc::default(), found).unwrap(), receiver)
}

#[test]
fn a_node_that_stands_still_does_not_mine() {
    let switches = Arc::<Switches>::default();
    let (sender, found) = channel();
    let miner = Miner::start(1_000_000, Clock::start(), Arc::clone(&switches), move |block| {
        let _ = sender.send(block);
    });
    let miner = miner.unwrap();
    switches.set(Mode::Paused);
    miner.set(Some(job(10)));
    assert!(found.recv_timeout(Duration::from_millis(200)).is_err());
    switches.set(Mode::Running);
    found.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn finds_a_block_and_then_rests() {
    let (miner, found) = miner(1_000_000);
    miner.set(Some(job(1_000)));
    let block = found.recv_timeout(PATIENCE).unwrap();
    assert_eq!((block.header.height, block.header.difficulty), (1, 1_000));
    assert!(found.recv_timeout(Duration::from_millis(200)).is_err());
    miner.set(Some(job(1_000)));
    found.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_new_job_replaces_a_hopeless_one_and_none_stops() {
    let (miner, found) = miner(u64::MAX);
    miner.set(Some(job(u64::MAX)));
    assert!(found.recv_timeout(Duration::from_millis(100)).is_err());
    miner.set(Some(job(10)));
    found.recv_timeout(PATIENCE).unwrap();
    miner.set(Some(job(u64::MAX)));
    miner.set(None);
    drop(miner);
    // The thread has ended once its end of the channel is gone.
    assert!(matches!(found.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected)));
}

/// Makes tries as the miner does, on a clock of its own; `cost` is what one try takes.
fn tries(rate: u64, cost: Duration, seconds: u64) -> u64 {
    let begin = Instant::now();
    let slice = Duration::from_secs(1) / MINING_SLICES;
    let (mut now, mut made) = (begin, 0);
    let mut pace = Pace::new(rate, begin);
    while now < begin + Duration::from_secs(seconds) {
        now += pace.pause(now, slice);
        let count = pace.due(now, slice);
        assert!(count <= MINING_STRIDE);
        pace.done(count);
        made += count;
        now += cost * u32::try_from(count).unwrap() + Duration::from_nanos(100);
    }
    made
}

#[test]
fn keeps_its_pace() {
    for rate in [0, 1, 7, 100, 2_000, 1_000_000] {
        let made = tries(rate, Duration::from_nanos(100), 100);
        let wanted = rate * 100;
        assert!(made.abs_diff(wanted) <= rate / 5 + 1, "{made} of {wanted}");
    }
    // A machine that cannot keep up does what it can, and no debt grows.
    let made = tries(u64::MAX, Duration::from_nanos(1_000), 1);
    assert!((900_000..=1_100_000).contains(&made), "{made}");
}
