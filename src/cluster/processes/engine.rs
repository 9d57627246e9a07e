//! The engine with a process for each node, on loopback ports that the system picks, in real time.

use super::channel::{ChildSetup, Order};
use super::folder::RunFolder;
use super::process::{Process, end_all};
use crate::chain::Address;
use crate::cluster::Preset;
use crate::cluster::launch::Blueprint;
use crate::cluster::limits::STOP;
use crate::cluster::real_time::{Host, Life, RealTime, real_time};
use crate::link::LinkModel;
use crate::node::Command;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

/// One machine: it outlives its process.
#[derive(Default)]
struct Machine {
    process: Option<Process>,
    /// Whether it was told to leave: that it ends is no surprise.
    leaves: bool,
    disk_full: bool,
}

/// Runs a process for each node. Dropping it kills all of them and removes their data.
pub struct Processes {
    program: PathBuf,
    name: String,
    preset: String,
    began_ms: u64,
    machines: Vec<Machine>,
    /// Last, so that it goes after those who use it.
    folder: RunFolder,
}

/// A process for each node. Dropping it kills all of them and removes their data.
pub type ProcessesEngine = RealTime<Processes>;

impl ProcessesEngine {
    /// The nodes of a preset with this seed in place of its own, none of which runs yet. Their processes run `program`, which is
    /// this one, and keep their data in `folder`.
    pub fn new(preset: &Preset, seed: u64, program: PathBuf, folder: RunFolder) -> Self {
        let start = real_time();
        let began_ms = start.as_millis();
        let blueprint = Blueprint::new(preset, seed, Some(began_ms));
        let machines = (0..blueprint.count).map(|_| Machine::default()).collect();
        let host = Processes { program, name: preset.name.clone(), preset: preset.to_toml(), began_ms, machines, folder };
        Self::on(host, blueprint, start)
    }
}

impl Processes {
    fn machine(&mut self, node: u32) -> Option<&mut Machine> {
        self.machines.get_mut(node as usize)
    }

    fn order(&self, node: u32, order: &Order) {
        if let Some(process) = self.machines.get(node as usize).and_then(|machine| machine.process.as_ref()) {
            process.order(order);
        }
    }
}

impl Host for Processes {
    fn start(&mut self, life: &Life<'_>) -> Result<SocketAddr, String> {
        let node = life.node;
        let machine = self.machines.get_mut(node as usize).ok_or("there is no such node")?;
        if let Some(process) = machine.process.take() {
            process.order(&Order::Leave);
            process.end_by(Instant::now() + STOP);
        }
        machine.leaves = false;
        let setup = ChildSetup {
            name: self.name.clone(),
            preset: self.preset.clone(),
            seed: life.blueprint.seed,
            began_ms: self.began_ms,
            index: node,
            life: life.number,
            folder: self.folder.path().join(format!("n{node}")),
            listen: life.listen,
            bootstrap: life.bootstrap.to_vec(),
            links: life.links.clone(),
            disk_full: machine.disk_full,
        };
        let errors = self.folder.path().join(format!("n{node}.errors"));
        let (process, address) = Process::start(&self.program, &setup, &errors, life.events.clone())?;
        machine.process = Some(process);
        Ok(address)
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

    fn set_link(&mut self, from: u32, peer: Address, model: LinkModel) {
        self.order(from, &Order::Link { peer, model });
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

    /// What has not ended in time is killed.
    fn stop(&mut self) {
        let processes: Vec<Process> = self.machines.iter_mut().filter_map(|machine| machine.process.take()).collect();
        for process in &processes {
            process.order(&Order::Leave);
        }
        end_all(processes, STOP);
    }
}
