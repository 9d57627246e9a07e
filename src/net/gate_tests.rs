//! The banned hear nothing, the rest that it is full; an address has its share.

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn take(gate: &Arc<Gate>, from: &str) -> Option<Place> {
    match gate.judge(ip(from)) {
        Verdict::Take(place) => Some(place),
        Verdict::Full | Verdict::Silent => None,
    }
}

#[test]
fn an_address_has_so_many_connections_and_no_more() {
    let gate = Arc::new(Gate::default());
    let mut held: Vec<_> = (0..5).map(|_| take(&gate, "10.0.0.1").unwrap()).collect();
    // Those that are in stay, and count.
    gate.set(Admission { per_ip: Some(3), ..Admission::default() });
    assert!(take(&gate, "10.0.0.1").is_none() && take(&gate, "10.0.0.2").is_some());
    held.truncate(3);
    assert!(matches!(gate.judge(ip("10.0.0.1")), Verdict::Silent));
    held.truncate(2);
    assert!(take(&gate, "10.0.0.1").is_some());
    held.clear();
    assert!(gate.state().held.is_empty(), "nothing is kept for those who have gone");
}

#[test]
fn the_banned_hear_nothing_and_the_rest_that_it_is_full() {
    let gate = Arc::new(Gate::default());
    let banned: Arc<[IpAddr]> = [ip("10.0.0.1"), ip("10.0.0.7"), ip("2001:db8::")].into();
    gate.set(Admission { full: true, banned: Arc::clone(&banned), per_ip: None });
    for banned in banned.iter() {
        assert!(matches!(gate.judge(*banned), Verdict::Silent));
    }
    assert!(matches!(gate.judge(ip("10.0.0.2")), Verdict::Full));
    assert!(gate.state().held.is_empty());
    gate.set(Admission { banned, ..Admission::default() });
    assert!(take(&gate, "10.0.0.2").is_some() && take(&gate, "10.0.0.7").is_none());
}
/// Of IPv6, whoever has one address has a whole /64.
#[test]
fn an_ipv6_host_has_so_many_connections_whichever_of_its_addresses_it_comes_from() {
    let gate = Arc::new(Gate::default());
    gate.set(Admission { per_ip: Some(2), ..Admission::default() });
    let mut held = vec![take(&gate, "2001:db8:1:2::1").unwrap(), take(&gate, "2001:db8:1:2:ffff::9").unwrap()];
    assert!(take(&gate, "2001:db8:1:2::3").is_none() && take(&gate, "2001:db8:1:3::1").is_some());
    held.pop();
    held.push(take(&gate, "2001:db8:1:2::3").unwrap());
    // In a lab all may share one.
    held.extend((1..5).map(|n| take(&gate, &format!("fd00::{n}")).unwrap()));
    held.clear();
    assert!(gate.state().held.is_empty());
    gate.set(Admission { banned: [ip("2001:db8:1:2::")].into(), ..Admission::default() });
    assert!(matches!(gate.judge(ip("2001:db8:1:2::1")), Verdict::Silent));
}
