use super::fixture::{Run, block, id};
use super::{Hub, limits};
use crate::node::{ConnectionId, Direction, Event, Stamped, SyncPhase, Time};
use rumormill_ui::model::{self, End, LogLevel, NodeState, RelayKind, Snapshot, TrafficSample};
use std::time::Duration;

#[test]
fn rates_come_from_the_pulses() {
    let mut run = Run::new(2);
    run.connect(0, 0, 1, 4);
    run.pulse(1_000, 0, &[(4, 1_000)]);
    run.pulse(1_000, 1, &[(4, 1_000)]);
    run.pulse(3_000, 0, &[(4, 5_000), (999, 70)]);
    let seen = run.see(3_000);
    let peer = &seen.nodes[0].peers[0];
    assert_eq!((peer.rate, peer.bytes, peer.messages), ((2_000, 4_000), (5_000, 10_000), (50, 100)));
    let sample = TrafficSample { bytes_in: 4_000, bytes_out: 8_000, messages_in: 40, messages_out: 80 };
    assert_eq!(seen.nodes[0].traffic.last(), Some(&sample));
    assert_eq!(seen.totals.bytes_in, 6_000);
    assert_eq!((seen.links[0].rate, seen.links[0].messages), (6_000, 60), "one end's count, not both");
    assert_eq!(seen.nodes[0].mempool, (4, 624));
    // Counts that fall are a fault of somebody; they are no reason to panic.
    run.pulse(4_000, 0, &[(4, 10)]);
    assert_eq!(run.see(4_000).nodes[0].peers[0].rate, (0, 0));
}

#[test]
fn silence_is_drawn_as_silence() {
    let mut run = Run::new(1);
    run.connect_end(0, 0, id(9), 1, Direction::Outbound);
    for second in 1..=300 {
        run.pulse(second * 1_000, 0, &[(1, second * 1_000)]);
    }
    let seen = run.see(300_100);
    assert_eq!(seen.nodes[0].traffic.len(), limits::TRAFFIC_SAMPLES);
    assert_eq!(seen.traffic.len(), limits::TRAFFIC_SAMPLES);
    assert_eq!(seen.traffic[0].bytes_in, 1_000);
    let seen = run.see(310_100);
    let silent = seen.traffic.iter().rev().take_while(|sample| sample.bytes_in == 0).count();
    assert!((8..=10).contains(&silent), "{silent}");
    assert_eq!(seen.nodes[0].peers[0].rate, (0, 0));
}

#[test]
fn lag_is_told_after_a_grace_and_ends_with_the_tip() {
    let mut run = Run::new(3);
    run.tip(1_000, 0, 5, 5);
    run.tip(1_000, 1, 4, 4);
    let states = |seen: &Snapshot| seen.nodes.iter().map(|node| node.state).collect::<Vec<_>>();
    use NodeState::{Lagging, Ok, Syncing};
    let seen = run.see(1_100);
    assert_eq!(seen.nodes.iter().map(|node| node.lag).collect::<Vec<_>>(), [0, 1, 5]);
    assert_eq!(states(&seen), [Ok, Ok, Ok]);
    let seen = run.see(5_000);
    assert_eq!(states(&seen), [Ok, Ok, Lagging]);
    // Behind since the first tick after the others' tips, and not since somebody looked.
    assert_eq!(seen.nodes[2].state_since, Duration::from_millis(4_250));
    run.sync(6_000, 2, SyncPhase::Blocks, 0, 5);
    assert_eq!(states(&run.see(6_100)), [Ok, Ok, Syncing]);
    run.tip(7_000, 2, 5, 5);
    run.sync(7_000, 2, SyncPhase::Synced, 5, 5);
    assert_eq!(states(&run.see(7_100)), [Ok, Ok, Ok]);
    assert_eq!(run.see(7_100).nodes[2].tip_since, Duration::from_secs(7));
    // A node that is down pulls nobody's lag.
    run.tip(8_000, 0, 50, 50);
    run.event(8_100, 0, Event::Stopped);
    assert_eq!(run.see(20_000).nodes[1].lag, 1);
}

