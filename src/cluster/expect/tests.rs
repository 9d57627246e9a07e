use super::*;
use crate::chain::{Address, BlockId, TxId};
use crate::cluster::director::chosen;
use crate::cluster::scenario::{Bounds, Fault, TimelineEntry};
use crate::cluster::{Plan, Selection};
use crate::node::{ConnectionId, Direction, Event, PeerTraffic, SyncPhase};
use std::net::{Ipv4Addr, SocketAddr};

const START: Time = Time(1_000_000);
const S: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// Three nodes, n2 of which misbehaves where `adversary` is set.
struct Run {
    judge: Judge,
}

fn id(node: u32) -> Address {
    Address([u8::try_from(node).unwrap(); 32])
}

fn expectation(what: What, when: When) -> Expectation {
    Expectation { what, nodes: Selection::All, bounds: Bounds::default(), when }
}

fn at_most(what: What, most: f64, when: When) -> Expectation {
    Expectation { bounds: Bounds { at_least: None, at_most: Some(most) }, ..expectation(what, when) }
}

fn at_least(what: What, least: f64, when: When) -> Expectation {
    Expectation { bounds: Bounds { at_least: Some(least), at_most: None }, ..expectation(what, when) }
}

fn plan(expectation: Expectation) -> Plan {
    Plan { count: 3, mines: true, expectations: vec![expectation], ..Plan::default() }
}

impl Run {
    fn new(expectation: Expectation) -> Self {
        Self::of(&plan(expectation))
    }

