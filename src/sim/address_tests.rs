//! Finding peers and finding them again: outbound links, the address book across restarts, anchors.

use super::*;
use crate::chain::Address;
use crate::node::{ConnectionId, Direction, Event, Stamped, Timing};
use crate::store::{MemoryStore, SavedAddress, Teller};
use crate::wire::{Message, PeerAddress};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

const SECOND: Duration = Duration::from_secs(1);

fn keys(index: usize) -> KeyPair {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(index as u64).to_le_bytes());
    KeyPair::from_seed(seed)
}

/// Links of one node: who is at the other end, and whether it was dialled.
type Links = BTreeMap<ConnectionId, (Address, bool)>;

#[derive(Default)]
struct Seen {
    links: BTreeMap<usize, Links>,
    events: Vec<Stamped>,
}

struct Net {
    sim: Simulation,
    seen: Arc<Mutex<Seen>>,
}

impl Net {
    fn new(seed: u64) -> Self {
        let mut sim = Simulation::new(Arc::new(ChainSpec::lab()), seed);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let sink = Arc::clone(&seen);
        sim.set_events(Arc::new(move |stamped| {
            let mut seen = sink.lock().unwrap();
            let links = seen.links.entry(stamped.node as usize).or_default();
            match &stamped.event {
                Event::Started { .. } => links.clear(),
                Event::Connected { connection, direction, peer, .. } => {
                    links.insert(*connection, (*peer, *direction == Direction::Outbound));
                }
                Event::Disconnected { connection, .. } => drop(links.remove(connection)),
                _ => {}
            }
            seen.events.push(stamped);
        }));
        sim.set_links(LinkModel { latency: Duration::from_millis(20), ..LinkModel::default() });
        Self { sim, seen }
    }

    fn add(&mut self, bootstrap: &[usize], timing: Timing) -> usize {
        let bootstrap = bootstrap.iter().map(|peer| Simulation::address(*peer)).collect();
        let keys = keys(self.sim.len());
        self.sim.add(Config { bootstrap, timing, ..Config::default() }, keys, Box::new(MemoryStore::new())).unwrap()
    }

    fn count(&self, node: usize, wanted: impl Fn(&Event) -> bool) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.events.iter().filter(|stamped| stamped.node as usize == node && wanted(&stamped.event)).count()
    }

    fn anchors(&self, node: usize) -> Vec<SocketAddr> {
        self.sim.hosts[node].addresses.load().0.map(|saved| saved.anchors).unwrap_or_default()
    }

    fn within_budget(&self) {
        self.sim.nodes().for_each(|node| assert_eq!(node.over_budget(), None));
    }
}

/// Whether a node has its wanted outbound links to different peers, or a link with everybody.
fn is_linked(seen: &Seen, node: usize, others: usize) -> bool {
    let Some(links) = seen.links.get(&node) else { return false };
    let peers: BTreeSet<_> = links.values().map(|(peer, _)| *peer).collect();
    let outbound: BTreeSet<_> = links.values().filter(|(_, outbound)| *outbound).map(|(peer, _)| *peer).collect();
    outbound.len() >= Config::default().max_outbound || peers.len() >= others
}