#[test]
fn a_synchronization_has_a_rate_and_an_end() {
    let mut run = Run::new(1);
    run.connect_end(0, 0, id(9), 1, Direction::Outbound);
    run.sync(1_000, 0, SyncPhase::Headers, 0, 1_000);
    assert_eq!(run.see(1_000).nodes[0].sync.eta, None);
    for step in 1..=40 {
        let (millis, height) = (1_000 + step * 100, step * 10);
        run.tip(millis, 0, height, height);
        run.sync(millis, 0, SyncPhase::Blocks, height, 1_000);
    }
    let seen = run.see(5_000);
    let sync = &seen.nodes[0].sync;
    assert_eq!(seen.nodes[0].state, NodeState::Syncing);
    assert_eq!((sync.phase, sync.validated, sync.target), (model::SyncPhase::Blocks, 400, 1_000));
    assert_eq!(sync.from.as_deref(), Some(id(9).short().as_str()));
    assert!((sync.blocks_per_second - 100.0).abs() < 1.0, "{}", sync.blocks_per_second);
    let eta = sync.eta.unwrap().as_secs_f64();
    assert!((eta - 6.0).abs() < 0.3, "{eta}");
    assert_eq!(seen.nodes[0].lag, 600, "alone, its peers' word counts");
    // When nothing comes any more the rate sinks, and no end is promised.
    let seen = run.see(12_000);
    assert!(seen.nodes[0].sync.blocks_per_second < 40.0);
    assert_eq!(run.see(60_000).nodes[0].sync.eta, None);
}

#[test]
fn bans_have_reasons_and_ends() {
    let mut run = Run::new(2);
    run.connect(0, 0, 1, 4);
    run.event(
        900,
        0,
        Event::Reputation {
            connection: ConnectionId(4),
            peer: id(1),
            delta: -9_300,
            value: -5_200,
            reason: "malformed frame".into(),
        },
    );
    for (peer, seconds) in [(1, 10), (50, 60), (51, 600)] {
        let (reason, time) = ("malformed frame".to_owned(), Duration::from_secs(seconds));
        run.event(1_000, 0, Event::Banned { peer: id(peer), reason, time });
    }
    let seen = run.see(2_000);
    assert_eq!(seen.nodes[0].bans.len(), 3);
    assert_eq!(seen.nodes[0].bans[0].name, "n1");
    assert_eq!(seen.nodes[0].bans[0].until, Duration::from_secs(11));
    let ban = seen.relays.iter().find(|relay| relay.path == ["n0", "n1"] && relay.kind == RelayKind::Ban).unwrap();
    assert_eq!(ban.note, "reputation 41 -> -52: malformed frame, 10 s");
    run.event(3_000, 0, Event::Unbanned { peer: id(51) });
    let seen = run.see(12_000);
    assert_eq!(seen.nodes[0].bans.iter().map(|ban| ban.name.clone()).collect::<Vec<_>>(), [id(50).short()]);
    assert_eq!(seen.totals.bans, 3);
}

#[test]
fn a_nodes_chain_is_the_one_its_tip_is_on() {
    let mut run = Run::new(2);
    run.connect(0, 0, 1, 4);
    run.mined(1_000, 0, 11, 1);
    run.received(2_000, 0, 12, 2, (1, 4));
    run.received(3_000, 0, 13, 3, (1, 4));
    // Another branch from block 11 on: two bodies, then the reorg that makes it the main chain.
    run.body(4_000, 0, 22, 2, (1, 4));
    run.body(4_100, 0, 23, 3, (1, 4));
    run.body(4_200, 0, 24, 4, (1, 4));
    run.event(4_300, 0, Event::Reorg { depth: 2, fork_height: 1, old_tip: block(13), new_tip: block(24) });
    run.tip(4_300, 0, 24, 4);
    let seen = run.see(5_000);
    let ids = |seen: &Snapshot| seen.nodes[0].blocks.iter().map(|line| line.id.clone()).collect::<Vec<_>>();
    let want = |numbers: &[u64]| numbers.iter().map(|&number| block(number).short()).collect::<Vec<_>>();
    assert_eq!(ids(&seen), want(&[24, 23, 22, 11]));
    let lines = &seen.nodes[0].blocks;
    assert_eq!((lines[3].from.as_deref(), lines[3].miner.as_str()), (None, "n0"));
    assert_eq!((lines[0].from.as_deref(), lines[0].miner.as_str()), (Some("n1"), "n1"));
    assert_eq!(seen.nodes[0].reorgs, (1, 2));
    assert_eq!((seen.nodes[0].blocks_mined, seen.nodes[0].blocks_received), (1, 5));
    // Back again, told in the other order.
    run.body(6_000, 0, 14, 4, (1, 4));
    run.body(6_000, 0, 15, 5, (1, 4));
    run.tip(6_100, 0, 15, 5);
    run.event(6_100, 0, Event::Reorg { depth: 3, fork_height: 1, old_tip: block(24), new_tip: block(15) });
    let seen = run.see(7_000);
    assert_eq!(ids(&seen).last(), Some(&block(11).short()));
    assert_eq!(ids(&seen)[0], block(15).short());
    assert!(!ids(&seen).contains(&block(24).short()));
    for height in 6..100 {
        run.received(8_000 + height, 0, 100 + height, height, (1, 4));
    }
    let seen = run.see(9_000);
    assert_eq!(seen.nodes[0].blocks.len(), limits::BLOCK_LINES);
    assert!(seen.nodes[0].blocks.windows(2).all(|pair| pair[0].height == pair[1].height + 1));
}

