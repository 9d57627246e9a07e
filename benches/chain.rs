//! The ledger's speed: `cargo bench --bench chain`.
//!
//! `validate 5,000 transfers` against `batch of 5,000` is the figure that counts: what a block costs beside its signatures.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rumormill::chain::{
    Account, Address, Block, ChainId, ChainSpec, KeyPair, MiningJob, State, Transaction, Transfer, ValidationJob,
    verify_signatures,
};
use std::hint::black_box;
use std::sync::Arc;

const TRANSFERS: u32 = 5_000;
const ACCOUNTS: u32 = 100_000;
const CHANGED: u32 = 10_000;
const TRIES: u64 = 10_000;

fn keys(n: u32) -> KeyPair {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&n.to_le_bytes());
    KeyPair::from_seed(seed)
}

/// Transfers from distinct funded accounts to accounts that did not exist.
fn transfers() -> Vec<Transaction> {
    let transfer = |n| {
        let payer = keys(n);
        let to = keys(n + TRANSFERS).address();
        Transfer { chain: ChainId(1), from: payer.address(), to, amount: 10, fee: 1, nonce: 0 }.sign(&payer)
    };
    (0..TRANSFERS).map(transfer).collect()
}

/// A chain whose genesis funds the payers, among 100,000 accounts.
fn spec() -> ChainSpec {
    let funded = (0..TRANSFERS).map(|n| keys(n).address());
    let others = (0..ACCOUNTS - TRANSFERS).map(address);
    ChainSpec {
        initial_difficulty: u64::MAX,
        allocation: funded.chain(others).map(|address| (address, 1_000)).collect(),
        ..ChainSpec::lab()
    }
}

fn address(n: u32) -> Address {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    Address(bytes)
}

fn job(spec: &Arc<ChainSpec>, genesis: &Block, state: &State, transactions: Vec<Transaction>) -> MiningJob {
    MiningJob {
        spec: Arc::clone(spec),
        parent: genesis.header,
        parent_id: genesis.id(),
        state: state.clone(),
        difficulty: u64::MAX,
        earliest_time: 0,
        miner: Address([9; 32]),
        transactions,
        clock_skew: 0,
    }
}

fn signatures(c: &mut Criterion) {
    let payer = keys(0);
    let transaction = transfers()[0];
    c.bench_function("sign a transfer", |b| b.iter(|| black_box(transaction.transfer).sign(&payer)));
    c.bench_function("verify a transfer", |b| b.iter(|| black_box(&transaction).verify(ChainId(1))));
}

fn blocks(c: &mut Criterion) {
    let spec = Arc::new(spec());
    let (genesis, state) = spec.genesis();
    let transactions = transfers();
    let block = Arc::new(job(&spec, &genesis, &state, transactions.clone()).build(0).block);
    assert_eq!(block.transactions.len(), transactions.len());
    let validation = ValidationJob { id: block.id(), block, spec, parent_state: state, check_signatures: true };
    let mut group = c.benchmark_group("block");
    group.sample_size(20).throughput(Throughput::Elements(u64::from(TRANSFERS)));
    group.bench_function("batch of 5,000", |b| b.iter(|| verify_signatures(black_box(&transactions))));
    group.bench_function("validate 5,000 transfers", |b| b.iter(|| black_box(&validation).run()));
    group.bench_function("validate 5,000 transfers on 2 threads", |b| b.iter(|| black_box(&validation).run_on(2)));
    let replay = ValidationJob { check_signatures: false, ..validation };
    group.bench_function("validate 5,000 transfers without signatures", |b| b.iter(|| black_box(&replay).run()));
    group.finish();
}

fn state(c: &mut Criterion) {
    let state = State::from_accounts((0..ACCOUNTS).map(|n| (address(n), Account { balance: 1, nonce: 0 })));
    let mut changes: Vec<_> =
        (0..CHANGED).map(|n| (address(n * (ACCOUNTS / CHANGED)), Account { balance: 2, nonce: 1 })).collect();
    changes.sort_by_key(|(address, _)| *address);
    let mut group = c.benchmark_group("state of 100,000");
    group.throughput(Throughput::Elements(u64::from(CHANGED)));
    group.bench_function("set 10,000", |b| b.iter_batched(|| (), |()| state.with(black_box(&changes)), BatchSize::LargeInput));
    let new = state.with(&changes);
    group.bench_function("find 10,000 changes", |b| b.iter(|| new.changes_since(black_box(&state))));
    group.finish();
}

fn mining(c: &mut Criterion) {
    let spec = Arc::new(ChainSpec { initial_difficulty: u64::MAX, ..ChainSpec::lab() });
    let (genesis, state) = spec.genesis();
    let template = job(&spec, &genesis, &state, Vec::new()).build(0);
    let mut group = c.benchmark_group("mining");
    group.throughput(Throughput::Elements(TRIES));
    group.bench_function("tries from the midstate", |b| b.iter(|| template.search(black_box(0), TRIES)));
    group.finish();
}

criterion_group!(benches, signatures, blocks, state, mining);
criterion_main!(benches);
