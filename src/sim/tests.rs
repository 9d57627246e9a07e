use super::*;
use crate::chain::Address;
use crate::chain::testing::Builder;
use crate::node::{Discovery, Event, Mining, Stamped};
use crate::store::{Batch, MemoryStore};
use std::sync::Mutex;

mod peers;

const SECOND: Duration = Duration::from_secs(1);

fn keys(index: usize) -> KeyPair {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(index as u64).to_le_bytes());
    KeyPair::from_seed(seed)
}

/// The lab chain for this many miners of 100 tries a second, a block every 4 s among all; every node has some coins.
fn spec(miners: usize) -> Arc<ChainSpec> {
    let mut allocation: Vec<_> = (0..64).map(|index| (keys(index).address(), 1_000_000)).collect();
    allocation.sort_unstable();
    let initial_difficulty = (miners as u64 * 400).max(1);
    Arc::new(ChainSpec { initial_difficulty, allocation, ..ChainSpec::lab() })
}

fn config(peers: &[usize], mines: bool) -> Config {
    Config {
        bootstrap: peers.iter().map(|peer| Simulation::address(*peer)).collect(),
        mining: mines.then_some(Mining { tries_per_second: 100 }),
        ..Config::default()
    }
}

struct Net {
    sim: Simulation,
    events: Arc<Mutex<Vec<Stamped>>>,
}

impl Net {
    fn new(spec: Arc<ChainSpec>, seed: u64) -> Self {
        let mut sim = Simulation::new(spec, seed);
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        sim.set_events(Arc::new(move |stamped| sink.lock().unwrap().push(stamped)));
        sim.set_links(LinkModel { latency: Duration::from_millis(20), ..LinkModel::default() });
        Self { sim, events }
    }

    fn add(&mut self, config: Config) -> usize {
        let keys = keys(self.sim.len());
        self.sim.add(config, keys, Box::new(MemoryStore::new())).unwrap()
    }

    /// A ring in which each node dials the one before it, and the first the last.
    fn ring(count: usize, miners: usize, seed: u64) -> Self {
        let mut net = Self::new(spec(miners), seed);
        for index in 0..count {
            let before = (index + count - 1) % count;
            net.add(Config { discovery: Discovery::FIXED, ..config(&[before], index < miners) });
        }
        net
    }

    fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.lock().unwrap().iter().filter(|stamped| wanted(&stamped.event)).count()
    }

    fn nobody_was_blamed(&self) {
        let blamed: Vec<_> = self
            .events
            .lock()
            .unwrap()
            .iter()
            .filter(|stamped| {
                matches!(&stamped.event, Event::Banned { .. } | Event::BlockInvalid { .. })
                    || matches!(&stamped.event, Event::Reputation { delta, .. } if *delta < 0)
            })
            .cloned()
            .collect();
        assert!(blamed.is_empty(), "{blamed:#?}");
    }
}

/// Runs on without new blocks being in flight: all tips equal at some moment soon.
fn settle(net: &mut Net) {
    assert!(net.sim.run_until(60 * SECOND, SECOND / 10, Simulation::agrees), "the tips do not agree");
}

#[test]
fn two_nodes_find_each_other_mine_and_agree() {
    let mut net = Net::new(spec(2), 1);
    net.add(config(&[], true));
    net.add(config(&[0], true));
    net.sim.run_for(120 * SECOND);
    settle(&mut net);
    let height = net.sim.node(0).unwrap().ledger().tip().height;
    assert!((10..60).contains(&height), "{height} blocks in two minutes at one every 4 s");
    for index in 0..2 {
        assert!(net.count(|event| matches!(event, Event::BlockMined { .. })) > 0);
        assert_eq!(net.sim.node(index).unwrap().ready_peers(), vec![keys(1 - index).address()]);
    }
    net.nobody_was_blamed();
}