#[test]
fn figures_are_the_models() {
    let mut run = Run::new(1);
    run.event(100, 0, Event::Listening { address: "127.0.0.1:8081".parse().unwrap() });
    run.event(100, 0, Event::Mining { height: 8, difficulty: 9_000 });
    run.event(200, 0, Event::Statistics { blocks: 7, transactions: 30, balance: 77, peers: 0, mempool: 0 });
    let seen = run.see(300);
    let node = &seen.nodes[0];
    assert_eq!((node.address.as_str(), node.balance, node.transactions), ("127.0.0.1:8081", 77, 30));
    assert_eq!((node.max_peers, node.id.as_str()), (40, id(0).to_string().as_str()));
    let mining = node.mining.unwrap();
    assert_eq!((mining.tries_per_second, mining.difficulty, mining.height), (2_000, 9_000, 8));
}

#[test]
fn strangers_are_sorted_and_linked() {
    let mut run = Run::new(2);
    for (connection, peer) in [(1, 90), (2, 80), (3, 85)] {
        run.connect_end(100, 0, id(peer), connection, Direction::Outbound);
    }
    run.connect_end(100, 1, id(80), 1, Direction::Outbound);
    let seen = run.see(200);
    let names: Vec<_> = seen.strangers.iter().map(|stranger| stranger.name.clone()).collect();
    assert_eq!(names, [id(80).short(), id(85).short(), id(90).short()]);
    let links: Vec<_> = seen.links.iter().map(|link| (link.from, link.to)).collect();
    use End::Stranger;
    assert_eq!(links, [(0, Stranger(0)), (0, Stranger(1)), (0, Stranger(2)), (1, Stranger(0))]);
}

#[test]
fn a_stranger_that_starts_here_gets_its_name() {
    let mut run = Run::new(1);
    run.connect_end(100, 0, id(1), 1, Direction::Outbound);
    assert_eq!(run.see(200).strangers.len(), 1);
    run.started(300, 1, 0);
    let seen = run.see(400);
    assert!(seen.strangers.is_empty());
    assert_eq!(seen.nodes[0].peers[0].name, "n1");
}

#[test]
fn a_cut_link_is_shown_with_and_without_a_connection() {
    let mut run = Run::new(3);
    run.connect(0, 0, 1, 4);
    run.observer.set_cuts([(1, 0), (2, 1)]);
    let seen = run.see(100);
    let links: Vec<_> = seen.links.iter().map(|link| (link.from, link.to, link.cut)).collect();
    assert_eq!(links, [(0, End::Node(1), true), (1, End::Node(2), true)]);
}

