use super::fixture::{Run, id};
use super::{Observer, Plan};
use crate::node::{ConnectionId, Direction, Event, NamedCount, Time};
use rumormill_ui::model::{self, ClockMode, End, NodeState, PeerState, Problem, RelayKind, Severity, Subject};
use std::time::Duration;

#[test]
fn a_node_not_heard_from_is_starting() {
    let plan = Plan { nodes: vec![("a".into(), "127.0.0.1:1".into())], ..Plan::default() };
    let mut observer = Observer::new(plan, |seen| {
        let text = format!("{} nodes", seen.nodes.len());
        vec![Problem { severity: Severity::Notice, text, subject: Subject::Cluster }]
    });
    observer.set_clock(ClockMode::Paused, 300);
    let seen = observer.snapshot(Time(5_000_000));
    assert_eq!(seen.nodes[0].state, NodeState::Starting);
    assert_eq!(seen.nodes[0].address, "127.0.0.1:1");
    assert_eq!(seen.problems[0].text, "1 nodes");
    assert_eq!(seen.clock.elapsed, Duration::from_secs(5));
    assert_eq!((seen.clock.mode, seen.clock.speed_percent), (ClockMode::Paused, 300));
    assert_eq!(observer.snapshot(Time(5_000_000)).generation, seen.generation + 1);
}

#[test]
fn a_peers_life_is_followed() {
    let mut run = Run::new(2);
    run.connect(1_000, 0, 1, 4);
    run.event(1_500, 0, Event::RoundTrip { connection: ConnectionId(4), time: Duration::from_micros(1_500) });
    run.event(1_600, 0, Event::PeerHeight { connection: ConnectionId(4), height: 12 });
    run.event(1_700, 0, Event::Asked { connection: ConnectionId(4), what: "block 12".into() });
    for (delta, value) in [(200, 200), (-2_000, -1_800)] {
        run.event(
            1_800,
            0,
            Event::Reputation { connection: ConnectionId(4), peer: id(1), delta, value, reason: "malformed\u{1b}[2J".into() },
        );
    }
    run.event(1_900, 0, Event::Health { scores: vec![(ConnectionId(4), 87), (ConnectionId(5), 1)] });
    run.event(1_900, 0, Event::AddressesReceived { connection: ConnectionId(4), count: 14, known: 20 });
    let counts = vec![NamedCount { name: "lookups\u{1b}".into(), count: 3 }];
    run.event(1_900, 0, Event::Connectivity { known: 20, tried: 9, counts });
    let address = "10.0.0.9".parse().unwrap();
    run.event(1_900, 0, Event::AddressBanned { address, reason: "too many banned peers".into(), time: Duration::from_secs(9) });
    let seen = run.see(2_000);
    let peer = &seen.nodes[0].peers[0];
    assert_eq!((peer.connection, peer.node, peer.name.as_str()), (4, Some(1), "n1"));
    assert_eq!((peer.state, peer.direction), (PeerState::Ready, model::Direction::Outbound));
    assert_eq!((peer.rtt_history.as_slice(), peer.height), ([1_500].as_slice(), 12));
    assert_eq!(peer.last_asked.as_deref(), Some("block 12"));
    assert_eq!(peer.last_sent.as_deref(), Some("14 addresses"));
    assert_eq!(peer.since, Duration::from_secs(1));
    assert_eq!(peer.reputation, -18.0);
    let newest = &peer.reputation_history[0];
    assert_eq!((newest.delta, newest.reason.as_str()), (-20.0, "malformed?[2J"));
    assert_eq!(peer.health, Some(87));
    let node = &seen.nodes[0];
    assert_eq!((node.known_addresses, node.tried_addresses), (20, 9));
    assert_eq!(node.connectivity, [("lookups?".to_owned(), 3)]);
    assert_eq!((node.bans[0].id.as_str(), node.bans[0].until), ("10.0.0.9", Duration::from_millis(10_900)));
    run.event(2_000, 0, Event::AddressUnbanned { address });
    assert!(run.see(2_100).nodes[0].bans.is_empty());
    assert_eq!(seen.links.len(), 1);
    assert_eq!((seen.links[0].from, seen.links[0].to), (0, End::Node(1)));
    assert!(seen.strangers.is_empty());
}

#[test]
fn what_comes_late_for_an_old_connection_leaves_its_successor_alone() {
    let mut run = Run::new(2);
    run.connect(1_000, 0, 1, 4);
    run.connect(2_000, 0, 1, 5);
    run.disconnect(2_100, 0, 1, 4);
    run.disconnect(2_200, 0, 1, 4);
    run.event(2_300, 0, Event::RoundTrip { connection: ConnectionId(4), time: Duration::from_secs(9) });
    run.event(
        2_300,
        0,
        Event::Reputation { connection: ConnectionId(4), peer: id(1), delta: -1, value: -1, reason: "late".into() },
    );
    let seen = run.see(3_000);
    let peers = &seen.nodes[0].peers;
    assert_eq!(peers.len(), 1);
    assert_eq!((peers[0].connection, peers[0].rtt, peers[0].reputation), (5, None, 0.0));
    assert_eq!(seen.nodes[1].peers.len(), 2, "the other end has not said anything");
}

