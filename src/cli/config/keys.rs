//! The one table of all that a node can be told: the file's keys, the variables, the arguments, the help, the printed result and the
//! documentation all go by it.

use super::profile::Profile;
use super::value::{Shape, Value};
use crate::cli::values::{self, MAX_TRIES, PeerAddress};
use crate::cluster::limits::MAX_CONNECTIONS;
use crate::net::Transport;
use crate::node::{Config, Mining};
use std::net::{IpAddr, Ipv4Addr};

/// Peers and seeds that can be named: a node keeps dialling all of them.
const MAX_NAMES: usize = 100;
/// How every variable begins.
pub const PREFIX: &str = "RUMORMILL_";

/// What a node can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table says what each means")]
pub enum Key {
    Profile,
    Port,
    Peers,
    Listen,
    Transport,
    Mine,
    Tries,
    DataDir,
    Ephemeral,
    Name,
    Bootstrap,
    DnsSeeds,
    PeerExchange,
    Kademlia,
    Upnp,
    MaxInbound,
    MaxOutbound,
    MinPeers,
    MaxPerIp,
}

/// How it is said on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// By its place.
    Place(&'static str),
    /// By `--name VALUE`.
    Long(&'static str, &'static str),
    /// By the first, or its opposite, the second; and what the one does that is not the default, for the help.
    Switch([&'static str; 2], &'static str),
}

/// One of them.
#[derive(Debug)]
pub struct Row {
    /// Which.
    pub key: Key,
    /// Its name in the file.
    pub name: &'static str,
    /// How it is said on the command line.
    pub argument: Argument,
    /// What it takes.
    pub shape: Shape,
    /// What it is unless said.
    pub default: fn(Profile) -> Option<Value>,
    /// In words, what it is unless said, where there is no value to show.
    pub unset: &'static str,
    /// What it means, in a line.
    pub about: &'static str,
}

/// All of them, in the order of [`Key`], which is that of the printed result.
pub static TABLE: [Row; 19] = [
    Row {
        key: Key::Profile,
        name: "profile",
        argument: Argument::Long("profile", "NAME"),
        shape: Shape::Choice(&[Profile::Lab.name(), Profile::Public.name()]),
        default: |_| Some(Value::Text(Profile::default().name().to_owned())),
        unset: "",
        about: "Where the node lives: lab (loopback, a class room: quick) or public (the open Internet: patient, routable addresses only)",
    },
    Row {
        key: Key::Port,
        name: "port",
        argument: Argument::Place("PORT"),
        shape: Shape::Whole { least: 0, most: 65_535, check: Some(values::port) },
        default: |_| Some(Value::Whole(8_080)),
        unset: "",
        about: "Port to listen on; 0 for any free one",
    },
    Row {
        key: Key::Peers,
        name: "peers",
        argument: Argument::Place("PEER"),
        shape: Shape::Texts { wanted: "host:port, as in \"127.0.0.1:8080\"", check: peer, most: MAX_NAMES },
        default: |_| Some(Value::Texts(Vec::new())),
        unset: "",
        about: "Peers to dial, as host:port. One that is not up yet, or whose name does not resolve, is tried again and again",
    },
    Row {
        key: Key::Listen,
        name: "listen",
        argument: Argument::Long("listen", "ADDR"),
        shape: Shape::Text { wanted: "an address of this machine, as in \"127.0.0.1\"", check: listen },
        default: |_| Some(Value::Text(IpAddr::V4(Ipv4Addr::LOCALHOST).to_string())),
        unset: "",
        about: "Address of this machine to listen on: 0.0.0.0 to be reached from others",
    },
    Row {
        key: Key::Transport,
        name: "transport",
        argument: Argument::Long("transport", "NAME"),
        shape: Shape::Choice(&TRANSPORTS),
        default: |_| Some(Value::Text(Transport::default().name().to_owned())),
        unset: "",
        about: "How connections are secured: noise, tls, or plain (not at all, for labs); both ends must mean the same",
    },
    Row {
        key: Key::Mine,
        name: "mine",
        argument: Argument::Switch(["mine", "no-mine"], "Do not mine"),
        shape: Shape::Flag,
        default: |_| Some(Value::Flag(true)),
        unset: "",
        about: "Whether to mine",
    },
    Row {
        key: Key::Tries,
        name: "tries",
        argument: Argument::Long("tries", "N"),
        shape: Shape::Whole { least: 1, most: MAX_TRIES, check: Some(values::tries) },
        default: |_| Some(Value::Whole(Mining::DEFAULT_TRIES)),
        unset: "",
        about: "Tries a second that the miner makes",
    },
    Row {
        key: Key::DataDir,
        name: "data_dir",
        argument: Argument::Long("data-dir", "DIR"),
        shape: Shape::Text { wanted: "a folder's path", check: folder },
        default: |_| None,
        unset: "a folder for each port, in the platform's place for data",
        about: "Where the chain, the node's key and its node.toml are kept; in a file relative to that file's folder",
    },
    Row {
        key: Key::Ephemeral,
        name: "ephemeral",
        argument: Argument::Switch(
            ["ephemeral", "no-ephemeral"],
            "Keep everything in memory: a new identity and an empty chain each time",
        ),
        shape: Shape::Flag,
        default: |_| Some(Value::Flag(false)),
        unset: "",
        about: "Whether to keep everything in memory: a new identity and an empty chain each time",
    },
    Row {
        key: Key::Name,
        name: "name",
        argument: Argument::Long("name", "NAME"),
        shape: Shape::Text { wanted: "letters, digits, '-', '_' and '.', at most 16", check: values::name },
        default: |_| None,
        unset: "its id's first eight digits",
        about: "The node's name on the screen",
    },
    Row {
        key: Key::Bootstrap,
        name: "bootstrap",
        argument: Argument::Switch(["bootstrap", "no-bootstrap"], "Do not dial the peers that are named"),
        shape: Shape::Flag,
        default: |_| Some(Value::Flag(Config::default().discovery.bootstrap)),
        unset: "",
        about: "Whether the peers that are named are dialled, again and again until they answer",
    },
    Row {
        key: Key::DnsSeeds,
        name: "dns_seeds",
        argument: Argument::Long("dns-seed", "HOST"),
        shape: Shape::Texts {
            wanted: "a host name, or host:port, as in \"seed.example.org\"",
            check: values::seed,
            most: MAX_NAMES,
        },
        default: |_| Some(Value::Texts(Config::default().discovery.dns_seeds)),
        unset: "",
        about: "Names that resolve to addresses of nodes, asked as long as peers are wanted",
    },
    Row {
        key: Key::PeerExchange,
        name: "peer_exchange",
        argument: Argument::Switch(["peer-exchange", "no-peer-exchange"], "Neither ask peers for addresses nor tell them any"),
        shape: Shape::Flag,
        default: |_| Some(Value::Flag(Config::default().discovery.exchange)),
        unset: "",
        about: "Whether addresses are asked of peers and told to them",
    },
    Row {
        key: Key::Kademlia,
        name: "kademlia",
        argument: Argument::Switch(["kademlia", "no-kademlia"], "Do not look nodes up by Kademlia"),
        shape: Shape::Flag,
        default: |_| Some(Value::Flag(Config::default().discovery.kademlia)),
        unset: "",
        about: "Whether nodes are looked up by Kademlia",
    },
    Row {
        key: Key::Upnp,
        name: "upnp",
        argument: Argument::Switch(["upnp", "no-upnp"], "Ask a gateway by UPnP to forward the port"),
        shape: Shape::Flag,
        default: |_| Some(Value::Flag(false)),
        unset: "",
        about: "Whether a gateway is asked by UPnP to forward the port",
    },
    Row {
        key: Key::MaxInbound,
        name: "max_inbound",
        argument: Argument::Long("max-inbound", "N"),
        shape: CONNECTIONS,
        default: |_| Some(Value::count(Config::default().max_inbound)),
        unset: "",
        about: "Most connections that the node takes",
    },
    Row {
        key: Key::MaxOutbound,
        name: "max_outbound",
        argument: Argument::Long("max-outbound", "N"),
        shape: CONNECTIONS,
        default: |_| Some(Value::count(Config::default().max_outbound)),
        unset: "",
        about: "Most connections that the node dials",
    },
    Row {
        key: Key::MinPeers,
        name: "min_peers",
        argument: Argument::Long("min-peers", "N"),
        shape: CONNECTIONS,
        default: |_| Some(Value::count(Config::default().min_peers)),
        unset: "",
        about: "Connections that the node tries to have; unless said, no more than max_inbound and max_outbound allow",
    },
    Row {
        key: Key::MaxPerIp,
        name: "max_per_ip",
        argument: Argument::Long("max-per-ip", "N"),
        shape: Shape::Limit { least: 1, most: MAX_CONNECTIONS },
        default: |profile| Some(profile.max_per_ip().map_or(Value::Unlimited, Value::Whole)),
        unset: "",
        about: "Most inbound connections from one IP address (of IPv6: one /64), or \"unlimited\"",
    },
];

const CONNECTIONS: Shape = Shape::Whole { least: 0, most: MAX_CONNECTIONS, check: None };
const TRANSPORTS: [&str; 3] = [Transport::ALL[0].name(), Transport::ALL[1].name(), Transport::ALL[2].name()];

impl Key {
    /// Its row.
    pub fn row(self) -> &'static Row {
        // The table is in the order of the keys and has them all; a test holds that.
        &TABLE[self as usize]
    }
}