#[test]
fn warnings_survive_chatter_and_both_are_bounded() {
    let mut run = Run::new(1);
    run.connect_end(0, 0, id(9), 1, Direction::Outbound);
    run.event(1, 0, Event::Warning { text: "look at me".into() });
    for number in 0..5_000 {
        run.event(2 + number, 0, Event::Mining { height: number, difficulty: 1 });
    }
    let seen = run.see(6_000);
    assert!(seen.logs.iter().any(|line| line.text == "look at me" && line.level == LogLevel::Warn));
    assert!(seen.logs.windows(2).all(|pair| pair[0].at <= pair[1].at));
    for number in 0..5_000 {
        run.event(7_000, 0, Event::Warning { text: format!("{number}") });
    }
    let seen = run.see(8_000);
    assert_eq!(seen.logs.len(), limits::LOG_LINES + limits::LOG_CHATTER);
    run.observer.set_log_level(LogLevel::Warn);
    run.event(9_000, 0, Event::Mining { height: 77, difficulty: 7_777 });
    assert!(!run.see(9_000).logs.iter().any(|line| line.text.contains("7777")));
}

#[test]
fn lost_events_are_told() {
    let mut run = Run::new(1);
    let hub = Hub::with_capacity(2);
    for height in 0..5 {
        let (at, event) = (run.now(height), Event::Mining { height, difficulty: 1 });
        hub.push(Stamped { at, node: 0, event });
    }
    let now = run.now(10);
    assert_eq!(run.observer.drain(&hub, now), 2);
    let seen = run.see(11);
    let line = seen.logs.last().unwrap();
    assert!(line.level == LogLevel::Warn && line.text.starts_with("3 events"), "{}", line.text);
}

#[test]
fn events_of_nobody_and_from_before_the_start_do_no_harm() {
    let mut run = Run::new(1);
    run.observer.observe(&Stamped { at: Time(0), node: 3, event: Event::Stopped });
    run.disconnect(0, 0, 5, 77);
    run.pulse(0, 0, &[]);
    let seen = run.see(0);
    assert_eq!(seen.nodes.len(), 2);
    assert_eq!((seen.nodes[1].index, seen.nodes[1].name.as_str()), (3, "n3"));
}

#[test]
fn loss_is_measured_both_ways_together_and_lately() {
    let mut run = Run::new(3);
    run.connect(0, 0, 1, 4);
    run.connect(0, 1, 2, 5);
    run.connect_end(0, 2, id(9), 6, Direction::Outbound);
    let loss = |connection, sent, lost| Event::Loss { connection: ConnectionId(connection), sent, lost };
    run.event(1_000, 0, loss(4, 100, 10));
    run.event(1_000, 1, loss(4, 300, 90));
    run.event(2_000, 2, loss(6, 50, 0));
    let lost = |seen: &Snapshot| seen.links.iter().map(|link| link.lost).collect::<Vec<_>>();
    let seen = run.see(2_000);
    assert_eq!(lost(&seen), [Some(250_000), None, Some(0)]);
    assert_eq!(seen.totals.drops, 100);
    // Half a minute later only what came since counts.
    run.event(30_000, 1, loss(4, 400, 95));
    assert_eq!(lost(&run.see(32_000)), [Some(50_000), None, Some(0)]);
    assert_eq!(lost(&run.see(61_000)), [None, None, None], "nobody counts any more");
    assert_eq!(run.see(61_000).totals.drops, 105);
    // What no connection says is nobody's, and falling counts are no reason to panic.
    run.event(62_000, 0, loss(77, 9, 9));
    run.event(62_000, 0, loss(4, 1, 0));
    assert_eq!((lost(&run.see(62_000)), run.see(62_000).totals.drops), (vec![None, None, None], 105));
}

#[test]
fn what_full_queues_drop_is_counted_over_all_connections() {
    let mut run = Run::new(2);
    run.connect(0, 0, 1, 4);
    let outbox = |dropped| Event::Outbox { connection: ConnectionId(4), messages: 1_000, bytes: 9, dropped };
    run.event(1_000, 0, outbox(3));
    run.event(2_000, 0, outbox(10));
    run.event(2_000, 1, outbox(5));
    run.disconnect(3_000, 0, 1, 4);
    run.connect_end(4_000, 0, id(1), 4, Direction::Outbound);
    run.event(5_000, 0, outbox(2));
    assert_eq!(run.see(5_000).totals.drops, 17, "a new connection counts anew");
    assert_eq!(run.see(5_000).nodes[0].peers[0].outbox, (1_000, 9));
}
