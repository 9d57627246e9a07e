use super::fixture::{Run, id};
use super::{Control, FaultLine, LinkLine};
use crate::node::{ConnectionId, Event, KindCount, SyncPhase};
use rumormill_ui::model::{
    ClockMode, Controls, End, ExpectationLine, Fault, LinkShape, LogLevel, NodeState, Recording, TimelineLine, Verdict,
};
use std::collections::BTreeMap;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_is_set_is_in_the_picture() {
    let mut run = Run::new(2);
    run.connect(10, 0, 1, 1);
    let line = TimelineLine { at: SECOND, text: "n0 killed".to_owned(), done: false };
    let wanted = ExpectationLine { text: "one tip".to_owned(), verdict: Verdict::Met, measured: "3 s".to_owned() };
    let controls = Controls { faults: true, pause: true, ..Controls::default() };
    let recording = Recording { length: SECOND, marks: vec![(SECOND, "reorg".to_owned())], torn: true };
    let there = LinkShape { latency: SECOND, ..LinkShape::default() };
    let observer = &mut run.observer;
    observer.set_timeline(vec![line.clone()]);
    observer.set_expectations(vec![wanted.clone()]);
    observer.set_controls(controls);
    observer.set_recording(Some(recording.clone()));
    observer.set_notice(SECOND, "n1\u{1b}[2J killed".to_owned());
    observer.set_clock(ClockMode::Paused, 250);
    // Said from the larger to the smaller: turned around. A pair without a link is nowhere.
    observer.set_shapes(BTreeMap::from([((1, 0), (there, LinkShape::default())), ((5, 6), (there, there))]));
    let seen = run.see(1_000);
    assert_eq!((&seen.timeline[..], &seen.expectations[..]), (&[line][..], &[wanted][..]));
    assert_eq!((seen.controls, &seen.recording), (controls, &Some(recording)));
    assert_eq!(seen.notice, Some((SECOND, "n1?[2J killed".to_owned())));
    assert_eq!((seen.clock.mode, seen.clock.speed_percent), (ClockMode::Paused, 250));
    assert_eq!(seen.links.len(), 1);
    assert_eq!(seen.links[0].configured, Some((LinkShape::default(), there)));
}

#[test]
fn a_fault_s_time_runs_out() {
    let mut run = Run::new(1);
    let line = FaultLine { number: 1, text: "cut".to_owned(), until: Some(10 * SECOND) };
    run.observer.set_fault_lines(&[line]);
    assert_eq!(run.see(4_000).faults, [Fault { number: 1, text: "cut".to_owned(), left: Some(6 * SECOND) }]);
    assert_eq!(run.see(12_000).faults[0].left, Some(Duration::ZERO));
}

#[test]
fn a_control_does_what_the_setter_does() {
    let mut run = Run::new(2);
    run.connect(10, 0, 1, 1);
    let now = run.now(500);
    let link = LinkLine { from: 0, to: 1, there: LinkShape { cut: true, ..LinkShape::default() }, ..LinkLine::default() };
    let text = "as told".to_owned();
    for control in [
        Control::Shapes { links: vec![link] },
        Control::Cuts { pairs: vec![(1, 0)] },
        Control::Down { node: 1, reason: "killed by you".to_owned() },
        Control::Paused { node: 0, paused: true },
        Control::Notice { text: text.clone() },
        Control::Lost { count: 3 },
        Control::Log { level: LogLevel::Warn, node: Some(0), target: "net".to_owned(), text },
        Control::End,
    ] {
        run.observer.apply(now, &control);
    }
    let seen = run.see(1_000);
    assert_eq!(seen.links[0].configured.map(|(there, _)| there.cut), Some(true));
    assert!(seen.links[0].cut && seen.links[0].to == End::Node(1));
    assert_eq!((seen.nodes[1].state, seen.nodes[1].reason.as_deref()), (NodeState::Down, Some("killed by you")));
    assert_eq!(seen.nodes[0].reason, None, "one that stands still has not ended");
    assert_eq!(seen.notice, Some((Duration::from_millis(500), "as told".to_owned())));
    let logged = |words: &str| seen.logs.iter().any(|line| line.text.contains(words) && line.level == LogLevel::Warn);
    assert!(["down: killed by you", "paused", "3 events", "as told"].into_iter().all(logged), "{:?}", seen.logs);
    // Of one that is down it changes nothing.
    run.observer.apply(now, &Control::Paused { node: 1, paused: false });
    assert_eq!(run.see(1_000).nodes[1].reason.as_deref(), Some("killed by you"));
}

