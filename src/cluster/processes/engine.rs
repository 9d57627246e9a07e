//! The engine with a process for each node, on loopback ports that the system picks, in real time.

use super::channel::{ChildSetup, Order};
use super::folder::RunFolder;
use super::process::{Process, end_all};
use crate::chain::{Address, Hash256};
use crate::cluster::Preset;
use crate::cluster::engine::{Engine, EngineError};
use crate::cluster::launch::Blueprint;
use crate::cluster::limits::STOP;
use crate::cluster::scenario::EngineKind;
use crate::cluster::sockets::real_time;
use crate::link::LinkModel;
use crate::node::{Command, EventSink, Time};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One machine: it outlives its process.
#[derive(Default)]
struct Machine {
    process: Option<Process>,
    /// Whether it was told to leave: that it ends is no surprise.
    leaves: bool,
    disk_full: bool,
    lives: u64,
    /// Whom it dials: those that listened when it first started.
    bootstrap: Vec<SocketAddr>,
    /// Where it listens, once it did; it listens there again.
    address: Option<SocketAddr>,
}

/// A process for each node. Dropping it kills all of them and removes their data.
pub struct ProcessesEngine {
    program: PathBuf,
    blueprint: Blueprint,
    name: String,
    preset: String,
    began_ms: u64,
    machines: Vec<Machine>,
    links: BTreeMap<(u32, u32), LinkModel>,
    start: Time,
    began: Instant,
    events: EventSink,
    /// Last, so that it goes after those who use it.
    folder: RunFolder,
}

impl ProcessesEngine {
    /// The nodes of a preset with this seed in place of its own, none of which runs yet. Their processes run `program`, which is
    /// this one, and keep their data in `folder`.
    pub fn new(preset: &Preset, seed: u64, program: PathBuf, folder: RunFolder) -> Self {
        let start = real_time();
        let began_ms = start.as_millis();
        let blueprint = Blueprint::new(preset, seed, Some(began_ms));
        Self {
            program,
            name: preset.name.clone(),
            preset: preset.to_toml(),
            began_ms,
            machines: (0..blueprint.count).map(|_| Machine::default()).collect(),
            blueprint,
            links: BTreeMap::new(),
            start,
            began: Instant::now(),
            events: Arc::new(|_| {}),
            folder,
        }
    }

    fn machine(&mut self, node: u32) -> Option<&mut Machine> {
        self.machines.get_mut(node as usize)
    }

    fn order(&self, node: u32, order: &Order) {
        if let Some(process) = self.machines.get(node as usize).and_then(|machine| machine.process.as_ref()) {
            process.order(order);
        }
    }

    fn setup(&self, node: u32, machine: &Machine) -> ChildSetup {
        let links = self.links.range((node, 0)..=(node, u32::MAX));
        ChildSetup {
            name: self.name.clone(),
            preset: self.preset.clone(),
            seed: self.blueprint.seed,
            began_ms: self.began_ms,
            index: node,
            life: machine.lives,
            folder: self.folder.path().join(format!("n{node}")),
            listen: machine.address.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            bootstrap: machine.bootstrap.clone(),
            links: links.filter_map(|((_, to), model)| Some((self.blueprint.id(*to)?, *model))).collect(),
            disk_full: machine.disk_full,
        }
    }
}

impl Engine for ProcessesEngine {
    /// Real sockets, like those in one process.
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
        let Some(machine) = self.machine(node) else { return Ok(()) };
        if let Some(process) = machine.process.take() {
            // One that said goodbye may not have ended yet.
            process.order(&Order::Leave);
            process.end_by(Instant::now() + STOP);
        }
        if machine.lives == 0 {
            machine.bootstrap = known;
        }
        machine.lives += 1;
        machine.leaves = false;
        let Some(machine) = self.machines.get(node as usize) else { return Ok(()) };
        let errors = self.folder.path().join(format!("n{node}.errors"));
        let started = Process::start(&self.program, &self.setup(node, machine), &errors, self.events.clone());
        let (process, address) = started.map_err(|why| EngineError { node, why })?;
        if let Some(machine) = self.machine(node) {
            machine.address = Some(address);
            machine.process = Some(process);
        }
        Ok(())
    }

    fn kill(&mut self, node: u32) {
        if let Some(process) = self.machine(node).and_then(|machine| machine.process.take()) {
            process.kill();
        }
    }

    fn leave(&mut self, node: u32) {
        self.order(node, &Order::Leave);
        if let Some(machine) = self.machine(node) {
            machine.leaves = true;
        }
    }

    fn set_link(&mut self, from: u32, to: u32, model: LinkModel) {
        self.links.insert((from, to), model);
        if let Some(peer) = self.id(to) {
            self.order(from, &Order::Link { peer, model });
        }
    }

    fn pause(&mut self, node: u32, paused: bool) {
        self.order(node, &Order::Pause(paused));
    }

    fn disk_full(&mut self, node: u32, full: bool) {
        if let Some(machine) = self.machine(node) {
            machine.disk_full = full;
            self.order(node, &Order::DiskFull(full));
        }
    }

    fn command(&mut self, node: u32, command: Command) {
        self.order(node, &Order::from(command));
    }

    fn address(&self, node: u32) -> Option<SocketAddr> {
        self.machines.get(node as usize)?.address
    }

    fn id(&self, node: u32) -> Option<Address> {
        self.blueprint.id(node)
    }

    fn lost(&mut self) -> Vec<(u32, String)> {
        let mut lost = Vec::new();
        for (node, machine) in (0..).zip(&mut self.machines) {
            let Some(mut process) = machine.process.take_if(|process| process.has_ended()) else { continue };
            let how = process.reap().unwrap_or_default();
            if !machine.leaves {
                lost.push((node, how));
            }
        }
        lost
    }

    fn memory(&self) -> u64 {
        self.machines.iter().filter_map(|machine| machine.process.as_ref()).map(Process::memory).sum()
    }

    fn trace_hash(&self) -> Option<Hash256> {
        None
    }

    /// All side by side, within 5 s; what has not ended then is killed.
    fn stop(&mut self) {
        let processes: Vec<Process> = self.machines.iter_mut().filter_map(|machine| machine.process.take()).collect();
        for process in &processes {
            process.order(&Order::Leave);
        }
        end_all(processes, STOP);
    }
}