#[test]
fn three_nodes_come_to_know_each_other_through_one() {
    let mut net = Net::new(spec(3), 2);
    net.add(config(&[], true));
    net.add(config(&[0], true));
    net.add(config(&[0], true));
    let known = |sim: &Simulation| sim.nodes().all(|node| node.ready_peers().len() == 2);
    assert!(net.sim.run_until(20 * SECOND, SECOND / 10, known), "1 and 2 did not meet");
    net.sim.run_for(60 * SECOND);
    assert!(known(&net.sim), "they lost each other again");
    settle(&mut net);
    net.nobody_was_blamed();
}

#[test]
fn twenty_nodes_in_a_ring_agree() {
    let mut net = Net::ring(20, 5, 3);
    net.sim.run_for(120 * SECOND);
    settle(&mut net);
    assert!(net.sim.node(0).unwrap().ledger().tip().height > 10);
    net.nobody_was_blamed();
}

#[test]
fn a_peer_that_is_not_up_yet_is_dialled_until_it_is() {
    let mut net = Net::new(spec(1), 4);
    net.add(config(&[1], false));
    net.sim.run_for(10 * SECOND);
    let failures = net.count(|event| matches!(event, Event::DialFailed { .. }));
    assert!((3..20).contains(&failures), "{failures} dials in 10 s: back-off from 0.2 to 5 s");
    net.add(config(&[], false));
    let met = |sim: &Simulation| sim.nodes().all(|node| node.ready_peers().len() == 1);
    assert!(net.sim.run_until(6 * SECOND, SECOND / 10, met));
}

#[test]
fn the_same_seed_gives_the_same_history_and_another_seed_another() {
    let run = |seed| {
        let mut net = Net::ring(8, 4, seed);
        for index in 0..8 {
            let to = keys((index + 3) % 8).address();
            net.sim.command(index, Command::Transfer { to, amount: 10, fee: 1 });
        }
        net.sim.run_for(60 * SECOND);
        let events = net.events.lock().unwrap();
        (net.sim.trace_hash(), format!("{events:?}"))
    };
    let (first, again, other) = (run(42), run(42), run(43));
    assert_eq!(first.0, again.0);
    assert_eq!(first.1, again.1);
    assert_ne!(first.0, other.0);
}

#[test]
fn transfers_travel_are_mined_and_are_paid() {
    let mut net = Net::ring(6, 3, 5);
    net.sim.run_for(5 * SECOND);
    let to = Address([9; 32]);
    for round in 0..10 {
        for index in 0..6 {
            net.sim.command(index, Command::Transfer { to, amount: 100, fee: 1 + round });
        }
    }
    let paid =
        |sim: &Simulation| sim.nodes().all(|node| node.ledger().state().get(&to).is_some_and(|account| account.balance == 6_000));
    assert!(net.sim.run_until(120 * SECOND, SECOND, paid));
    assert!(net.sim.nodes().all(|node| node.mempool().is_empty()));
    net.nobody_was_blamed();
}

/// A store that holds a ready-made chain.
fn stored(builder: &Builder) -> Box<MemoryStore> {
    let mut store = MemoryStore::new();
    let (tip, state) = (builder.tip(), builder.state.clone());
    store.commit(&Batch { blocks: builder.blocks[1..].to_vec(), tip, state }).unwrap();
    Box::new(store)
}

/// A chain on which every nonce seals, so that thousands of blocks are made in a moment.
fn long_chain(blocks: usize) -> (Arc<ChainSpec>, Builder) {
    let spec = crate::chain::testing::easy_spec();
    let mut builder = Builder::new(Arc::clone(&spec));
    builder.grow(blocks, 1);
    (spec, builder)
}

/// Virtual time after all of a chain's blocks, so that none is from the future.
fn after(builder: &Builder) -> Duration {
    Duration::from_millis(builder.blocks.last().unwrap().header.time - builder.spec.genesis_time)
}

