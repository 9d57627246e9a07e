//! Each rule speaks when it should, and is silent when it should not.

use super::{agreement::names, *};
use crate::{
    fixture,
    model::{BlockLine, Clock, End, Fault, Link, Load, Mining, ReputationChange, Sync, SyncPhase},
};

const NOW: u64 = 1000;

fn seconds(value: u64) -> Duration {
    Duration::from_secs(value)
}

/// Four nodes in a ring that agree, all mining, nothing wrong.
fn calm() -> Snapshot {
    let mut snapshot =
        Snapshot { clock: Clock { elapsed: seconds(NOW), speed_percent: 100, ..Clock::default() }, ..Snapshot::default() };
    for index in 0..4_u32 {
        let peers = [1, 3].map(|by| (index + by) % 4).map(|to| Peer {
            connection: u64::from(index * 10 + to),
            node: Some(to),
            id: format!("{to:064}"),
            name: format!("n{to}"),
            state: PeerState::Ready,
            height: 100,
            reputation: 50.0,
            ..Peer::default()
        });
        snapshot.nodes.push(Node {
            index,
            name: format!("n{index}"),
            id: format!("{index:064}"),
            state: NodeState::Ok,
            state_since: seconds(NOW - 100),
            height: 100,
            tip: format!("{:064}", 100),
            tip_since: seconds(NOW - 20),
            sync: Sync { phase: SyncPhase::Synced, target: 100, ..Sync::default() },
            mining: Some(Mining { tries_per_second: 10, difficulty: 100, height: 101 }),
            peers: peers.into(),
            max_peers: 8,
            blocks: (0..10)
                .map(|back| BlockLine {
                    height: 100 - back,
                    id: format!("{:08}", 100 - back),
                    at: seconds(NOW - 20 - back * 10),
                    ..BlockLine::default()
                })
                .collect(),
            ..Node::default()
        });
    }
    for (from, to) in [(0, 1), (0, 3), (1, 2), (2, 3)] {
        snapshot.links.push(Link { from, to: End::Node(to), rtt: Some(Duration::from_millis(20)), ..Link::default() });
    }
    snapshot
}

fn texts(snapshot: &Snapshot) -> Vec<String> {
    diagnose(snapshot).into_iter().map(|problem| problem.text).collect()
}

/// The only problem's severity, subject and sentence.
#[track_caller]
fn only(snapshot: &Snapshot) -> (Severity, Subject, String) {
    let mut found = diagnose(snapshot);
    assert_eq!(found.len(), 1, "{found:#?}");
    let problem = found.remove(0);
    (problem.severity, problem.subject, problem.text)
}

#[track_caller]
fn silent(snapshot: &Snapshot) {
    assert_eq!(texts(snapshot), Vec::<String>::new());
}

#[test]
fn calm_is_healthy() {
    silent(&calm());
    assert_eq!(health(&calm()), (None, "HEALTHY".to_owned()));
    silent(&Snapshot::default());
}

#[test]
fn a_node_down_says_why() {
    let mut snapshot = calm();
    snapshot.nodes[2].state = NodeState::Down;
    snapshot.nodes[2].state_since = seconds(NOW - 12);
    snapshot.nodes[2].reason = Some("killed by you".into());
    snapshot.nodes[2].peers.clear();
    let (severity, subject, text) = only(&snapshot);
    assert_eq!((severity, subject), (Severity::Critical, Subject::Node(2)));
    assert!(text.starts_with("n2 down 12 s: killed by you."), "{text}");
    assert_eq!(health(&snapshot), (Some(Severity::Warning), "DEGRADED 1 down".to_owned()));
}

#[test]
fn starting_is_no_illness() {
    let mut snapshot = calm();
    snapshot.nodes[1].state = NodeState::Starting;
    silent(&snapshot);
    let (severity, text) = health(&snapshot);
    assert_eq!(severity, Some(Severity::Notice));
    assert_eq!(text, "STARTING 1 of 4");
    snapshot.nodes[1].state = NodeState::Syncing;
    snapshot.nodes[1].sync.blocks_per_second = 5.0;
    assert_eq!(health(&snapshot), (None, "HEALTHY 1 syncing".to_owned()));
}

#[test]
fn half_of_the_nodes_down_is_broken() {
    let mut snapshot = calm();
    for place in [0, 1] {
        snapshot.nodes[place].state = NodeState::Down;
    }
    assert_eq!(health(&snapshot).0, Some(Severity::Critical));
    assert!(health(&snapshot).1.starts_with("BROKEN 2 down"));
}

