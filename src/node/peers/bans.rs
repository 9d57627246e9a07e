//! Who is banned, until when: node ids and IP addresses, each on a ladder of its own.
//!
//! The first ban of somebody is short, the next longer (`Timing::bans`). Whoever changes ids does not get round it: an IP address from
//! which too many ids were banned is banned itself, unless it is one that many share. What counts as one address says [`host`].

use crate::chain::Address;
use crate::node::Time;
use crate::node::discovery::book::scope::{group, host};
use crate::node::limits::{BANNED_IDS_PER_ADDRESS, BANS};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Who bans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum By {
    /// Its own offences, for as long as the ladder says.
    Offence,
    /// A person: for so long, or as the ladder says.
    Hand(Option<Duration>),
}

struct Ban {
    since: Time,
    until: Time,
    active: bool,
    by_hand: bool,
    /// Bans for which the ladder was asked so far.
    steps: usize,
    /// Where the offender came from.
    from: Option<IpAddr>,
}

/// Bans of one kind: at most [`BANS`], those included that are over and only keep their place on the ladder.
struct List<K> {
    entries: BTreeMap<K, Ban>,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> List<K> {
    /// Bans; for how long from now on.
    fn ban(&mut self, key: K, from: Option<IpAddr>, by: By, ladder: &[Duration; 3], now: Time) -> Duration {
        if self.entries.len() >= BANS && !self.entries.contains_key(&key) {
            self.drop_oldest();
        }
        let fresh = Ban { since: now, until: now, active: false, by_hand: false, steps: 0, from: None };
        let ban = self.entries.entry(key).or_insert(fresh);
        let time = match by {
            By::Hand(Some(time)) => time,
            By::Hand(None) | By::Offence => {
                let step = ban.steps.min(ladder.len() - 1);
                ban.steps = ban.steps.saturating_add(1);
                ladder.get(step).copied().unwrap_or_default()
            }
        };
        let stands = ban.active && ban.by_hand && now < ban.until;
        ban.until = match by {
            By::Hand(_) => now + time,
            // What a person said holds, and may only become longer.
            By::Offence if stands => ban.until.max(now + time),
            By::Offence => now + time,
        };
        ban.by_hand = matches!(by, By::Hand(_)) || stands;
        (ban.since, ban.active) = (now, true);
        if by == By::Offence {
            ban.from = from;
        }
        ban.until.since(now)
    }

    /// Makes room: what is over goes first, then what was banned longest ago; what a person banned goes last.
    fn drop_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(key, ban)| (ban.active, ban.active && ban.by_hand, ban.since, **key));
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.entries.remove(&key);
        }
    }

    fn is_banned(&self, key: &K, now: Time) -> bool {
        self.entries.get(key).is_some_and(|ban| ban.active && now < ban.until)
    }

    /// Ends a ban whose time is over; its place on the ladder is kept. True if it ended.
    fn end(&mut self, key: &K, now: Time) -> bool {
        let over = self.entries.get_mut(key).filter(|ban| ban.active && now >= ban.until);
        over.map(|ban| ban.active = false).is_some()
    }

    /// Ends a ban before its time, and forgets where the offender came from. True if there was one.
    fn lift(&mut self, key: &K) -> bool {
        let active = self.entries.get_mut(key).filter(|ban| ban.active);
        active.map(|ban| (ban.active, ban.from) = (false, None)).is_some()
    }
}

/// Who is banned.
#[derive(Default)]
pub(in crate::node) struct Bans {
    peers: List<Address>,
    addresses: List<IpAddr>,
}

impl Bans {
    /// Bans a node id that came from `from`; for how long from now on.
    pub(in crate::node) fn ban(
        &mut self,
        peer: &Address,
        from: Option<IpAddr>,
        by: By,
        ladder: &[Duration; 3],
        now: Time,
    ) -> Duration {
        self.peers.ban(*peer, from.map(host), by, ladder, now)
    }

    /// Bans an IP address; for how long from now on.
    pub(in crate::node) fn ban_address(&mut self, ip: IpAddr, by: By, ladder: &[Duration; 3], now: Time) -> Duration {
        self.addresses.ban(host(ip), None, by, ladder, now)
    }

