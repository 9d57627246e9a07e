//! From a preset to nodes: what either engine needs to make them, and what director and judge need to know.

use super::adversary::{self, Accomplices};
use super::keys::{genesis_spec, node_keys, node_seed};
use super::limits::MAX_MESHED;
use super::preload::Preloaded;
use super::scenario::Misbehaviour;
use super::{Plan, Preset, TimingName};
use crate::chain::{Address, ChainSpec, KeyPair};
use crate::node::{Config, Discovery, Mining, Wrap};
use crate::store::{MemoryStore, Store, StoreError};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
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
    /// Made when the first node needs it.
    preloaded: OnceLock<Preloaded>,
}

/// One node to be made.
pub struct NodePlan {
    /// How it is set up.
    pub config: Config,
    /// Its identity.
    pub keys: KeyPair,
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
        let block_time = Duration::from_millis(genesis_spec(preset, seed, 0).block_time_ms);
        let history = block_time.saturating_mul(preset.chain.blocks);
        let history_ms = u64::try_from(history.as_millis()).unwrap_or(u64::MAX);
        let genesis_time = now.map_or(ChainSpec::lab().genesis_time, |now| now.saturating_sub(history_ms));
        let spec = Arc::new(genesis_spec(preset, seed, genesis_time));
        let ids: Vec<_> = (0..preset.nodes.count).map(|node| node_keys(seed, node).address()).collect();
        let mut neighbours = vec![Vec::new(); preset.nodes.count as usize];
        for (a, b) in preset.edges(seed) {
            for (one, other) in [(a, b), (b, a)] {
                if let Some(list) = neighbours.get_mut(one as usize) {
                    list.push(other);
                }
            }
        }
        let preloaded = OnceLock::new();
        Self { spec, seed, count: preset.nodes.count, history, neighbours, ids, preset: preset.clone(), preloaded }
    }

    /// Whether a node begins with a chain made before the run.
    pub fn preloads(&self, node: u32) -> bool {
        self.preset.chain.blocks > 0 && self.preset.chain.nodes.contains(node)
    }

    /// Puts the chain that a node begins with into its new store, if it begins with one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn preload(&self, node: u32, store: &mut dyn Store) -> Result<(), StoreError> {
        if !self.preloads(node) {
            return Ok(());
        }
        let preloaded = self.preloaded.get_or_init(|| {
            let mines = |node: u32| self.preset.nodes.mining.as_ref().is_none_or(|mining| mining.nodes.contains(node));
            let miners: Vec<_> = (0..).zip(&self.ids).filter(|(node, _)| mines(*node)).map(|(_, id)| *id).collect();
            Preloaded::make(&self.spec, self.preset.chain.blocks, &miners)
        });
        preloaded.fill(store)
    }

    /// A node's store in memory, with what it begins with.
    pub fn store(&self, node: u32) -> MemoryStore {
        let mut store = MemoryStore::new();
        // Memory takes everything.
        let _ = self.preload(node, &mut store);
        store
    }

    /// Whom a node is linked to.
    pub fn neighbours(&self, node: u32) -> &[u32] {
        self.neighbours.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// The network that a node's address is in, in simulation; `None`: the private one.
    pub fn network(&self, node: u32) -> Option<u32> {
        self.preset.network(node)
    }

    /// A node's id.
    pub fn id(&self, node: u32) -> Option<Address> {
        self.ids.get(node as usize).copied()
    }

    /// A node. It dials those that it is linked to and that `address` knows an address of.
    pub fn node(&self, index: u32, address: impl Fn(u32) -> Option<SocketAddr>) -> NodePlan {
        let bootstrap = self.neighbours(index).iter().filter_map(|peer| address(*peer)).collect();
        let adversaries = self.preset.adversaries.iter().find(|adversaries| adversaries.nodes.contains(index));
        let misbehaviour = adversaries.map(|adversaries| adversaries.misbehaviour);
        let seed = node_seed(self.seed, index);
        NodePlan {
            config: self.config(index, bootstrap),
            keys: node_keys(self.seed, index),
            wrap: misbehaviour.map(|misbehaviour| adversary::wrap(misbehaviour, seed, self.accomplices(misbehaviour))),
            trickles: misbehaviour == Some(Misbehaviour::SlowLoris),
            seed,
        }
    }

    /// The ids of all who misbehave in this way.
    fn accomplices(&self, misbehaviour: Misbehaviour) -> Accomplices {
        let alike = self.preset.adversaries.iter().filter(|adversaries| adversaries.misbehaviour == misbehaviour);
        let nodes: Vec<_> = alike.map(|adversaries| &adversaries.nodes).collect();
        let ids = (0..).zip(&self.ids).filter(|(node, _)| nodes.iter().any(|nodes| nodes.contains(*node)));
        Arc::new(ids.map(|(_, id)| *id).collect())
    }

    fn config(&self, index: u32, bootstrap: Vec<SocketAddr>) -> Config {
        let defaults = Config::default();
        let degree = self.neighbours(index).len();
        let settings = self.preset.settings(index);
        let (exchange, kademlia) = (settings.peer_exchange.unwrap_or(false), settings.kademlia.unwrap_or(false));
        let finds = exchange || kademlia;
        let mining = self.preset.nodes.mining.as_ref().filter(|mining| mining.nodes.contains(index));
        Config {
            bootstrap,
            mining: mining.map(|mining| Mining { tries_per_second: mining.tries_per_second }),
            // Every link that the topology draws must fit, unless the preset wants it otherwise.
            max_outbound: settings.max_outbound.map_or(defaults.max_outbound.max(degree), |most| most as usize),
            max_inbound: settings.max_inbound.map_or(defaults.max_inbound.max(degree), |most| most as usize),
            min_peers: if finds { defaults.min_peers.max(degree) } else { degree },
            // Without them the topology stays as drawn: nobody hears of anybody else.
            timing: settings.timing.unwrap_or(TimingName::Lab).timing(),
            discovery: Discovery { exchange, kademlia, ..Discovery::FIXED },
            ..defaults
        }
    }
}

impl Plan {
    /// Of a preset with this seed in place of its own.
    pub fn of(preset: &Preset, seed: u64) -> Self {
        let count = preset.nodes.count;
        let drawn = preset.edges(seed).into_iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        let model = |(from, to): (u32, u32)| ((from, to), preset.link(from, to));
        let mut links: BTreeMap<_, _> = drawn.map(model).collect();
        let mut others = BTreeMap::new();
        if count <= MAX_MESHED {
            let pairs = (0..count).flat_map(|from| (0..count).filter(move |to| *to != from).map(move |to| (from, to)));
            others.extend(pairs.filter(|pair| !links.contains_key(pair)).map(model));
            if preset.nodes.seek_peers() {
                links.append(&mut others);
            }
        }
        Self {
            count,
            late: (0..count).filter(|node| !preset.nodes.starts.contains(*node)).collect(),
            adversaries: (0..count).filter(|node| preset.misbehaves(*node)).collect(),
            links,
            others,
            seeks_peers: preset.nodes.seek_peers(),
            timeline: preset.timeline.clone(),
            expectations: preset.expectations.clone(),
            duration: preset.duration,
            seed,
            transactions_per_second: preset.traffic.transactions_per_second,
            mines: preset.nodes.mining.as_ref().is_some_and(|mining| mining.nodes.iter(count).next().is_some()),
        }
    }
}
