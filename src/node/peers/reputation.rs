//! What a peer is worth, with a reason for every change.
//!
//! A reputation runs from -100 to +100, starts at 0 and decays towards 0 with a half-life of ten minutes. It belongs to the node id, not
//! to the connection. All values are in hundredths, so that nothing compared is a floating-point number.

use super::bans::By;
use super::offences::{Merit, Offence};
use super::peer::Peer;
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::{CloseReason, ConnectionId, Event, Node, Time};
use crate::wire::GoodbyeReason;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

const HIGHEST: i32 = 10_000;
pub(super) const LOWEST: i32 = -10_000;
/// At or below: the link is closed.
const DISCONNECT: i32 = -2_000;
/// At or below: the peer is banned.
const BAN: i32 = -5_000;
const HALF_LIFE: Duration = Duration::from_secs(600);
/// Node ids kept with a reputation; beyond it the least remarkable goes.
const STANDINGS: usize = 10_000;
/// What valid transactions may earn within one [`EARNING_PERIOD`]: else a spammer could buy a good name.
const TRANSACTION_EARNINGS: i32 = 200;
const EARNING_PERIOD: Duration = Duration::from_secs(3_600);

struct Standing {
    value: i32,
    at: Time,
    /// Earned by transactions in the current period, and when that began.
    earned: (i32, Time),
}

/// Everyone's reputation.
#[derive(Default)]
pub(in crate::node) struct Reputations {
    standings: BTreeMap<Address, Standing>,
}

/// What is left of a reputation of `value` (in hundredths) after `passed` without a change: half for each ten minutes, in a straight line within
/// them.
pub fn decayed(value: i32, passed: Duration) -> i32 {
    let half_lives = passed.as_micros() / HALF_LIFE.as_micros();
    if half_lives >= 15 {
        return 0;
    }
    let rest = (passed.as_micros() % HALF_LIFE.as_micros()) as i128;
    let value = i128::from(value) / (1 << half_lives);
    (value - value * rest / (2 * HALF_LIFE.as_micros() as i128)) as i32
}

impl Reputations {
    /// A peer's reputation, in hundredths.
    pub(in crate::node) fn value(&self, peer: &Address, now: Time) -> i32 {
        self.standings.get(peer).map_or(0, |standing| decayed(standing.value, now.since(standing.at)))
    }

    /// Changes it; the new value.
    fn change(&mut self, peer: &Address, delta: i32, now: Time) -> i32 {
        let value = self.value(peer, now).saturating_add(delta).clamp(LOWEST, HIGHEST);
        if self.standings.len() >= STANDINGS && !self.standings.contains_key(peer) {
            // Whoever still counts what he earned is kept, or he could earn it again under the same name.
            let dullness = |(id, standing): &(&Address, &Standing)| {
                let earns = standing.earned.0 > 0 && now.since(standing.earned.1) <= EARNING_PERIOD;
                (earns, decayed(standing.value, now.since(standing.at)).abs(), **id)
            };
            let dull = self.standings.iter().min_by_key(dullness).map(|(id, _)| *id);
            if let Some(dull) = dull {
                self.standings.remove(&dull);
            }
        }
        let standing = self.standings.entry(*peer).or_insert(Standing { value: 0, at: now, earned: (0, now) });
        (standing.value, standing.at) = (value, now);
        value
    }

    /// How much of `wanted` a peer may still earn by transactions.
    fn earn(&mut self, peer: &Address, wanted: i32, now: Time) -> i32 {
        self.change(peer, 0, now);
        let Some(standing) = self.standings.get_mut(peer) else { return 0 };
        if now.since(standing.earned.1) > EARNING_PERIOD {
            standing.earned = (0, now);
        }
        let granted = wanted.min(TRANSACTION_EARNINGS - standing.earned.0);
        standing.earned.0 += granted;
        granted
    }

    /// Forgets a peer: after a ban it starts anew, or the next small slip would ban it again.
    pub(super) fn forget(&mut self, peer: &Address) {
        self.standings.remove(peer);
    }
}

/// Who brought something that is judged later: by then he may be gone, but his name is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) struct Source {
    pub(in crate::node) connection: ConnectionId,
    pub(in crate::node) id: Address,
    ip: IpAddr,
}

impl Node {
    /// Who is at the other end of a connection.
    pub(in crate::node) fn source(&self, connection: ConnectionId) -> Option<Source> {
        self.peers.get(&connection).map(|peer| Source { connection, id: peer.id, ip: peer.address.ip() })
    }

    /// A peer did something wrong: its reputation falls, and with it perhaps the link, or it is banned.
    pub(in crate::node) fn offend(&mut self, cx: &mut Context<'_>, connection: ConnectionId, offence: Offence) {
        if let Some(source) = self.source(connection) {
            self.blame(cx, source, offence);
        }
    }

