//! The codec: a transaction, and a block of 5,000 transfers (780 KB). `cargo bench --bench wire`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rumormill::chain::{Address, Block, ChainId, ChainSpec, Signature, Transaction, Transfer};
use rumormill::wire::{Message, decode, encode, encoded_len};
use std::hint::black_box;
use std::sync::Arc;

fn transaction(nonce: u64) -> Transaction {
    let transfer = Transfer { chain: ChainId(1), from: Address([1; 32]), to: Address([2; 32]), amount: 3, fee: 4, nonce };
    Transaction { transfer, signature: Signature([5; 64]) }
}

fn bench(c: &mut Criterion) {
    let (genesis, _) = ChainSpec::lab().genesis();
    let block = Arc::new(Block { header: genesis.header, transactions: (0..5_000).map(transaction).collect() });
    let messages = [
        ("transaction", Message::Transaction { transactions: vec![transaction(1)] }),
        ("block of 5,000", Message::Block { block }),
        ("ping", Message::Ping { nonce: 1, time: 2 }),
    ];
    for (name, message) in messages {
        let frame = encode(&message);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_function("encode", |b| b.iter(|| encode(black_box(&message))));
        group.bench_function("decode", |b| b.iter(|| decode(black_box(frame[4]), black_box(&frame[5..]))));
        group.bench_function("encoded_len", |b| b.iter(|| encoded_len(black_box(&message))));
        group.bench_function("copy, for comparison", |b| b.iter(|| black_box(&frame[..]).to_vec()));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
