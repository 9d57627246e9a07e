//! What a peer is worth, with a reason for every change.
//!
//! A reputation runs from -100 to +100, starts at 0 and decays towards 0 with a half-life of ten minutes. It belongs to the node id, not
//! to the connection. All values are in hundredths, so that nothing compared is a floating-point number.

use crate::chain::Address;
use crate::node::context::Context;
use crate::node::timers::Timer;
use crate::node::{CloseReason, ConnectionId, Event, Node, Time};
use crate::wire::GoodbyeReason;
use std::collections::BTreeMap;
use std::time::Duration;

const HIGHEST: i32 = 10_000;
const LOWEST: i32 = -10_000;
/// At or below: the link is closed.
const DISCONNECT: i32 = -2_000;
/// At or below: the peer is banned.
const BAN: i32 = -5_000;
const HALF_LIFE: Duration = Duration::from_secs(600);
/// First, second and any later ban of the same peer: short in the lab, so that a lesson sees it end.
const BAN_LADDER: [Duration; 3] = [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(600)];
/// Node ids kept with a reputation; beyond it the least remarkable goes.
const STANDINGS: usize = 10_000;
/// Bans kept; beyond it the one that ends first goes.
const BANS: usize = 20_000;
/// What valid transactions may earn within one [`EARNING_PERIOD`]: else a spammer could buy a good name.
const TRANSACTION_EARNINGS: i32 = 200;
const EARNING_PERIOD: Duration = Duration::from_secs(3_600);

/// What lowers a reputation. Only what the sender could have known is here; a duplicate costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Offence {
    /// It said that it does not have what it had offered.
    NotFound,
    /// It delivered what was no longer waited for.
    Late,
    /// It never answered.
    Unanswered,
    /// A transaction that no state could make valid.
    InvalidTransaction,
    /// A frame that is no message.
    Malformed,
    /// A message that is not allowed at this point.
    OutOfPlace,
    /// Types that we do not know, without end.
    TooManyUnknown,
    /// Headers that do not follow each other.
    UnconnectedHeaders,
    /// A signed address whose signature is false, or that is another's where it should be its own.
    InvalidRecord,
    /// More messages than anybody has a use for.
    Spam,
    /// Headers without end that are worth next to nothing.
    LowWork,
    /// A header that breaks a rule. Fatal.
    InvalidHeader,
    /// A block that breaks a rule. Fatal.
    InvalidBlock,
}

impl Offence {
    /// Cost in hundredths, and the words for it.
    const fn terms(self) -> (i32, &'static str) {
        match self {
            Self::NotFound => (-100, "did not have what it offered"),
            Self::Late => (-100, "answered late"),
            Self::Unanswered => (-500, "did not answer a request"),
            Self::InvalidTransaction => (-1_000, "sent an invalid transaction"),
            Self::Malformed => (-2_000, "sent a malformed frame"),
            Self::OutOfPlace => (-2_000, "sent a message out of place"),
            Self::TooManyUnknown => (-2_000, "sent too many messages of unknown types"),
            Self::UnconnectedHeaders => (-2_000, "sent headers that do not follow each other"),
            Self::InvalidRecord => (-1_000, "passed on an address with a false signature"),
            Self::Spam => (-500, "sent a burst of spam"),
            Self::LowWork => (-2_000, "sent headers of low work"),
            Self::InvalidHeader => (LOWEST, "sent an invalid header"),
            Self::InvalidBlock => (LOWEST, "sent an invalid block"),
        }
    }
}

/// What raises a reputation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Merit {
    /// First to bring a block that proved valid.
    Block,
    /// First to bring valid transactions: how many.
    Transactions(usize),
}

struct Standing {
    value: i32,
    at: Time,
    /// Earned by transactions in the current period, and when that began.
    earned: (i32, Time),
}

struct Ban {
    until: Time,
    active: bool,
    /// Bans of this peer so far.
    count: usize,
}

/// Everyone's reputation, and who is banned.
#[derive(Default)]
pub(in crate::node) struct Reputations {
    standings: BTreeMap<Address, Standing>,
    bans: BTreeMap<Address, Ban>,
}

/// `value` after `passed`: halved for each half-life, in a straight line within one.
fn decayed(value: i32, passed: Duration) -> i32 {
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
            let dull = self.standings.iter().min_by_key(|(id, standing)| (standing.value.abs(), **id)).map(|(id, _)| *id);
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

    /// Bans a peer for `time`, or as the ladder says; for how long.
    fn ban(&mut self, peer: &Address, time: Option<Duration>, now: Time) -> Duration {
        if self.bans.len() >= BANS && !self.bans.contains_key(peer) {
            let oldest = self.bans.iter().min_by_key(|(id, ban)| (ban.until, **id)).map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                self.bans.remove(&oldest);
            }
        }
        let ban = self.bans.entry(*peer).or_insert(Ban { until: now, active: false, count: 0 });
        let time = time.unwrap_or(BAN_LADDER[ban.count.min(BAN_LADDER.len() - 1)]);
        ban.count += 1;
        ban.until = now + time;
        ban.active = true;
        time
    }

    /// Whether a peer is banned at this moment.
    pub(in crate::node) fn is_banned(&self, peer: &Address, now: Time) -> bool {
        self.bans.get(peer).is_some_and(|ban| ban.active && now < ban.until)
    }

    /// Ends a ban that is over; its place on the ladder is kept. True if it ended.
    fn unban(&mut self, peer: &Address, now: Time) -> bool {
        match self.bans.get_mut(peer) {
            Some(ban) if ban.active && now >= ban.until => {
                ban.active = false;
                // He starts anew: with the old reputation the next small slip would ban him again.
                self.standings.remove(peer);
                true
            }
            _ => false,
        }
    }
}

