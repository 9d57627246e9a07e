//! Launches a preset's nodes on the sockets driver: in this process, on loopback ports that the system picks.

use super::keys::{genesis_spec, node_keys, node_seed};
use super::limits::STOP;
use super::{Preset, Traffic};
use crate::net::{self, Handle, Setup, StartError, Workers};
use crate::node::{Command, Config, EventSink, Mining, Time};
use crate::store::MemoryStore;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

/// A cluster that runs.
pub struct Cluster {
    nodes: Vec<Handle>,
    seed: u64,
    transactions_per_second: f64,
}

/// Why a cluster could not be launched.
#[derive(Debug, thiserror::Error)]
#[error("n{node} could not start: {error}")]
pub struct LaunchError {
    /// Index of the node that could not.
    pub node: u32,
    /// Why.
    #[source]
    pub error: StartError,
}

/// Starts a preset's nodes, linked as its topology says. Returns once all of them listen.
///
/// `seed` takes the place of the preset's own. A node's port is known only once it listens, so the nodes start in order, and of
/// two that are linked the later one dials.
pub async fn launch(preset: &Preset, seed: u64, events: EventSink, workers: Workers) -> Result<Cluster, LaunchError> {
    let spec = Arc::new(genesis_spec(preset, seed, now().as_millis()));
    let edges = preset.edges(seed);
    let mut nodes: Vec<Handle> = Vec::with_capacity(preset.nodes.count as usize);
    for index in 0..preset.nodes.count {
        let earlier = edges.iter().filter(|(_, later)| *later == index).filter_map(|(earlier, _)| nodes.get(*earlier as usize));
        let bootstrap = earlier.filter_map(Handle::address).collect();
        let setup = Setup {
            config: config(preset, index, &edges, bootstrap),
            keys: node_keys(seed, index),
            spec: spec.clone(),
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            store: Box::new(MemoryStore::new()),
            index,
            seed: node_seed(seed, index),
            events: events.clone(),
            workers: workers.clone(),
        };
        match net::start(setup).await {
            Ok(handle) => nodes.push(handle),
            Err(error) => {
                stop_all(nodes).await;
                return Err(LaunchError { node: index, error });
            }
        }
    }
    Ok(Cluster { nodes, seed, transactions_per_second: preset.traffic.transactions_per_second })
}

impl Cluster {
    /// The nodes, by index.
    pub fn nodes(&self) -> &[Handle] {
        &self.nodes
    }

    /// Makes the preset's transfers, one after the other, for as long as it is polled. Never returns.
    pub async fn traffic(&self) -> Infallible {
        let mut due = tokio::time::Instant::now();
        let nodes = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        for payment in Traffic::new(self.seed, nodes, self.transactions_per_second).into_iter().flatten() {
            due += payment.gap;
            tokio::time::sleep_until(due).await;
            if let (Some(from), Some(to)) = (self.nodes.get(payment.from as usize), self.nodes.get(payment.to as usize)) {
                from.command(Command::Transfer { to: to.id(), amount: payment.amount, fee: payment.fee });
            }
        }
        std::future::pending().await
    }

    /// Stops all nodes side by side, within 5 s.
    pub async fn stop(self) {
        stop_all(self.nodes).await;
    }
}

fn config(preset: &Preset, index: u32, edges: &[(u32, u32)], bootstrap: Vec<SocketAddr>) -> Config {
    let defaults = Config::default();
    let degree = edges.iter().filter(|(a, b)| *a == index || *b == index).count();
    let mining = preset.nodes.mining.as_ref().filter(|mining| mining.nodes.contains(index));
    Config {
        bootstrap,
        mining: mining.map(|mining| Mining { tries_per_second: mining.tries_per_second }),
        // Every link that the topology draws must fit.
        max_outbound: defaults.max_outbound.max(degree),
        max_inbound: defaults.max_inbound.max(degree),
        min_peers: degree,
        // The topology stays as drawn: nobody hears of anybody else.
        peer_exchange: false,
        ..defaults
    }
}

async fn stop_all(nodes: Vec<Handle>) {
    let mut stopping: tokio::task::JoinSet<()> = nodes.into_iter().map(Handle::stop).collect();
    // A node that does not end in time is left to the end of the process.
    let _ = tokio::time::timeout(STOP, async { while stopping.join_next().await.is_some() {} }).await;
}

fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
}