#[test]
fn thirty_nodes_that_know_one_find_their_links_and_do_not_miss_it() {
    for seed in 0..3 {
        let mut net = Net::new(seed);
        net.add(&[], Timing::LAB);
        for _ in 1..30 {
            net.add(&[0], Timing::LAB);
        }
        let seen = Arc::clone(&net.seen);
        let linked = |_: &Simulation| (0..30).all(|node| is_linked(&seen.lock().unwrap(), node, 29));
        assert!(net.sim.run_until(15 * SECOND, SECOND / 10, linked), "seed {seed}: not all are linked");
        net.sim.run_for(30 * SECOND);
        net.within_budget();

        net.sim.kill(0);
        let few = |sim: &Simulation| sim.nodes().map(|node| node.ready_peers().len()).min().unwrap_or(0);
        let seen = Arc::clone(&net.seen);
        let linked = |sim: &Simulation| {
            assert!(few(sim) >= Config::default().min_peers, "somebody noticed");
            (1..30).all(|node| is_linked(&seen.lock().unwrap(), node, 28))
        };
        // Its end has to be heard of first.
        net.sim.run_for(SECOND / 5);
        assert!(net.sim.run_until(20 * SECOND, SECOND / 10, linked), "seed {seed}: links were lost");
        net.sim.run_for(10 * SECOND);
        // The dead one is dialled no faster than after the longest pause, half of which chance may take, and by none who needs nobody.
        let dials = |net: &Net, node| net.count(node, |event| matches!(event, Event::Connecting { .. }));
        let before: Vec<_> = (0..30).map(|node| dials(&net, node)).collect();
        net.sim.run_for(60 * SECOND);
        for (node, before) in before.iter().enumerate().skip(1) {
            let more = dials(&net, node) - before;
            assert!(more <= 25, "seed {seed}: node {node} dialled {more} times in a minute");
        }
        let idle = (1..30).filter(|node| dials(&net, *node) == before[*node]).count();
        assert!(idle >= 20, "seed {seed}: only {idle} nodes are content");
    }
}

/// Row 21.
#[test]
fn a_restart_with_a_poisoned_book_reaches_an_honest_anchor() {
    let timing = Timing { anchors: true, ..Timing::LAB };
    for seed in 0..10 {
        let mut net = Net::new(seed);
        let honest: Vec<_> = (0..12).map(|index| net.add(if index == 0 { &[] } else { &[0] }, timing)).collect();
        let victim = net.add(&[0], timing);
        net.sim.run_for(120 * SECOND);
        let graceful = seed % 2 == 0;
        if graceful {
            net.sim.command(victim, Command::Shutdown);
            net.sim.run_for(SECOND);
        }
        net.sim.kill(victim);
        let anchors = net.anchors(victim);
        let is_honest = |address: &SocketAddr| honest.iter().any(|index| Simulation::address(*index) == *address);
        assert!(anchors.len() == 2 && anchors.iter().all(is_honest), "{anchors:?}");

        // Forty hostile nodes that hold every link, and a book that knows only them and the dead, with the best of records.
        net.sim.kill(0);
        let first = net.sim.len();
        for _ in 0..40 {
            net.add(&[], timing);
        }
        let file = net.sim.hosts[victim].addresses.clone();
        let mut poisoned = file.load().0.unwrap();
        let now = net.sim.now().0 / 1_000_000;
        let poison = |index: usize| SavedAddress {
            address: Simulation::address(index),
            node: None,
            teller: Teller::Own,
            seen: now,
            since: now,
            tried: true,
            attempts: 9,
            successes: 9,
        };
        poisoned.addresses = (first..first + 5_000).map(poison).collect();
        file.save(&poisoned).unwrap();

        net.sim.restart(victim).unwrap();
        assert_eq!(net.anchors(victim), [], "deleted when read");
        net.sim.run_for(5 * SECOND);
        let peers = net.sim.node(victim).unwrap().ready_peers();
        assert!(honest.iter().any(|index| peers.contains(&keys(*index).address())), "seed {seed}: the victim is eclipsed");
        net.within_budget();
    }
}

#[test]
fn a_node_comes_back_from_its_book_alone() {
    let mut net = Net::new(3);
    for index in 0..6 {
        net.add(if index == 0 { &[] } else { &[0] }, Timing::LAB);
    }
    net.sim.run_for(30 * SECOND);
    // It has been killed, its disk was full for a while, and the only address it was set up with is dead.
    net.sim.set_disk_full(5, true);
    net.sim.run_for(30 * SECOND);
    net.sim.set_disk_full(5, false);
    net.sim.run_for(30 * SECOND);
    net.sim.kill(5);
    net.sim.kill(0);
    net.sim.run_for(SECOND);
    net.sim.restart(5).unwrap();
    let back = |sim: &Simulation| sim.node(5).is_some_and(|node| node.ready_peers().len() == 4);
    assert!(net.sim.run_until(10 * SECOND, SECOND / 10, back), "it did not come back");
}