impl Row {
    /// The row of this name in the file.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.name == name)
    }

    /// Its variable.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase())
    }

    /// How it is said on the command line when it gets this value.
    pub fn said(&self, value: &Value) -> String {
        match (self.argument, value) {
            (Argument::Place(place), _) => place.to_owned(),
            (Argument::Long(long, _), _) => format!("--{long}"),
            (Argument::Switch([_, no], _), Value::Flag(false)) => format!("--{no}"),
            (Argument::Switch([yes, _], _), _) => format!("--{yes}"),
        }
    }

    /// What it is unless said, in words.
    pub fn default_words(&self) -> String {
        let [lab, public] = Profile::ALL.map(|profile| (self.default)(profile));
        let words = |value: Option<Value>| match value {
            None => self.unset.to_owned(),
            Some(Value::Texts(texts)) if texts.is_empty() => "none".to_owned(),
            Some(Value::Text(text)) => text,
            Some(Value::Unlimited) => "unlimited".to_owned(),
            Some(value) => value.to_string(),
        };
        if lab == public {
            words(lab)
        } else {
            format!("{}, or {} with the profile {}", words(lab), words(public), Profile::Public)
        }
    }
}

fn peer(text: &str) -> Result<String, String> {
    text.parse::<PeerAddress>().map(|peer| peer.to_string())
}

fn listen(text: &str) -> Result<String, String> {
    values::listen(text).map(|address| address.to_string())
}

fn folder(text: &str) -> Result<String, String> {
    match text {
        "" => Err("empty: write a folder's path".to_owned()),
        text if text.contains('\0') => Err("a path has no NUL in it".to_owned()),
        text => Ok(text.to_owned()),
    }
}