    /// Whether so many ids were banned from an IP address, lately, that it is to be banned itself. Never one that many may share: behind
    /// loopback, a gateway or a bridge stand people who have nothing to do with each other.
    pub(in crate::node) fn is_a_nest(&self, ip: IpAddr, ladder: &[Duration; 3], now: Time) -> bool {
        let ip = host(ip);
        if group(ip).is_none() || self.is_address_banned(&ip, now) {
            return false;
        }
        let lately = ladder.iter().max().copied().unwrap_or_default();
        let from = self.peers.entries.values().filter(|ban| ban.from == Some(ip) && now.since(ban.since) <= lately);
        from.take(BANNED_IDS_PER_ADDRESS + 1).count() > BANNED_IDS_PER_ADDRESS
    }

    /// Whether a node id is banned at this moment.
    pub(in crate::node) fn is_banned(&self, peer: &Address, now: Time) -> bool {
        self.peers.is_banned(peer, now)
    }

    /// Whether an IP address is banned at this moment.
    pub(in crate::node) fn is_address_banned(&self, ip: &IpAddr, now: Time) -> bool {
        self.addresses.is_banned(&host(*ip), now)
    }

    /// Ends the ban of a node id if it is over. True if it ended.
    pub(super) fn end(&mut self, peer: &Address, now: Time) -> bool {
        self.peers.end(peer, now)
    }

    /// Ends the ban of an IP address if it is over. True if it ended.
    pub(super) fn end_address(&mut self, ip: &IpAddr, now: Time) -> bool {
        self.addresses.end(&host(*ip), now)
    }

    /// Ends the ban of a node id now. True if there was one.
    pub(super) fn lift(&mut self, peer: &Address) -> bool {
        self.peers.lift(peer)
    }

    /// Ends the ban of an IP address now. True if there was one.
    pub(super) fn lift_address(&mut self, ip: &IpAddr) -> bool {
        self.addresses.lift(&host(*ip))
    }

    /// The IP addresses that are banned at this moment, in order.
    pub(in crate::node) fn addresses(&self, now: Time) -> Arc<[IpAddr]> {
        let active = self.addresses.entries.iter().filter(|(_, ban)| ban.active && now < ban.until);
        active.map(|(ip, _)| *ip).collect()
    }