    fn of(plan: &Plan) -> Self {
        let mut run = Self { judge: Judge::new(plan, START) };
        for node in 0..3 {
            run.says(Duration::ZERO, node, started(node));
        }
        for (a, b) in [(0, 1), (1, 0), (1, 2), (2, 1)] {
            let (connection, address) = (ConnectionId(b.into()), SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
            run.says(Duration::ZERO, a, Event::Connected { connection, address, direction: Direction::Inbound, peer: id(b) });
            let (agent, version, height) = (String::new(), 1, 0);
            run.says(Duration::ZERO, a, Event::NewPeer { connection, peer: id(b), address, agent, version, height });
        }
        run
    }

    fn says(&mut self, at: Duration, node: u32, event: Event) -> &mut Self {
        self.judge.see(&Stamped { at: START + at, node, event });
        self
    }

    fn tip(&mut self, at: Duration, node: u32, name: u8, height: u64) -> &mut Self {
        self.says(at, node, Event::TipChanged { id: BlockId([name; 32]), height, balance: 0, transactions: height })
    }

    fn line(&self) -> (Verdict, String) {
        let line = self.judge.lines().remove(0);
        (line.verdict, line.measured)
    }

    fn verdict(&self) -> Verdict {
        self.line().0
    }

    fn end(&mut self, at: Duration) -> (Verdict, String) {
        self.judge.end(at);
        self.line()
    }
}

fn started(node: u32) -> Event {
    let (height, tip) = (0, BlockId::default());
    Event::Started { id: id(node), height, tip, balance: 0, max_peers: 8, mining: None }
}

fn banned(peer: u32) -> Event {
    Event::Banned { peer: id(peer), reason: "why".into(), time: S }
}

#[test]
fn the_same_tip_is_met_at_the_first_moment_and_missed_at_the_deadline() {
    let mut run = Run::new(expectation(What::SameTip, When::By(10 * S)));
    assert_eq!(run.verdict(), Verdict::Pending, "agreeing on genesis is no agreement where somebody mines");
    run.tip(S, 0, 1, 1).tip(2 * S, 1, 1, 1);
    assert_eq!(run.line(), (Verdict::Pending, "2 tips, the commonest on 2 of 3 nodes".into()));
    run.tip(3 * S, 2, 1, 1);
    assert_eq!(run.line(), (Verdict::Met, "one tip, block 1, on 3 nodes, at 3s".into()));
    assert_eq!(run.tip(4 * S, 0, 2, 2).end(20 * S).0, Verdict::Met, "the first moment counts");

    let mut run = Run::new(expectation(What::SameTip, When::By(10 * S)));
    run.tip(S, 0, 1, 1).tip(11 * S, 1, 1, 1).tip(11 * S, 2, 1, 1);
    assert_eq!(run.line(), (Verdict::Missed, "2 tips, the commonest on 2 of 3 nodes, at 10s".into()));
}

#[test]
fn what_holds_from_the_start_holds_by_any_moment() {
    let reorgs = || at_most(What::ReorgDepth, 0.0, When::By(10 * S));
    let mut run = Run::new(reorgs());
    run.tip(11 * S, 0, 1, 1);
    assert_eq!(run.line(), (Verdict::Met, "0, at 0s".into()));
    let of = |what, nodes| Expectation { nodes, ..at_most(what, 0.0, When::By(10 * S)) };
    for what in [What::Bans, What::BansOf, What::Events { kind: "warning".into() }] {
        assert_eq!(Run::new(of(what.clone(), Selection::All)).end(10 * S).0, Verdict::Met, "{what:?}");
        let mut run = Run::new(of(what.clone(), Selection::All));
        run.says(S, 0, banned(1)).says(S, 0, Event::Warning { text: String::new() });
        assert_eq!(run.end(10 * S).0, Verdict::Met, "{what:?}: it held for a second");
    }
    // What comes to hold without an event of its own, as sums over a growing chain do, is found at the deadline.
    let mut run = Run::new(at_most(What::MessagesPerBlock, 0.0, When::By(10 * S)));
    run.tip(S, 0, 1, 2);
    assert_eq!(run.end(10 * S).0, Verdict::Met);
}

#[test]
fn all_transfers_are_mined_by_a_moment_only_if_there_was_one() {
    let mined = || expectation(What::TransactionsMined, When::By(10 * S));
    let mut run = Run::of(&Plan { transactions_per_second: 1.0, ..plan(mined()) });
    run.tip(S, 0, 1, 0);
    assert_eq!(run.line(), (Verdict::Pending, "0 of 0 on the main chain".into()));
    run.says(2 * S, 0, Event::TransactionAccepted { id: TxId([1; 32]), from: None });
    assert_eq!(run.verdict(), Verdict::Pending);
    assert_eq!(run.tip(3 * S, 0, 2, 1).line(), (Verdict::Met, "1 of 1 on the main chain, at 3s".into()));
    let mut run = Run::of(&Plan { transactions_per_second: 1.0, ..plan(mined()) });
    assert_eq!(run.tip(S, 0, 1, 0).end(10 * S).0, Verdict::Missed);
    assert_eq!(Run::new(mined()).end(10 * S).0, Verdict::Met, "where none are made there are none to wait for");
}

#[test]
fn what_held_before_the_last_disturbance_says_nothing() {
    let fault = Fault::Partition { groups: vec![chosen([0])] };
    let timeline = vec![TimelineEntry { at: 5 * S, fault, lasts: Some(10 * S) }];
    let mut run = Run::of(&Plan { timeline, ..plan(expectation(What::SameTip, When::By(30 * S))) });
    run.tip(S, 0, 1, 1).tip(S, 1, 1, 1).tip(S, 2, 1, 1);
    run.tip(14 * S, 0, 2, 2);
    assert_eq!(run.verdict(), Verdict::Pending);
    run.tip(16 * S, 1, 2, 2).tip(17 * S, 2, 2, 2);
    assert_eq!(run.line(), (Verdict::Met, "one tip, block 2, on 3 nodes, at 17s".into()));
}

#[test]
fn stopped_nodes_are_left_out_and_adversaries_too_unless_named() {
    let mut run = Run::new(expectation(What::SameTip, When::AtEnd));
    run.tip(S, 0, 1, 1).tip(S, 1, 1, 1);
    run.judge.down(2 * S, 2);
    assert_eq!(run.end(3 * S).0, Verdict::Met);
    for (nodes, verdict) in [(Selection::All, Verdict::Met), (chosen([0, 1, 2]), Verdict::Missed)] {
        let expectation = Expectation { nodes, ..expectation(What::SameTip, When::AtEnd) };
        let mut run = Run::of(&Plan { adversaries: [2].into(), ..plan(expectation) });
        run.tip(S, 0, 1, 1).tip(S, 1, 1, 1).tip(S, 2, 9, 9);
        assert_eq!(run.end(3 * S).0, verdict);
    }
}

#[test]
fn throughout_means_every_moment_from_then_on() {
    let throughout = || at_least(What::Connected, 1.0, When::From(5 * S));
    let mut run = Run::new(throughout());
    let lost = |peer: u32| Event::Disconnected {
        connection: ConnectionId(peer.into()),
        peer: id(peer),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
        why: String::new(),
        guest: false,
    };
    run.says(6 * S, 1, lost(2));
    assert_eq!(run.verdict(), Verdict::Pending, "n1 still has n0");
    run.says(7 * S, 0, lost(1));
    assert_eq!(run.line(), (Verdict::Missed, "0 to 1, at 7s".into()));
    let mut early = Run::new(throughout());
    early.says(S, 0, lost(1));
    assert_eq!(early.verdict(), Verdict::Pending);
    early.judge.advance(6 * S);
    assert_eq!(early.line(), (Verdict::Missed, "0 to 2, at 5s".into()));
    assert_eq!(Run::new(throughout()).end(9 * S).0, Verdict::Met);
    assert_eq!(Run::new(throughout()).end(4 * S).0, Verdict::Pending, "the run was too short to tell");
}

#[test]
fn heights_have_a_lowest_and_a_highest() {
    let mut run = Run::new(at_least(What::Height, 2.0, When::By(9 * S)));
    run.tip(S, 0, 1, 2).tip(S, 1, 1, 5);
    assert_eq!(run.line(), (Verdict::Pending, "0 to 5".into()));
    assert_eq!(run.tip(2 * S, 2, 1, 2).line(), (Verdict::Met, "2 to 5, at 2s".into()));
    let mut run = Run::new(at_most(What::Height, 4.0, When::AtEnd));
    assert_eq!(run.tip(S, 1, 1, 5).end(2 * S).0, Verdict::Missed);
}

#[test]
fn all_must_be_synced() {
    let sync = |phase| Event::Sync { phase, height: 0, headers: 0, target: 0, downloaded: 0, from: None };
    let mut run = Run::new(expectation(What::Synced, When::By(9 * S)));
    run.says(S, 0, sync(SyncPhase::Synced)).says(S, 1, sync(SyncPhase::Synced)).says(S, 2, sync(SyncPhase::Blocks));
    assert_eq!(run.line(), (Verdict::Pending, "2 of 3 synced".into()));
    assert_eq!(run.says(2 * S, 2, sync(SyncPhase::Synced)).line(), (Verdict::Met, "all 3 synced, at 2s".into()));
    assert_eq!(Run::new(expectation(What::Synced, When::By(9 * S))).end(10 * S).0, Verdict::Missed);
}

#[test]
fn bans_count_by_who_made_them_and_whom_they_hit() {
    let of = |what, nodes: Selection| Expectation { nodes, ..at_most(what, 0.0, When::From(Duration::ZERO)) };
    let mut run = Run::new(of(What::Bans, chosen([0])));
    assert_eq!(run.says(S, 1, banned(0)).verdict(), Verdict::Pending);
    assert_eq!(run.says(2 * S, 0, banned(1)).line(), (Verdict::Missed, "1, at 2s".into()));
    let mut run = Run::new(of(What::BansOf, chosen([0])));
    assert_eq!(run.says(S, 0, banned(1)).verdict(), Verdict::Pending);
    assert_eq!(run.says(2 * S, 1, banned(0)).verdict(), Verdict::Missed);
    // What an adversary does to honest nodes is no ban of theirs.
    let mut run = Run::of(&Plan { adversaries: [2].into(), ..plan(of(What::BansOf, Selection::All)) });
    assert_eq!(run.says(S, 2, banned(1)).says(S, 1, banned(2)).end(2 * S).0, Verdict::Met);
}

#[test]
fn reputation_is_the_lowest_or_the_highest_that_peers_hold() {
    let fell = |peer, value| Event::Reputation {
        connection: ConnectionId(1),
        peer: id(peer),
        delta: -1_000,
        value,
        reason: String::new(),
    };
    let of = |expectation: Expectation| Expectation { nodes: chosen([1]), ..expectation };
    let mut run = Run::new(of(at_most(What::Reputation, -10.0, When::By(9 * S))));
    run.says(S, 0, fell(1, -2_000));
    assert_eq!(run.line(), (Verdict::Pending, "-20 to 0".into()), "n2 thinks nothing ill of it yet");
    assert_eq!(run.says(2 * S, 2, fell(1, -1_050)).line(), (Verdict::Met, "-20 to -10.5, at 2s".into()));
    let mut run = Run::new(of(at_least(What::Reputation, -10.0, When::From(S))));
    assert_eq!(run.says(2 * S, 0, fell(1, -1_001)).verdict(), Verdict::Missed);
}

fn travel(run: &mut Run, at: Duration, name: u8, hop: Duration) {
    let (block, peer) = (BlockId([name; 32]), ConnectionId(1));
    run.says(at, 0, Event::BlockMined { id: block, height: 1, transactions: 0, size: 1, reward: 0 });
    for (node, from) in [(1, 0), (2, 1)] {
        let miner = id(0);
        let event =
            Event::BlockReceived { id: block, height: 1, transactions: 0, size: 1, miner, connection: peer, peer: id(from) };
        run.says(at + hop * node, node, event);
    }
}

#[test]
fn blocks_are_traced_from_node_to_node() {
    let p95 = What::BlockPropagation { percentile: 95 };
    let mut run = Run::new(at_most(p95.clone(), 0.3, When::AtEnd));
    for (name, hop) in [(1, 100 * MS), (2, 150 * MS), (3, 900 * MS)] {
        travel(&mut run, S * name.into(), name, hop);
    }
    let travelled = run.judge.facts().blocks.travel();
    assert_eq!((travelled.count, travelled.arrived, travelled.hops), (3, 3, Some(2)));
    assert_eq!((travelled.p50, travelled.p95, travelled.worst), (Some(150 * MS), Some(300 * MS), Some(1_800 * MS)));
    assert_eq!(run.end(9 * S), (Verdict::Met, "300ms (median of 3 blocks)".into()));
    assert_eq!(
        Run::new(at_most(p95, 0.3, When::AtEnd)).end(S),
        (Verdict::Missed, "nothing measured (median of 0 blocks)".into())
    );
}

#[test]
fn a_block_reaches_all_nodes_once_however_many_run_meanwhile() {
    let received = |node: u32| Event::BlockReceived {
        id: BlockId([1; 32]),
        height: 1,
        transactions: 0,
        size: 1,
        miner: id(0),
        connection: ConnectionId(1),
        peer: id(node - 1),
    };
    let mined = Event::BlockMined { id: BlockId([1; 32]), height: 1, transactions: 0, size: 1, reward: 0 };
    // n2 is down when n1, the last that runs, gets it; back, it gets it too, and that is no second arrival at all.
    let mut run = Run::new(expectation(What::SameTip, When::AtEnd));
    run.judge.down(S, 2);
    run.says(2 * S, 0, mined.clone()).says(3 * S, 1, received(1)).says(4 * S, 2, started(2)).says(9 * S, 2, received(2));
    let travel = run.judge.facts().blocks.travel();
    assert_eq!((travel.all, travel.hops), (Some(S), Some(1)));
    // n0 ends before n1 and n2 have it: three had it then, of two that run.
    let mut run = Run::new(expectation(What::SameTip, When::AtEnd));
    run.says(2 * S, 0, mined).says(3 * S, 1, received(1));
    run.judge.down(3 * S, 0);
    run.judge.down(3 * S, 1);
    run.says(6 * S, 2, received(2));
    assert_eq!(run.judge.facts().blocks.travel().all, Some(4 * S));
}

#[test]
fn what_was_submitted_is_counted_once_and_not_kept() {
    let mut run = Run::new(expectation(What::TransactionsMined, When::AtEnd));
    for number in 0..70_000_u32 {
        let mut tx = [0; 32];
        tx[..4].copy_from_slice(&number.to_le_bytes());
        run.says(S, 0, Event::TransactionAccepted { id: TxId(tx), from: None });
        run.says(S, 1, Event::TransactionAccepted { id: TxId(tx), from: None });
    }
    assert_eq!(run.judge.facts().transfers(), (70_000, 0));
    assert!(run.judge.facts().remembered() < 70_000);
}

#[test]
fn transactions_are_traced_and_must_be_mined() {
    let accept = |run: &mut Run, name: u8| {
        for (node, from) in [(1, None), (0, Some(ConnectionId(1))), (2, Some(ConnectionId(1)))] {
            run.says(S + 20 * MS * node, node, Event::TransactionAccepted { id: TxId([name; 32]), from });
        }
    };
    let mut run = Run::new(at_most(What::TransactionPropagation { percentile: 50 }, 0.001, When::AtEnd));
    accept(&mut run, 7);
    assert_eq!(run.end(2 * S).0, Verdict::Met);
    let mut run = Run::new(expectation(What::TransactionsMined, When::AtEnd));
    for name in 0..3 {
        accept(&mut run, name);
    }
    run.tip(2 * S, 0, 1, 2);
    assert!(!run.judge.settled());
    assert_eq!(run.line().1, "2 of 3 on the main chain");
    run.tip(2 * S, 0, 2, 3);
    assert!(run.judge.settled());
    assert_eq!(run.end(3 * S).0, Verdict::Met);
}

#[test]
fn figures_of_cost_are_per_block_and_per_delivery() {
    let pulse = |messages_out, bytes_out, duplicates| Event::Pulse {
        peers: vec![PeerTraffic { connection: 1, messages_out, bytes_out, ..PeerTraffic::default() }],
        duplicates,
        mempool: 0,
        mempool_bytes: 0,
        messages: Vec::new(),
    };
    let judged = |what, most| {
        let mut run = Run::new(at_most(what, most, When::AtEnd));
        run.says(S, 0, pulse(10, 1_000, 1)).says(2 * S, 0, pulse(30, 5_000, 3));
        travel(&mut run, 2 * S, 1, MS);
        run.tip(3 * S, 0, 1, 2).end(4 * S)
    };
    assert_eq!(judged(What::MessagesPerBlock, 15.0), (Verdict::Met, "15".into()));
    assert_eq!(judged(What::MessagesPerBlock, 14.0).0, Verdict::Missed);
    assert_eq!(judged(What::BytesPerBlock, 2_500.0), (Verdict::Met, "2500".into()));
    assert_eq!(judged(What::DuplicatesPerDelivery, 1.4), (Verdict::Missed, "1.50".into()));
    assert_eq!(judged(What::DuplicatesPerDelivery, 1.5).0, Verdict::Met);
}

#[test]
fn a_node_that_comes_back_does_not_move_the_start_of_the_chain() {
    let mut run = Run::new(expectation(What::SameTip, When::AtEnd));
    run.tip(S, 0, 1, 5).tip(S, 1, 1, 5).tip(S, 2, 1, 5);
    run.judge.down(2 * S, 2);
    let again = Event::Started { id: id(2), height: 5, tip: BlockId([1; 32]), balance: 0, max_peers: 8, mining: None };
    run.says(3 * S, 2, again);
    assert_eq!(run.judge.facts().chain_growth(), 5);
    assert_eq!(run.end(4 * S).0, Verdict::Met, "nobody has to find another block for its return");
}

#[test]
fn reorgs_memory_and_events_are_counted() {
    let reorg = Event::Reorg { depth: 3, fork_height: 1, old_tip: BlockId::default(), new_tip: BlockId::default() };
    let mut run = Run::new(at_most(What::ReorgDepth, 2.0, When::From(Duration::ZERO)));
    assert_eq!(run.says(S, 1, reorg).line(), (Verdict::Missed, "3, at 1s".into()));
    let mut run = Run::new(at_most(What::Memory, 1e6, When::AtEnd));
    run.judge.memory(900_000);
    run.judge.memory(800_000);
    assert_eq!(run.end(S), (Verdict::Met, "0.9 MB".into()));
    let warned = || Event::Warning { text: String::new() };
    let mut run = Run::new(at_most(What::Events { kind: "warning".into() }, 1.0, When::From(Duration::ZERO)));
    assert_eq!(run.says(S, 1, warned()).verdict(), Verdict::Pending);
    assert_eq!(run.says(2 * S, 1, warned()).verdict(), Verdict::Missed);
}

#[test]
fn expectations_are_sentences() {
    let words = |expectation| expectation_words(&expectation);
    assert_eq!(words(expectation(What::SameTip, When::By(120 * S))), "all nodes have the same tip by 2m");
    assert_eq!(words(at_most(What::Bans, 0.0, When::AtEnd)), "bans made by all nodes: none at the end");
    let p95 = What::BlockPropagation { percentile: 95 };
    let text = "a block reaches 95% of the nodes within at most 1s 500ms at the end";
    assert_eq!(words(at_most(p95, 1.5, When::AtEnd)), text);
    let peers = Expectation { nodes: chosen([1, 2]), ..at_least(What::Connected, 2.0, When::From(5 * S)) };
    assert_eq!(words(peers), "n1..n2 have at least 2 peers each from 5s on");
}

#[test]
fn events_have_the_names_that_json_lines_give_them() {
    for event in [started(1), banned(1), Event::Stopped, Event::Warning { text: String::new() }] {
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["event"], event_kind(&event));
    }
}
