//! Look-ups at scale: how many rounds they take, what they cost, and how many find whom they look for, in a simulated network whose
//! tables were filled by joins and refreshes alone.
//!
//! `cargo bench --bench discovery`; a number of nodes as argument runs that size, a second number is how many look-ups. Look-ups run
//! [`AT_ONCE`] at a time, each from another node: one alone would have a thousand nodes' pings simulated for it.

#[path = "common/draw.rs"]
mod draw;

use draw::{keys, pick};
use rumormill::chain::ChainSpec;
use rumormill::link::LinkModel;
use rumormill::node::{Command, Config, Discovery};
use rumormill::sim::Simulation;
use rumormill::store::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Virtual time from one joining node to the next.
const JOINS: Duration = Duration::from_millis(50);
/// Virtual time after the last one joined, in which tables are refreshed.
const SETTLES: Duration = Duration::from_secs(60);
/// Look-ups at a time.
const AT_ONCE: usize = 100;
/// How often those under way are looked at, virtual time.
const LOOKS: Duration = Duration::from_millis(10);
/// How long a look-up may take, virtual time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes that join one after the other; each knows two that were there before it, and finds the others by look-ups alone.
fn joined(nodes: usize, random: &mut u64) -> Simulation {
    let mut sim = Simulation::new(Arc::new(ChainSpec::lab()), 1);
    sim.set_links(LinkModel { latency: Duration::from_millis(50), ..LinkModel::default() });
    for index in 0..nodes {
        let known: Vec<_> = (0..2).filter(|_| index > 0).map(|_| Simulation::address(pick(random, index))).collect();
        let discovery = Discovery { exchange: false, ..Discovery::default() };
        let config = Config { bootstrap: known, discovery, max_outbound: 4, ..Config::default() };
        sim.add(config, keys(index), Box::new(MemoryStore::new())).expect("memory holds it");
        sim.run_for(JOINS);
        if (index + 1) % 100 == 0 {
            eprintln!("{} nodes joined", index + 1);
        }
    }
    sim.run_for(SETTLES);
    sim
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let nodes = numbers.next().unwrap_or(1_000).max(2);
    let lookups = numbers.next().unwrap_or(1_000);
    let mut random = 0x1234_5678_9abc_def0;
    let start = Instant::now();
    let mut sim = joined(nodes, &mut random);
    let known = sim.nodes().filter(|node| node.own_address().is_some()).count();
    let table = sim.nodes().map(|node| node.routing_table_len()).sum::<usize>() / nodes;
    let (took, virtual_time, messages) = (start.elapsed(), sim.elapsed(), sim.delivered());
    println!("{nodes} nodes joined in {virtual_time:.0?} of virtual time ({took:.1?} real, {messages} messages)");
    println!("nodes in a table, on average: {table}; nodes that know their own address: {known}");

    let mut rounds: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut found, mut asked, mut waited, mut done) = (0, 0, Vec::new(), 0);
    while done < lookups {
        // From one node at most one at a time.
        let mut under_way = BTreeMap::new();
        while under_way.len() < AT_ONCE.min(lookups - done).min(nodes) {
            let from = pick(&mut random, nodes);
            under_way.entry(from).or_insert((from + 1 + pick(&mut random, nodes - 1)) % nodes);
        }
        done += under_way.len();
        let start = sim.now();
        for (&from, &to) in &under_way {
            sim.command(from, Command::LookUp(keys(to).address()));
        }
        while !under_way.is_empty() && sim.now().since(start) < PATIENCE {
            sim.run_for(LOOKS);
            under_way.retain(|&from, &mut to| {
                let ended = sim.node(from).and_then(|node| node.looked_up());
                let Some(ended) = ended.filter(|ended| ended.target == keys(to).address()) else { return true };
                waited.push(sim.now().since(start));
                asked += ended.asked;
                if ended.found == Some(Simulation::address(to)) {
                    found += 1;
                    *rounds.entry(ended.rounds).or_default() += 1;
                }
                false
            });
        }
        eprintln!("{done} look-ups, {} without end", under_way.len());
    }
    waited.sort_unstable();
    let percent = |count: usize| 100.0 * count as f64 / lookups as f64;
    println!(
        "{lookups} look-ups, {found} found their target ({:.1} %), {:.1} questions each",
        percent(found),
        asked as f64 / lookups as f64
    );
    let mut within = 0;
    for (round, count) in &rounds {
        within += count;
        println!("  in {round:>2} rounds: {count:>5}   up to here {:>5.1} %", percent(within));
    }
    let at = |share: usize| waited.get(waited.len().saturating_sub(1) * share / 100).copied().unwrap_or_default();
    println!("virtual time of a look-up, 50 ms one way: median {:.0?}, 99th percentile {:.0?}", at(50), at(99));
}