#[test]
fn partition_names_groups_and_cause() {
    let mut snapshot = calm();
    for link in &mut snapshot.links {
        link.cut = (link.from, link.to) == (0, End::Node(3)) || (link.from, link.to) == (1, End::Node(2));
    }
    snapshot.faults.push(Fault { number: 2, text: "partition n0,n1 | rest".into(), left: Some(seconds(41)) });
    let (_, subject, text) = only(&snapshot);
    assert_eq!(subject, Subject::Cluster);
    assert_eq!(text, "partition {n0, n1} | {n2, n3}: links cut by fault #2, 41 s left");
    assert_eq!(health(&snapshot).1, "DEGRADED 2 groups");
    // One way round the ring is enough to be whole.
    snapshot.links[1].cut = false;
    silent(&snapshot);
}

#[test]
fn a_partition_is_blamed_on_the_newest_partition_and_then_on_the_newest_cut() {
    let mut snapshot = calm();
    for link in &mut snapshot.links {
        link.cut = (link.from, link.to) == (0, End::Node(3)) || (link.from, link.to) == (1, End::Node(2));
    }
    let mut says = |number, text: &str| {
        snapshot.faults.push(Fault { number, text: text.to_owned(), left: None });
        let text = only(&snapshot).2;
        text.split("fault #").nth(1).and_then(|rest| rest.split(['.', ',']).next()).map(str::to_owned)
    };
    assert_eq!(says(1, "cut n0 <-> n1"), Some("1".to_owned()));
    assert_eq!(says(2, "cut, latency 1s n2 <-> n3"), Some("2".to_owned()));
    assert_eq!(says(3, "partition n0 | rest"), Some("3".to_owned()));
    assert_eq!(says(4, "cut n1 <-> n2"), Some("3".to_owned()));
    assert_eq!(says(5, "partition n0..n1 | rest"), Some("5".to_owned()));
}

#[test]
fn a_young_run_is_not_partitioned() {
    let mut snapshot = calm();
    snapshot.clock.elapsed = seconds(3);
    snapshot.links.retain(|link| link.from == 0 && link.to == End::Node(1) || link.from == 2);
    for node in &mut snapshot.nodes {
        node.tip_since = seconds(1);
        node.state_since = seconds(1);
    }
    silent(&snapshot);
}

#[test]
fn names_of_groups_are_short() {
    let snapshot = fixture::cluster(40, 100);
    let all: Vec<&Node> = snapshot.nodes.iter().collect();
    assert_eq!(names(&all), "{n0..n39}");
    let even: Vec<&Node> = snapshot.nodes.iter().step_by(2).collect();
    assert_eq!(names(&even), "{n0, n2, n4, n6, n8, n10 and 14 more}");
    assert_eq!(names(&all[3..5]), "{n3, n4}");
}

fn fork(snapshot: &mut Snapshot, place: usize, from: u64) {
    let node = &mut snapshot.nodes[place];
    for block in &mut node.blocks {
        if block.height >= from {
            block.id = format!("ff{:06}", block.height);
        }
    }
    node.tip = format!("ff{:062}", 100);
}

#[test]
fn tips_that_just_moved_are_propagation() {
    let mut snapshot = calm();
    fork(&mut snapshot, 1, 100);
    snapshot.nodes[1].tip_since = seconds(NOW - 3);
    silent(&snapshot);
    // One block behind on the same branch is no disagreement either.
    let mut snapshot = calm();
    snapshot.nodes[1].height = 99;
    snapshot.nodes[1].tip = format!("{:08}{:056}", 99, 0);
    snapshot.nodes[1].lag = 1;
    silent(&snapshot);
}

#[test]
fn a_race_is_a_warning_and_a_deep_fork_is_broken() {
    let mut snapshot = calm();
    for node in &mut snapshot.nodes {
        node.tip = format!("{:08}{:056}", 100, 0);
    }
    let mut race = snapshot.clone();
    fork(&mut race, 1, 100);
    race.nodes[1].tip = format!("ff{:06}{:056}", 100, 0);
    let (severity, _, text) = only(&race);
    assert_eq!(severity, Severity::Warning);
    assert!(text.starts_with("tips disagree at 100 for 20 s: {n0, n2, n3} on 0000, {n1} on ff00, 1 deep"), "{text}");
    fork(&mut snapshot, 1, 97);
    let (severity, subject, text) = only(&snapshot);
    assert_eq!((severity, subject), (Severity::Critical, Subject::Cluster));
    assert!(text.contains("4 deep"), "{text}");
    assert_eq!(health(&snapshot), (Some(Severity::Critical), "BROKEN tips disagree".to_owned()));
}

