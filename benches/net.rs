//! One connection over loopback TCP, through the connection's own code at both ends: under Noise, and the same frames in plain.
//! `cargo bench --bench net`
//!
//! Rounds under Noise and in plain alternate, so that a busy machine disturbs both alike; what counts is the ratio of medians.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rumormill::chain::{Address, Block, ChainId, ChainSpec, KeyPair, Signature, Transaction, Transfer};
use rumormill::net::connection::Connection;
use rumormill::net::inbox::{Outlet, inbox};
use rumormill::net::limits::RECORD_PLAIN;
use rumormill::net::link::Link;
use rumormill::net::noise::{Channel, Identity, handshake};
use rumormill::node::{CloseReason, ConnectionId, Direction, Priority, Timing};
use rumormill::wire::{Message, block_payload, encode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Bytes sent in a round.
const ROUND: usize = 128 << 20;
/// Transactions in a block.
const BLOCK: usize = 5_000;
/// Rounds of each kind for the ratio.
const ROUNDS: usize = 15;
/// Bytes that wait in the outbox at most: below its bound, so that nothing is dropped.
const AHEAD: usize = 4 << 20;

/// A connection in one direction: frames go into `link` and come out at `outlet`. What comes was asked for over `far`.
struct Pipe {
    link: Arc<Link>,
    far: Arc<Link>,
    outlet: Outlet,
}

async fn pipe(noise: bool) -> Pipe {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (mut near, mut far) = (near.unwrap(), far.unwrap().0);
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let identity = |number| Identity::new(&KeyPair::from_seed([number; 32]), [number + 1; 32]);
    let channels = if noise {
        let (alice, bob) = (identity(1), identity(3));
        let (one, two) = tokio::join!(handshake(&mut near, &alice, true, [5; 32]), handshake(&mut far, &bob, false, [6; 32]));
        (one.unwrap().channel, two.unwrap().channel)
    } else {
        (Channel::Plain, Channel::Plain)
    };
    let (link, _) = spawn(near, channels.0, Direction::Outbound);
    let (far, outlet) = spawn(far, channels.1, Direction::Inbound);
    Pipe { link, far, outlet }
}

fn spawn(stream: TcpStream, channel: Channel, direction: Direction) -> (Arc<Link>, Outlet) {
    let (inbox, outlet) = inbox();
    let link = Arc::new(Link::default());
    link.establish();
    let (reader, writer) = stream.into_split();
    let id = ConnectionId(1);
    let shared = Arc::clone(&link);
    let timing = Timing::LAB;
    // The lab's largest, as for all nodes on one chain.
    let largest_block = block_payload(ChainSpec::lab().max_transactions);
    tokio::spawn(
        Connection { id, direction, channel, reader, writer, link: shared, inbox, stranger: None, timing, largest_block }.run(),
    );
    (link, outlet)
}

impl Pipe {
    /// Sends `count` frames and waits until all have arrived; how long that took.
    async fn round(&mut self, frame: &Bytes, count: usize) -> Duration {
        let began = Instant::now();
        let (link, far) = (Arc::clone(&self.link), Arc::clone(&self.far));
        let frame = frame.clone();
        let sending = tokio::spawn(async move {
            let mut left = count;
            while left > 0 {
                let (messages, bytes, _) = link.waiting();
                let now = tokio::time::Instant::now();
                let room = (900usize.saturating_sub(messages)).min(AHEAD.saturating_sub(bytes) / frame.len()).min(left);
                for _ in 0..room {
                    far.ask();
                    link.push(&frame, Priority::Normal, now).unwrap();
                }
                left -= room;
                tokio::task::yield_now().await;
            }
        });
        let mut arrived = 0;
        let mut batch = Vec::new();
        while arrived < count {
            assert!(self.outlet.take(&mut batch, 1_000).await > 0, "the connection ended");
            arrived += batch.len();
            self.outlet.handled(batch.drain(..).map(|delivery| delivery.weight as usize).sum());
        }
        sending.await.unwrap();
        assert_eq!(self.link.waiting().2, 0, "frames were dropped");
        began.elapsed()
    }

    fn close(self) {
        self.link.close(CloseReason::Abrupt("done".to_owned()));
    }
}

/// The frames: blocks (decoded at the other end), pings, and frames of a type that is skipped, which leaves the transport alone.
fn frames() -> Vec<(&'static str, Bytes)> {
    let (genesis, _) = ChainSpec::lab().genesis();
    let transfer = Transfer { chain: ChainId(1), from: Address([1; 32]), to: Address([2; 32]), amount: 3, fee: 4, nonce: 5 };
    let transaction = Transaction { transfer, signature: Signature([6; 64]) };
    let block = Block { header: genesis.header, transactions: vec![transaction; BLOCK] };
    let mut skipped = vec![0xee; 1 << 18];
    let length = skipped.len() as u32 - 4;
    skipped[..4].copy_from_slice(&length.to_le_bytes());
    vec![
        ("blocks of 780 KB", encode(&Message::Block { block: Arc::new(block) })),
        ("256 KiB, not decoded", Bytes::from(skipped)),
        ("1 KiB transactions", encode(&Message::Transaction { transactions: vec![transaction; 6] })),
        ("pings of 21 bytes", encode(&Message::Ping { nonce: 1, time: 2 })),
    ]
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Frames in a round: so many bytes, but not too many frames.
fn count(frame: &Bytes) -> usize {
    (ROUND / frame.len()).clamp(1, 200_000)
}

fn ratios() {
    let runtime = runtime();
    println!("\n{:<24}{:>16}{:>16}{:>10}", "one connection", "Noise, MB/s", "plain, MB/s", "ratio");
    for (name, frame) in frames() {
        let count = count(&frame);
        let (mut noise, mut plain) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            let mut pipes = (pipe(true).await, pipe(false).await);
            for _ in 0..ROUNDS {
                noise.push(pipes.0.round(&frame, count).await);
                plain.push(pipes.1.round(&frame, count).await);
            }
            pipes.0.close();
            pipes.1.close();
        });
        let speed = |mut times: Vec<Duration>| {
            times.sort();
            (frame.len() * count) as f64 / times[times.len() / 2].as_secs_f64() / 1e6
        };
        let (noise, plain) = (speed(noise), speed(plain));
        println!("{name:<24}{noise:>16.0}{plain:>16.0}{:>10.2}", noise / plain);
    }
    println!();
}