#[test]
fn a_late_joiner_catches_up_5000_blocks_from_several_peers() {
    let (spec, chain) = long_chain(5_000);
    let mut net = Net::new(spec, 6);
    net.sim.run_for(after(&chain));
    for index in 0..3 {
        let peers: Vec<_> = (0..index).collect();
        net.sim.add(config(&peers, false), keys(index), stored(&chain)).unwrap();
    }
    net.sim.run_for(5 * SECOND);
    let joiner = net.add(config(&[0, 1, 2], false));
    let done = |sim: &Simulation| sim.node(joiner).unwrap().ledger().tip().height == 5_000;
    assert!(net.sim.run_until(60 * SECOND, SECOND, done), "stuck at {}", net.sim.node(joiner).unwrap().ledger().tip().height);
    assert!(net.sim.agrees());
    let events = net.events.lock().unwrap();
    let mut sources: Vec<_> = events
        .iter()
        .filter_map(|stamped| match &stamped.event {
            Event::BlockReceived { peer, .. } => Some(*peer),
            _ => None,
        })
        .collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!(sources.len(), 3, "bodies came from all three");
    drop(events);
    net.nobody_was_blamed();
}

#[test]
fn a_download_whose_source_dies_goes_on_with_the_others() {
    let (spec, chain) = long_chain(3_000);
    let mut net = Net::new(spec, 7);
    net.sim.run_for(after(&chain));
    for index in 0..2 {
        net.sim.add(config(&[], false), keys(index), stored(&chain)).unwrap();
    }
    let joiner = net.add(config(&[0, 1], false));
    let begun = |sim: &Simulation| sim.node(joiner).unwrap().ledger().tip().height > 200;
    assert!(net.sim.run_until(60 * SECOND, SECOND / 20, begun));
    assert!(net.sim.node(joiner).unwrap().ledger().tip().height < 3_000);
    net.sim.kill(0);
    let done = |sim: &Simulation| sim.node(joiner).unwrap().ledger().tip().height == 3_000;
    assert!(net.sim.run_until(60 * SECOND, SECOND, done));
}

#[test]
fn two_halves_drift_apart_and_one_wins_when_they_meet() {
    let mut net = Net::ring(6, 6, 8);
    net.sim.run_for(10 * SECOND);
    let (left, right) = ([0, 1, 2], [3, 4, 5]);
    for a in left {
        right.iter().for_each(|b| net.sim.set_cut(a, *b, true));
    }
    net.sim.run_for(90 * SECOND);
    let tip = |net: &Net, index: usize| net.sim.node(index).unwrap().ledger().tip();
    assert_ne!(tip(&net, 0).id, tip(&net, 4).id, "they did not drift apart");
    let works = [tip(&net, 0).work, tip(&net, 4).work];
    for a in left {
        right.iter().for_each(|b| net.sim.set_cut(a, *b, false));
    }
    net.sim.run_for(30 * SECOND);
    settle(&mut net);
    let depth = |stamped: &Stamped| match stamped.event {
        Event::Reorg { depth, .. } => Some(depth),
        _ => None,
    };
    let deepest = net.events.lock().unwrap().iter().filter_map(depth).max();
    assert!(deepest.unwrap() > 3, "a minute and a half apart makes a deep reorg");
    assert!(tip(&net, 0).work > works[0].max(works[1]));
    net.nobody_was_blamed();
}

#[test]
fn a_killed_node_goes_on_from_its_store_and_catches_up() {
    let mut net = Net::ring(4, 2, 9);
    net.sim.run_for(60 * SECOND);
    let height = net.sim.node(3).unwrap().ledger().tip().height;
    assert!(height > 5);
    net.sim.kill(3);
    net.sim.run_for(30 * SECOND);
    assert!(net.sim.node(0).unwrap().ready_peers().len() == 1, "its peers noticed");
    net.sim.restart(3).unwrap();
    assert!(net.sim.node(3).unwrap().ledger().tip().height >= height, "it starts where it stopped");
    net.sim.run_for(10 * SECOND);
    settle(&mut net);
    assert_eq!(net.sim.node(0).unwrap().ready_peers().len(), 2, "its old links are back");
    net.nobody_was_blamed();
}

#[test]
fn a_node_that_dials_itself_forgets_the_address() {
    let mut net = Net::new(spec(1), 10);
    net.add(config(&[0, 1], false));
    net.add(config(&[], false));
    net.sim.run_for(30 * SECOND);
    let dials = net.count(|event| matches!(event, Event::Connecting { address } if *address == Simulation::address(0)));
    assert_eq!(dials, 1);
    assert_eq!(net.sim.node(0).unwrap().ready_peers(), vec![keys(1).address()]);
}