    /// How many are kept: node ids, IP addresses.
    pub(in crate::node) fn len(&self) -> (usize, usize) {
        (self.peers.entries.len(), self.addresses.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Timing;
    use std::net::Ipv4Addr;

    const LADDER: [Duration; 3] = Timing::LAB.bans;
    const PEER: Address = Address([7; 32]);

    fn peer(n: u32) -> Address {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Address(id)
    }

    #[test]
    fn the_ban_ladder_climbs_and_each_ban_ends() {
        for ladder in [Timing::LAB.bans, Timing::PUBLIC.bans] {
            let mut bans = Bans::default();
            let mut now = Time(0);
            for step in [0, 1, 2, 2] {
                assert_eq!(bans.ban(&PEER, None, By::Offence, &ladder, now), ladder[step]);
                assert!(bans.is_banned(&PEER, now));
                assert!(!bans.end(&PEER, now), "not before its time");
                now = now + ladder[step];
                assert!(!bans.is_banned(&PEER, now));
                assert!(bans.end(&PEER, now));
                assert!(!bans.end(&PEER, now), "once");
            }
        }
    }

    #[test]
    fn a_ban_by_hand_outlives_what_the_ladder_says() {
        let mut bans = Bans::default();
        let hour = Duration::from_secs(3_600);
        assert_eq!(bans.ban(&PEER, None, By::Hand(Some(hour)), &LADDER, Time(0)), hour);
        assert_eq!(bans.ban(&PEER, None, By::Offence, &LADDER, Time(0)), hour, "ten seconds of the ladder do not shorten it");
        assert!(!bans.end(&PEER, Time(0) + LADDER[0]));
        assert!(bans.is_banned(&PEER, Time(0) + LADDER[0]));
        let minute = Duration::from_secs(60);
        assert_eq!(bans.ban(&PEER, None, By::Hand(Some(minute)), &LADDER, Time(0)), minute, "a person may shorten it");
        assert_eq!(bans.ban(&PEER, None, By::Hand(None), &LADDER, Time(0)), LADDER[1], "the second step");
    }

    #[test]
    fn to_lift_what_is_not_there_does_nothing() {
        let mut bans = Bans::default();
        assert!(!bans.lift(&PEER));
        assert!(!bans.lift_address(&IpAddr::from([203, 0, 113, 1])));
        bans.ban(&PEER, None, By::Offence, &LADDER, Time(0));
        assert!(bans.lift(&PEER));
        assert!(!bans.is_banned(&PEER, Time(0)));
        assert!(!bans.lift(&PEER));
    }

    #[test]
    fn past_five_banned_ids_an_address_is_a_nest() {
        let mut bans = Bans::default();
        let ip = IpAddr::from([203, 0, 113, 1]);
        let mapped = IpAddr::V6(Ipv4Addr::new(203, 0, 113, 1).to_ipv6_mapped());
        for n in 0..BANNED_IDS_PER_ADDRESS as u32 {
            bans.ban(&peer(n), Some(ip), By::Offence, &LADDER, Time(0));
            bans.ban(&peer(n), Some(ip), By::Offence, &LADDER, Time(0));
            // By hand, and elsewhere, does not count.
            bans.ban(&peer(100 + n), Some(ip), By::Hand(None), &LADDER, Time(0));
            bans.ban(&peer(200 + n), Some(IpAddr::from([203, 0, 113, 2])), By::Offence, &LADDER, Time(0));
            assert!(!bans.is_a_nest(ip, &LADDER, Time(0)));
        }
        bans.ban(&peer(99), Some(mapped), By::Offence, &LADDER, Time(0));
        assert!(bans.is_a_nest(ip, &LADDER, Time(0)), "the mapped form is the same address");
        assert!(!bans.is_a_nest(ip, &LADDER, Time(0) + LADDER[2] * 2), "long ago");
        bans.lift(&peer(99));
        assert!(!bans.is_a_nest(ip, &LADDER, Time(0)), "a lifted ban no longer counts");
        bans.ban(&peer(99), Some(ip), By::Offence, &LADDER, Time(0));
        bans.ban_address(mapped, By::Offence, &LADDER, Time(0));
        assert!(bans.is_address_banned(&ip, Time(0)));
        assert!(!bans.is_a_nest(ip, &LADDER, Time(0)), "it is banned already");
        assert_eq!(*bans.addresses(Time(0)), [ip]);
        assert!(bans.addresses(Time(0) + LADDER[0]).is_empty());
    }

    /// Else a host with a /64 of its own has 2⁶⁴ addresses, and is never banned.
    #[test]
    fn an_ipv6_host_is_a_nest_whichever_of_its_addresses_it_comes_from() {
        let mut bans = Bans::default();
        let ip = |n: u32| -> IpAddr { format!("2001:db8:1:2:{n:x}::{n:x}").parse().unwrap() };
        for n in 0..=BANNED_IDS_PER_ADDRESS as u32 {
            assert!(!bans.is_a_nest(ip(77), &LADDER, Time(0)));
            bans.ban(&peer(n), Some(ip(n)), By::Offence, &LADDER, Time(0));
        }
        assert!(bans.is_a_nest(ip(77), &LADDER, Time(0)));
        assert!(!bans.is_a_nest("2001:db8:1:3::1".parse().unwrap(), &LADDER, Time(0)), "the neighbour's");
        bans.ban_address(ip(1), By::Offence, &LADDER, Time(0));
        assert!(bans.is_address_banned(&ip(1_000), Time(0)) && !bans.is_a_nest(ip(77), &LADDER, Time(0)));
        assert_eq!((*bans.addresses(Time(0))).to_vec(), ["2001:db8:1:2::".parse::<IpAddr>().unwrap()]);
        assert!(bans.lift_address(&ip(5)) && !bans.is_address_banned(&ip(1), Time(0)));
    }

    #[test]
    fn an_address_that_many_share_is_never_a_nest() {
        for ip in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1"] {
            let ip: IpAddr = ip.parse().unwrap();
            let mut bans = Bans::default();
            for n in 0..100 {
                bans.ban(&peer(n), Some(ip), By::Offence, &LADDER, Time(0));
            }
            assert!(!bans.is_a_nest(ip, &LADDER, Time(0)), "{ip}");
        }
    }

    #[test]
    fn a_full_list_drops_the_oldest_and_keeps_what_a_person_banned() {
        let mut bans = Bans::default();
        let long = Duration::from_secs(1_000_000);
        bans.ban(&peer(0), None, By::Hand(Some(long)), &LADDER, Time(0));
        for n in 1..BANS as u32 + 10 {
            bans.ban(&peer(n), None, By::Offence, &LADDER, Time(n.into()));
        }
        assert_eq!(bans.len(), (BANS, 0));
        let now = Time(BANS as u64 + 10);
        assert!(bans.is_banned(&peer(0), now), "by hand");
        assert!(!bans.is_banned(&peer(1), now) && !bans.is_banned(&peer(10), now), "the oldest");
        assert!(bans.is_banned(&peer(11), now) && bans.is_banned(&peer(BANS as u32 + 9), now));
    }
}
