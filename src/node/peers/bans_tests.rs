//! A ban meets its offender, for as long as it says.

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
