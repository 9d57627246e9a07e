//! How many messages of each kind one node handles a second: the state machine alone, on one thread, its outputs dropped.
//!
//! `cargo bench --bench node`

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rumormill::chain::{Address, ChainSpec, KeyPair, Ledger, Transaction, Transfer, TxId};
use rumormill::node::{Command, Config, ConnectionId, Direction, Input, Node, Output, Time};
use rumormill::wire::{Capabilities, Hello, Message, encoded_len};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const PEERS: u64 = 8;
/// Messages in one measured batch.
const BATCH: u64 = 1_000;

/// A node with eight peers, as after some time on the lab chain.
struct Stage {
    node: Node,
    now: Time,
    out: Vec<Output>,
}

impl Stage {
    fn new() -> Self {
        let spec = Arc::new(ChainSpec::lab());
        let now = Time::from_millis(spec.genesis_time + 1_000_000);
        let genesis = spec.genesis_id();
        let node = Node::new(Config::default(), KeyPair::from_seed([1; 32]), Ledger::new(Arc::clone(&spec)), 1, now);
        let mut stage = Self { node, now, out: Vec::new() };
        stage.node.start(now, &mut stage.out);
        for n in 0..PEERS {
            let connection = ConnectionId(n);
            let peer = KeyPair::from_seed([n as u8 + 2; 32]).address();
            let address = SocketAddr::from(([127, 0, 0, 1], 10_000 + n as u16));
            stage.give(Input::Connected { connection, address, direction: Direction::Inbound, peer });
            let hello = Hello {
                version_lowest: 1,
                version_highest: 1,
                chain: spec.chain,
                genesis,
                node: peer,
                agent: "bench/1".to_owned(),
                port: 0,
                height: 0,
                work: 0,
                tip: genesis,
                capabilities: Capabilities::RELAY,
                time: now.as_millis(),
                nonce: n,
            };
            stage.receive(n, Arc::new(Message::Handshake { hello }));
        }
        assert_eq!(stage.node.ready_peers().len() as u64, PEERS);
        stage
    }

    fn give(&mut self, input: Input) {
        self.node.handle(self.now, input, &mut self.out);
        self.out.clear();
    }

    fn receive(&mut self, from: u64, message: Arc<Message>) {
        // Each of the eight peers keeps to the thousand messages a second that are no spam.
        self.now = self.now + Duration::from_micros(125);
        let bytes = encoded_len(&message);
        self.give(Input::Received { connection: ConnectionId(from), message, bytes });
    }
}

fn transfers(count: u64) -> Vec<Transaction> {
    let faucet = ChainSpec::lab_faucet();
    let chain = ChainSpec::lab().chain;
    let sign = |nonce| Transfer { chain, from: faucet.address(), to: Address([7; 32]), amount: 1, fee: 1, nonce }.sign(&faucet);
    (0..count).map(sign).collect()
}

fn id(n: u64) -> TxId {
    let mut bytes = [0xa5; 32];
    // Spread as hashes are.
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    TxId(bytes)
}

fn kinds(c: &mut Criterion) {
    let mut group = c.benchmark_group("handle");
    group.throughput(Throughput::Elements(BATCH)).sample_size(20).measurement_time(Duration::from_secs(3));

    let known = transfers(64);
    let steady = || {
        let mut stage = Stage::new();
        for transaction in &known {
            stage.give(Input::Command(Command::Submit(Box::new(*transaction))));
            stage.give(Input::TransactionsChecked {
                request: u64::from(transaction.transfer.nonce as u32),
                results: vec![(*transaction, Ok(()))],
            });
        }
        stage
    };
    let mut same = |name: &str, messages: Vec<Arc<Message>>| {
        group.bench_function(name, |b| {
            let mut stage = steady();
            b.iter(|| {
                for n in 0..BATCH {
                    stage.receive(n % PEERS, Arc::clone(&messages[n as usize % messages.len()]));
                }
            });
            assert_eq!(stage.node.ready_peers().len() as u64, PEERS, "a peer was sent away: its messages cost nothing");
        });
    };
    let ids: Vec<TxId> = known.iter().map(Transaction::id).collect();
    same("announce, known (1 id)", ids.iter().map(|id| Arc::new(Message::Announce { ids: vec![*id] })).collect());
    same(
        "transaction, duplicate",
        known.iter().map(|known| Arc::new(Message::Transaction { transactions: vec![*known] })).collect(),
    );
    same("ping", vec![Arc::new(Message::Ping { nonce: 1, time: 1 })]);
    same("pong, not asked for", vec![Arc::new(Message::Pong { nonce: 1, time: 1 })]);
    same("get-data (1 id)", ids.iter().map(|id| Arc::new(Message::GetData { ids: vec![*id] })).collect());
    same("get-headers", vec![Arc::new(Message::GetHeaders { locator: vec![ChainSpec::lab().genesis_id()] })]);
    let (genesis, _) = ChainSpec::lab().genesis();
    same("headers, known", vec![Arc::new(Message::Headers { answer: false, headers: vec![genesis.header] })]);
    same("new-block, known", vec![Arc::new(Message::NewBlock { block: Arc::new(genesis) })]);

    group.bench_function("announce, new (1 id)", |b| {
        let messages: Vec<_> = (0..BATCH).map(|n| Arc::new(Message::Announce { ids: vec![id(n)] })).collect();
        b.iter_batched_ref(
            Stage::new,
            |stage| {
                for (n, message) in (0..BATCH).zip(&messages) {
                    stage.receive(n % PEERS, Arc::clone(message));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, kinds);
criterion_main!(benches);