#[test]
fn a_fork_is_seen_while_both_sides_grow() {
    let mut snapshot = calm();
    for node in &mut snapshot.nodes {
        node.tip = format!("{:08}{:056}", 100, 0);
        node.tip_since = seconds(NOW - 1);
    }
    fork(&mut snapshot, 1, 95);
    // Both moved a second ago, and yet they have disagreed for long: the tips alone would never tell.
    snapshot.nodes[1].height = 99;
    snapshot.nodes[1].lag = 1;
    snapshot.nodes[1].tip = format!("ff{:06}{:056}", 99, 0);
    snapshot.nodes[1].tip_since = seconds(NOW - 11);
    let (severity, _, text) = only(&snapshot);
    assert_eq!(severity, Severity::Critical);
    assert!(text.contains("at 99"), "{text}");
}

#[test]
fn lagging_says_whether_peers_have_more() {
    let mut snapshot = calm();
    let node = &mut snapshot.nodes[1];
    (node.state, node.lag, node.height, node.state_since) = (NodeState::Lagging, 6, 94, seconds(NOW - 30));
    let (severity, subject, text) = only(&snapshot);
    assert_eq!((severity, subject), (Severity::Warning, Subject::Node(1)));
    assert!(text.starts_with("n1 lagging 6 behind for 30 s: 2 of its 2 peers have more"), "{text}");
    snapshot.nodes[1].peers.iter_mut().for_each(|peer| peer.height = 94);
    assert!(only(&snapshot).2.contains("nothing newer"));
}

#[test]
fn syncing_is_a_notice_and_a_stall_a_warning() {
    let mut snapshot = calm();
    let node = &mut snapshot.nodes[1];
    (node.state, node.lag, node.height, node.state_since) = (NodeState::Syncing, 40, 60, seconds(NOW - 30));
    node.tip_since = seconds(NOW - 15);
    node.sync = Sync {
        phase: SyncPhase::Blocks,
        target: 100,
        blocks_per_second: 12.0,
        eta: Some(seconds(4)),
        from: Some("n2".into()),
        ..Sync::default()
    };
    let (severity, _, text) = only(&snapshot);
    assert_eq!(severity, Severity::Notice);
    assert_eq!(text, "n1 syncing from n2: 40 behind, 12.0 blocks/s, ETA 4 s");
    assert_eq!(health(&snapshot).0, None, "catching up is healthy");
    snapshot.nodes[1].sync.blocks_per_second = 0.0;
    let (severity, _, text) = only(&snapshot);
    assert_eq!(severity, Severity::Warning);
    assert!(text.starts_with("n1 sync stalled at 60 for 15 s: 40 behind, nothing comes from n2"), "{text}");
    snapshot.nodes[1].tip_since = seconds(NOW - 2);
    assert_eq!(only(&snapshot).0, Severity::Notice, "a block came just now");
}

#[test]
fn no_peers() {
    let mut snapshot = calm();
    snapshot.nodes[1].peers.clear();
    assert!(only(&snapshot).2.starts_with("n1 has no peers: it knows no address"));
    snapshot.nodes[1].known_addresses = 12;
    assert!(only(&snapshot).2.contains("none of the 12 addresses"));
    // Lagging for want of peers is one thing, and said once.
    (snapshot.nodes[1].state, snapshot.nodes[1].lag) = (NodeState::Lagging, 7);
    assert!(only(&snapshot).2.starts_with("n1 has no peers and is 7 behind: none of"), "{}", only(&snapshot).2);
    (snapshot.nodes[1].state, snapshot.nodes[1].lag) = (NodeState::Ok, 0);
    snapshot.nodes[1].state_since = seconds(NOW - 2);
    silent(&snapshot);
}

#[test]
fn bans_of_one_peer_are_one_line() {
    let mut snapshot = calm();
    for place in [0, 2, 3] {
        snapshot.nodes[place].bans.push(Ban {
            name: "n1".into(),
            id: "1".into(),
            reason: "malformed frame".into(),
            until: seconds(NOW + 600),
        });
    }
    assert_eq!(only(&snapshot).2, "n1 banned by n0 and 2 more for 10m 00s: malformed frame. Enter, then 3 shows the bans");
    snapshot.nodes.iter_mut().for_each(|node| node.bans.iter_mut().for_each(|ban| ban.until = seconds(NOW)));
    silent(&snapshot);
}

