//! The simulation driver: many nodes in one thread, in virtual time. One seed gives one history, byte for byte.
//!
//! Everything that happens stands in one queue ordered by time and, within a moment, by sequence number. Nodes are the very same
//! [`Node`]s that run on sockets; only what carries their inputs and outputs differs. Work that a real node does beside its state machine
//! (validation, signatures, disk) takes no virtual time here, and is done once for all nodes.
//!
//! | File | Its story |
//! |---|---|
//! | `queue` | what happens when |
//! | `network`, `line` | connections; what waits in each direction, and how it travels |
//! | `host` | one machine: its node, its store, its miner |
//! | `execute` | carries out what nodes put out |
//! | `work` | verdicts and signature checks, shared by all nodes |
//! | `trace` | the hash of a history |

mod execute;
mod host;
mod line;
mod network;
mod queue;
mod trace;
mod work;

use crate::chain::{ChainSpec, Hash256, KeyPair};
use crate::link::LinkModel;
use crate::node::{Command, Config, EventSink, Input, Machine, Node, Output, Time, Wrap};
use crate::store::{Store, StoreError};
use host::{Genesis, Host};
use network::Network;
use queue::{Happening, Queue};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use trace::Trace;
use work::Work;

/// The port that every simulated node listens on; each has an address of its own.
const PORT: u16 = 8080;
/// Node `n` has the address 10.0.0.1 + n, unless it is put into a network of the Internet.
const FIRST_ADDRESS: u32 = 0x0a00_0001;
/// The first of the networks of the Internet, each a /16, and how many there are: 20.0.0.0 up to 97.255.0.0, all of them routed.
const FIRST_NETWORK: u32 = 0x1400_0000;
const NETWORKS: u32 = 78 << 8;

/// A network of nodes in virtual time.
pub struct Simulation {
    genesis: Genesis,
    seed: u64,
    now: Time,
    started: Time,
    queue: Queue,
    hosts: Vec<Host>,
    network: Network,
    work: Work,
    trace: Trace,
    events: Option<EventSink>,
    /// The nodes with addresses in networks of the Internet.
    moved: BTreeMap<SocketAddr, usize>,
    /// What names resolve to.
    names: BTreeMap<String, Vec<IpAddr>>,
    /// Outputs of the input at hand; kept, so that its memory is used again.
    outputs: Vec<Output>,
}

impl Simulation {
    /// An empty network. Virtual time starts a second after the chain's genesis.
    pub fn new(spec: Arc<ChainSpec>, seed: u64) -> Self {
        let now = Time::from_millis(spec.genesis_time.saturating_add(1_000));
        Self {
            genesis: Genesis::new(spec),
            seed,
            now,
            started: now,
            queue: Queue::default(),
            hosts: Vec::new(),
            network: Network::new(seed),
            work: Work::default(),
            trace: Trace::default(),
            events: None,
            moved: BTreeMap::new(),
            names: BTreeMap::new(),
            outputs: Vec::new(),
        }
    }

    /// Where events go, from now on.
    pub fn set_events(&mut self, events: EventSink) {
        self.events = Some(events);
    }

    /// The address of the node with this index, whether it is there yet or not, unless it is put elsewhere.
    pub fn address(index: usize) -> SocketAddr {
        let offset = u32::try_from(index).unwrap_or(u32::MAX);
        SocketAddr::from((Ipv4Addr::from(FIRST_ADDRESS.saturating_add(offset)), PORT))
    }

    /// Puts a node that has not been started yet into a network of the Internet, a /16, instead of the private one that all are in
    /// otherwise. Networks beyond some 20,000 begin anew.
    pub fn set_network(&mut self, index: usize, network: u32) {
        let place = u32::try_from(index).unwrap_or(u32::MAX).wrapping_add(1) & 0xffff;
        let ip = Ipv4Addr::from(FIRST_NETWORK + (((network % NETWORKS) << 16) | place));
        let address = SocketAddr::from((ip, PORT));
        self.moved.retain(|_, host| *host != index);
        self.moved.insert(address, index);
    }

    /// The address of the node with this index.
    pub fn address_of(&self, index: usize) -> SocketAddr {
        let moved = self.moved.iter().find(|(_, host)| **host == index);
        moved.map_or_else(|| Self::address(index), |(address, _)| *address)
    }

