//! The simulation at scale, on one core: how much faster than real time (by its processor time), what a delivered message costs, and how much
//! memory it takes.
//!
//! `cargo bench --bench sim`; a number of nodes as argument runs that size only, `10000` the large one; a second number is the seconds of
//! virtual time, fewer of them for a profiler.

#[path = "common/draw.rs"]
mod draw;
#[path = "common/process.rs"]
mod process;

use draw::{keys, pick};
use process::{processor_time, resident};
use rumormill::chain::ChainSpec;
use rumormill::link::LinkModel;
use rumormill::node::{Command, Config, Discovery, Mining, Timing};
use rumormill::sim::Simulation;
use rumormill::store::MemoryStore;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Links of each node: it dials four, and about four dial it.
const DIALS: usize = 4;
const BLOCK_TIME: Duration = Duration::from_secs(10);
const TRANSACTIONS_PER_SECOND: u32 = 5;
const MINERS: usize = 10;
/// Tries a second of one miner: few, since the search is not what is measured.
const TRIES: u64 = 50;

fn build(nodes: usize, timing: Timing) -> Simulation {
    let mut allocation: Vec<_> = (0..nodes).map(|index| (keys(index).address(), 1_000_000)).collect();
    allocation.sort_unstable();
    let spec = ChainSpec { allocation, ..ChainSpec::lab() };
    let spec = Arc::new(spec.with_miners(BLOCK_TIME.as_millis() as u64, MINERS.min(nodes) as u64 * TRIES));
    let mut sim = Simulation::new(spec, 1);
    sim.set_links(LinkModel { latency: Duration::from_millis(50), ..LinkModel::default() });
    let mut random = 0x1234_5678_9abc_def0;
    for index in 0..nodes {
        let mut peers: Vec<_> = (0..DIALS).filter(|_| index > 0).map(|_| pick(&mut random, index)).collect();
        peers.sort_unstable();
        peers.dedup();
        let config = Config {
            bootstrap: peers.into_iter().map(Simulation::address).collect(),
            discovery: Discovery::FIXED,
            max_inbound: 1_000,
            timing,
            mining: (index < MINERS).then_some(Mining { tries_per_second: TRIES }),
            ..Config::default()
        };
        sim.add(config, keys(index), Box::new(MemoryStore::new())).expect("memory holds it");
    }
    sim
}

fn run(nodes: usize, timing: Timing, virtual_time: Duration) -> f64 {
    let began = Instant::now();
    let mut sim = build(nodes, timing);
    sim.run_for(Duration::from_secs(5));
    let started = began.elapsed();
    let mut random = 0x0fed_cba9_8765_4321;
    let (before, clock, processor) = (sim.delivered(), Instant::now(), processor_time());
    let gap = Duration::from_secs(1) / TRANSACTIONS_PER_SECOND;
    let end = sim.elapsed() + virtual_time;
    while sim.elapsed() < end {
        let (from, to) = (pick(&mut random, nodes), keys(pick(&mut random, nodes)).address());
        sim.command(from, Command::Transfer { to, amount: 1, fee: 1 });
        sim.run_for(gap);
    }
    let (wall, messages) = (clock.elapsed(), sim.delivered() - before);
    let took = processor_time().zip(processor).map_or(wall, |(after, before)| after - before);
    let cost = took.as_secs_f64() / messages as f64;
    println!(
        "{nodes} nodes, {} intervals: start {started:.1?}; {virtual_time:?} in {took:.2?} of processor time, {wall:.2?} on the clock, {:.1} x real time; {messages} messages at {:.2} us; all at height {} or more; {} MiB; trace {}",
        if timing == Timing::LAB { "lab" } else { "public" },
        virtual_time.as_secs_f64() / took.as_secs_f64(),
        cost * 1e6,
        sim.nodes().map(|node| node.ledger().tip().height).min().unwrap_or(0),
        resident().map_or("?".to_owned(), |kib| (kib >> 10).to_string()),
        sim.trace_hash().short(),
    );
    cost
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--test") {
        run(8, Timing::LAB, Duration::from_secs(10));
        return;
    }
    let numbers: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    if let Some(nodes) = numbers.first().map(|nodes| *nodes as usize) {
        let seconds = numbers.get(1).copied().unwrap_or(if nodes > 2_000 { 30 } else { 60 });
        for timing in [Timing::LAB, Timing::PUBLIC] {
            run(nodes, timing, Duration::from_secs(seconds));
        }
        return;
    }
    for timing in [Timing::LAB, Timing::PUBLIC] {
        let small = run(8, timing, Duration::from_secs(600));
        run(100, timing, Duration::from_secs(60));
        let large = run(1_000, timing, Duration::from_secs(60));
        println!("cost of a delivered message, 1,000 nodes against 8: {:.2}", large / small);
    }
}
