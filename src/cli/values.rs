//! The values of arguments: read strictly, with errors that say what was found and what is wanted. (That an error names its
//! argument is clap's doing.)

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Most tries a second that a miner is asked for; the cluster's own bound.
pub const MAX_TRIES: u64 = crate::cluster::limits::MAX_TRIES;

/// Longest name of a node, in characters: what a table's column holds.
const MAX_NAME: usize = 16;

/// How a peer is written.
const PEER_WANTED: &str = "write host:port, as in 127.0.0.1:8080, localhost:8080 or [::1]:8080";

/// A port to listen on; 0 lets the system pick a free one.
pub fn port(text: &str) -> Result<u64, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(port.into());
    }
    if text.contains(':') {
        return Err(
            "this looks like a peer: the port to listen on comes first, then the peers, as in `node 8081 127.0.0.1:8080`".into(),
        );
    }
    let is_number = !text.is_empty() && text.trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_digit());
    Err(if is_number {
        "out of range: choose a port from 1 to 65535, or 0 for any free one".into()
    } else {
        "not a port: write a number from 1 to 65535, or 0 for any free one".into()
    })
}

/// A peer to dial: `host:port`. The host is an address or a name; a name is resolved when the node starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// An address or a host name, without brackets.
    pub host: String,
    /// Its port; never 0.
    pub port: u16,
}

impl PeerAddress {
    /// The address, if the host is one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.host.parse::<IpAddr>().ok().map(|host| SocketAddr::new(host, self.port))
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) => address.fmt(f),
            None => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for PeerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WANTED: &str = PEER_WANTED;
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(format!("an IPv6 address goes in brackets, with a port after them, as in [{text}]:8080"));
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(if text.is_empty() { format!("empty: {WANTED}") } else { format!("the port is missing: {WANTED}") });
        };
        let port = match port.parse::<u32>() {
            Ok(port @ 1..=65_535) => port as u16,
            Ok(_) => return Err(format!("the port {port} is out of range: a peer's port is from 1 to 65535")),
            Err(_) => return Err(format!("the port {port:?} is not a number: {WANTED}")),
        };
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = bracketed {
            return match inner.parse::<Ipv6Addr>() {
                Ok(_) => Ok(Self { host: inner.to_owned(), port }),
                Err(_) => Err(format!("{inner:?} in the brackets is no IPv6 address: {WANTED}")),
            };
        }
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(format!("{host:?} is neither an address nor a host name: {WANTED}"));
        }
        // All digits and dots, and yet no address: a slip such as 127.0.0.256, which no name server should be asked about.
        if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && host.parse::<IpAddr>().is_err() {
            return Err(format!("{host:?} is no IPv4 address (four numbers from 0 to 255): {WANTED}"));
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// A name that resolves to addresses of nodes: `host` or `host:port`. An address is none: it belongs among the peers.
pub fn seed(text: &str) -> Result<String, String> {
    const WANTED: &str = "write a host name, with a port or without, as in seed.example.org or seed.example.org:8080";
    if text.is_empty() {
        return Err(format!("empty: {WANTED}"));
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(text);
    if bare.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok() {
        return Err(format!("this is an address: name it among the peers, or {WANTED}"));
    }
    // With any port its host is held to the same as a peer's.
    match text.contains(':') {
        true => text.parse::<PeerAddress>().map(|_| text.to_owned()).map_err(|error| error.replace(PEER_WANTED, WANTED)),
        false => format!("{text}:1")
            .parse::<PeerAddress>()
            .map(|_| text.to_owned())
            .map_err(|error| error.replace(PEER_WANTED, WANTED)),
    }
}

/// An address to listen on, without a port.
pub fn listen(text: &str) -> Result<IpAddr, String> {
    const WANTED: &str = "write an address of this machine, as in 127.0.0.1, 0.0.0.0 (all IPv4) or :: (all)";
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| match text.parse::<SocketAddr>() {
        Ok(_) => format!("the address alone, please: the port is the first argument; {WANTED}"),
        Err(_) => format!("not an address: {WANTED}"),
    })
}

/// Tries a second of a miner.
pub fn tries(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("a miner needs at least one try a second: for none at all say --no-mine (mine = false)".into()),
        Ok(tries) if tries <= MAX_TRIES => Ok(tries),
        Ok(_) => Err(format!("too many: 1 to {MAX_TRIES} tries a second are allowed")),
        Err(_) => Err(format!("not a number of tries a second: 1 to {MAX_TRIES} are allowed")),
    }
}

/// A node's name on the screen.
pub fn name(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if !(1..=MAX_NAME).contains(&length) {
        return Err(format!("{length} characters: 1 to {MAX_NAME} are allowed"));
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err("letters, digits, '-', '_' and '.' are allowed".into());
    }
    Ok(text.to_owned())
}

/// A duration, such as "30s".
pub fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("no time at all: write a duration as in 30s, 5m or 250ms".into()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("not a duration: write a number and a unit, as in 30s, 5m or 250ms".into()),
    }
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
