//! How addresses are found, in whole networks.

use super::*;
use crate::chain::Address;
use crate::link::LinkModel;
use crate::node::{Discovery, Event, LookedUp};
use crate::store::MemoryStore;
use std::sync::Mutex;

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
fn a_hundred_nodes_find_each_other_in_four_rounds() {
    let mut sim = joined(100, 1);
    sim.run_for(Duration::from_secs(60));
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

/// Only the seed's name is known to anybody; it comes to be known late, and then changes.
#[test]
fn a_seed_s_name_brings_nodes_together() {
    let mut sim = Simulation::new(Arc::new(ChainSpec::lab()), 1);
    let warnings = Arc::new(Mutex::new(0));
    let count = Arc::clone(&warnings);
    sim.set_events(Arc::new(move |stamped| {
        *count.lock().unwrap() += usize::from(matches!(stamped.event, Event::Warning { .. }))
    }));
    let seeds = Discovery { dns_seeds: vec!["seed.test".to_owned()], exchange: false, kademlia: false, ..Discovery::default() };
    for _ in 0..3 {
        add(&mut sim, seeds.clone(), &[]);
    }
    sim.run_for(Duration::from_secs(20));
    assert!(sim.nodes().all(|node| node.ready_peers().is_empty()));
    assert_eq!(*warnings.lock().unwrap(), 3, "each says once that the name does not resolve");
    sim.name("seed.test", vec![Simulation::address(0).ip(), Simulation::address(1).ip()]);
    let together = |sim: &Simulation| sim.nodes().all(|node| node.ready_peers().len() == 2);
    let linked = |sim: &Simulation| sim.node(2).is_some_and(|node| node.ready_peers().len() == 2);
    assert!(sim.run_until(Duration::from_secs(60), Duration::from_secs(1), linked), "the pauses grow, but come to an end");
    assert!(sim.run_until(Duration::from_secs(60), Duration::from_secs(1), together));
}

/// Thirty nodes know one address; by news and questions they find the others, and that one is not needed any longer.
#[test]
fn the_first_address_may_go_once_all_are_there() {
    let mut sim = Simulation::new(Arc::new(ChainSpec::lab()), 3);
    add(&mut sim, Discovery::default(), &[]);
    for _ in 1..30 {
        add(&mut sim, Discovery::default(), &[0]);
    }
    sim.run_for(Duration::from_secs(20));
    sim.kill(0);
    sim.run_for(Duration::from_secs(20));
    for node in sim.nodes() {
        assert!(node.ready_peers().len() >= 3, "{} has {} peers", node.id().short(), node.ready_peers().len());
        assert_eq!(node.over_budget(), None);
    }
}

/// With Kademlia alone, whoever joins becomes known to those around its id, and its look-ups fill its book.
#[test]
fn a_node_that_comes_back_is_found_again() {
    let mut sim = joined(30, 5);
    sim.run_for(Duration::from_secs(20));
    sim.kill(7);
    sim.run_for(Duration::from_secs(20));
    sim.restart(7).unwrap();
    sim.run_for(Duration::from_secs(20));
    let found = look_up(&mut sim, 22, keys(7).address());
    assert_eq!(found.found, Some(Simulation::address(7)));
    assert_eq!(look_up(&mut sim, 22, keys(999).address()).found, None, "who does not exist is not found, and the look-up ends");
}

#[test]
fn look_ups_have_one_history_for_one_seed() {
    let history = |seed| {
        let mut sim = joined(12, seed);
        sim.run_for(Duration::from_secs(15));
        sim.trace_hash()
    };
    assert_eq!(history(1), history(1));
    assert_ne!(history(1), history(2));
}