#[test]
fn headers_and_target_follow_the_tip_and_the_peers() {
    let mut run = Run::new(2);
    run.connect(10, 0, 1, 1);
    let view = |run: &mut Run, at| {
        let seen = run.see(at);
        (seen.nodes[0].sync.headers, seen.nodes[0].sync.target, seen.nodes[0].height)
    };
    run.tip(1_000, 0, 3, 3);
    assert_eq!(view(&mut run, 1_000), (3, 3, 3));
    run.event(1_100, 0, Event::PeerHeight { connection: ConnectionId(1), height: 9 });
    assert_eq!(view(&mut run, 1_200), (3, 9, 3));
    run.sync(1_300, 0, SyncPhase::Blocks, 3, 8);
    run.tip(1_400, 0, 4, 4);
    assert_eq!(view(&mut run, 1_400), (8, 8, 4));
    run.tip(1_500, 0, 9, 9);
    assert_eq!(view(&mut run, 1_500), (9, 9, 9));
    run.sync(1_600, 0, SyncPhase::Synced, 9, 9);
    run.tip(2_000, 0, 10, 10);
    assert_eq!(view(&mut run, 2_000), (10, 10, 10));
    // It starts again, from what its store holds.
    run.started(3_000, 0, 7);
    assert_eq!(view(&mut run, 3_000), (7, 7, 7));
}

fn pulse(run: &mut Run, millis: u64, node: u32, pings: u64, blocks: u64) {
    let kind = |kind: &'static str, count: u64| KindCount { kind: kind.into(), count, bytes: count * 10 };
    let messages = vec![kind("ping", pings), kind("block", blocks)];
    let (peers, duplicates, mempool, mempool_bytes) = (Vec::new(), 0, 0, 0);
    run.event(millis, node, Event::Pulse { peers, duplicates, mempool, mempool_bytes, messages });
}

#[test]
fn messages_are_counted_by_kind_over_all_nodes_and_lives() {
    let mut run = Run::new(2);
    pulse(&mut run, 1_000, 0, 4, 1);
    pulse(&mut run, 1_000, 1, 2, 0);
    let counts = |run: &mut Run, at| -> Vec<(String, u64, u64, u64)> {
        let seen = run.see(at);
        seen.messages.iter().map(|line| (line.kind.clone(), line.count, line.rate, line.bytes)).collect()
    };
    let line = |kind: &str, count, rate| (kind.to_owned(), count, rate, count * 10);
    assert_eq!(counts(&mut run, 1_000), [line("block", 1, 1), line("ping", 6, 6)]);
    pulse(&mut run, 3_000, 0, 10, 1);
    assert_eq!(counts(&mut run, 3_100), [line("block", 1, 0), line("ping", 12, 3 + 2)]);
    // A node that says nothing gets nothing; what it got stays.
    assert_eq!(counts(&mut run, 9_000), [line("block", 1, 0), line("ping", 12, 0)]);
    run.event(9_100, 0, Event::Stopped);
    assert_eq!(counts(&mut run, 9_200), [line("block", 1, 0), line("ping", 12, 0)]);
    // It counts anew; started again without having stopped, too.
    run.started(10_000, 0, 0);
    pulse(&mut run, 11_000, 0, 5, 0);
    run.started(12_000, 0, 0);
    assert_eq!(counts(&mut run, 12_000), [line("block", 1, 0), line("ping", 17, 0)]);
}

#[test]
fn a_block_s_way_is_told_hop_by_hop() {
    let mut run = Run::new(4);
    for (connection, (a, b)) in (1..).zip([(0, 1), (1, 2), (0, 3)]) {
        run.connect(10, a, b, connection);
    }
    run.mined(1_000, 0, 7, 1);
    run.received(1_040, 3, 7, 1, (0, 3));
    run.received(1_050, 1, 7, 1, (0, 1));
    // Down before the last one gets it: of three that run.
    run.event(1_060, 3, Event::Stopped);
    run.received(1_090, 2, 7, 1, (1, 2));
    // Again at the same node: nothing new.
    run.body(1_200, 2, 7, 1, (1, 2));
    let seen = run.see(1_300);
    let relay = seen.relays.iter().find(|relay| relay.height == Some(1)).unwrap();
    let hops: Vec<_> = relay.hops.iter().map(|hop| (hop.node, hop.from, hop.after.as_millis())).collect();
    assert_eq!(hops, [(0, None, 0), (3, Some(0), 40), (1, Some(0), 50), (2, Some(1), 90)]);
    assert_eq!(relay.seen, (4, 4));
    // From a stranger: no watched node stands behind it.
    run.connect_end(1_300, 1, id(99), 9, crate::node::Direction::Inbound);
    run.received(1_400, 1, 8, 2, (99, 9));
    let seen = run.see(1_500);
    let relay = seen.relays.iter().find(|relay| relay.height == Some(2)).unwrap();
    assert_eq!(relay.hops.iter().map(|hop| hop.from).collect::<Vec<_>>(), [None]);
}
