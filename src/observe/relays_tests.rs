use super::fixture::{Run, block, id, transaction};
use super::limits::RELAYS;
use crate::node::{ConnectionId, Direction, Event, SyncPhase};
use rumormill_ui::model::{Relay, RelayKind};
use std::time::Duration;

/// Five nodes in a row, each connected with the next by the connection of its index.
fn row() -> Run {
    let mut run = Run::new(5);
    for node in 0..4 {
        run.connect(0, node, node + 1, u64::from(node));
    }
    run
}

fn blocks(run: &mut Run, millis: u64) -> Vec<Relay> {
    let seen = run.see(millis);
    seen.relays.iter().filter(|relay| relay.kind == RelayKind::Block).cloned().collect()
}

#[test]
fn a_block_is_traced_hop_by_hop() {
    let mut run = row();
    run.mined(1_000, 2, 7, 1);
    run.received(1_030, 1, 7, 1, (2, 1));
    run.received(1_040, 3, 7, 1, (2, 2));
    run.received(1_084, 0, 7, 1, (1, 0));
    let relay = &blocks(&mut run, 2_000)[0];
    assert_eq!(relay.path, ["n2", "n1", "n0"]);
    assert_eq!(relay.took, Duration::from_millis(84));
    assert_eq!(relay.seen, (4, 5));
    assert_eq!((relay.height, relay.at), (Some(1), Duration::from_secs(1)));
    assert_eq!(relay.id, block(7).short());
    run.received(1_090, 4, 7, 1, (3, 3));
    // A second copy changes nothing.
    run.body(1_200, 0, 7, 1, (1, 0));
    let relay = &blocks(&mut run, 2_100)[0];
    assert_eq!(relay.path, ["n2", "n3", "n4"]);
    assert_eq!((relay.seen, relay.took), ((5, 5), Duration::from_millis(90)));
}

#[test]
fn a_node_that_is_down_is_not_waited_for() {
    let mut run = row();
    let now = run.now(500);
    run.observer.node_down(4, now, "killed by you");
    run.mined(1_000, 0, 7, 1);
    run.received(1_010, 1, 7, 1, (0, 0));
    assert_eq!(blocks(&mut run, 2_000)[0].seen, (2, 4));
}

#[test]
fn a_transaction_is_traced_by_its_connections() {
    let mut run = row();
    for (millis, node, from) in [(10, 1, None), (20, 2, Some(1)), (30, 3, Some(2)), (40, 4, Some(99))] {
        let from = from.map(ConnectionId);
        run.event(millis, node, Event::TransactionAccepted { id: transaction(3), from });
    }
    let seen = run.see(100);
    let relay = seen.relays.iter().find(|relay| relay.kind == RelayKind::Transaction).unwrap();
    assert_eq!((relay.seen, relay.took), ((4, 5), Duration::from_millis(30)));
    assert_eq!(relay.path, ["n4"], "a connection that nobody knows has no other end");
    assert_eq!(seen.totals.transactions, 1);
}

#[test]
fn what_comes_from_outside_begins_there() {
    let mut run = Run::new(1);
    run.connect_end(0, 0, id(70), 1, Direction::Outbound);
    run.received(1_000, 0, 7, 1, (70, 1));
    let from = Some(ConnectionId(1));
    run.event(1_100, 0, Event::TransactionAccepted { id: transaction(3), from });
    let seen = run.see(2_000);
    let stranger = id(70).short();
    assert_eq!(seen.relays[0].path, [stranger.as_str(), "n0"]);
    assert_eq!(seen.relays[1].path, [stranger.as_str(), "n0"]);
    assert_eq!(seen.relays[1].seen, (1, 1));
    assert_eq!(seen.nodes[0].peers[0].last_sent, Some(format!("transaction {}", transaction(3).short())));
}

#[test]
fn rings_are_bounded_and_transactions_push_no_block_out() {
    let mut run = row();
    run.mined(1, 0, 7, 1);
    for _ in 0..1_000 {
        let connection = ConnectionId(0);
        let (count, known) = (3, 5);
        let event = Event::AddressesReceived { connection, count, known };
        run.event(1, 0, event);
    }
    for number in 0..5_000 {
        let (id, from) = (transaction(number), None);
        run.event(2 + number, 0, Event::TransactionAccepted { id, from });
    }
    let seen = run.see(6_000);
    let transactions = seen.relays.iter().filter(|relay| relay.kind == RelayKind::Transaction);
    assert_eq!(transactions.count(), RELAYS[1]);
    assert_eq!(blocks(&mut run, 6_000).len(), 1);
    assert!(seen.relays.windows(2).all(|pair| pair[0].at >= pair[1].at), "newest first");
    assert_eq!(seen.totals.transactions, 5_000);
    for number in 10..1_010 {
        run.mined(7_000 + number, 0, number, number);
    }
    let seen = run.see(9_000);
    assert!(seen.relays.len() <= RELAYS.iter().sum());
    assert_eq!(seen.totals.blocks, 1_001);
    // A latecomer whose trace is gone begins no new one.
    run.received(9_100, 3, 10, 10, (2, 2));
    let seen = run.see(9_200);
    assert_eq!(seen.totals.blocks, 1_001);
    assert!(seen.relays[0].at < Duration::from_secs(9));
}

#[test]
fn history_that_is_fetched_is_counted_and_makes_no_lines() {
    let mut run = Run::new(1);
    run.connect_end(0, 0, id(70), 1, Direction::Outbound);
    let (headers, target, downloaded, from) = (500, 500, 0, None);
    let phase = SyncPhase::Blocks;
    run.event(1, 0, Event::Sync { phase, height: 0, headers, target, downloaded, from });
    for height in 1..=500 {
        run.received(height, 0, height, height, (70, 1));
    }
    let lines = blocks(&mut run, 600);
    assert!(lines.len() < 12, "{}", lines.len());
    assert_eq!(run.see(600).totals.blocks, 500);
}

#[test]
fn a_reorg_has_its_line() {
    let mut run = row();
    let (old_tip, new_tip) = (block(1), block(2));
    run.event(5, 3, Event::Reorg { depth: 2, fork_height: 9, old_tip, new_tip });
    let seen = run.see(10);
    let relay = &seen.relays[0];
    assert_eq!((relay.kind, relay.path.as_slice()), (RelayKind::Reorg, ["n3".to_owned()].as_slice()));
    assert!(relay.note.starts_with("depth 2: "), "{}", relay.note);
    assert_eq!(seen.totals.reorgs, 1);
}
