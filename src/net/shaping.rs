//! How what a node sends travels, by peer: for the connections that are up, and for those to come.

use super::link::Link;
use super::switches::Switches;
use crate::chain::Address;
use crate::link::LinkModel;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Every peer's link model, and the links at work.
pub struct Shaping {
    seed: u64,
    own: Address,
    switches: Arc<Switches>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Peers whose link is not clear, with the number of connections since.
    models: BTreeMap<Address, (LinkModel, u64)>,
    links: Vec<(Address, Weak<Link>)>,
}

impl Shaping {
    /// All links clear. The chances of each direction come from `seed` and both ends' ids.
    pub fn new(seed: u64, own: Address, switches: Arc<Switches>) -> Self {
        Self { seed, own, switches, state: Mutex::default() }
    }

    /// What is sent to `peer` travels so from now on.
    pub fn set(&self, peer: Address, model: LinkModel) {
        let mut state = self.state();
        if model.is_clear() {
            state.models.remove(&peer);
        } else {
            state.models.entry(peer).or_default().0 = model;
        }
        for link in state.links.iter().filter(|(id, _)| *id == peer).filter_map(|(_, link)| link.upgrade()) {
            link.set_model(model);
        }
    }

    /// The link for a new connection to `peer`; `None` when it is cut.
    pub fn admit(&self, peer: Address) -> Option<Arc<Link>> {
        let mut state = self.state();
        let mut model = LinkModel::default();
        let mut seed = self.seed_of(&peer);
        if let Some((shaped, connections)) = state.models.get_mut(&peer) {
            if shaped.cut {
                return None;
            }
            model = *shaped;
            // Otherwise each connection would meet the same end as the one before it.
            *connections += 1;
            seed = mix(seed ^ *connections);
        }
        let link = Arc::new(Link::new(Arc::clone(&self.switches), model, seed));
        state.links.retain(|(_, link)| link.strong_count() > 0);
        state.links.push((peer, Arc::downgrade(&link)));
        Some(link)
    }

    /// Of one direction: the other one's differs.
    fn seed_of(&self, peer: &Address) -> u64 {
        let ids = self.own.0.as_chunks::<8>().0.iter().chain(peer.0.as_chunks::<8>().0);
        ids.fold(mix(self.seed), |seed, part| mix(seed ^ u64::from_le_bytes(*part)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The finalizer of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): each bit of the input moves half of the output's.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
#[path = "shaping_tests.rs"]
mod tests;