    /// Makes a name resolve to these addresses from now on; to none: it is not known any longer.
    pub fn name(&mut self, host: &str, addresses: Vec<IpAddr>) {
        if addresses.is_empty() {
            self.names.remove(host);
        } else {
            self.names.insert(host.to_owned(), addresses);
        }
    }

    /// Adds a node that keeps its chain in `store`, and starts it at once. Its index.
    ///
    /// # Errors
    /// The store's, when it cannot be read or holds no chain of this spec.
    pub fn add(&mut self, config: Config, keys: KeyPair, store: Box<dyn Store>) -> Result<usize, StoreError> {
        let index = self.add_stopped(config, keys, store);
        self.restart(index)?;
        Ok(index)
    }

    /// Adds a node that does not run yet: [`Simulation::restart`] starts it. Its index.
    pub fn add_stopped(&mut self, config: Config, keys: KeyPair, store: Box<dyn Store>) -> usize {
        self.hosts.push(Host::new(Config { port: PORT, ..config }, keys, store));
        self.hosts.len() - 1
    }

    /// What becomes of the node when it is started next: an adversary, or (`None`) itself.
    pub fn set_wrap(&mut self, index: usize, wrap: Option<Wrap>) {
        if let Some(host) = self.hosts.get_mut(index) {
            host.wrap = wrap;
        }
    }

    /// Starts a node that does not run, from what its store holds. A running one goes on unharmed.
    ///
    /// # Errors
    /// The store's, when it cannot be read or holds no chain of this spec.
    pub fn restart(&mut self, index: usize) -> Result<(), StoreError> {
        let seed = self.seed;
        let Some(host) = self.hosts.get_mut(index).filter(|host| host.node.is_none()) else { return Ok(()) };
        let node = host.boot(&self.genesis, seed, index, self.now)?;
        let mut outputs = std::mem::take(&mut self.outputs);
        host.node.insert(node).start(self.now, &mut outputs);
        self.trace.note(self.now, b"start", index as u64, &[]);
        self.execute(index, &mut outputs);
        self.outputs = outputs;
        Ok(())
    }

    /// Kills a node as `kill -9` does: what its store has stays, all else is gone. Its peers notice when their links break.
    pub fn kill(&mut self, index: usize) {
        let Some(host) = self.hosts.get_mut(index) else { return };
        if host.node.take().is_some() {
            host.power_off();
            self.trace.note(self.now, b"kill", index as u64, &[]);
            self.network.abandon(index, self.now, &mut self.queue);
        }
    }

    /// Stands a node still, as a stopped process, or lets it go on: its connections stay, and what came meanwhile waits for it.
    pub fn set_paused(&mut self, index: usize, paused: bool) {
        let Some(host) = self.hosts.get_mut(index).filter(|host| host.paused != paused && host.node.is_some()) else { return };
        host.paused = paused;
        self.trace.note(self.now, if paused { b"pause" } else { b"go on" }, index as u64, &[]);
        let boot = Some(host.boots);
        for input in std::mem::take(&mut host.backlog) {
            self.queue.push(self.now, Happening::Input { host: index, input, boot });
        }
        self.schedule_deadline(index);
    }

    /// Makes a node's store fail every commit, or work again.
    pub fn set_disk_full(&mut self, index: usize, full: bool) {
        if let Some(host) = self.hosts.get_mut(index) {
            host.disk_full = full;
            self.trace.note(self.now, b"disk", index as u64, &[u64::from(full)]);
        }
    }

    /// How what `from` sends to `to` travels from now on.
    pub fn set_link(&mut self, from: usize, to: usize, model: LinkModel) {
        self.network.set_model(from, to, model, self.now, &mut self.queue);
    }

    /// How what `from` sends to `to` travels.
    pub fn link(&self, from: usize, to: usize) -> LinkModel {
        self.network.model(from, to)
    }

    /// How all links behave that have no model of their own.
    pub fn set_links(&mut self, model: LinkModel) {
        self.network.set_usual(model, self.now, &mut self.queue);
    }

    /// Cuts the link between two nodes, or mends it: what is sent meanwhile waits, as TCP would try again and again, and dials time out.
    pub fn set_cut(&mut self, a: usize, b: usize, cut: bool) {
        for (from, to) in [(a, b), (b, a)] {
            self.set_link(from, to, LinkModel { cut, ..self.link(from, to) });
        }
    }