/// A node tells a reputation when it changes; what it is worth halves every ten minutes all the same.
#[test]
fn a_reputation_decays_on_the_screen_as_it_does_at_the_node() {
    let mut run = Run::new(2);
    run.connect(1_000, 0, 1, 4);
    run.event(
        2_000,
        0,
        Event::Reputation { connection: ConnectionId(4), peer: id(1), delta: 800, value: 800, reason: "blocks".into() },
    );
    for (minutes, value) in [(0, 8.0), (5, 6.0), (10, 4.0), (20, 2.0), (600, 0.0)] {
        let seen = run.see(2_000 + minutes * 60_000);
        let peer = &seen.nodes[0].peers[0];
        assert_eq!((peer.reputation, peer.reputation_history[0].value), (value, 8.0), "after {minutes} min");
    }
}

#[test]
fn who_comes_back_keeps_his_reputation_until_a_ban_is_over() {
    let mut run = Run::new(2);
    let offence = |connection, value| Event::Reputation {
        connection: ConnectionId(connection),
        peer: id(1),
        delta: -2_000,
        value,
        reason: "malformed frame".into(),
    };
    let standing = |run: &mut Run, at| {
        let seen = run.see(at);
        let peer = &seen.nodes[0].peers[0];
        (peer.connection, peer.reputation.round(), peer.reputation_history.len())
    };
    run.connect(1_000, 0, 1, 4);
    run.event(1_100, 0, offence(4, -2_000));
    run.disconnect(1_200, 0, 1, 4);
    run.connect(2_000, 0, 1, 5);
    assert_eq!(standing(&mut run, 2_100), (5, -20.0, 1), "as the node has it");
    run.event(2_200, 0, offence(5, -4_000));
    // A second connection with the same peer, of which one goes.
    run.connect(2_300, 0, 1, 6);
    run.disconnect(2_400, 0, 1, 5);
    assert_eq!(standing(&mut run, 2_500), (6, -40.0, 2));
    run.event(2_600, 0, offence(6, -6_000));
    run.event(2_600, 0, Event::Banned { peer: id(1), reason: "malformed frame".into(), time: Duration::from_secs(10) });
    run.disconnect(2_700, 0, 1, 6);
    run.event(12_700, 0, Event::Unbanned { peer: id(1) });
    run.connect(12_800, 0, 1, 7);
    assert_eq!(standing(&mut run, 12_900), (7, 0.0, 0), "the node has forgotten it");
}

#[test]
fn both_ends_of_a_link_make_one_line() {
    let mut run = Run::new(2);
    run.connect(1_000, 0, 1, 4);
    run.disconnect(2_000, 1, 0, 4);
    run.disconnect(2_001, 0, 1, 4);
    // A stranger has no other end.
    run.connect_end(3_000, 0, id(77), 9, Direction::Inbound);
    run.disconnect(4_000, 0, 77, 9);
    let seen = run.see(5_000);
    let lines: Vec<_> = seen.relays.iter().map(|relay| (relay.kind, relay.path.join(">"))).collect();
    let stranger = id(77).short();
    assert_eq!(
        lines,
        [
            (RelayKind::Disconnect, format!("n0>{stranger}")),
            (RelayKind::Connect, format!("{stranger}>n0")),
            (RelayKind::Disconnect, "n1>n0".to_owned()),
            (RelayKind::Connect, "n0>n1".to_owned()),
        ]
    );
}

#[test]
fn a_killed_peers_end_is_told_by_the_other() {
    let mut run = Run::new(2);
    run.connect(1_000, 0, 1, 4);
    let now = run.now(2_000);
    run.observer.node_down(1, now, "killed by you");
    run.disconnect(2_100, 0, 1, 4);
    // What its tasks still said does not bring it back.
    run.connect_end(2_200, 1, id(0), 8, Direction::Inbound);
    run.event(2_300, 1, Event::Stopped);
    let seen = run.see(3_000);
    assert_eq!(seen.relays[0].kind, RelayKind::Disconnect);
    let node = &seen.nodes[1];
    assert_eq!((node.state, node.reason.as_deref()), (NodeState::Down, Some("killed by you")));
    assert_eq!(node.state_since, Duration::from_secs(2));
    assert!(node.peers.is_empty() && seen.links.is_empty());
}

#[test]
fn a_restart_begins_a_new_life() {
    let mut run = Run::new(2);
    run.connect(500, 0, 1, 4);
    run.mined(600, 0, 1, 1);
    run.pulse(1_000, 0, &[(4, 1_000)]);
    run.event(1_500, 0, Event::Stopped);
    assert_eq!(run.see(1_600).nodes[0].reason.as_deref(), Some("stopped"));
    run.started(2_000, 0, 1);
    let seen = run.see(2_100);
    let node = &seen.nodes[0];
    assert_eq!((node.state, node.state_since), (NodeState::Ok, Duration::from_secs(2)));
    assert_eq!((node.peers.len(), node.blocks_mined, node.height), (0, 0, 1));
    assert_eq!((node.reason.as_deref(), node.name.as_str()), (None, "n0"));
    assert!(!node.traffic.is_empty());
    assert_eq!(seen.totals.duplicates, 3, "those of its first life count");
}
