//! What a dial and a link come to.

use super::entry::Link;
use super::scope::{canonical, group};
use super::{Book, Entry, Source};
use crate::chain::Address;
use crate::node::limits::{
    ADDRESSES_PER_TELLER, DISPLACED_BACK_OFF, LEAST_ATTEMPTS, LEAST_QUALITY, NEW_ADDRESSES, TRIED_ADDRESSES, TRIED_CHALLENGES,
    TRIED_PER_GROUP,
};
use crate::node::{ConnectionId, Time, Timing};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use std::net::SocketAddr;
use std::time::Duration;

/// How a link that we dialled ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Ending {
    /// After a healthy time.
    Healthy,
    /// Soon; but hands had been shaken.
    Short,
    /// Somebody else got its slot at the other end.
    Displaced,
    /// Before hands were shaken, in good order: there was no slot, or another link with the same node.
    Declined,
    /// Before hands were shaken.
    Failed,
}

impl Book {
    /// A dial goes out; as a feeler, it is to test the address and nothing else.
    pub(in crate::node) fn dialling(&mut self, address: SocketAddr, feeler: bool) {
        self.update(&canonical(address), |entry| entry.link = Link::Dialling { feeler });
    }

    /// A dial succeeded; `node` is there. True if it was a feeler.
    pub(in crate::node) fn connected(&mut self, address: SocketAddr, connection: ConnectionId, node: Address) -> bool {
        let was_feeler = self.update(&canonical(address), |entry| {
            let feeler = matches!(entry.link, Link::Dialling { feeler: true });
            entry.link = Link::Connected(connection);
            entry.node = Some(node);
            feeler
        });
        was_feeler.unwrap_or(false)
    }

    /// We shook hands with who is there, over a link that we dialled.
    pub(in crate::node) fn answered(&mut self, address: SocketAddr, now: Time) {
        let address = canonical(address);
        let wants_in = self.update(&address, |entry| {
            entry.attempted(true);
            entry.seen = now;
            !entry.tried
        });
        self.changed = true;
        // Whoever was to take its place does not.
        self.challenges.remove(&address);
        if wants_in == Some(true) {
            self.promote(address);
        }
    }

    /// Puts an address that answered among the tried ones. Where there is no room, the worst there is tested first.
    pub(super) fn promote(&mut self, address: SocketAddr) {
        let Some(entry) = self.entries.get(&address) else { return };
        let area = group(address.ip());
        let tried = &self.index.tried;
        let crowded = if entry.bootstrap {
            None
        } else if area.is_some() && tried.share(&area) >= TRIED_PER_GROUP {
            Some(area)
        } else if tried.len() >= TRIED_ADDRESSES {
            tried.largest().copied()
        } else {
            None
        };
        let Some(crowded) = crowded else {
            self.update(&address, |entry| entry.tried = true);
            return;
        };
        if self.challenges.len() < TRIED_CHALLENGES
            && let Some(worst) = tried.worst(&crowded).find(|worst| !self.challenges.contains_key(worst) && self.is_idle(worst))
        {
            self.challenges.insert(worst, address);
        }
    }

    /// The node there is of another chain, version or transport: it will hardly change its mind soon.
    pub(in crate::node) fn refused(&mut self, address: SocketAddr, now: Time, timing: &Timing) {
        self.update(&canonical(address), |entry| entry.next = now + timing.refused);
    }

    /// A dial failed: when it may be dialled again, or `None` if it was dropped. `heard`: when the network last proved to work, so that
    /// nobody has to answer for an outage of our own; see [`Book::blame`].
    pub(in crate::node) fn failed(
        &mut self,
        address: SocketAddr,
        heard: Time,
        now: Time,
        timing: &Timing,
        rng: &mut ChaCha8Rng,
    ) -> Option<Duration> {
        let address = canonical(address);
        let wait = self.update(&address, |entry| {
            entry.link = Link::None;
            step_back(entry, now, timing, rng)
        })?;
        self.blame(address, heard, now, timing);
        self.entries.contains_key(&address).then_some(wait)
    }

    /// An address did not answer. That counts only if others were heard since it last counted: when our own line is down everybody seems
    /// gone, and each address loses one attempt at most, however long that lasts. (Bitcoin Core asks in the same way for a success
    /// between two failures that count.) What answered before has more credit: a node that restarts is not to be forgotten meanwhile.
    fn blame(&mut self, address: SocketAddr, heard: Time, now: Time, timing: &Timing) {
        let Some(entry) = self.entries.get(&address).filter(|entry| heard > entry.blamed) else { return };
        if entry.successes == 0 || now.since(entry.blamed) >= timing.redial.1 {
            self.update(&address, |entry| {
                entry.attempted(false);
                entry.blamed = now;
            });
            self.changed = true;
        }
        self.after_failure(address, now, timing);
    }

