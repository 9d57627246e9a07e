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

/// The first and the last address whose first `bits` are those of `ip`.
pub(super) fn span(ip: IpAddr, bits: u32) -> (SocketAddr, SocketAddr) {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let rest = u32::MAX.checked_shr(bits).unwrap_or(0);
            let (first, last) = (v4.to_bits() & !rest, v4.to_bits() | rest);
            ((Ipv4Addr::from_bits(first), 0).into(), (Ipv4Addr::from_bits(last), u16::MAX).into())
        }
        IpAddr::V6(v6) => {
            let rest = u128::MAX.checked_shr(bits).unwrap_or(0);
            let (first, last) = (v6.to_bits() & !rest, v6.to_bits() | rest);
            ((Ipv6Addr::from_bits(first), 0).into(), (Ipv6Addr::from_bits(last), u16::MAX).into())
        }
    }
}

/// Bits of an IPv6 address that say which host of a network it is: every host chooses them as it likes (RFC 4291, section 2.5.4).
const HOST_BITS: u32 = 64;

/// What counts as one address, where connections from an address are counted or an address is banned: IPv4 mapped into IPv6 is IPv4, and of
/// IPv6 the first address of its /64, as whoever has one address of a /64 has them all. In a network of one's own (loopback, link-local,
/// unique local) each IPv6 address counts by itself: all of a lab may share a /64.
pub fn host(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if !is_local_v6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> HOST_BITS << HOST_BITS).into(),
        other => other,
    }
}

/// What [`host`] makes of an address, for people: `2001:db8:1:2::/64`, or the address.
pub fn host_name(ip: IpAddr) -> String {
    match host(ip) {
        IpAddr::V6(v6) if !is_local_v6(v6) => format!("{v6}/{}", u128::BITS - HOST_BITS),
        other => other.to_string(),
    }
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
#[path = "scope_tests.rs"]
mod tests;
