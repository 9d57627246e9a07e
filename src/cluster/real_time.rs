//! What the engines in real time share: the clock, the links as they were asked for, and where nodes listen. How a node runs, in this
//! process or in one of its own, is its [`Host`]'s business.

use super::engine::{Engine, EngineError};
use super::launch::Blueprint;
use super::scenario::EngineKind;
use crate::chain::Address;
use crate::link::LinkModel;
use crate::node::{Command, EventSink, Time};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Keeps the seeds of a node's lives apart.
const LIFE: u64 = 0xd1b5_4a32_d192_ed03;

/// The real clock.
pub fn real_time() -> Time {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
}

/// The seed of one of a node's lives, counted from 1.
pub(super) fn life_seed(seed: u64, life: u64) -> u64 {
    seed ^ life.wrapping_mul(LIFE)
}

/// One life of a node.
pub struct Life<'a> {
    pub blueprint: &'a Blueprint,
    pub node: u32,
    /// Which of its lives, counted from 1.
    pub number: u64,
    pub listen: SocketAddr,
    /// Whom it dials.
    pub bootstrap: &'a [SocketAddr],
    /// How what it sends to whom is to travel.
    pub links: Vec<(Address, LinkModel)>,
    pub events: &'a EventSink,
}

/// Runs nodes: what is said of [`Engine`]'s methods holds for those of the same name. What it is asked of a node that is not there or does
/// not run, it passes over.
pub trait Host {
    /// Starts a node, and ends what is left of its last life first: one that said goodbye may not have ended yet. Where it listens, or
    /// why it cannot be started, in words.
    fn start(&mut self, life: &Life<'_>) -> Result<SocketAddr, String>;
    fn kill(&mut self, node: u32);
    fn leave(&mut self, node: u32);
    fn set_link(&mut self, from: u32, peer: Address, model: LinkModel);
    fn pause(&mut self, node: u32, paused: bool);
    fn disk_full(&mut self, node: u32, full: bool);
    fn command(&mut self, node: u32, command: Command);
    fn lost(&mut self) -> Vec<(u32, String)> {
        Vec::new()
    }
    fn memory(&self) -> u64 {
        0
    }
    /// All side by side, within 5 s.
    fn stop(&mut self);
}

/// What is known of a node, whether it runs or not.
#[derive(Clone, Default)]
struct Known {
    lives: u64,
    /// Whom it dials: those that listened when it first started.
    bootstrap: Vec<SocketAddr>,
    /// Where it listens, once it did; it listens there again.
    address: Option<SocketAddr>,
}

/// Nodes on loopback ports that the system picks, in real time.
pub struct RealTime<H> {
    host: H,
    blueprint: Blueprint,
    nodes: Vec<Known>,
    links: BTreeMap<(u32, u32), LinkModel>,
    start: Time,
    began: Instant,
    events: EventSink,
}

impl<H: Host> RealTime<H> {
    /// The nodes of a blueprint, none of which runs yet, in a run that began at `start`.
    pub(super) fn on(host: H, blueprint: Blueprint, start: Time) -> Self {
        let nodes = vec![Known::default(); blueprint.count as usize];
        Self { host, blueprint, nodes, links: BTreeMap::new(), start, began: Instant::now(), events: Arc::new(|_| {}) }
    }
}

impl<H: Host> Engine for RealTime<H> {
    fn kind(&self) -> EngineKind {
        EngineKind::Sockets
    }

    fn set_events(&mut self, events: EventSink) {
        self.events = events;
    }

    fn start_time(&self) -> Time {
        self.start
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// A node's port is known only once it listens: of two that are linked, the one that starts later for the first time dials.
    fn start(&mut self, node: u32) -> Result<(), EngineError> {
        let linked = self.blueprint.neighbours(node).iter().filter_map(|peer| self.address(*peer)).collect();
        let Some(known) = self.nodes.get_mut(node as usize) else { return Ok(()) };
        if known.lives == 0 {
            known.bootstrap = linked;
        }
        known.lives += 1;
        let links = self.links.range((node, 0)..=(node, u32::MAX));
        let life = Life {
            blueprint: &self.blueprint,
            node,
            number: known.lives,
            listen: known.address.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            bootstrap: &known.bootstrap,
            links: links.filter_map(|((_, to), model)| Some((self.blueprint.id(*to)?, *model))).collect(),
            events: &self.events,
        };
        known.address = Some(self.host.start(&life).map_err(|why| EngineError { node, why })?);
        Ok(())
    }

    fn kill(&mut self, node: u32) {
        self.host.kill(node);
    }

    fn leave(&mut self, node: u32) {
        self.host.leave(node);
    }

    fn set_link(&mut self, from: u32, to: u32, model: LinkModel) {
        self.links.insert((from, to), model);
        if let Some(peer) = self.id(to) {
            self.host.set_link(from, peer, model);
        }
    }

    fn pause(&mut self, node: u32, paused: bool) {
        self.host.pause(node, paused);
    }

    fn disk_full(&mut self, node: u32, full: bool) {
        self.host.disk_full(node, full);
    }

    fn command(&mut self, node: u32, command: Command) {
        self.host.command(node, command);
    }

    fn address(&self, node: u32) -> Option<SocketAddr> {
        self.nodes.get(node as usize)?.address
    }

    fn id(&self, node: u32) -> Option<Address> {
        self.blueprint.id(node)
    }

    fn lost(&mut self) -> Vec<(u32, String)> {
        self.host.lost()
    }

    fn memory(&self) -> u64 {
        self.host.memory()
    }

    fn stop(&mut self) {
        self.host.stop();
    }
}
