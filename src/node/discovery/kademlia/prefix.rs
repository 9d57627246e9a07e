//! Which addresses are likely in one hand.

use std::net::IpAddr;

/// The network that an address is in: the first 24 bits of IPv4, the first 48 of IPv6.
pub(in crate::node) type Prefix = (bool, [u8; 6]);

/// The network of an address; `None` for loopback, private and link-local ones, where all nodes of a lab are neighbours.
pub(in crate::node) fn prefix(ip: IpAddr) -> Option<Prefix> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            (!ip.is_loopback() && !ip.is_private() && !ip.is_link_local()).then_some((true, [a, b, c, 0, 0, 0]))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, ..] = ip.octets();
            let own = ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local();
            (!own).then_some((false, [a, b, c, d, e, f]))
        }
    }
}
