//! From a preset to nodes: what either engine needs to make them, and what director and judge need to know.

use super::adversary;
use super::keys::{genesis_spec, node_keys, node_seed};
use super::preload::Preloaded;
use super::scenario::Misbehaviour;
use super::{Plan, Preset};
use crate::chain::{Address, ChainSpec, KeyPair};
use crate::link::LinkModel;
use crate::node::{Config, Mining, Wrap};
use crate::store::MemoryStore;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// All that is needed to make a preset's nodes.
pub struct Blueprint {
    /// Their chain.
    pub spec: Arc<ChainSpec>,
    /// The run's seed.
    pub seed: u64,
    /// How many nodes there are.
    pub count: u32,
    /// How long the chain made before the run took, by its own times.
    pub history: Duration,
    preset: Preset,
    neighbours: Vec<Vec<u32>>,
    ids: Vec<Address>,
    preloaded: Preloaded,
}

/// One node to be made.
pub struct NodePlan {
    /// How it is set up.
    pub config: Config,
    /// Its identity.
    pub keys: KeyPair,
    /// What it starts from.
    pub store: MemoryStore,
    /// Makes an adversary of it.
    pub wrap: Option<Wrap>,
    /// Whether it sends its frames a byte at a time.
    pub trickles: bool,
    /// Seed of its random generator.
    pub seed: u64,
}

impl Blueprint {
    /// Of a preset with this seed in place of its own. `now`, in Unix milliseconds, is when the run begins, where that matters; a
    /// simulation begins at the same time each time.
    pub fn new(preset: &Preset, seed: u64, now: Option<u64>) -> Self {
        let block_time = preset.nodes.mining.as_ref().map_or(Duration::from_secs(4), |mining| mining.block_time);
        let history = block_time.saturating_mul(preset.chain_blocks());
        let history_ms = u64::try_from(history.as_millis()).unwrap_or(u64::MAX);
        let genesis_time = now.map_or(ChainSpec::lab().genesis_time, |now| now.saturating_sub(history_ms));
        let spec = Arc::new(genesis_spec(preset, seed, genesis_time));
        let ids: Vec<_> = (0..preset.nodes.count).map(|node| node_keys(seed, node).address()).collect();
        let mines = |node: u32| preset.nodes.mining.as_ref().is_none_or(|mining| mining.nodes.contains(node));
        let miners: Vec<_> = (0..).zip(&ids).filter(|(node, _)| mines(*node)).map(|(_, id)| *id).collect();
        let preloaded = match preset.chain_blocks() {
            0 => Preloaded::none(),
            blocks => Preloaded::make(&spec, blocks, &miners),
        };
        let mut neighbours = vec![Vec::new(); preset.nodes.count as usize];
        for (a, b) in preset.linked(seed) {
            for (one, other) in [(a, b), (b, a)] {
                if let Some(list) = neighbours.get_mut(one as usize) {
                    list.push(other);
                }
            }
        }
        Self { spec, seed, count: preset.nodes.count, history, neighbours, ids, preset: preset.clone(), preloaded }
    }

    /// Whom a node is linked to.
    pub fn neighbours(&self, node: u32) -> &[u32] {
        self.neighbours.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// A node's id.
    pub fn id(&self, node: u32) -> Option<Address> {
        self.ids.get(node as usize).copied()
    }

    /// A node. It dials those that it is linked to and that `address` knows an address of.
    pub fn node(&self, index: u32, address: impl Fn(u32) -> Option<SocketAddr>) -> NodePlan {
        let bootstrap = self.neighbours(index).iter().filter_map(|peer| address(*peer)).collect();
        let misbehaviour = self.preset.misbehaviour(index);
        let seed = node_seed(self.seed, index);
        NodePlan {
            config: self.config(index, bootstrap),
            keys: node_keys(self.seed, index),
            store: if self.preset.starts_from_chain(index) { self.preloaded.store() } else { MemoryStore::new() },
            wrap: misbehaviour.map(|misbehaviour| adversary::wrap(misbehaviour, seed)),
            trickles: misbehaviour == Some(Misbehaviour::SlowLoris),
            seed,
        }
    }

    fn config(&self, index: u32, bootstrap: Vec<SocketAddr>) -> Config {
        let defaults = Config::default();
        let degree = self.neighbours(index).len();
        let mining = self.preset.nodes.mining.as_ref().filter(|mining| mining.nodes.contains(index));
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
}

impl Plan {
    /// Of a preset with this seed in place of its own.
    pub fn of(preset: &Preset, seed: u64) -> Self {
        let both = |(a, b): (u32, u32)| [(a, b), (b, a)];
        let links = preset.linked(seed).into_iter().flat_map(both).map(|(from, to)| ((from, to), preset.link_model(from, to)));
        Self {
            count: preset.nodes.count,
            links: links.collect(),
            seed,
            transactions_per_second: preset.traffic.transactions_per_second,
            mines: preset.nodes.mining.is_some(),
            ..Self::default()
        }
    }
}

// Stand-ins for what presets do not say yet.
impl Preset {
    pub(crate) fn engine(&self) -> super::scenario::EngineKind {
        super::scenario::EngineKind::Sockets
    }
    fn chain_blocks(&self) -> u32 {
        0
    }
    fn starts_from_chain(&self, _: u32) -> bool {
        false
    }
    fn misbehaviour(&self, _: u32) -> Option<Misbehaviour> {
        None
    }
    fn linked(&self, _: u64) -> Vec<(u32, u32)> {
        self.topology.edges(self.nodes.count)
    }
    fn link_model(&self, _: u32, _: u32) -> LinkModel {
        LinkModel::default()
    }
}
