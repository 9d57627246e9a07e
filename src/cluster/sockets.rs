//! The engine on real sockets: all nodes in this process, on loopback ports that the system picks, in real time.

use super::keys::node_keys;
use super::launch::{Blueprint, NodePlan};
use super::limits::STOP;
use super::real_time::{Host, Life, RealTime, life_seed, real_time};
use crate::chain::Address;
use crate::link::LinkModel;
use crate::net::{self, Handle, Names, Setup, Transport, Workers};
use crate::node::{Command, Config, Wrap};
use crate::store::{AddressFile, DiskSwitch, FaultyStore, SharedStore};
use std::net::SocketAddr;
use std::path::PathBuf;

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
}

/// Runs nodes in this process.
pub struct InProcess {
    runtime: tokio::runtime::Handle,
    machines: Vec<Machine>,
    workers: Workers,
}

/// Nodes on loopback, in this process. To be used from outside of the runtime, on which it waits.
pub type SocketsEngine = RealTime<InProcess>;

impl SocketsEngine {
    /// The nodes of a blueprint, none of which runs yet.
    pub fn new(blueprint: Blueprint, workers: Workers, runtime: tokio::runtime::Handle) -> Self {
        let machines = (0..blueprint.count).map(|index| {
            let NodePlan { config, wrap, trickles, seed, .. } = blueprint.node(index, |_| None);
            let disk = DiskSwitch::default();
            let store = FaultyStore::new(blueprint.store(index), disk.clone(), PathBuf::from(format!("n{index}")));
            let store = SharedStore::new(Box::new(store));
            let addresses = AddressFile::in_memory().on(disk.clone());
            Machine { handle: None, config, store, addresses, disk, wrap, trickles, seed }
        });
        let host = InProcess { machines: machines.collect(), runtime, workers };
        Self::on(host, blueprint, real_time())
    }
}

impl InProcess {
    fn handle(&self, node: u32) -> Option<&Handle> {
        self.machines.get(node as usize)?.handle.as_ref()
    }
}

impl Host for InProcess {
    fn start(&mut self, life: &Life<'_>) -> Result<SocketAddr, String> {
        let machine = self.machines.get_mut(life.node as usize).ok_or("there is no such node")?;
        if let Some(handle) = machine.handle.take() {
            self.runtime.block_on(handle.stop());
        }
        let setup = Setup {
            config: Config { bootstrap: life.bootstrap.to_vec(), ..machine.config.clone() },
            keys: node_keys(life.blueprint.seed, life.node),
            transport: Transport::default(),
            spec: life.blueprint.spec.clone(),
            listen: Some(life.listen),
            store: Box::new(machine.store.clone()),
            addresses: Some(machine.addresses.clone()),
            index: life.node,
            seed: life_seed(machine.seed, life.number),
            events: life.events.clone(),
            workers: self.workers.clone(),
            names: Names::system(),
            upnp: None,
            wrap: machine.wrap.clone(),
        };
        let handle = self.runtime.block_on(net::start(setup)).map_err(|error| error.to_string())?;
        handle.set_trickle(machine.trickles);
        for (peer, model) in &life.links {
            handle.set_link(*peer, *model);
        }
        let address = handle.address().unwrap_or(life.listen);
        machine.handle = Some(handle);
        Ok(address)
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

    fn set_link(&mut self, from: u32, peer: Address, model: LinkModel) {
        if let Some(handle) = self.handle(from) {
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

    fn stop(&mut self) {
        let handles: Vec<Handle> = self.machines.iter_mut().filter_map(|machine| machine.handle.take()).collect();
        self.runtime.block_on(async {
            let mut stopping: tokio::task::JoinSet<_> = handles.into_iter().map(Handle::stop).collect();
            // A node that does not end in time is left to the end of the process.
            let _ = tokio::time::timeout(STOP, async { while stopping.join_next().await.is_some() {} }).await;
        });
    }
}