#[test]
fn falling_reputation_gives_reasons() {
    let mut snapshot = calm();
    let peer = &mut snapshot.nodes[0].peers[0];
    let change =
        |at: u64, delta: f64, reason: &str| ReputationChange { at: seconds(at), delta, value: 0.0, reason: reason.into() };
    peer.reputation = 26.0;
    peer.reputation_history = vec![
        change(NOW - 5, -12.0, "late block"),
        change(NOW - 6, -12.0, "late block"),
        change(NOW - 7, -4.0, "malformed frame"),
    ];
    let connection = peer.connection;
    let (severity, subject, text) = only(&snapshot);
    assert_eq!((severity, subject), (Severity::Warning, Subject::Peer { node: 0, connection }));
    assert_eq!(text, "n1 reputation 26, 28 lost: 2 late block, malformed frame (from n0)");
    snapshot.nodes[0].peers[0].reputation_history.iter_mut().for_each(|change| change.at = seconds(NOW - 200));
    silent(&snapshot);
}

#[test]
fn outbox_overflow() {
    let mut snapshot = calm();
    snapshot.nodes[0].peers[0].outbox = (1_200, 900);
    assert!(only(&snapshot).2.starts_with("n1 cannot keep up with n0: 1.2k messages"));
    snapshot.nodes[0].peers[0].outbox = (20, 90_000);
    silent(&snapshot);
}

#[test]
fn nobody_mines() {
    let mut snapshot = calm();
    snapshot.nodes.iter_mut().for_each(|node| node.mining = None);
    silent(&snapshot);
    snapshot.nodes.iter_mut().for_each(|node| node.tip_since = seconds(NOW - 45));
    assert!(only(&snapshot).2.starts_with("nobody mines: no tip moved for 45 s"));
    snapshot.nodes[3].mining = Some(Mining { tries_per_second: 1, ..Mining::default() });
    silent(&snapshot);
}

#[test]
fn overload_is_told_from_trouble_in_the_network() {
    let mut snapshot = calm();
    snapshot.load = Load { lateness: Duration::from_millis(1_200), cpu_percent: Some(380.0), memory: None };
    assert_eq!(only(&snapshot).2, "this machine is overloaded: the run is 1.2 s late, CPU 380%. All nodes look slow; run fewer");
    snapshot.load = Load { lateness: Duration::from_millis(50), ..Load::default() };
    silent(&snapshot);
    snapshot.links.iter_mut().for_each(|link| link.rtt = Some(seconds(3)));
    assert!(only(&snapshot).2.starts_with("every link is slow"));
    snapshot.links[0].rtt = Some(Duration::from_millis(30));
    silent(&snapshot);
}

#[test]
fn worst_first_and_steady() {
    let snapshot = fixture::snapshot(fixture::TICK);
    let found = diagnose(&snapshot);
    assert!(found.is_sorted_by_key(|problem| std::cmp::Reverse(problem.severity)));
    assert_eq!(found, diagnose(&snapshot));
    insta::assert_snapshot!(texts(&snapshot).join("\n"));
}

#[test]
fn a_fault_is_named_by_whom_it_holds() {
    let mut snapshot = calm();
    let fault = |number, text: &str| Fault { number, text: text.to_owned(), left: Some(seconds(17)) };
    snapshot.faults = vec![fault(3, "kill n0, n2..n3"), fault(7, "pause n1")];
    snapshot.nodes[1].state = NodeState::Lagging;
    snapshot.nodes[1].lag = 2;
    assert_eq!(only(&snapshot).2, "n1 stands still by fault #7, 17 s left, 2 behind", "and not lagging as well");
    for (node, held) in [(0, true), (1, false), (2, true), (3, true)] {
        assert_eq!(fault_on(&snapshot, "kill", node).is_some(), held, "n{node}");
    }
    snapshot.nodes[1].state = NodeState::Ok;
    snapshot.faults.pop();
    snapshot.nodes[2].state = NodeState::Down;
    snapshot.nodes[2].reason = Some("killed by hand (fault #3)".to_owned());
    let (_, _, text) = only(&snapshot);
    assert!(text.contains("killed by hand (fault #3); back in 17 s"), "{text}");
}
