//! Which addresses are of use.

use crate::node::AddressScope;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

impl AddressScope {
    /// Whether an address can be dialled, and may be.
    pub(in crate::node) fn takes(self, address: &SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let dialable = address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast();
        dialable && (self == Self::Any || is_routable(ip))
    }
}

/// Whether the Internet routes an address: none of the special ones of IANA's registries (RFC 6890 and its successors).
fn is_routable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_routable_v4(ip),
        IpAddr::V6(ip) => is_routable_v6(ip),
    }
}

fn is_routable_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation() || ip.is_broadcast();
    // This network; carrier NAT (RFC 6598); protocol assignments; 6to4 relays; benchmarks (RFC 2544); multicast and reserved.
    let other = a == 0
        || (a == 100 && b & 0xc0 == 64)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && b & 0xfe == 18)
        || a >= 224;
    !special && !other
}

fn is_routable_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3; of it not: documentation, Teredo, ORCHID, 6to4, benchmarks.
    let special = (a == 0x2001 && (b == 0xdb8 || b < 0x200)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_profile_takes_what_the_internet_routes() {
        let takes = |text: &str| AddressScope::Routable.takes(&text.parse().unwrap());
        for good in ["1.2.3.4:80", "100.63.0.1:1", "172.32.0.1:1", "198.20.0.1:1", "[2a00:1450::1]:1", "[::ffff:1.2.3.4]:1"] {
            assert!(takes(good), "{good}");
        }
        for bad in [
            "1.2.3.4:0",
            "0.1.2.3:1",
            "10.1.2.3:1",
            "100.64.0.1:1",
            "127.0.0.1:1",
            "169.254.1.1:1",
            "172.16.0.1:1",
            "192.0.2.1:1",
            "192.168.1.1:1",
            "198.18.0.1:1",
            "224.0.0.1:1",
            "255.255.255.255:1",
            "[::]:1",
            "[::1]:1",
            "[fe80::1]:1",
            "[fd00::1]:1",
            "[2001:db8::1]:1",
            "[ff02::1]:1",
            "[::ffff:10.0.0.1]:1",
        ] {
            assert!(!takes(bad), "{bad}");
        }
    }

    #[test]
    fn a_lab_takes_whatever_can_be_dialled() {
        let takes = |text: &str| AddressScope::Any.takes(&text.parse().unwrap());
        assert!(takes("127.0.0.1:1") && takes("10.0.0.1:1") && takes("[::1]:1"));
        assert!(!takes("127.0.0.1:0") && !takes("0.0.0.0:1") && !takes("[ff02::1]:1"));
    }
}
