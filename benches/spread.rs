//! How long a message of 1 KiB takes to reach 100 nodes on the sockets driver, beside what a single hop over bare TCP costs in the same run.
//!
//! One node mines a block of six transfers (1,104 bytes on the wire) every half second or so; 99 others, each linked to four earlier ones,
//! validate it and pass it on. Measured is the time from the miner's own tip to each other node's, by one clock for all.
//!
//! `cargo bench --bench spread`

use rumormill::chain::{BlockId, ChainSpec, KeyPair, Transaction};
use rumormill::net::{self, Names, Setup, Transport, Workers};
use rumormill::node::{Command, Config, Discovery, Event, EventSink, Mining, Stamped};
use rumormill::store::MemoryStore;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const NODES: u32 = 100;
const LINKS: usize = 4;
const BLOCKS: usize = 60;
const TRANSFERS: usize = 6;
/// Blocks of this many transfers are counted; header, list and frame take the rest of the KiB.
const BYTES: usize = 4 + 1 + 169 + 8 + TRANSFERS * Transaction::SIZE;

fn keys(index: u32) -> KeyPair {
    let mut seed = [3; 32];
    seed[..4].copy_from_slice(&index.to_le_bytes());
    KeyPair::from_seed(seed)
}

/// When each node had each block as its tip.
#[derive(Default)]
struct Seen {
    tips: BTreeMap<BlockId, Vec<Instant>>,
    /// Blocks of the wanted size, in order.
    mined: Vec<BlockId>,
    peers: usize,
}

fn main() {
    // `cargo test --benches` and `cargo bench -- --test` only want to know that it runs.
    let blocks = if std::env::args().any(|argument| argument == "--test") { 2 } else { BLOCKS };
    for threads in [1, 2] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let hop = bare_hop();
        match runtime {
            Ok(runtime) => report(threads, hop, runtime.block_on(spread(threads, blocks))),
            Err(error) => eprintln!("no runtime: {error}"),
        }
    }
}

/// One way of [`BYTES`] over bare loopback TCP: half of the median round trip, two threads, blocking calls.
fn bare_hop() -> Duration {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let address = listener.local_addr().expect("bound");
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; BYTES];
        while stream.read_exact(&mut buffer).is_ok() {
            stream.write_all(&buffer)?;
        }
        std::io::Result::Ok(())
    });
    let mut stream = TcpStream::connect(address).expect("loopback");
    stream.set_nodelay(true).expect("nodelay");
    let mut buffer = [1; BYTES];
    let mut trips: Vec<_> = (0..2_000)
        .map(|_| {
            let start = Instant::now();
            stream.write_all(&buffer).expect("echo is up");
            stream.read_exact(&mut buffer).expect("echo is up");
            start.elapsed() / 2
        })
        .collect();
    drop(stream);
    let _ = echo.join();
    trips.sort_unstable();
    trips[trips.len() / 2]
}

async fn spread(threads: usize, blocks: usize) -> Vec<Duration> {
    let mut allocation: Vec<_> = (0..NODES).map(|index| (keys(index).address(), 1_000_000)).collect();
    allocation.sort_unstable();
    let spec = Arc::new(ChainSpec { allocation, ..ChainSpec::lab() }.with_miners(500, 2_000));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let sink = Arc::clone(&seen);
    let events: EventSink = Arc::new(move |stamped: Stamped| {
        let now = Instant::now();
        let mut seen = sink.lock().expect("no panic under it");
        match stamped.event {
            Event::TipChanged { id, .. } => seen.tips.entry(id).or_default().push(now),
            Event::BlockMined { id, transactions, .. } if transactions == TRANSFERS => seen.mined.push(id),
            Event::NewPeer { .. } => seen.peers += 1,
            _ => {}
        }
    });
    let workers = Workers::new(threads);
    let mut handles: Vec<net::Handle> = Vec::new();
    for index in 0..NODES {
        // A fixed pattern that mixes near and far: a small world, the same in every run.
        let peers = (1..=LINKS as u32).filter_map(|link| index.checked_sub(link * link)).map(|peer| peer as usize);
        let bootstrap = peers.filter_map(|peer| handles.get(peer).and_then(net::Handle::address)).collect();
        let config = Config {
            bootstrap,
            discovery: Discovery::FIXED,
            max_inbound: 100,
            mining: (index == 0).then_some(Mining { tries_per_second: 2_000 }),
            ..Config::default()
        };
        let setup = Setup {
            config,
            keys: keys(index),
            transport: Transport::default(),
            spec: Arc::clone(&spec),
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            store: Box::new(MemoryStore::new()),
            addresses: None,
            index,
            seed: u64::from(index),
            events: Arc::clone(&events),
            workers: workers.clone(),
            names: Names::system(),
            upnp: None,
            wrap: None,
        };
        handles.push(net::start(setup).await.expect("a node starts"));
    }
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let mut sent_for = None;
    loop {
        tick.tick().await;
        let (mined, tip) = {
            let seen = seen.lock().expect("no panic under it");
            (seen.mined.len(), seen.tips.len())
        };
        if mined >= blocks {
            break;
        }
        // Six transfers wait for each next block.
        if sent_for != Some(tip) {
            sent_for = Some(tip);
            for n in 0..TRANSFERS as u32 {
                let to = keys(n + 1).address();
                handles[0].command(Command::Transfer { to, amount: 1, fee: 1 });
            }
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut stopping: tokio::task::JoinSet<_> = handles.into_iter().map(net::Handle::stop).collect();
    while stopping.join_next().await.is_some() {}
    let seen = seen.lock().expect("no panic under it");
    let all = seen.mined.iter().filter_map(|id| seen.tips.get(id)).filter(|tips| tips.len() == NODES as usize);
    all.filter_map(|tips| Some(tips.iter().max()?.duration_since(*tips.iter().min()?))).collect()
}

fn report(threads: usize, hop: Duration, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!(
        "{BYTES} bytes to {NODES} nodes, {threads} runtime thread(s): p50 {:?}, p90 {:?}, max {:?} of {} blocks; bare TCP hop {hop:?}; p50 is {:.0} hops",
        at(50),
        at(90),
        times.last().copied().unwrap_or_default(),
        times.len(),
        at(50).as_secs_f64() / hop.as_secs_f64().max(1e-9),
    );
}