#[test]
fn a_dial_that_broke_is_nothing_to_the_next_boot() {
    let mut net = Net::new(spec(1), 13);
    net.sim.set_links(LinkModel { latency: SECOND / 10, ..LinkModel::default() });
    net.add(config(&[1], false));
    net.add(config(&[], false));
    // The dial has arrived, and hands are not shaken yet.
    net.sim.run_for(SECOND * 3 / 20);
    net.sim.kill(1);
    net.sim.kill(0);
    net.sim.restart(0).unwrap();
    let failures = |net: &Net| net.count(|event| matches!(event, Event::DialFailed { .. }));
    net.sim.run_for(SECOND / 20);
    assert_eq!(failures(&net), 0, "its own dial is still on its way");
    net.sim.run_for(SECOND / 2);
    assert!(failures(&net) > 0);
}

#[test]
fn two_nodes_that_dial_each_other_keep_exactly_one_link() {
    for seed in 0..20 {
        let mut net = Net::new(spec(1), seed);
        net.add(config(&[1], false));
        net.add(config(&[0], false));
        net.sim.run_for(2 * SECOND);
        for index in 0..2 {
            assert_eq!(net.sim.node(index).unwrap().ready_peers(), vec![keys(1 - index).address()], "seed {seed}");
        }
        net.events.lock().unwrap().clear();
        net.sim.run_for(60 * SECOND);
        let changes = net.count(|event| matches!(event, Event::Connected { .. } | Event::Disconnected { .. }));
        assert_eq!(changes, 0, "seed {seed}: the link flaps");
    }
}