    /// An address did not answer: it may have to go.
    fn after_failure(&mut self, address: SocketAddr, now: Time, timing: &Timing) {
        if let Some(challenger) = self.challenges.remove(&address) {
            // Tested, and not there: it makes room, and stays known if there is room for it among the new ones.
            let teller = Source::Inbound.account(address.ip(), self.node_at(address));
            if self.is_bootstrap(&address) {
                // Somebody has named it meanwhile: it stands in nobody's way any more.
            } else if self.index.new.len() < NEW_ADDRESSES && self.index.new.share(&teller) < ADDRESSES_PER_TELLER {
                self.update(&address, |entry| (entry.tried, entry.teller) = (false, teller));
            } else {
                self.remove(&address);
            }
            if self.entries.get(&challenger).is_some_and(|entry| !entry.tried && entry.successes > 0) {
                self.promote(challenger);
            }
        }
        let hopeless = |entry: &Entry| !entry.bootstrap && entry.attempts >= LEAST_ATTEMPTS && entry.quality() < LEAST_QUALITY;
        if self.entries.get(&address).is_some_and(hopeless) {
            self.remove(&address);
            self.bar(address, now + timing.redial.1);
        }
    }

    /// A link that we dialled ended. How long until it may be dialled again.
    pub(in crate::node) fn ended(
        &mut self,
        address: SocketAddr,
        ending: Ending,
        heard: Time,
        now: Time,
        timing: &Timing,
        rng: &mut ChaCha8Rng,
    ) -> Duration {
        let address = canonical(address);
        let wait = self.update(&address, |entry| {
            entry.link = Link::None;
            match ending {
                Ending::Healthy | Ending::Displaced => entry.failures = 0,
                Ending::Failed | Ending::Short | Ending::Declined => {}
            }
            if ending != Ending::Failed {
                entry.seen = now;
            }
            match ending {
                Ending::Healthy => wait_for(entry, 0, now, timing, rng),
                // Whoever comes back at once only displaces the next.
                Ending::Displaced => wait_for(entry, DISPLACED_BACK_OFF, now, timing, rng),
                _ => step_back(entry, now, timing, rng),
            }
        });
        self.note_dated(now);
        if ending == Ending::Failed {
            self.blame(address, heard, now, timing);
        }
        wait.unwrap_or(timing.redial.1)
    }

    /// A feeler has done its work: the address answered, and may be dialled for a link soon.
    pub(in crate::node) fn felt(&mut self, address: SocketAddr, now: Time, timing: &Timing) {
        self.update(&canonical(address), |entry| {
            entry.link = Link::None;
            entry.failures = 0;
            entry.next = entry.next.max(now + timing.redial.0);
        });
    }

    /// A node that dialled us is gone: it is not dialled at once.
    pub(in crate::node) fn left(&mut self, address: SocketAddr, now: Time, timing: &Timing) {
        self.update(&canonical(address), |entry| entry.next = entry.next.max(now + timing.redial.0));
    }
}

/// One more failure in a row: how long until the next dial.
fn step_back(entry: &mut Entry, now: Time, timing: &Timing, rng: &mut ChaCha8Rng) -> Duration {
    entry.failures = entry.failures.saturating_add(1);
    wait_for(entry, entry.failures - 1, now, timing, rng)
}

/// How long until the next dial, as after so many failures.
fn wait_for(entry: &mut Entry, failures: u32, now: Time, timing: &Timing, rng: &mut ChaCha8Rng) -> Duration {
    let wait = back_off(failures, timing, rng);
    entry.next = entry.next.max(now + wait);
    entry.next.since(now)
}

/// Doubling from the first pause to the longest, with up to half of it taken off by chance, so that nodes that lost the same peer do
/// not all come back at the same moment.
pub(super) fn back_off(failures: u32, timing: &Timing, rng: &mut ChaCha8Rng) -> Duration {
    let (first, longest) = timing.redial;
    let pause = first.saturating_mul(1u32.checked_shl(failures).unwrap_or(u32::MAX)).min(longest);
    let micros = pause.as_micros() as u64;
    Duration::from_micros(micros - rng.random_range(0..=micros / 2))
}
