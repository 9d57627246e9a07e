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
mod tests {
    use super::*;
    use std::time::Duration;

    const SLOW: LinkModel = LinkModel {
        latency: Duration::from_millis(50),
        jitter: Duration::ZERO,
        loss: 0,
        bandwidth: None,
        reorder: 0,
        duplicate: 0,
        corrupt: 0,
        cut: false,
    };

    fn shaping(own: u8) -> Shaping {
        Shaping::new(5, Address([own; 32]), Arc::default())
    }

    #[tokio::test]
    async fn a_model_holds_for_connections_that_are_up_and_for_those_to_come() {
        let shaping = shaping(1);
        let (near, far) = (Address([2; 32]), Address([3; 32]));
        let up = shaping.admit(near).unwrap();
        assert!(!up.is_reshaped());
        shaping.set(near, SLOW);
        assert!(up.is_reshaped());
        assert_eq!(up.take_model(), SLOW);
        assert_eq!(shaping.admit(near).unwrap().take_model(), SLOW);
        assert!(!shaping.admit(far).unwrap().is_reshaped());
        shaping.set(near, LinkModel { cut: true, ..SLOW });
        assert!(shaping.admit(near).is_none() && shaping.admit(far).is_some());
        shaping.set(near, LinkModel::default());
        assert_eq!(up.take_model(), LinkModel::default());
        assert!(!shaping.admit(near).unwrap().is_reshaped());
        assert!(
            shaping.state().models.is_empty() && shaping.state().links.len() <= 2,
            "nothing is kept for links that have gone"
        );
    }

    #[tokio::test]
    async fn each_direction_and_each_connection_has_chances_of_its_own() {
        let (one, two) = (Address([1; 32]), Address([2; 32]));
        let run = || {
            let (there, back) = (shaping(1), shaping(2));
            there.set(two, SLOW);
            back.set(one, SLOW);
            [there.admit(two), back.admit(one), there.admit(two)].map(|link| link.unwrap().seed())
        };
        let seeds = run();
        assert_eq!(seeds, run());
        assert!(seeds[0] != seeds[1] && seeds[0] != seeds[2]);
    }
}