#[test]
fn nodes_of_different_chains_part_and_say_why() {
    let mut net = Net::new(spec(1), 11);
    net.add(config(&[], false));
    let mut other = Simulation::new(Arc::new(ChainSpec { reward: 7, ..(*spec(1)).clone() }), 1);
    assert_ne!(other.genesis.spec.genesis_id(), net.sim.genesis.spec.genesis_id());
    // A machine of the other chain moves over into this network.
    other.add(config(&[0], false), keys(1), Box::new(MemoryStore::new())).unwrap();
    let mut foreign = other.hosts.remove(0);
    foreign.deadline = Time::MAX;
    net.sim.hosts.push(foreign);
    net.sim.queue.push(net.sim.now, Happening::Dialled { host: 1, address: Simulation::address(0), boot: 1 });
    net.sim.schedule_deadline(1);
    net.sim.run_for(12 * SECOND);
    let why: Vec<_> = net
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|stamped| match &stamped.event {
            Event::Disconnected { why, .. } => Some(why.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(why.len(), 2, "both sides, once, and no redial at once: {why:?}");
    assert!(why.iter().all(|why| why.contains("genesis")), "{why:?}");
    assert_eq!(net.count(|event| matches!(event, Event::Banned { .. } | Event::NewPeer { .. })), 0);
}

#[test]
fn a_silent_link_is_noticed_and_dialled_again_when_it_is_mended() {
    let mut net = Net::ring(2, 1, 12);
    net.sim.run_for(5 * SECOND);
    net.sim.set_cut(0, 1, true);
    net.sim.run_for(15 * SECOND);
    assert!(net.sim.nodes().all(|node| node.ready_peers().is_empty()), "no pong for 6 s ends a link");
    net.sim.set_cut(0, 1, false);
    net.sim.run_for(15 * SECOND);
    assert!(net.sim.nodes().all(|node| node.ready_peers().len() == 1));
    settle(&mut net);
    net.nobody_was_blamed();
}

#[test]
fn a_node_says_goodbye_and_stores_everything_when_it_is_told_to_stop() {
    let mut net = Net::ring(3, 3, 13);
    net.sim.run_for(30 * SECOND);
    let height = net.sim.node(1).unwrap().ledger().tip().height;
    net.sim.command(1, Command::Shutdown);
    net.sim.run_for(SECOND);
    assert!(net.count(|event| matches!(event, Event::Stopped)) == 1);
    let goodbyes = net.count(|event| matches!(event, Event::Disconnected { why, .. } if why.contains("shuts down")));
    assert_eq!(goodbyes, 2, "both peers were told");
    assert!(net.sim.node(1).is_none());
    net.sim.restart(1).unwrap();
    assert!(net.sim.node(1).unwrap().ledger().tip().height >= height, "all that it had is stored");
}

const SLOW: LinkModel = LinkModel {
    latency: Duration::from_millis(40),
    jitter: Duration::from_millis(10),
    loss: 20_000,
    bandwidth: Some(100_000),
    reorder: 10_000,
    duplicate: 10_000,
    corrupt: 0,
    cut: false,
};

#[test]
fn bad_links_delay_and_do_not_divide() {
    let mut net = Net::ring(8, 4, 14);
    net.sim.set_links(SLOW);
    net.sim.run_for(180 * SECOND);
    settle(&mut net);
    assert!(net.sim.node(0).unwrap().ledger().tip().height > 10);
    net.nobody_was_blamed();
}

#[test]
fn a_round_trip_takes_what_both_directions_say() {
    let mut net = Net::ring(2, 0, 15);
    let ms = Duration::from_millis;
    net.sim.set_link(0, 1, LinkModel { latency: ms(100), ..LinkModel::default() });
    net.sim.set_link(1, 0, LinkModel { latency: ms(30), ..LinkModel::default() });
    net.sim.run_for(10 * SECOND);
    let events = net.events.lock().unwrap();
    let times: Vec<_> = events
        .iter()
        .filter_map(|stamped| match stamped.event {
            Event::RoundTrip { time, .. } => Some(time),
            _ => None,
        })
        .collect();
    assert!(times.len() > 4);
    // The first ping was on its way when the links changed.
    assert!(times[2..].iter().all(|time| (ms(130)..ms(135)).contains(time)), "{times:?}");
}

#[test]
fn a_narrow_link_holds_bodies_back_and_lets_pings_through() {
    let (spec, chain) = long_chain(2_000);
    let mut net = Net::new(spec, 16);
    net.sim.run_for(after(&chain));
    net.sim.add(config(&[], false), keys(0), stored(&chain)).unwrap();
    // One message of 2,000 headers alone takes 12 s, twice as long as a pong may.
    net.sim.set_link(0, 1, LinkModel { bandwidth: Some(30_000), ..LinkModel::default() });
    net.add(config(&[0], false));
    net.sim.run_for(5 * SECOND);
    assert!(net.sim.node(1).unwrap().ledger().tip().height < 2_000, "800 KB do not pass at 30 KB/s in 5 s");
    net.sim.run_for(60 * SECOND);
    assert_eq!(net.sim.node(1).unwrap().ledger().tip().height, 2_000);
    net.nobody_was_blamed();
}

#[test]
fn a_corrupted_record_ends_its_connection_and_the_next_one_works() {
    let mut net = Net::ring(2, 1, 17);
    net.sim.set_links(LinkModel { corrupt: 50_000, ..LinkModel::default() });
    net.sim.run_for(60 * SECOND);
    let broken = net.count(|event| matches!(event, Event::Disconnected { why, .. } if why.contains("decrypted")));
    assert!(broken > 0);
    net.sim.set_links(LinkModel::default());
    net.sim.run_for(20 * SECOND);
    assert!(net.sim.nodes().all(|node| node.ready_peers().len() == 1));
    settle(&mut net);
    net.nobody_was_blamed();
}

#[test]
fn a_node_that_stood_still_goes_on_and_blames_nobody() {
    let mut net = Net::ring(4, 2, 18);
    net.sim.run_for(20 * SECOND);
    net.sim.set_paused(3, true);
    net.sim.run_for(4 * SECOND);
    let still = net.sim.node(3).unwrap().ledger().tip();
    assert!(net.sim.node(0).unwrap().ready_peers().len() == 2, "four seconds are within a pong's time");
    net.sim.run_for(30 * SECOND);
    assert_eq!(net.sim.node(3).unwrap().ledger().tip(), still);
    assert!(net.sim.node(0).unwrap().ready_peers().len() == 1, "half a minute is not");
    net.sim.set_paused(3, false);
    net.sim.run_for(20 * SECOND);
    settle(&mut net);
    assert_eq!(net.sim.node(0).unwrap().ready_peers().len(), 2);
    net.nobody_was_blamed();
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again() {
    let mut net = Net::ring(3, 3, 19);
    net.sim.set_disk_full(1, true);
    net.sim.run_for(30 * SECOND);
    assert!(net.count(|event| matches!(event, Event::Warning { text } if text.contains("not stored"))) > 0);
    net.sim.set_disk_full(1, false);
    net.sim.run_for(20 * SECOND);
    let height = net.sim.node(1).unwrap().ledger().tip().height;
    net.sim.kill(1);
    net.sim.restart(1).unwrap();
    assert!(height > 5);
    assert_eq!(net.sim.node(1).unwrap().ledger().tip().height, height);
}

#[test]
fn a_clock_that_is_off_is_noticed_and_the_chain_goes_on() {
    let mut net = Net::ring(4, 3, 20);
    net.sim.command(0, Command::SkewClock { millis: 15 * 60_000 });
    net.sim.run_for(SECOND / 10);
    net.sim.kill(1);
    net.sim.restart(1).unwrap();
    net.sim.run_for(60 * SECOND);
    assert!(net.count(|event| matches!(event, Event::Warning { text } if text.contains("clock"))) > 0);
    // Blocks of the one whose clock is fast are from the future for the others: they go on without them, and ban nobody.
    let tip = |index| net.sim.node(index).unwrap().ledger().tip();
    assert!(tip(2).height > 3);
    assert_eq!(net.count(|event| matches!(event, Event::Banned { .. })), 0);
}

#[test]
fn a_node_added_stopped_starts_when_it_is_told_to() {
    let mut net = Net::ring(2, 1, 21);
    let late = net.sim.add_stopped(config(&[0], false), keys(2), Box::new(MemoryStore::new()));
    net.sim.run_for(10 * SECOND);
    assert!(net.sim.node(late).is_none());
    net.sim.restart(late).unwrap();
    net.sim.run_for(10 * SECOND);
    assert_eq!(net.sim.node(late).unwrap().ready_peers().len(), 1);
    settle(&mut net);
}

#[test]
fn a_dial_that_a_kill_interrupts_is_tried_again() {
    for after in [500, 700, 900] {
        let mut net = Net::new(spec(1), 30);
        net.sim.set_links(LinkModel { latency: Duration::from_millis(250), ..LinkModel::default() });
        net.add(config(&[], false));
        net.add(config(&[0], false));
        net.sim.run_for(Duration::from_millis(after));
        net.sim.kill(0);
        net.sim.run_for(SECOND);
        net.sim.restart(0).unwrap();
        net.sim.run_for(20 * SECOND);
        assert!(net.sim.nodes().all(|node| node.ready_peers().len() == 1), "killed after {after} ms");
    }
}

#[test]
fn a_lone_miner_cut_off_for_long_comes_over_to_the_better_branch() {
    let spec = Arc::new((*spec(4)).clone().with_miners(1_000, 400));
    let mut net = Net::new(spec, 22);
    for index in 0..4 {
        net.add(Config { discovery: Discovery::FIXED, ..config(&[(index + 3) % 4], true) });
    }
    net.sim.set_links(LinkModel { latency: Duration::from_millis(20), loss: 10_000, ..LinkModel::default() });
    net.sim.run_for(5 * SECOND);
    (1..4).for_each(|other| net.sim.set_cut(0, other, true));
    net.sim.run_for(300 * SECOND);
    let lone = net.sim.node(0).unwrap().ledger().tip();
    (1..4).for_each(|other| net.sim.set_cut(0, other, false));
    net.sim.run_for(30 * SECOND);
    settle(&mut net);
    assert!(lone.height > 100, "long enough that the fork lies far below what new headers need: {lone:?}");
    net.nobody_was_blamed();
}

#[path = "thin_tests.rs"]
mod thin;
#[path = "told_tests.rs"]
mod told;