    /// Asks something of a node.
    pub fn command(&mut self, index: usize, command: Command) {
        self.queue.push(self.now, Happening::Input { host: index, input: Input::Command(command), boot: None });
    }

    /// The node, if it runs.
    pub fn node(&self, index: usize) -> Option<&Node> {
        self.hosts.get(index)?.node.as_deref().map(Machine::node)
    }

    /// All nodes that run, in order of index.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.hosts.iter().filter_map(|host| host.node.as_deref().map(Machine::node))
    }

    /// How many nodes there are, running or not.
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Virtual time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Virtual time since the start.
    pub fn elapsed(&self) -> Duration {
        self.now.since(self.started)
    }

    /// Messages delivered so far.
    pub fn delivered(&self) -> u64 {
        self.network.delivered
    }

    /// The hash of all that happened so far: equal for equal histories.
    pub fn trace_hash(&self) -> Hash256 {
        self.trace.hash()
    }

    /// When the next thing happens; `None`: never.
    pub fn next(&self) -> Option<Time> {
        self.queue.next()
    }

    /// Does the next thing. False if nothing will ever happen again.
    pub fn step(&mut self) -> bool {
        let Some((time, happening)) = self.queue.pop() else { return false };
        self.now = time;
        self.happen(happening);
        true
    }

    /// Runs for some virtual time.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.queue.next().is_some_and(|time| time <= end) {
            self.step();
        }
        self.now = end;
    }

    /// Runs until `done`, looked at every `interval`, but no longer than `limit`. Whether it came to be.
    pub fn run_until(&mut self, limit: Duration, interval: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !done(self) {
            if self.now >= end {
                return false;
            }
            self.run_for(interval.min(end.since(self.now)).max(Duration::from_micros(1)));
        }
        true
    }

    /// Whether all running nodes have the same tip.
    pub fn agrees(&self) -> bool {
        let mut tips = self.nodes().map(|node| node.ledger().tip().id);
        tips.next().is_none_or(|first| tips.all(|tip| tip == first))
    }

    fn happen(&mut self, happening: Happening) {
        let (index, input) = match happening {
            Happening::Input { host, input, boot } => {
                // What was meant for a node that has been killed since dies with it.
                if boot.is_some_and(|boot| self.hosts.get(host).is_none_or(|host| host.boots != boot)) {
                    return;
                }
                (host, input)
            }
            Happening::Deliver(delivery) => match self.network.arrive(&delivery, &mut self.trace, self.now) {
                Some(input) => (delivery.host, input),
                None => return,
            },
            Happening::Handshaken { pipe } => match self.network.dialled(pipe, self.now, &mut self.queue) {
                Some((host, input)) => (host, input),
                None => return,
            },
            Happening::Dialled { host, address, boot } => {
                return self.answer_dial(host, address, boot);
            }
            Happening::LineFree { pipe, end } => {
                return self.network.line_free(pipe, end, self.now, &mut self.queue);
            }
            Happening::Deadline { host } => {
                let Some(machine) = self.hosts.get_mut(host) else { return };
                // One that was overtaken by an earlier one is void; else each would beget another, for ever.
                if machine.deadline != self.now {
                    return;
                }
                machine.deadline = Time::MAX;
                match &machine.node {
                    // It looks again when it goes on.
                    _ if machine.paused => return,
                    Some(node) if node.next_deadline() <= self.now => (host, Input::Deadline),
                    _ => return self.schedule_deadline(host),
                }
            }
            Happening::MineSlice { host, job } => {
                let Some(machine) = self.hosts.get_mut(host) else { return };
                match machine.mine(job, self.now) {
                    host::Mined::Nothing(next) => {
                        self.queue.push(next, Happening::MineSlice { host, job });
                        return;
                    }
                    host::Mined::Block(block) => (host, Input::Mined(block)),
                    host::Mined::Stale => return,
                }
            }
        };
        let Some(host) = self.hosts.get_mut(index) else { return };
        if host.paused {
            return host.backlog.push(input);
        }
        let Some(node) = host.node.as_mut() else { return };
        let mut outputs = std::mem::take(&mut self.outputs);
        node.handle(self.now, input, &mut outputs);
        self.execute(index, &mut outputs);
        self.outputs = outputs;
    }
}

#[cfg(test)]
mod address_tests;
#[cfg(test)]
mod discovery_tests;
#[cfg(test)]
mod tests;
