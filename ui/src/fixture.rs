//! A network for pictures: eight nodes on a ring, one down, one syncing, one lagging and disliked, one ban, two faults.
//! Everything is made from the tick's number alone, so that pictures repeat.

use crate::{diagnosis::diagnose, model::*};
use std::time::Duration;

/// The moment at which tests look.
pub const TICK: u64 = 221;

fn seconds(value: u64) -> Duration {
    Duration::from_secs(value)
}

/// A number that wanders between 0 and 99, by seed and tick.
fn wander(seed: u64, tick: u64) -> u64 {
    let wave = |period: u64| {
        let at = (tick + seed * 7) % period;
        (if at * 2 < period { at } else { period - at }) * 200 / period
    };
    let mut noise = (seed << 32 ^ tick).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    noise ^= noise >> 29;
    (wave(37) * 5 + wave(11) * 2 + noise % 100) / 8
}

/// 64 hex digits by seed.
fn id(seed: u64) -> String {
    let mut state = seed.wrapping_add(0x1234_5678_9ABC_DEF1);
    (0..4)
        .map(|_| {
            state = (state ^ (state >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            format!("{:016x}", state ^ (state >> 27))
        })
        .collect()
}

const DOWN: u32 = 2;
const SYNCING: u32 = 3;
const LAGGING: u32 = 6;

fn traffic(seed: u64, tick: u64, scale: u64) -> Vec<TrafficSample> {
    (tick.saturating_sub(119)..=tick)
        .map(|at| TrafficSample {
            bytes_in: scale * (20 + wander(seed, at)) * 100,
            bytes_out: scale * (20 + wander(seed + 50, at)) * 90,
            messages_in: scale * (10 + wander(seed, at)) / 12,
            messages_out: scale * (10 + wander(seed + 50, at)) / 12,
        })
        .collect()
}

/// Which nodes are linked: the ring, and one chord for every other node.
fn linked(a: u32, b: u32, count: u32) -> bool {
    let apart = a.abs_diff(b).min(count - a.abs_diff(b));
    apart == 1 || (apart == count / 2 && count > 4 && a.min(b).is_multiple_of(2))
}

fn peer(of: u32, to: u32, tick: u64, tip: u64) -> Peer {
    let seed = u64::from(of * 31 + to);
    let disliked = to == LAGGING;
    let reputation_history = if disliked {
        vec![
            ReputationChange {
                at: seconds(tick.saturating_sub(9)),
                delta: -12.0,
                value: 74.0,
                reason: "late block 12009".into(),
            },
            ReputationChange {
                at: seconds(tick.saturating_sub(14)),
                delta: -12.0,
                value: 86.0,
                reason: "malformed frame".into(),
            },
            ReputationChange { at: seconds(tick.saturating_sub(30)), delta: 1.0, value: 98.0, reason: "useful block".into() },
        ]
    } else {
        vec![ReputationChange {
            at: seconds(tick.saturating_sub(20 + seed % 9)),
            delta: 1.0,
            value: 98.0 - (seed % 6) as f64,
            reason: "useful block".into(),
        }]
    };
    let rtt = 8_000 + seed % 11 * 4_000;
    Peer {
        connection: u64::from(of) * 100 + u64::from(to) + 1,
        node: Some(to),
        id: id(u64::from(to)),
        name: format!("n{to}"),
        address: format!("127.0.0.1:{}", 8080 + to),
        direction: if of < to { Direction::Outbound } else { Direction::Inbound },
        state: PeerState::Ready,
        agent: "rumormill/0.1.0".into(),
        version: 1,
        height: tip,
        rtt: Some(Duration::from_micros(rtt + wander(seed, tick) * 90)),
        rtt_history: (0..32).map(|back| rtt + wander(seed, tick + back) * 90).collect(),
        rate: (wander(seed, tick) * 1_300, wander(seed + 9, tick) * 1_100),
        bytes: (tick * 41_000 + seed * 999, tick * 39_000),
        messages: (tick * 9, tick * 8),
        reputation: reputation_history[0].value,
        reputation_history,
        last_asked: Some(format!("block {tip}")),
        last_sent: Some("inventory 3 transactions".into()),
        since: seconds(2 + u64::from(to)),
        outbox: (wander(seed, tick) / 30, wander(seed, tick) * 40),
        health: Some((70 + seed % 7 * 5) as u8),
    }
}

/// The network at a tick; a tick is a second.
pub fn snapshot(tick: u64) -> Snapshot {
    cluster(8, tick)
}

/// A ring of any size at a tick. From eight nodes on, some are in trouble.
pub fn cluster(count: u32, tick: u64) -> Snapshot {
    let trouble = count >= 8;
    let best = 11_967 + tick / 5;
    let heights = |index: u32| match index {
        DOWN if trouble => best - 40,
        SYNCING if trouble => best - 7,
        LAGGING if trouble => best - 2,
        _ => best,
    };
    let nodes: Vec<Node> = (0..count)
        .map(|index| {
            let state = match index {
                DOWN if trouble => NodeState::Down,
                SYNCING if trouble => NodeState::Syncing,
                LAGGING if trouble => NodeState::Lagging,
                _ => NodeState::Ok,
            };
            let height = heights(index);
            let seed = u64::from(index);
            let runs = state != NodeState::Down;
            let peers = (0..count)
                .filter(|other| runs && *other != index && linked(index, *other, count) && !(trouble && *other == DOWN))
                .map(|other| peer(index, other, tick, heights(other)))
                .collect();
            Node {
                index,
                name: format!("n{index}"),
                id: id(seed),
                address: format!("127.0.0.1:{}", 8080 + index),
                state,
                state_since: seconds(if runs { tick.saturating_sub(20) } else { tick.saturating_sub(12) }),
                reason: (!runs).then(|| "killed by you".into()),
                height,
                tip: id(height),
                lag: best - height,
                tip_since: seconds(tick - tick % 5),
                sync: Sync {
                    phase: if state == NodeState::Syncing { SyncPhase::Blocks } else { SyncPhase::Synced },
                    target: best,
                    headers: best,
                    downloaded: height - 8_000,
                    validated: height - 8_004,
                    blocks_per_second: if state == NodeState::Syncing { 0.8 } else { 0.2 },
                    eta: (state == NodeState::Syncing).then(|| seconds(9)),
                    from: (state == NodeState::Syncing).then(|| "n4".into()),
                },
                mempool: (120 + wander(seed, tick), 48_000 + wander(seed, tick) * 300),
                balance: 125_050 + seed * 1_000,
                mining: (index % 2 == 0).then_some(Mining { tries_per_second: 1_000, difficulty: 20_000, height: height + 1 }),
                blocks_mined: tick / 40 + seed,
                blocks_received: tick / 6,
                transactions: 480_000 + tick * 20,
                reorgs: (seed % 3, seed % 3),
                peers,
                max_peers: 8,
                bans: if index == 3 && trouble {
                    vec![Ban {
                        name: "4be19c02".into(),
                        id: id(99),
                        reason: "reputation -52: malformed frame".into(),
                        until: seconds(tick + 588),
                    }]
                } else {
                    Vec::new()
                },
                traffic: if runs { traffic(seed, tick, 40) } else { Vec::new() },
                blocks: (0..32)
                    .map(|back| {
                        let at = height - back;
                        let miner = at * 7 % u64::from(count);
                        BlockLine {
                            height: at,
                            id: id(at)[..8].into(),
                            miner: format!("n{miner}"),
                            transactions: (at % 90) as u32,
                            size: 800 + at % 90 * 220,
                            at: seconds((tick - tick % 5).saturating_sub(back * 5)),
                            from: (miner != seed).then(|| format!("n{}", (seed + 1) % u64::from(count))),
                        }
                    })
                    .collect(),
                known_addresses: count + 6,
                tried_addresses: count,
                connectivity: vec![
                    ("bootstrap dials".into(), 2),
                    ("exchange addresses".into(), tick / 2),
                    ("lookups".into(), tick / 9),
                    ("links recovered".into(), seed % 3),
                ],
            }
        })
        .collect();
    let mut links: Vec<Link> = Vec::new();
    for from in 0..count {
        let near = (from + 1..count).filter(|to| linked(from, *to, count));
        for to in near.filter(|to| !trouble || (from != DOWN && *to != DOWN)) {
            let seed = u64::from(from * 31 + to);
            let rate = if (from, to) == (3, 4) { 980_000 } else { 20_000 + wander(seed, tick) * 2_500 };
            links.push(Link {
                from,
                to: End::Node(to),
                rate,
                rtt: Some(Duration::from_micros(8_000 + seed % 11 * 4_000)),
                messages: wander(seed, tick) / 18,
                cut: trouble && (from, to) == (4, 5),
                lost: trouble.then_some(if (from, to) == (5, 6) { 187_000 } else { 0 }),
                configured: trouble.then(|| configured(from, to)),
            });
        }
    }
    let mut snapshot = Snapshot {
        generation: tick,
        title: format!("ring-{count}"),
        seed: Some(42),
        clock: Clock { elapsed: seconds(tick), mode: ClockMode::Live, speed_percent: 100 },
        nodes,
        links,
        relays: relays(tick, best, count),
        traffic: traffic(3, tick, 220),
        totals: Totals {
            blocks: best,
            transactions: 480_000,
            reorgs: 2,
            bans: 1,
            bytes_in: 96_000_000,
            bytes_out: 91_000_000,
            messages_in: 40_000,
            duplicates: 9_100,
            drops: 412,
        },
        faults: if trouble {
            vec![
                Fault { number: 1, text: "loss 20% n5 -> n6".into(), left: None },
                Fault { number: 2, text: "cut n4 | n5".into(), left: Some(seconds(41)) },
            ]
        } else {
            Vec::new()
        },
        timeline: if trouble { timeline(tick) } else { Vec::new() },
        expectations: if trouble { expectations(tick) } else { Vec::new() },
        messages: messages(tick),
        controls: Controls { faults: trouble, peers: true, pause: true, step: true, speed: true },
        logs: logs(tick),
        load: Load { cpu_percent: Some(24.0), memory: Some(61_000_000), lateness: Duration::ZERO },
        ..Snapshot::default()
    };
    snapshot.problems = diagnose(&snapshot);
    snapshot
}

/// One node with peers that are nobody's.
pub fn alone(tick: u64) -> Snapshot {
    let mut snapshot = cluster(1, tick);
    snapshot.title = "n0".into();
    snapshot.controls = Controls::default();
    snapshot.seed = None;
    for place in 0..6_u32 {
        let mut peer = peer(0, place + 10, tick, 12_000 + u64::from(place));
        peer.node = None;
        peer.name = peer.id[..8].into();
        snapshot.strangers.push(Stranger { name: peer.name.clone(), address: peer.address.clone(), height: peer.height });
        snapshot.links.push(Link {
            from: 0,
            to: End::Stranger(place),
            rate: peer.rate.0,
            rtt: peer.rtt,
            messages: u64::from(place % 3),
            cut: false,
            ..Link::default()
        });
        snapshot.nodes[0].peers.push(peer);
    }
    snapshot.problems = diagnose(&snapshot);
    snapshot
}

/// The network at a tick, as a replay of a recording of ten minutes.
pub fn replay(tick: u64) -> Snapshot {
    let mut snapshot = snapshot(tick);
    snapshot.controls = Controls { pause: true, speed: true, ..Controls::default() };
    snapshot.recording = Some(Recording {
        length: seconds(600),
        marks: timeline(tick).into_iter().map(|line| (line.at, line.text)).collect(),
        torn: false,
    });
    snapshot.problems = diagnose(&snapshot);
    snapshot
}

/// What was asked of a link: a distance everywhere, a lossy one, a thin one, a cut one.
fn configured(from: u32, to: u32) -> (LinkShape, LinkShape) {
    let plain = LinkShape { latency: Duration::from_millis(4), ..LinkShape::default() };
    match (from, to) {
        (5, 6) => (LinkShape { loss: 200_000, ..plain }, plain),
        (6, 7) => (LinkShape { bandwidth: Some(50_000), ..plain }, LinkShape { bandwidth: Some(50_000), ..plain }),
        (4, 5) => (LinkShape { cut: true, ..plain }, LinkShape { cut: true, ..plain }),
        _ => (plain, plain),
    }
}

fn timeline(tick: u64) -> Vec<TimelineLine> {
    [
        (30, "latency 200 ms on n0 - n1 for 60 s"),
        (90, "undo: latency on n0 - n1"),
        (150, "loss 20% n5 -> n6"),
        (202, "cut n4 | n5 for 60 s"),
        (209, "kill n2 for 60 s"),
        (262, "undo: cut n4 | n5"),
        (269, "restart n2"),
        (330, "partition n0, n1, n7 | rest for 60 s"),
        (390, "undo: partition n0, n1, n7 | rest"),
        (420, "clock of n3 40 s ahead for 60 s"),
        (480, "disk of n6 full for 30 s"),
        (570, "undo: everything"),
    ]
    .into_iter()
    .map(|(at, text)| TimelineLine { at: seconds(at), text: text.into(), done: at <= tick })
    .collect()
}

fn expectations(tick: u64) -> Vec<ExpectationLine> {
    let line = |text: &str, verdict, measured: String| ExpectationLine { text: text.into(), verdict, measured };
    vec![
        line("all honest nodes agree within 60 s of the last fault", Verdict::Pending, format!("2 groups for {} s", tick % 60)),
        line("no node is more than 50 blocks behind", Verdict::Met, "40 at most, n2".into()),
        line("no honest node is banned", Verdict::Missed, "4be19c02 by n3 at 3:31".into()),
        line("a block reaches 95 of a hundred nodes within 2 s", Verdict::Met, "p95 118 ms over 44 blocks".into()),
        line("no reorganization deeper than 6", Verdict::Met, "2 at most".into()),
    ]
}

fn messages(tick: u64) -> Vec<MessageCount> {
    [
        ("addresses", 11, 460),
        ("block", 3, 4_800),
        ("block request", 4, 90),
        ("headers", 6, 310),
        ("inventory", 61, 120),
        ("ping", 16, 24),
        ("pong", 16, 24),
        ("transaction", 38, 230),
        ("transaction request", 21, 80),
    ]
    .into_iter()
    .enumerate()
    .map(|(place, (kind, rate, size))| {
        let rate = rate + wander(place as u64, tick) % (rate / 3 + 1);
        MessageCount { kind: kind.into(), count: rate * tick, rate, bytes: rate * tick * size }
    })
    .collect()
}

/// How something went from a node through a ring: both ways around, a chord on the way.
fn hops(origin: u64, count: u32, reached: u32, step: u64) -> Vec<Hop> {
    let at = |offset: i64| ((origin as i64 + offset).rem_euclid(i64::from(count))) as u32;
    let mut hops = vec![Hop { node: at(0), from: None, after: Duration::ZERO }];
    let mut offsets = vec![(1, 0), (-1, 0), (4, 0), (3, 4), (2, 1), (-2, -1), (-3, 4)];
    offsets.retain(|(to, _): &(i64, i64)| at(*to) != DOWN);
    for (place, (to, from)) in offsets.into_iter().enumerate().take(reached.saturating_sub(1) as usize) {
        let after = Duration::from_micros((place as u64 + 1) * step * 900 + place as u64 * 731 % 400);
        hops.push(Hop { node: at(to), from: Some(at(from)), after });
    }
    hops
}

fn relays(tick: u64, best: u64, count: u32) -> Vec<Relay> {
    let name = |seed: u64| format!("n{}", seed % u64::from(count));
    let running = if count >= 8 { count - 1 } else { count };
    (0..40)
        .map(|back| {
            let at = tick.saturating_sub(back);
            let base = Relay {
                at: Duration::from_millis(at * 1000 + back * 37 % 1000),
                id: id(at * 3)[..8].into(),
                seen: (running, running),
                ..Relay::default()
            };
            match at % 5 {
                0 => Relay {
                    kind: RelayKind::Block,
                    height: Some(best - back / 5),
                    path: vec![name(at), name(at + 1), name(at + 4), name(at + 3)],
                    took: Duration::from_millis(51 + at % 70),
                    hops: if count == 8 { hops(at, count, running, 10 + at % 7) } else { Vec::new() },
                    ..base
                },
                1 => Relay {
                    kind: RelayKind::Peers,
                    id: String::new(),
                    path: vec![name(at + 7), name(at)],
                    note: "14 addresses".into(),
                    ..base
                },
                2 if at % 3 == 0 => Relay {
                    kind: RelayKind::Ban,
                    id: String::new(),
                    path: vec![name(6), name(3)],
                    note: "reputation 41 -> -52: malformed frame".into(),
                    ..base
                },
                3 if at % 4 == 0 => Relay {
                    kind: RelayKind::Reorg,
                    height: Some(best - back / 5),
                    path: vec![name(5)],
                    note: "depth 1".into(),
                    ..base
                },
                _ => Relay {
                    kind: RelayKind::Transaction,
                    path: vec![name(at + 5), name(at + 6)],
                    took: Duration::from_millis(12 + at % 40),
                    seen: (2 + (at % 5) as u32, running),
                    hops: if count == 8 { hops(at + 5, count, 2 + (at % 5) as u32, 3 + at % 5) } else { Vec::new() },
                    ..base
                },
            }
        })
        .collect()
}

fn logs(tick: u64) -> Vec<LogLine> {
    (0..120)
        .rev()
        .map(|back| {
            let at = tick.saturating_sub(back);
            let (level, target, text) = match at % 7 {
                0 => (LogLevel::Warn, "peers", format!("n6 sent a malformed frame: reputation 86 -> 74 ({at})")),
                1 => (LogLevel::Debug, "relay", format!("inventory of {} transactions to 5 peers", at % 40)),
                2 => (LogLevel::Info, "sync", format!("block {} is the new tip", 11_967 + at / 5)),
                3 if at % 2 == 0 => (LogLevel::Error, "net", "n2 closed the connection: reset by peer".into()),
                4 => (LogLevel::Info, "mining", format!("working on block {}", 11_968 + at / 5)),
                _ => (LogLevel::Debug, "net", format!("ping answered in {} ms", 8 + at % 20)),
            };
            LogLine {
                at: Duration::from_millis(at * 1000 + 120),
                level,
                node: Some((at % 8) as u32),
                target: target.into(),
                text,
            }
        })
        .collect()
}
