//! Who is a peer of whom, and who stays one: slots, ties, health, recovery, and who is not to blame.

use super::*;
use crate::node::{ConnectionId, NamedCount};

impl Net {
    /// What a node's own stream told, in order.
    fn told(&self, node: usize) -> Vec<Event> {
        let events = self.events.lock().unwrap();
        events.iter().filter(|stamped| stamped.node as usize == node).map(|stamped| stamped.event.clone()).collect()
    }

    fn forget(&self) {
        self.events.lock().unwrap().clear();
    }

    fn ready(&self, node: usize) -> Vec<Address> {
        self.sim.node(node).unwrap().ready_peers()
    }

    /// What finding and keeping peers has come to, as last told.
    fn connectivity(&self, node: usize) -> Vec<NamedCount> {
        let told = self.told(node);
        let last = told.iter().rev().find_map(|event| match event {
            Event::Connectivity { counts, .. } => Some(counts.clone()),
            _ => None,
        });
        last.unwrap_or_default()
    }

    fn counted(&self, node: usize, name: &str) -> u64 {
        let counts = self.connectivity(node);
        counts.iter().find(|count| count.name == name).unwrap_or_else(|| panic!("{name} in {counts:?}")).count
    }

    /// The connection that a node has, or had, with a peer.
    fn connection(&self, node: usize, peer: usize) -> ConnectionId {
        let wanted = keys(peer).address();
        let told = self.told(node);
        let met = told.iter().rev().find_map(|event| match event {
            Event::NewPeer { connection, peer, .. } if *peer == wanted => Some(*connection),
            _ => None,
        });
        met.unwrap()
    }
}

fn fixed(peers: &[usize], mines: bool) -> Config {
    Config { discovery: Discovery::FIXED, ..config(peers, mines) }
}

#[test]
fn two_that_dial_each_other_have_one_link_within_a_second() {
    for seed in 0..20 {
        let mut net = Net::new(spec(1), seed);
        net.add(config(&[1], false));
        net.add(config(&[0], false));
        net.sim.run_for(SECOND);
        for node in 0..2 {
            let told = net.told(node);
            let up = told.iter().filter(|event| matches!(event, Event::Connected { .. })).count();
            let down = told.iter().filter(|event| matches!(event, Event::Disconnected { .. })).count();
            assert_eq!((up - down, net.ready(node)), (1, vec![keys(1 - node).address()]), "seed {seed}");
        }
    }
}

#[test]
fn one_identity_from_two_addresses_has_one_link_that_does_not_flap() {
    let mut net = Net::new(spec(1), 40);
    net.add(config(&[], true));
    net.add(fixed(&[0], false));
    net.sim.run_for(5 * SECOND);
    let link = net.connection(0, 1);
    // A copy of the second node, with its key, at another address.
    net.sim.add(fixed(&[0], false), keys(1), Box::new(MemoryStore::new())).unwrap();
    net.sim.run_for(120 * SECOND);
    assert_eq!(net.ready(0), [keys(1).address()]);
    assert_eq!(net.connection(0, 1), link, "the first one stays");
    let told = net.told(0);
    let knocks = told.iter().filter(|event| matches!(event, Event::Connected { .. })).count();
    assert!((3..80).contains(&knocks), "the copy backs off: {knocks} knocks in two minutes");
    assert!(!told.iter().any(|event| matches!(event, Event::Disconnected { connection, .. } if *connection == link)));
    net.nobody_was_blamed();
}

/// 200 strangers, all of one network with the honest ones (a simulation's addresses are private), who take slots and bring nothing.
#[test]
fn a_flood_of_strangers_costs_a_full_node_none_of_its_useful_peers() {
    let mut net = Net::new(spec(8), 41);
    net.add(Config { max_outbound: 0, ..fixed(&[], false) });
    for _ in 1..=8 {
        net.add(fixed(&[0], true));
    }
    net.sim.run_for(60 * SECOND);
    let links: Vec<_> = (1..=8).map(|peer| net.connection(0, peer)).collect();
    assert_eq!(net.ready(0).len(), 8);
    for _ in 0..200 {
        net.add(fixed(&[0], false));
    }
    net.sim.run_for(180 * SECOND);
    let told = net.told(0);
    let lost = told.iter().filter(|event| matches!(event, Event::Disconnected { connection, .. } if links.contains(connection)));
    assert_eq!(lost.count(), 0);
    assert_eq!(net.ready(0).len(), 32, "every slot is taken");
    assert!(net.counted(0, "evicted for a newcomer") > 5, "and strangers change places");
    assert!(net.counted(0, "refused for want of a slot") > 100);
    assert_eq!(net.sim.node(0).unwrap().over_budget(), None);
    net.nobody_was_blamed();
}

#[test]
fn a_slow_and_lossy_peer_scores_less_and_is_asked_less() {
    let (spec, chain) = long_chain(1_000);
    let mut net = Net::new(spec, 42);
    net.sim.run_for(after(&chain));
    for index in 0..3 {
        net.sim.add(fixed(&[], false), keys(index), stored(&chain)).unwrap();
    }
    let slow = LinkModel { latency: Duration::from_millis(600), loss: 100_000, ..LinkModel::default() };
    for (from, to) in [(0, 3), (3, 0)] {
        net.sim.set_link(from, to, slow);
    }
    let joiner = net.add(Config { mining: None, ..fixed(&[0, 1, 2], false) });
    net.sim.run_for(60 * SECOND);
    assert_eq!(net.sim.node(joiner).unwrap().ledger().tip().height, 1_000);
    let told = net.told(joiner);
    let asked = |peer| {
        let link = net.connection(joiner, peer);
        told.iter().filter(|event| matches!(event, Event::Asked { connection, .. } if *connection == link)).count()
    };
    let score = |peer| {
        let link = net.connection(joiner, peer);
        let scores = told.iter().filter_map(|event| if let Event::Health { scores } = event { Some(scores) } else { None });
        scores.flatten().filter(|(connection, _)| *connection == link).map(|(_, score)| *score).next_back().unwrap()
    };
    assert!(score(0) + 15 <= score(1).min(score(2)), "{} beside {} and {}", score(0), score(1), score(2));
    assert!(asked(0) * 4 < asked(1).min(asked(2)), "{} beside {} and {}", asked(0), asked(1), asked(2));
}

