//! Whom the listener lets in before any cryptography: bans, connections from one address, a full node.

use crate::node::{Admission, host};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the listener does with a newcomer.
pub enum Verdict {
    /// It takes him; the place is held for as long as the connection lasts.
    Take(Place),
    /// It tells him that the node is full.
    Full,
    /// It closes without a word.
    Silent,
}

#[derive(Default)]
struct State {
    admission: Admission,
    /// Connections that were let in and last, by what counts as one address.
    held: HashMap<IpAddr, usize>,
}

/// What the node has said of newcomers, and who is in.
#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
}

impl Gate {
    /// The node has changed its mind. Who is in stays.
    pub fn set(&self, admission: Admission) {
        self.state().admission = admission;
    }

    /// Decides on one newcomer from `ip`.
    pub fn judge(self: &Arc<Self>, ip: IpAddr) -> Verdict {
        let ip = host(ip);
        let mut state = self.state();
        let State { admission, held } = &mut *state;
        if admission.banned.binary_search(&ip).is_ok() {
            return Verdict::Silent;
        }
        let from_there = held.get(&ip).copied().unwrap_or_default();
        if admission.per_ip.is_some_and(|most| from_there >= most) {
            return Verdict::Silent;
        }
        if admission.full {
            return Verdict::Full;
        }
        held.insert(ip, from_there + 1);
        Verdict::Take(Place { gate: Arc::clone(self), ip })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who was let in. Dropped, his address has one connection less.
pub struct Place {
    gate: Arc<Gate>,
    ip: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if let Some(count) = state.held.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                state.held.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
