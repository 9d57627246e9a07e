//! How addresses are found, in whole networks.

use super::*;
use crate::link::LinkModel;
use crate::chain::Address;
use crate::node::{Discovery, LookedUp};
use crate::store::MemoryStore;

fn keys(index: usize) -> KeyPair {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(index as u64).to_le_bytes());
    KeyPair::from_seed(seed)
}

const KADEMLIA: Discovery = Discovery { bootstrap: true, dns_seeds: Vec::new(), exchange: false, kademlia: true };

fn add(sim: &mut Simulation, discovery: Discovery, bootstrap: &[usize]) -> usize {
    let index = sim.len();
    let bootstrap = bootstrap.iter().map(|node| Simulation::address(*node)).collect();
    let config = Config { bootstrap, discovery, max_outbound: 4, ..Config::default() };
    sim.add(config, keys(index), Box::new(MemoryStore::new())).unwrap()
}

/// A network in which nodes join one after the other, each knowing two that came before it.
fn joined(count: usize, seed: u64) -> Simulation {
    let mut sim = Simulation::new(Arc::new(ChainSpec::lab()), seed);
    sim.set_links(LinkModel { latency: Duration::from_millis(20), ..LinkModel::default() });
    for index in 0..count {
        let known: Vec<usize> = if index == 0 { vec![] } else { vec![index / 2, (index * 7 + 3) % index] };
        add(&mut sim, KADEMLIA, &known);
        sim.run_for(Duration::from_millis(50));
    }
    sim
}

fn look_up(sim: &mut Simulation, from: usize, target: Address) -> LookedUp {
    sim.command(from, Command::LookUp(target));
    let ended = |sim: &Simulation| sim.node(from).unwrap().looked_up().is_some_and(|ended| ended.target == target);
    assert!(sim.run_until(Duration::from_secs(60), Duration::from_millis(50), ended), "a look-up did not end");
    sim.node(from).unwrap().looked_up().unwrap()
}

#[test]
fn two_hundred_nodes_find_each_other_in_four_rounds() {
    let mut sim = joined(100, 1);
    sim.run_for(Duration::from_secs(60));
    for (i, node) in sim.nodes().enumerate() {
        if node.own_address().is_none() { eprintln!("{i} does not know itself, {} peers, table {}", node.ready_peers().len(), node.routing_table_len()); }
    }
    let mut rounds = BTreeMap::new();
    for turn in 0..100 {
        let (from, to) = (turn * 37 % 100, (turn * 101 + 13) % 100);
        if from != to {
            let found = look_up(&mut sim, from, keys(to).address());
            assert_eq!(found.found, Some(Simulation::address(to)), "{from} looks for {to}: {found:?}");
            *rounds.entry(found.rounds).or_insert(0) += 1;
        }
    }
    let late: usize = rounds.iter().filter(|(rounds, _)| **rounds > 4).map(|(_, count)| count).sum();
    assert!(late <= 1, "rounds: {rounds:?}");
    assert!(rounds.keys().any(|rounds| *rounds > 0), "nobody had to ask: {rounds:?}");
    for node in sim.nodes() {
        assert_eq!(node.over_budget(), None);
    }
}
