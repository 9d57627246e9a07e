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
                configured: None,
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
        },
        faults: if trouble {
            vec![
                Fault { number: 1, text: "loss 20% n5 -> n6".into(), left: None },
                Fault { number: 2, text: "cut n4 | n5".into(), left: Some(seconds(41)) },
            ]
        } else {
            Vec::new()
        },
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
            configured: None,
        });
        snapshot.nodes[0].peers.push(peer);
    }
    snapshot.problems = diagnose(&snapshot);
    snapshot
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
