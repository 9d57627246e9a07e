use super::*;
use crate::chain::{Address, ChainSpec, Ledger, Need, Transfer};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

fn transfer(spec: &ChainSpec, nonce: u64) -> Transaction {
    let faucet = ChainSpec::lab_faucet();
    Transfer { chain: spec.chain, from: faucet.address(), to: Address([9; 32]), amount: 1, fee: 1, nonce }.sign(&faucet)
}

/// A ledger with one block to validate, and its job.
fn job(transactions: usize) -> ValidationJob {
    let spec = Arc::new(ChainSpec { initial_difficulty: 1, ..ChainSpec::lab() });
    let mut ledger = Ledger::new(Arc::clone(&spec));
    let mut mining = ledger.mining_job(Address([1; 32]));
    mining.transactions = (0..transactions as u64).map(|nonce| transfer(&spec, nonce)).collect();
    let now = spec.genesis_time + 10_000;
    let block = mining.build(now).search(0, u64::MAX).expect("every nonce seals at difficulty 1");
    ledger.insert_header(&block.header, now).unwrap();
    let id = block.id();
    assert!(ledger.insert_body(id, Arc::new(block)));
    match ledger.next_need() {
        Need::Validate(job) => job,
        _ => panic!("nothing to validate"),
    }
}

fn validate(workers: &Workers, job: &ValidationJob) -> Receiver<Arc<Verdict>> {
    let (sender, receiver) = channel();
    workers.validate(job.clone(), move |verdict| sender.send(verdict).unwrap());
    receiver
}

#[test]
fn a_block_is_validated_once() {
    let workers = Workers::new(2);
    let job = job(20);
    let asked: Vec<_> = (0..8).map(|_| validate(&workers, &job)).collect();
    let verdicts: Vec<_> = asked.iter().map(|asked| asked.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(verdicts[0].result.is_ok());
    let later = validate(&workers, &job).recv_timeout(PATIENCE).unwrap();
    assert!(verdicts.iter().all(|verdict| Arc::ptr_eq(verdict, &later)));
}

/// Adversary 26: a mutated body gets its own verdict, and never takes the place of the true one.
#[test]
fn a_mutated_body_spoils_nothing() {
    let workers = Workers::new(2);
    let job = job(5);
    let mut mutated = job.clone();
    let mut block = (*job.block).clone();
    block.transactions.pop();
    mutated.block = Arc::new(block);
    for _ in 0..3 {
        let (bad, good) = (validate(&workers, &mutated), validate(&workers, &job));
        assert!(matches!(bad.recv_timeout(PATIENCE).unwrap().result, Err(BlockError::BodyMismatch)));
        assert!(good.recv_timeout(PATIENCE).unwrap().result.is_ok());
    }
}

#[test]
fn without_signatures_nothing_is_shared() {
    let workers = Workers::new(1);
    let mut replay = job(2);
    replay.check_signatures = false;
    let first = validate(&workers, &replay).recv_timeout(PATIENCE).unwrap();
    replay.check_signatures = true;
    let second = validate(&workers, &replay).recv_timeout(PATIENCE).unwrap();
    assert!(first.result.is_ok() && second.result.is_ok() && !Arc::ptr_eq(&first, &second));
}

#[test]
fn culprits_are_found_and_order_is_kept() {
    let workers = Workers::new(1);
    let spec = ChainSpec::lab();
    let mut transactions: Vec<_> = (0..50).map(|nonce| transfer(&spec, nonce)).collect();
    transactions[7].signature.0[3] ^= 1;
    transactions[8].transfer.chain = ChainId(spec.chain.0 + 1);
    transactions[9].transfer.amount = u64::MAX;
    let (sender, receiver) = channel();
    workers.check(spec.chain, transactions.clone(), move |results| sender.send(results).unwrap());
    let results = receiver.recv_timeout(PATIENCE).unwrap();
    for (at, ((result, verdict), transaction)) in results.iter().zip(&transactions).enumerate() {
        assert!(result == transaction);
        let expected = match at {
            7 => Err(TransactionError::BadSignature),
            8 => Err(TransactionError::WrongChain(spec.chain.0 + 1)),
            9 => Err(TransactionError::Overflow),
            _ => Ok(()),
        };
        assert_eq!(*verdict, expected, "{at}");
    }
}

#[test]
fn the_cache_is_bounded_and_a_worker_outlives_a_panic() {
    let mut verdicts = Verdicts::default();
    let job = job(1);
    let verdict = Arc::new(job.run());
    for number in 0..VERDICTS + 50 {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_le_bytes());
        verdicts.settle(BlockId(id), &verdict);
    }
    assert_eq!((verdicts.slots.len(), verdicts.order.len(), verdicts.transactions), (VERDICTS, VERDICTS, VERDICTS));

    let workers = Workers::new(1);
    workers.pool.shared.submit(Box::new(|| panic!("on purpose")));
    assert!(validate(&workers, &job).recv_timeout(PATIENCE).unwrap().result.is_ok());
}

/// A defect in validation: whoever waits gets an answer, nobody is blamed, and nothing is kept.
#[test]
fn a_check_that_panics_is_tried_once_more_and_then_answered() {
    let tries = std::cell::Cell::new(0);
    let failing = |times| {
        tries.set(0);
        let tries = &tries;
        attempt(move || {
            tries.set(tries.get() + 1);
            assert!(crate::panics::is_contained(), "the process's hook ends the run otherwise");
            assert!(tries.get() > times, "on purpose");
            tries.get()
        })
    };
    assert_eq!((failing(0), failing(1), failing(2), failing(100)), (Some(1), Some(2), None, None));
    assert_eq!(tries.get(), 2);

    let job = job(1);
    let unchecked = Arc::new(Verdict { block: Arc::clone(&job.block), id: job.id, result: Err(BlockError::Unchecked) });
    let mut verdicts = Verdicts::default();
    let (sender, answered) = channel();
    let reply: Reply = Box::new(move |verdict| sender.send(verdict).unwrap());
    verdicts.slots.insert(job.id, Slot::Running(Arc::clone(&job.block), vec![reply]));
    for reply in verdicts.settle(job.id, &unchecked) {
        reply(Arc::clone(&unchecked));
    }
    assert_eq!(answered.try_recv().unwrap().result.as_ref().err(), Some(&BlockError::Unchecked));
    assert!(verdicts.slots.is_empty() && verdicts.order.is_empty());
}