    /// Somebody did something wrong, and may have left since: that saves the link nobody, and the name nobody either.
    pub(in crate::node) fn blame(&mut self, cx: &mut Context<'_>, source: Source, offence: Offence) {
        let Source { connection, id, ip } = source;
        // One message may hold many faults. A ban is for all of them.
        if self.bans.is_banned(&id, cx.now) {
            return;
        }
        let (cost, reason) = offence.terms();
        let before = self.reputations.value(&id, cx.now);
        // What is fatal takes all that was earned.
        let delta = if offence.is_fatal() { LOWEST - before } else { cost };
        let value = self.reputations.change(&id, delta, cx.now);
        cx.event(Event::Reputation { connection, peer: id, delta, value, reason: reason.to_owned() });
        if value <= BAN {
            self.ban(cx, id, Some(ip), By::Offence, reason);
        } else if self.peers.get(&connection).is_none_or(Peer::is_closing) {
            // There is no link that could end.
        } else if value <= DISCONNECT {
            self.part(cx, connection, GoodbyeReason::Reputation, &format!("its reputation fell too low: it {reason}"));
        } else if offence.ends_the_stream() {
            self.close(cx, connection, CloseReason::Graceful(format!("it {reason}")));
        }
    }

    /// A peer was of use.
    pub(in crate::node) fn reward(&mut self, cx: &mut Context<'_>, connection: ConnectionId, merit: Merit) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        let id = peer.id;
        peer.note_merit(merit, cx.now);
        let (gain, reason) = merit.terms();
        let delta = match merit {
            Merit::Block => gain,
            Merit::Transactions(count) => {
                let wanted = i32::try_from(count).unwrap_or(i32::MAX).saturating_mul(gain);
                self.reputations.earn(&id, wanted, cx.now)
            }
        };
        if delta == 0 || self.reputations.value(&id, cx.now) >= HIGHEST {
            return;
        }
        let value = self.reputations.change(&id, delta, cx.now);
        cx.event(Event::Reputation { connection, peer: id, delta, value, reason: reason.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Address = Address([7; 32]);

    #[test]
    fn it_halves_in_ten_minutes_and_vanishes() {
        assert_eq!(decayed(-4_000, Duration::ZERO), -4_000);
        assert_eq!(decayed(-4_000, HALF_LIFE), -2_000);
        assert_eq!(decayed(4_000, HALF_LIFE * 2), 1_000);
        assert_eq!(decayed(4_000, HALF_LIFE / 2), 3_000);
        assert_eq!(decayed(LOWEST, HALF_LIFE * 20), 0);
        assert_eq!(decayed(HIGHEST, Duration::MAX), 0);
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let mut reputations = Reputations::default();
        for _ in 0..3 {
            assert!(reputations.change(&PEER, i32::MIN, Time(0)) >= LOWEST);
        }
        assert_eq!(reputations.change(&PEER, i32::MAX, Time(0)), HIGHEST);
    }

    #[test]
    fn transactions_earn_only_so_much_an_hour() {
        let mut reputations = Reputations::default();
        assert_eq!(reputations.earn(&PEER, 150, Time(0)), 150);
        assert_eq!(reputations.earn(&PEER, 150, Time(0)), 50);
        assert_eq!(reputations.earn(&PEER, 150, Time(0)), 0);
        assert_eq!(reputations.earn(&PEER, 150, Time(0) + EARNING_PERIOD * 2), 150);
    }

    /// What counts is what is left of a reputation, not what it once was.
    #[test]
    fn what_has_decayed_is_forgotten_first() {
        let mut reputations = Reputations::default();
        let id = |n: u32| {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            Address(id)
        };
        for n in 0..STANDINGS as u32 - 2 {
            reputations.change(&id(n), -2_000, Time(0));
        }
        let now = Time(0) + HALF_LIFE * 10;
        reputations.earn(&id(u32::MAX), 10, now);
        reputations.change(&id(u32::MAX - 1), 10, now);
        for n in 1..=10 {
            reputations.change(&id(u32::MAX / 2 + n), -2_000, now);
        }
        assert_eq!(reputations.standings.len(), STANDINGS);
        assert_eq!(reputations.value(&id(u32::MAX - 1), now), 10, "fresh, if small");
        assert_eq!(reputations.earn(&id(u32::MAX), 500, now), TRANSACTION_EARNINGS - 10, "what was earned is still counted");
    }

    #[test]
    fn the_tables_are_bounded() {
        let mut reputations = Reputations::default();
        for n in 0..STANDINGS as u32 + 10 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            reputations.change(&Address(id), -(n as i32 % 100) - 1, Time(0));
        }
        assert_eq!(reputations.standings.len(), STANDINGS);
    }
}
