//! What an IP address tells of itself: whether the Internet routes it, and with which others it shares an owner.

use crate::node::AddressScope;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A network group: whoever has one address of it easily has many. A /16 for IPv4, a /32 for IPv6, as in Bitcoin Core's `netgroup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::node) enum Group {
    V4([u8; 2]),
    V6([u8; 4]),
}

/// What kind of network somebody comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::node) enum NetworkKind {
    /// A network of one's own: loopback, private, shared by a carrier's customers.
    Local,
    V4,
    V6,
}

/// What one customer of a network has: a /24 for IPv4, a /48 for IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::node) enum Subnet {
    V4([u8; 3]),
    V6([u8; 6]),
}

impl AddressScope {
    /// Whether an address can be dialled, and may be.
    pub(in crate::node) fn takes(self, address: &SocketAddr) -> bool {
        is_dialable(canonical(*address)) && (self == Self::Any || is_routable(address.ip()))
    }
}

/// One way to write each address: IPv4 mapped into IPv6 is IPv4, and what IPv6 carries beside address and port is left out.
pub(in crate::node) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The network group; `None` for a network of one's own (loopback, private, link-local), where all are neighbours and groups say nothing.
pub(in crate::node) fn group(ip: IpAddr) -> Option<Group> {
    match ip.to_canonical() {
        IpAddr::V4(v4) if is_local_v4(v4) => None,
        IpAddr::V6(v6) if is_local_v6(v6) => None,
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            Some(Group::V4([a, b]))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.octets();
            Some(Group::V6([a, b, c, d]))
        }
    }
}

/// The kind of network that an address is of.
pub(in crate::node) fn network_kind(ip: IpAddr) -> NetworkKind {
    match group(ip) {
        None => NetworkKind::Local,
        Some(Group::V4(_)) => NetworkKind::V4,
        Some(Group::V6(_)) => NetworkKind::V6,
    }
}

/// The subnet; `None` as for [`group`].
pub(in crate::node) fn subnet(ip: IpAddr) -> Option<Subnet> {
    group(ip)?;
    Some(match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Subnet::V4([a, b, c])
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, ..] = v6.octets();
            Subnet::V6([a, b, c, d, e, f])
        }
    })
}

/// Whether a connection to it could come up at all.
pub(super) fn is_dialable(address: SocketAddr) -> bool {
    let ip = address.ip();
    let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !broadcast
}

fn is_local_v4(ip: Ipv4Addr) -> bool {
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_carrier_v4(ip)
}

fn is_local_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
}

/// Shared by a carrier's customers (RFC 6598).
fn is_carrier_v4(ip: Ipv4Addr) -> bool {
    matches!(ip.octets(), [100, 64..=127, ..])
}

/// Whether the Internet routes it, by IANA's registries of special-purpose addresses (RFC 6890 and its updates).
pub(in crate::node) fn is_routable(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_routable_v4(v4),
        IpAddr::V6(v6) => is_routable_v6(v6),
    }
}

fn is_routable_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        // This network; multicast, reserved and broadcast.
        [0 | 224..=255, ..] => true,
        // Protocol assignments; the old anycast relays of 6to4.
        [192, 0, 0, _] | [192, 88, 99, _] => true,
        // Benchmarks.
        [198, 18..=19, ..] => true,
        _ => false,
    };
    !(special || is_local_v4(ip) || ip.is_documentation())
}

fn is_routable_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // Protocol assignments: Teredo, benchmarks, ORCHID and more.
        [0x2001, 0..=0x01ff, ..] => false,
        // Documentation, old and new.
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // 6to4: any IPv4 address in disguise.
        [0x2002, ..] => false,
        // Global unicast is all that IANA has given out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_the_internet_routes_is_routable() {
        let refused = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.200",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::1.2.3.4",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:102:304::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
        ];
        for text in refused {
            assert!(!is_routable(ip(text)), "{text}");
        }
        let taken = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2400:cb00::1",
            "2a00:1450::1",
            "3fff:1000::1",
        ];
        for text in taken {
            assert!(is_routable(ip(text)), "{text}");
        }
    }

    #[test]
    fn groups_are_those_of_the_network_and_a_lab_has_none() {
        assert_eq!(group(ip("8.8.4.4")), group(ip("8.8.200.1")));
        assert_ne!(group(ip("8.8.4.4")), group(ip("8.9.4.4")));
        assert_eq!(group(ip("::ffff:8.8.4.4")), group(ip("8.8.4.4")));
        assert_eq!(group(ip("2a00:1450:1::1")), group(ip("2a00:1450:ffff::9")));
        assert_ne!(subnet(ip("2a00:1450:1::1")), subnet(ip("2a00:1450:2::1")));
        assert_eq!(subnet(ip("8.8.4.4")), subnet(ip("8.8.4.200")));
        for local in ["127.0.0.1", "10.0.0.1", "192.168.7.7", "169.254.0.9", "::1", "fd00::1", "fe80::2", "::ffff:10.1.2.3"] {
            assert_eq!((group(ip(local)), subnet(ip(local))), (None, None), "{local}");
        }
    }

    #[test]
    fn an_address_has_one_form() {
        let one = canonical("[::ffff:1.2.3.4]:80".parse().unwrap());
        assert_eq!(one, "1.2.3.4:80".parse().unwrap());
        assert_eq!(canonical("[fe80::1%3]:80".parse().unwrap()), "[fe80::1]:80".parse().unwrap());
        for never in ["1.2.3.4:0", "0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "[::]:80", "[ff02::1]:80"] {
            assert!(!is_dialable(never.parse().unwrap()), "{never}");
        }
    }
}
