//! What the command line's values take and refuse, and how it says so.

use super::*;

fn peer(text: &str) -> Result<String, String> {
    text.parse::<PeerAddress>().map(|peer| peer.to_string())
}

#[test]
fn a_port_is_a_number_in_range() {
    assert_eq!(port("8080"), Ok(8_080));
    assert_eq!(port("0"), Ok(0));
    for (text, wanted) in [
        ("65536", "out of range"),
        ("-1", "out of range"),
        ("99999999999999999999", "out of range"),
        ("http", "not a port"),
        ("", "not a port"),
        ("127.0.0.1:8080", "looks like a peer"),
    ] {
        let error = port(text).unwrap_err();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn a_peer_is_a_host_and_a_port() {
    assert_eq!(peer("127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
    assert_eq!(peer("[::1]:8080").unwrap(), "[::1]:8080");
    assert_eq!(peer("node-1.example:8080").unwrap(), "node-1.example:8080");
    assert_eq!("localhost:1".parse::<PeerAddress>().unwrap().address(), None);
    assert_eq!("[::1]:1".parse::<PeerAddress>().unwrap().address(), Some("[::1]:1".parse().unwrap()));
}

#[test]
fn a_slip_in_a_peer_is_explained() {
    for (text, wanted) in [
        ("127.0.0.1", "the port is missing"),
        ("8080", "the port is missing"),
        ("", "empty"),
        ("::1", "in brackets"),
        ("fe80::1", "[fe80::1]:8080"),
        ("[::1]", "not a number"),
        ("[::x]:8080", "no IPv6 address"),
        ("127.0.0.1:0", "out of range"),
        ("127.0.0.1:65536", "out of range"),
        ("127.0.0.1:http", "not a number"),
        ("127.0.0.256:8080", "no IPv4 address"),
        ("127.0.1:8080", "no IPv4 address"),
        (":8080", "neither an address nor a host name"),
        ("a b:8080", "neither an address nor a host name"),
        ("http://x:8080", "neither an address nor a host name"),
    ] {
        let error = peer(text).unwrap_err();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn other_values_are_checked_too() {
    assert_eq!(listen("::").unwrap(), IpAddr::from(Ipv6Addr::UNSPECIFIED));
    assert_eq!(listen("[::1]").unwrap(), IpAddr::from(Ipv6Addr::LOCALHOST));
    assert!(listen("127.0.0.1:8080").unwrap_err().contains("first argument"));
    assert!(listen("lo").unwrap_err().contains("not an address"));
    assert_eq!(tries("2000"), Ok(2_000));
    assert!(tries("0").unwrap_err().contains("--no-mine"));
    assert!(tries("99999999").unwrap_err().contains("too many"));
    assert!(tries("fast").unwrap_err().contains("not a number"));
    assert_eq!(name("alice-1").unwrap(), "alice-1");
    assert!(name("").is_err() && name("seventeen-letters").is_err() && name("a b").is_err());
    assert_eq!(duration("1m 30s").unwrap(), Duration::from_secs(90));
    assert!(duration("0s").is_err() && duration("30").is_err());
}

#[test]
fn a_seed_is_a_name_and_no_address() {
    for good in ["seed.example.org", "seed.example.org:8080", "localhost"] {
        assert_eq!(seed(good).unwrap(), good);
    }
    for (text, wanted) in [
        ("", "empty"),
        ("127.0.0.1", "among the peers"),
        ("127.0.0.1:8080", "among the peers"),
        ("[::1]:8080", "among the peers"),
        ("::1", "among the peers"),
        ("a b", "write a host name"),
        ("seed:99999", "out of range"),
        ("seed:x", "write a host name"),
        ("300.0.0.1", "no IPv4 address"),
    ] {
        let error = seed(text).unwrap_err();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}