#[test]
fn feelers_disturb_nobody() {
    let timing = Timing { feeler: Some(2 * SECOND), ..Timing::LAB };
    let mut net = Net::new(5);
    net.add(&[], timing);
    for _ in 1..20 {
        net.add(&[0], timing);
    }
    net.sim.run_for(300 * SECOND);
    let feelers = |event: &Event| match event {
        Event::Disconnected { why, .. } => why.contains("feeler"),
        _ => false,
    };
    let felt: usize = (0..20).map(|node| net.count(node, feelers)).sum();
    assert!(felt > 20, "{felt} feelers came to their end");
    for node in 0..20 {
        assert_eq!(net.count(node, |event| matches!(event, Event::DialFailed { .. } | Event::Reputation { .. })), 0);
        assert!(net.sim.node(node).unwrap().ready_peers().len() >= 8);
    }
    net.within_budget();
}

/// A node that answers each question with a thousand addresses of one network.
struct Flooder {
    node: Node,
    told: u32,
}

impl Flooder {
    fn flood(&mut self, out: &mut [Output], from: usize) {
        for output in &mut out[from..] {
            let Output::Send { message, .. } = output else { continue };
            if let Message::Peers { answer, .. } = **message {
                let place = |n: u32| SocketAddr::from((Ipv4Addr::from((81 << 24 | 2 << 16) + n % 65_536), 8_080));
                let told = (0..1_000).map(|n| PeerAddress::new(place(self.told + n * 61), Address([n as u8; 32]), 0));
                *message = Arc::new(Message::Peers { answer, addresses: told.collect() });
                self.told += 1_000;
            }
        }
    }
}

impl Machine for Flooder {
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        self.node.start(now, out);
    }

    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        let from = out.len();
        self.node.handle(now, input, out);
        self.flood(out, from);
    }

    fn next_deadline(&self) -> Time {
        self.node.next_deadline()
    }

    fn node(&self) -> &Node {
        &self.node
    }
}

/// Row 20.
#[test]
fn a_hundred_messages_with_a_thousand_addresses_of_one_network_take_only_its_share() {
    let mut net = Net::new(6);
    for index in 0..6 {
        net.add(if index == 0 { &[] } else { &[0] }, Timing::LAB);
    }
    let config = Config { bootstrap: vec![Simulation::address(0)], ..Config::default() };
    let flooder = net.sim.add_stopped(config, keys(6), Box::new(MemoryStore::new()));
    net.sim.set_wrap(flooder, Some(Arc::new(|node| Box::new(Flooder { node, told: 0 }))));
    net.sim.restart(flooder).unwrap();
    let floods = |net: &Net| {
        let count = |node| net.count(node, |event| matches!(event, Event::AddressesReceived { count: 1_000, .. }));
        (0..6).map(count).sum::<usize>()
    };
    while floods(&net) < 100 {
        net.sim.run_for(10 * SECOND);
        net.within_budget();
        assert!(net.sim.elapsed() < 3_600 * SECOND, "{} floods", floods(&net));
    }
    let most = {
        let seen = net.seen.lock().unwrap();
        let known = seen.events.iter().filter_map(|stamped| match stamped.event {
            Event::AddressesReceived { known, .. } if stamped.node as usize != flooder => Some(known),
            _ => None,
        });
        known.max().unwrap()
    };
    assert!(most <= 256 + 7, "{most} addresses: a network group's share, and seven nodes");
    let few = |net: &Net| (0..6).map(|node| net.sim.node(node).unwrap().ready_peers().len()).min();
    assert_eq!(few(&net), Some(6), "the honest ones keep their links");
}
