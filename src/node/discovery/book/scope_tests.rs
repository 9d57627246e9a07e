//! Which addresses are worth keeping, and which networks they are in.

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_host_has_its_whole_64_but_for_networks_of_one_s_own() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    for (address, counts_as, name) in [
        ("203.0.113.1", "203.0.113.1", "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.1", "203.0.113.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::1", "::1", "::1"),
        ("fd00:1:2:3::4", "fd00:1:2:3::4", "fd00:1:2:3::4"),
        ("fe80::7", "fe80::7", "fe80::7"),
    ] {
        assert_eq!((host(ip(address)), host_name(ip(address)).as_str()), (ip(counts_as), name), "{address}");
        assert_eq!(host(host(ip(address))), host(ip(address)));
    }
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
