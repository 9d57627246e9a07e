//! Hand-made event streams for the tests of this room.

use super::{Observer, Plan};
use crate::chain::{Address, BlockId, TxId};
use crate::node::{ConnectionId, Direction, Event, PeerTraffic, Stamped, SyncPhase, Time};
use rumormill_ui::model::{Problem, Snapshot};
use std::sync::Arc;

/// A run of some nodes, all watched, started at some moment.
pub struct Run {
    pub observer: Observer,
    pub start: u64,
}

pub fn id(node: u32) -> Address {
    let mut bytes = [0xab; 32];
    bytes[..4].copy_from_slice(&node.to_be_bytes());
    Address(bytes)
}

pub fn block(number: u64) -> BlockId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[31] = 1;
    BlockId(bytes)
}

pub fn transaction(number: u64) -> TxId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    TxId(bytes)
}

fn no_problems(_: &Snapshot) -> Vec<Problem> {
    Vec::new()
}

impl Run {
    /// `count` nodes that have started; their connections are still to be made.
    pub fn new(count: u32) -> Self {
        let start = 1_700_000_000_000_000;
        let plan = Plan {
            title: "test".to_owned(),
            seed: Some(42),
            start: Time(start),
            speed_percent: 100,
            nodes: (0..count).map(|index| (format!("n{index}"), String::new())).collect(),
        };
        let mut run = Self { observer: Observer::new(plan, no_problems), start };
        for index in 0..count {
            run.started(0, index, 0);
        }
        run
    }

    pub fn now(&self, millis: u64) -> Time {
        Time(self.start + millis * 1_000)
    }

    pub fn event(&mut self, millis: u64, node: u32, event: Event) {
        let at = self.now(millis);
        self.observer.observe(&Stamped { at, node, event });
    }

    pub fn see(&mut self, millis: u64) -> Arc<Snapshot> {
        let now = self.now(millis);
        self.observer.snapshot(now)
    }

    pub fn started(&mut self, millis: u64, node: u32, height: u64) {
        let (tip, balance) = (block(0), 1_250);
        let mining = Some(2_000);
        let started = Event::Started { id: id(node), height, tip, balance, max_peers: 40, mining };
        self.event(millis, node, started);
    }

    /// `node` dials `peer`; both ends say so. The connection's number is the same at both ends.
    pub fn connect(&mut self, millis: u64, node: u32, peer: u32, connection: u64) {
        for (at, other, direction) in [(node, peer, Direction::Outbound), (peer, node, Direction::Inbound)] {
            self.connect_end(millis, at, id(other), connection, direction);
        }
    }

    pub fn connect_end(&mut self, millis: u64, node: u32, peer: Address, connection: u64, direction: Direction) {
        let address = "127.0.0.1:8080".parse().unwrap();
        let connection = ConnectionId(connection);
        self.event(millis, node, Event::Connected { connection, address, direction, peer });
        let agent = "rumormill/0.1.0".to_owned();
        let (version, height) = (1, 7);
        self.event(millis, node, Event::NewPeer { connection, peer, address, agent, version, height });
    }

    pub fn disconnect(&mut self, millis: u64, node: u32, peer: u32, connection: u64) {
        self.event(
            millis,
            node,
            Event::Disconnected {
                connection: ConnectionId(connection),
                peer: id(peer),
                address: "127.0.0.1:8080".parse().unwrap(),
                why: "closed by peer".to_owned(),
                guest: false,
            },
        );
    }

    pub fn tip(&mut self, millis: u64, node: u32, number: u64, height: u64) {
        let (id, balance, transactions) = (block(number), 5_000, 9);
        self.event(millis, node, Event::TipChanged { id, height, balance, transactions });
    }

    pub fn mined(&mut self, millis: u64, node: u32, number: u64, height: u64) {
        self.event(millis, node, Event::BlockMined { id: block(number), height, transactions: 2, size: 700, reward: 5_000 });
        self.tip(millis, node, number, height);
    }

    /// A body comes without becoming the tip.
    pub fn body(&mut self, millis: u64, node: u32, number: u64, height: u64, from: (u32, u64)) {
        self.event(
            millis,
            node,
            Event::BlockReceived {
                id: block(number),
                height,
                transactions: 2,
                size: 700,
                miner: id(from.0),
                connection: ConnectionId(from.1),
                peer: id(from.0),
            },
        );
    }

    pub fn received(&mut self, millis: u64, node: u32, number: u64, height: u64, from: (u32, u64)) {
        self.body(millis, node, number, height, from);
        self.tip(millis, node, number, height);
    }

    pub fn pulse(&mut self, millis: u64, node: u32, counts: &[(u64, u64)]) {
        let peers = counts
            .iter()
            .map(|&(connection, bytes)| PeerTraffic {
                connection,
                bytes_in: bytes,
                bytes_out: bytes * 2,
                messages_in: bytes / 100,
                messages_out: bytes / 50,
            })
            .collect();
        self.event(millis, node, Event::Pulse { peers, duplicates: 3, mempool: 4, mempool_bytes: 624, messages: Vec::new() });
    }

    pub fn sync(&mut self, millis: u64, node: u32, phase: SyncPhase, height: u64, target: u64) {
        let (headers, downloaded, from) = (target, height, Some(ConnectionId(1)));
        self.event(millis, node, Event::Sync { phase, height, headers, target, downloaded, from });
    }
}
