use super::fixture::{Run, transaction};
use crate::node::Event;
use rumormill_ui::model::RelayKind;
use std::time::Duration;

/// A thousand nodes of eight peers each; see also the figures this prints with `--nocapture`.
#[test]
fn a_thousand_nodes_are_workable() {
    const NODES: u32 = 1_000;
    let mut run = Run::new(NODES);
    for node in 0..NODES {
        for step in 1..=4 {
            run.connect(10, node, (node + step * 7) % NODES, u64::from(node * 4 + step));
        }
    }
    let begin = std::time::Instant::now();
    for height in 1..=10 {
        let at = height * 1_000;
        run.mined(at, 0, height, height);
        for node in 1..NODES {
            run.received(at + 100, node, height, height, (node - 1, u64::from(node)));
        }
        for node in 0..NODES {
            let counts: Vec<_> = (1..=4).map(|step| (u64::from(node * 4 + step), at * 10)).collect();
            run.pulse(at + 500, node, &counts);
        }
    }
    let events = begin.elapsed();
    let begin = std::time::Instant::now();
    for round in 0..4 {
        run.see(11_000 + round);
    }
    let snapshots = begin.elapsed() / 4;
    let seen = run.see(11_100);
    assert_eq!((seen.nodes.len(), seen.links.len()), (1_000, 4_000));
    assert!(seen.nodes.iter().all(|node| node.lag == 0 && node.peers.len() == 8));
    let newest = seen.relays.iter().find(|relay| relay.kind == RelayKind::Block).unwrap();
    assert_eq!(newest.seen, (1_000, 1_000));
    println!("1,000 nodes: 10 s of 29,990 events in {events:?}, a snapshot in {snapshots:?}");
    assert!(snapshots < Duration::from_secs(1), "{snapshots:?}");
}

/// What eight nodes cost: far below one percent of a core at four snapshots a second.
#[test]
fn eight_nodes_cost_next_to_nothing() {
    let mut run = Run::new(8);
    for node in 0..8 {
        for step in 1..=3 {
            run.connect(10, node, (node + step) % 8, u64::from(node * 4 + step));
        }
    }
    for number in 0..2_000 {
        let (id, from) = (transaction(number), None);
        run.event(100 + number, (number % 8) as u32, Event::TransactionAccepted { id, from });
    }
    for height in 1..=200 {
        run.mined(3_000 + height, 0, height, height);
    }
    let begin = std::time::Instant::now();
    for round in 0..40 {
        run.see(4_000 + round);
    }
    let each = begin.elapsed() / 40;
    println!("8 nodes, all rings full: a snapshot in {each:?}");
    assert!(each < Duration::from_millis(20), "{each:?}");
}