/// Row 24 of what a node must survive: who never reads costs the others nothing, and goes.
#[test]
fn a_peer_that_never_reads_goes_and_delays_nobody_else() {
    let round_trips = |stalled: bool| {
        let mut net = Net::new(spec(2), 43);
        net.add(fixed(&[], true));
        for _ in 1..=6 {
            net.add(fixed(&[0], false));
        }
        net.sim.run_for(10 * SECOND);
        net.forget();
        if stalled {
            // What is sent to it waits, and nothing comes back.
            net.sim.set_cut(0, 1, true);
        }
        for round in 0..200 {
            for node in 2..6 {
                net.sim.command(node, Command::Transfer { to: keys(7).address(), amount: 1, fee: 1 + round % 5 });
            }
            net.sim.run_for(SECOND / 10);
        }
        assert_eq!(net.sim.node(0).unwrap().over_budget(), None);
        let gone = net.told(0).iter().any(|event| {
            matches!(event, Event::Disconnected { peer, why, .. } if *peer == keys(1).address() && why.contains("no pong"))
        });
        assert_eq!(gone, stalled);
        let mut times: Vec<_> = net
            .told(0)
            .iter()
            .filter_map(|event| if let Event::RoundTrip { time, .. } = event { Some(*time) } else { None })
            .collect();
        times.sort_unstable();
        assert!(times.len() > 40);
        times[times.len() * 99 / 100]
    };
    let (quiet, stalled) = (round_trips(false), round_trips(true));
    assert!(stalled <= quiet + Duration::from_millis(1), "99 % within {stalled:?} beside {quiet:?}");
}

/// Row 28: all seem slow, so we are. Nobody loses his link or his name for it, and the work is done.
#[test]
fn when_everybody_is_slow_it_is_we_and_nobody_is_dropped() {
    let (spec, chain) = long_chain(1_500);
    let mut net = Net::new(spec, 44);
    net.sim.run_for(after(&chain));
    for index in 0..4 {
        net.sim.add(fixed(&[], false), keys(index), stored(&chain)).unwrap();
    }
    // Our line is far away and thin, in both directions, with everybody.
    let thin = LinkModel { latency: Duration::from_millis(900), bandwidth: Some(10_000), ..LinkModel::default() };
    for peer in 0..4 {
        net.sim.set_link(peer, 4, thin);
        net.sim.set_link(4, peer, thin);
    }
    let slow = net.add(fixed(&[0, 1, 2, 3], false));
    net.sim.run_for(30 * SECOND);
    assert_eq!(net.ready(slow).len(), 4);
    net.forget();
    let done = |sim: &Simulation| sim.node(slow).unwrap().ledger().tip().height == 1_500;
    assert!(net.sim.run_until(600 * SECOND, SECOND, done), "{}", net.sim.node(slow).unwrap().ledger().tip().height);
    assert_eq!(net.count(|event| matches!(event, Event::Disconnected { .. })), 0, "no churn");
    net.nobody_was_blamed();
}

#[test]
fn what_is_lost_comes_back_or_is_replaced_and_both_are_counted() {
    let mut net = Net::new(spec(1), 45);
    net.add(config(&[], true));
    for _ in 1..5 {
        net.add(config(&[0], false));
    }
    net.sim.run_for(20 * SECOND);
    net.sim.kill(0);
    net.sim.run_for(20 * SECOND);
    net.sim.restart(0).unwrap();
    net.sim.run_for(30 * SECOND);
    let sum = |net: &Net, name: &str| (1..5).map(|node| net.counted(node, name)).sum::<u64>();
    assert_eq!((sum(&net, "links recovered"), sum(&net, "links replaced")), (4, 0));
    assert!(sum(&net, "bootstrap dialled again") >= 4);
    // Another comes in the place of one that does not.
    net.sim.kill(0);
    net.sim.run_for(15 * SECOND);
    net.add(config(&[1, 2, 3, 4], false));
    net.sim.run_for(30 * SECOND);
    assert_eq!((sum(&net, "links recovered"), sum(&net, "links replaced")), (4, 4));
}

#[test]
fn too_few_peers_are_counted_with_the_time_until_there_are_enough() {
    let mut net = Net::new(spec(1), 46);
    net.add(Config { min_peers: 2, ..fixed(&[1, 2], false) });
    net.add(fixed(&[], false));
    net.add(fixed(&[], false));
    net.sim.run_for(15 * SECOND);
    assert_eq!(net.counted(0, "shortages of peers"), 0, "the start is none");
    net.sim.kill(1);
    net.sim.run_for(10 * SECOND);
    net.sim.restart(1).unwrap();
    net.sim.run_for(20 * SECOND);
    let times = ["shortages of peers", "shortages ended", "links recovered"].map(|name| net.counted(0, name));
    assert_eq!(times, [1, 1, 1]);
    let time = net.counted(0, "shortage in ms");
    assert!((9_000..17_000).contains(&time), "{time} ms");
    assert_eq!(net.counted(0, "links replaced"), 0);
}
