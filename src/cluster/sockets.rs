//! The engine on real sockets: all nodes in this process, on loopback ports that the system picks, in real time.

use super::engine::{Engine, EngineError};
use super::keys::node_keys;
use super::launch::{Blueprint, NodePlan};
use super::limits::STOP;
use super::scenario::EngineKind;
use crate::chain::{Address, Hash256};
use crate::link::LinkModel;
use crate::net::{self, Handle, Names, Setup, Transport, Workers};
use crate::node::{Command, Config, EventSink, Time, Wrap};
use crate::store::{AddressFile, DiskSwitch, FaultyStore, SharedStore};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Keeps the seeds of a node's lives apart.
const LIFE: u64 = 0xd1b5_4a32_d192_ed03;

/// One machine: it outlives its node.
struct Machine {
    handle: Option<Handle>,
    config: Config,
    store: SharedStore,
    addresses: AddressFile,
    disk: DiskSwitch,
    wrap: Option<Wrap>,
    trickles: bool,
    seed: u64,
    lives: u64,
    id: Address,
    /// Where it listens, once it did; it listens there again.
    address: Option<SocketAddr>,
}

/// Nodes on loopback. To be used from outside of the runtime, on which it waits.
pub struct SocketsEngine {
    runtime: tokio::runtime::Handle,
    blueprint: Blueprint,
    machines: Vec<Machine>,
    links: BTreeMap<(u32, u32), LinkModel>,
    start: Time,
    began: Instant,
    events: EventSink,
    workers: Workers,
}

/// The real clock.
pub fn real_time() -> Time {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
}

/// The seed of one of a node's lives, counted from 1.
pub(super) fn life_seed(seed: u64, life: u64) -> u64 {
    seed ^ life.wrapping_mul(LIFE)
}

impl SocketsEngine {
    /// The nodes of a blueprint, none of which runs yet.
    pub fn new(blueprint: Blueprint, workers: Workers, runtime: tokio::runtime::Handle) -> Self {
        let machines = (0..blueprint.count).map(|index| {
            let NodePlan { config, keys, wrap, trickles, seed } = blueprint.node(index, |_| None);
            let disk = DiskSwitch::default();
            let store = FaultyStore::new(blueprint.store(index), disk.clone(), PathBuf::from(format!("n{index}")));
            let store = SharedStore::new(Box::new(store));
            let addresses = AddressFile::in_memory().on(disk.clone());
            let id = keys.address();
            Machine { handle: None, config, store, addresses, disk, wrap, trickles, seed, lives: 0, id, address: None }
        });
        Self {
            machines: machines.collect(),
            runtime,
            blueprint,
            links: BTreeMap::new(),
            start: real_time(),
            began: Instant::now(),
            events: Arc::new(|_| {}),
            workers,
        }
    }

    fn handle(&self, node: u32) -> Option<&Handle> {
        self.machines.get(node as usize)?.handle.as_ref()
    }
}

impl Engine for SocketsEngine {
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

    fn run_until(&mut self, until: Duration, _: Instant) -> bool {
        self.elapsed() >= until
    }

    fn next(&self) -> Option<Duration> {
        None
    }

    fn step(&mut self) -> bool {
        false
    }

    /// A node's port is known only once it listens: of two that are linked, the one that starts later for the first time dials.
    fn start(&mut self, node: u32) -> Result<(), EngineError> {
        let known: Vec<SocketAddr> =
            self.blueprint.neighbours(node).iter().filter_map(|peer| self.machines.get(*peer as usize)?.address).collect();
        let Some(machine) = self.machines.get_mut(node as usize) else { return Ok(()) };
        if let Some(handle) = machine.handle.take() {
            // One that said goodbye may not have ended yet.
            self.runtime.block_on(handle.stop());
        }
        if machine.lives == 0 {
            machine.config.bootstrap = known;
        }
        machine.lives += 1;
        let setup = Setup {
            config: machine.config.clone(),
            keys: node_keys(self.blueprint.seed, node),
            transport: Transport::default(),
            spec: self.blueprint.spec.clone(),
            listen: Some(machine.address.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))),
            store: Box::new(machine.store.clone()),
            addresses: Some(machine.addresses.clone()),
            index: node,
            seed: life_seed(machine.seed, machine.lives),
            events: self.events.clone(),
            workers: self.workers.clone(),
            names: Names::system(),
            upnp: None,
            wrap: machine.wrap.clone(),
        };
        let started = self.runtime.block_on(net::start(setup));
        let handle = started.map_err(|error| EngineError { node, why: error.to_string() })?;
        machine.address = handle.address();
        handle.set_trickle(machine.trickles);
        for ((_, to), model) in self.links.range((node, 0)..=(node, u32::MAX)) {
            if let Some(peer) = self.blueprint.id(*to) {
                handle.set_link(peer, *model);
            }
        }
        machine.handle = Some(handle);
        Ok(())
    }

    fn kill(&mut self, node: u32) {
        if let Some(handle) = self.machines.get_mut(node as usize).and_then(|machine| machine.handle.take()) {
            self.runtime.block_on(handle.kill());
        }
    }

    fn leave(&mut self, node: u32) {
        if let Some(handle) = self.handle(node) {
            handle.set_paused(false);
            handle.command(Command::Shutdown);
        }
    }

    fn set_link(&mut self, from: u32, to: u32, model: LinkModel) {
        self.links.insert((from, to), model);
        if let (Some(handle), Some(peer)) = (self.handle(from), self.id(to)) {
            handle.set_link(peer, model);
        }
    }

    fn pause(&mut self, node: u32, paused: bool) {
        if let Some(handle) = self.handle(node) {
            handle.set_paused(paused);
        }
    }

    fn disk_full(&mut self, node: u32, full: bool) {
        if let Some(machine) = self.machines.get(node as usize) {
            machine.disk.set_full(full);
        }
    }

    fn command(&mut self, node: u32, command: Command) {
        if let Some(handle) = self.handle(node) {
            handle.command(command);
        }
    }

    fn address(&self, node: u32) -> Option<SocketAddr> {
        self.machines.get(node as usize)?.address
    }

    fn id(&self, node: u32) -> Option<Address> {
        self.machines.get(node as usize).map(|machine| machine.id)
    }

    fn trace_hash(&self) -> Option<Hash256> {
        None
    }

    /// All side by side, within 5 s.
    fn stop(&mut self) {
        let handles: Vec<Handle> = self.machines.iter_mut().filter_map(|machine| machine.handle.take()).collect();
        self.runtime.block_on(async {
            let mut stopping: tokio::task::JoinSet<_> = handles.into_iter().map(Handle::stop).collect();
            // A node that does not end in time is left to the end of the process.
            let _ = tokio::time::timeout(STOP, async { while stopping.join_next().await.is_some() {} }).await;
        });
    }
}
