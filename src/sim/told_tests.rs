//! What observers are told of links: what was lost on the way, what waits, what was dropped.

use super::*;
use crate::link::{MILLION, Packets};
use crate::node::ConnectionId;
use std::collections::BTreeMap;

/// The last counts of each connection.
fn counts(net: &Net) -> BTreeMap<ConnectionId, Packets> {
    let mut last = BTreeMap::<ConnectionId, Packets>::new();
    for stamped in net.events.lock().unwrap().iter() {
        if let Event::Loss { connection, sent, lost } = stamped.event {
            let before = last.insert(connection, Packets { sent, lost }).unwrap_or_default();
            assert!(sent > before.sent && lost >= before.lost && lost <= sent, "counts grow: {before:?}, {stamped:?}");
        }
    }
    last
}

#[test]
fn the_loss_that_is_told_is_the_one_that_was_said() {
    let mut net = Net::ring(8, 4, 41);
    net.sim.set_links(LinkModel { latency: Duration::from_millis(20), loss: 200_000, ..LinkModel::default() });
    // One link loses nothing.
    for (from, to) in [(0, 1), (1, 0)] {
        net.sim.set_link(from, to, LinkModel { latency: Duration::from_millis(20), ..LinkModel::default() });
    }
    net.sim.run_for(300 * SECOND);
    let counts = counts(&net);
    assert!(counts.len() >= 14, "both directions of seven links: {counts:?}");
    let sum = counts.values().fold((0, 0), |sum, counts| (sum.0 + counts.sent, sum.1 + counts.lost));
    assert!(sum.0 > 3_000, "{sum:?}");
    let measured = sum.1 * u64::from(MILLION) / sum.0;
    assert!((180_000..220_000).contains(&measured), "{sum:?} at 20 %");
    let pure: Vec<_> = net
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|stamped| match &stamped.event {
            Event::Connected { connection, peer, .. } if stamped.node <= 1 => {
                [keys(0).address(), keys(1).address()].contains(peer).then_some(*connection)
            }
            _ => None,
        })
        .collect();
    assert!(pure.len() >= 2 && pure.iter().all(|connection| !counts.contains_key(connection)), "{pure:?} in {counts:?}");
}

#[test]
fn when_a_link_is_mended_the_last_counts_stand() {
    let mut net = Net::ring(3, 1, 42);
    net.sim.set_links(LinkModel { loss: 300_000, ..LinkModel::default() });
    net.sim.run_for(60 * SECOND);
    net.sim.set_links(LinkModel::default());
    net.sim.run_for(2 * SECOND);
    let before = counts(&net);
    assert!(!before.is_empty());
    net.sim.run_for(60 * SECOND);
    assert_eq!(counts(&net), before);
}

#[test]
fn what_waits_before_a_thin_line_is_told_and_so_is_its_end() {
    let mut net = Net::ring(2, 1, 43);
    net.sim.run_for(30 * SECOND);
    assert_eq!(net.count(|event| matches!(event, Event::Outbox { .. })), 0, "nothing waits on wide lines");
    net.sim.set_link(0, 1, LinkModel { bandwidth: Some(100), ..LinkModel::default() });
    let transfer = || Command::Transfer { to: keys(5).address(), amount: 1, fee: 1 };
    for _ in 0..200 {
        net.sim.command(0, transfer());
        net.sim.run_for(SECOND / 100);
    }
    net.sim.run_for(3 * SECOND);
    let waiting =
        |event: &Event| matches!(event, Event::Outbox { messages, bytes, dropped: 0, .. } if *messages > 0 && *bytes > 0);
    assert!(net.count(waiting) > 0);
    net.sim.set_link(0, 1, LinkModel::default());
    net.sim.run_for(5 * SECOND);
    let last = net.events.lock().unwrap().iter().rev().find_map(|stamped| match stamped.event {
        Event::Outbox { messages, bytes, .. } => Some((messages, bytes)),
        _ => None,
    });
    assert_eq!(last, Some((0, 0)));
}

#[test]
fn whether_anybody_listens_changes_no_history() {
    let run = |listened: bool| {
        let mut net = Net::ring(5, 2, 44);
        if !listened {
            net.sim.events = None;
        }
        net.sim.set_links(LinkModel { loss: 100_000, ..LinkModel::default() });
        net.sim.run_for(60 * SECOND);
        net.sim.trace_hash()
    };
    assert_eq!(run(true), run(false));
}
