//! Deadlines as data: one ordered set, from which the driver learns when to call again.
//!
//! Whoever handles a timer looks whether what it was set for still stands. The many that guard what nearly always comes in time are
//! [cancelled](Timers::cancel) when it does, since a call for nothing costs more.

use super::{ConnectionId, Time};
use crate::chain::{Address, BlockId, TxId};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Hands must be shaken by now.
    Handshake(ConnectionId),
    /// Time for a ping.
    Ping(ConnectionId),
    /// The pong to this nonce must be here.
    Pong(ConnectionId, u64),
    /// The answer to this request for headers must be here.
    Headers(ConnectionId, u64),
    /// This block must have come from this peer.
    Body(BlockId, ConnectionId),
    /// This block, given up for now, must at last have come from the peer that told of it.
    Debt(BlockId, ConnectionId),
    /// This transaction must have come.
    Transaction(TxId),
    /// Gathered announcements go out.
    Announce,
    /// Some address may be due for a dial.
    Dial,
    /// Time to ask for addresses.
    Exchange,
    /// Time for a feeler.
    Feeler,
    /// Time to keep the address book.
    KeepAddresses,
    /// Time to tell news of addresses.
    Gossip,
    /// DNS seeds may be needed.
    Seeds,
    /// Time for a look-up that refreshes the table.
    Lookup,
    /// The answer to this question of a look-up must be here.
    Question(u64),
    /// This guest must be gone.
    Guest(ConnectionId),
    /// A ban ends.
    Unban(Address),
    /// The ban of an IP address ends.
    UnbanAddress(IpAddr),
    /// The miner's template may be renewed.
    Mine,
    /// The pool drops what is too old.
    ExpirePool,
    /// The store is tried again.
    StoreRetry,
    /// Time for [`super::Event::Pulse`].
    Pulse,
    /// Time for [`super::Event::Statistics`].
    Statistics,
}

/// All deadlines, in order.
pub(super) struct Timers {
    queue: BTreeSet<(Time, Timer)>,
    /// When the first is due: drivers ask after each input, and would find the set's memory cold.
    next: Time,
}

impl Default for Timers {
    fn default() -> Self {
        Self { queue: BTreeSet::new(), next: Time::MAX }
    }
}

impl Timers {
    /// Sets one.
    pub(super) fn set(&mut self, at: Time, timer: Timer) {
        self.queue.insert((at, timer));
        self.next = self.next.min(at);
    }

    /// Takes one out that is not needed any longer, if it is still there.
    pub(super) fn cancel(&mut self, at: Time, timer: Timer) {
        self.queue.remove(&(at, timer));
        self.note_next();
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Time {
        self.next
    }

    /// How many of a kind are set.
    #[cfg(test)]
    pub(super) fn count(&self, timer: Timer) -> usize {
        self.queue.iter().filter(|(_, set)| *set == timer).count()
    }

    fn note_next(&mut self) {
        self.next = self.queue.first().map_or(Time::MAX, |(at, _)| *at);
    }

    /// Takes the next that is due.
    pub(super) fn pop_due(&mut self, now: Time) -> Option<Timer> {
        if self.next > now {
            return None;
        }
        let (_, timer) = self.queue.pop_first()?;
        self.note_next();
        Some(timer)
    }

    /// If the first deadline lies further back than `pause`, nobody called us for that long: all deadlines move by the time lost,
    /// which is returned.
    pub(super) fn forgive(&mut self, now: Time, pause: Duration) -> Option<Duration> {
        let lost = now.since(self.next());
        if lost <= pause {
            return None;
        }
        self.queue = std::mem::take(&mut self.queue).into_iter().map(|(at, timer)| (at + lost, timer)).collect();
        self.note_next();
        Some(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_fire_in_order_and_not_early() {
        let mut timers = Timers::default();
        timers.set(Time(20), Timer::Pulse);
        timers.set(Time(10), Timer::Dial);
        assert_eq!(timers.next(), Time(10));
        assert_eq!(timers.pop_due(Time(9)), None);
        assert_eq!(timers.pop_due(Time(20)), Some(Timer::Dial));
        assert_eq!(timers.pop_due(Time(20)), Some(Timer::Pulse));
        assert_eq!(timers.next(), Time::MAX);
    }

    #[test]
    fn a_cancelled_one_does_not_fire() {
        let mut timers = Timers::default();
        timers.set(Time(10), Timer::Dial);
        timers.set(Time(20), Timer::Dial);
        timers.cancel(Time(10), Timer::Dial);
        timers.cancel(Time(15), Timer::Dial);
        assert_eq!(timers.next(), Time(20), "only the one that was named");
    }

    #[test]
    fn a_pause_of_our_own_moves_all_deadlines() {
        let mut timers = Timers::default();
        timers.set(Time(1_000_000), Timer::Dial);
        timers.set(Time(2_000_000), Timer::Pulse);
        assert_eq!(timers.forgive(Time(1_500_000), Duration::from_secs(1)), None);
        assert_eq!(timers.next(), Time(1_000_000), "half a second late is no pause");
        assert_eq!(timers.forgive(Time(11_000_000), Duration::from_secs(1)), Some(Duration::from_secs(10)));
        assert_eq!(timers.next(), Time(11_000_000));
        assert_eq!(timers.pop_due(Time(11_000_000)), Some(Timer::Dial));
        assert_eq!(timers.pop_due(Time(11_000_000)), None, "the second moved by the same ten seconds");
        assert_eq!(timers.next(), Time(12_000_000));
    }
}