/// Full records, sealed and opened in memory: what the encryption itself costs.
fn records(c: &mut Criterion, runtime: &Runtime) {
    let (mut one, mut two) = runtime.block_on(async {
        let (mut near, mut far) = tokio::io::duplex(1_000);
        let identity = |number| Identity::new(&KeyPair::from_seed([number; 32]), [number + 1; 32]);
        let (alice, bob) = (identity(1), identity(3));
        let (one, two) = tokio::join!(handshake(&mut near, &alice, true, [5; 32]), handshake(&mut far, &bob, false, [6; 32]));
        (one.unwrap().channel, two.unwrap().channel)
    });
    let plain = vec![7; RECORD_PLAIN];
    let mut sealed = vec![0; Channel::sealed_len(plain.len())];
    let mut opened = Vec::new();
    let mut group = c.benchmark_group("records");
    group.throughput(Throughput::Bytes(plain.len() as u64));
    group.bench_function("seal and open, in memory", |b| {
        b.iter(|| {
            let length = one.seal(&plain, &mut sealed).unwrap();
            two.open(&sealed[..length], &mut opened).unwrap()
        });
    });
    group.finish();
}

fn bench(c: &mut Criterion) {
    ratios();
    let runtime = runtime();
    let mut group = c.benchmark_group("handshake");
    group.bench_function("link up over loopback, both ends", |b| {
        b.iter(|| runtime.block_on(async { pipe(true).await.close() }));
    });
    group.finish();
    records(c, &runtime);
    for (name, frame) in frames() {
        let mut group = c.benchmark_group(name);
        let count = count(&frame).div_ceil(8);
        group.sample_size(10).throughput(Throughput::Bytes((frame.len() * count) as u64));
        for (kind, noise) in [("noise", true), ("plain", false)] {
            let mut pipe = runtime.block_on(pipe(noise));
            group.bench_function(kind, |b| {
                b.iter_custom(|rounds| {
                    runtime.block_on(async {
                        let mut total = Duration::ZERO;
                        for _ in 0..rounds {
                            total += pipe.round(&frame, count).await;
                        }
                        total
                    })
                });
            });
            pipe.close();
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