impl Node {
    /// A peer did something wrong: its reputation falls, and with it perhaps the link, or it is banned.
    pub(in crate::node) fn offend(&mut self, cx: &mut Context<'_>, connection: ConnectionId, offence: Offence) {
        let Some(peer) = self.peers.get(&connection) else { return };
        let id = peer.id;
        let (delta, reason) = offence.terms();
        let value = self.reputations.change(&id, delta, cx.now);
        cx.event(Event::Reputation { connection, peer: id, delta, value, reason: reason.to_owned() });
        if value <= BAN {
            let time = self.reputations.ban(&id, None, cx.now);
            self.timers.set(cx.now + time, Timer::Unban(id));
            cx.event(Event::Banned { peer: id, reason: reason.to_owned(), time });
            self.part(cx, connection, GoodbyeReason::Banned, &format!("banned: it {reason}"));
        } else if value <= DISCONNECT {
            self.part(cx, connection, GoodbyeReason::Reputation, &format!("its reputation fell too low: it {reason}"));
        } else if matches!(offence, Offence::Malformed | Offence::OutOfPlace | Offence::TooManyUnknown) {
            // However good its name, a stream that is out of step cannot be read on.
            self.close(cx, connection, CloseReason::Graceful(format!("it {reason}")));
        }
    }

    /// A peer was of use.
    pub(in crate::node) fn reward(&mut self, cx: &mut Context<'_>, connection: ConnectionId, merit: Merit) {
        let Some(id) = self.peers.get(&connection).map(|peer| peer.id) else { return };
        let (delta, reason) = match merit {
            Merit::Block => (200, "first to bring a valid block"),
            Merit::Transactions(count) => {
                let wanted = i32::try_from(count).unwrap_or(i32::MAX).saturating_mul(10);
                (self.reputations.earn(&id, wanted, cx.now), "first to bring valid transactions")
            }
        };
        if delta == 0 || self.reputations.value(&id, cx.now) >= HIGHEST {
            return;
        }
        let value = self.reputations.change(&id, delta, cx.now);
        cx.event(Event::Reputation { connection, peer: id, delta, value, reason: reason.to_owned() });
    }

    /// A person wants a peer gone; it may come back.
    pub(in crate::node) fn disconnect(&mut self, cx: &mut Context<'_>, peer: Address) {
        for connection in self.connections_with(&peer) {
            self.part(cx, connection, GoodbyeReason::Idle, "disconnected by hand");
        }
    }

    /// A person wants a peer gone for `time`, or for as long as the ladder says.
    pub(in crate::node) fn ban_by_hand(&mut self, cx: &mut Context<'_>, peer: Address, time: Option<Duration>) {
        let time = self.reputations.ban(&peer, time, cx.now);
        self.timers.set(cx.now + time, Timer::Unban(peer));
        cx.event(Event::Banned { peer, reason: "banned by hand".to_owned(), time });
        for connection in self.connections_with(&peer) {
            self.part(cx, connection, GoodbyeReason::Banned, "banned by hand");
        }
    }

    /// The connections with a peer that are not being closed already.
    fn connections_with(&self, peer: &Address) -> Vec<ConnectionId> {
        let with = self.peers.iter().filter(|(_, entry)| entry.id == *peer && !entry.is_closing());
        with.map(|(connection, _)| *connection).collect()
    }

    /// A ban is ended before its time.
    pub(in crate::node) fn lift_ban(&mut self, cx: &mut Context<'_>, peer: Address) {
        if let Some(ban) = self.reputations.bans.get_mut(&peer) {
            ban.until = cx.now;
            self.on_unban_deadline(cx, peer);
        }
    }

    /// A ban may be over.
    pub(in crate::node) fn on_unban_deadline(&mut self, cx: &mut Context<'_>, peer: Address) {
        if self.reputations.unban(&peer, cx.now) {
            cx.event(Event::Unbanned { peer });
            self.dial_due(cx);
        }
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
    fn the_ban_ladder_climbs_and_each_ban_ends() {
        let mut reputations = Reputations::default();
        let mut now = Time(0);
        for step in [0, 1, 2, 2] {
            assert_eq!(reputations.ban(&PEER, None, now), BAN_LADDER[step]);
            assert!(reputations.is_banned(&PEER, now));
            assert!(!reputations.unban(&PEER, now), "not before its time");
            now = now + BAN_LADDER[step];
            assert!(!reputations.is_banned(&PEER, now));
            assert!(reputations.unban(&PEER, now));
        }
    }

    #[test]
    fn transactions_earn_only_so_much_an_hour() {
        let mut reputations = Reputations::default();
        assert_eq!(reputations.earn(&PEER, 150, Time(0)), 150);
        assert_eq!(reputations.earn(&PEER, 150, Time(0)), 50);
        assert_eq!(reputations.earn(&PEER, 150, Time(0)), 0);
        assert_eq!(reputations.earn(&PEER, 150, Time(0) + EARNING_PERIOD * 2), 150);
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
