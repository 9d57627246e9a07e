//! From what was said to what a node needs; and whether the values go together.

use super::draft::Draft;
use super::file::File;
use super::keys::Key;
use super::origin::Origin;
use super::profile::Profile;
use super::value::Value;
use crate::cli::values::PeerAddress;
use crate::net::Transport;
use crate::node::{Config, Discovery, Mining};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How a node is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it lives.
    pub profile: Profile,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whom it dials.
    pub peers: Vec<PeerAddress>,
    /// How its connections are secured.
    pub transport: Transport,
    /// Whether it mines.
    pub mining: Option<Mining>,
    /// Where it keeps what it has.
    pub home: Place,
    /// Its name on the screen.
    pub name: Option<String>,
    /// How it finds others.
    pub discovery: Discovery,
    /// Whether a gateway is asked to forward its port.
    pub upnp: bool,
    /// Most connections that it takes.
    pub max_inbound: usize,
    /// Most connections that it dials.
    pub max_outbound: usize,
    /// Connections that it tries to have.
    pub min_peers: usize,
    /// Most connections that it takes from one address.
    pub max_per_ip: Option<usize>,
}

/// Where a node keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory.
    Memory,
    /// In the place that the platform has for the node on this port.
    Default,
    /// In this folder.
    Folder(PathBuf),
}

impl Settings {
    /// What was said, as a node needs it. Whatever does not go together is complained of; then this is worth nothing.
    pub fn settle(draft: &mut Draft, file: Option<&File>) -> Self {
        let profile = profile(draft);
        draft.fill(profile);
        // Of a file that is no TOML nobody knows what it says.
        if !file.is_some_and(|file| file.broken) {
            together(draft, profile, file);
        }
        let (max_inbound, max_outbound) = (count(draft, Key::MaxInbound), count(draft, Key::MaxOutbound));
        let mine = draft.flag(Key::Mine);
        let tries = draft.whole(Key::Tries).unwrap_or(Mining::DEFAULT_TRIES);
        // What was taken as a value of its key reads again; what was not is complained of already.
        let port = draft.whole(Key::Port).and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
        Self {
            profile,
            listen: SocketAddr::new(listen(draft), port),
            // Whom nobody dials nobody needs to look up.
            peers: match draft.flag(Key::Bootstrap) {
                true => draft.texts(Key::Peers).iter().filter_map(|peer| peer.parse().ok()).collect(),
                false => Vec::new(),
            },
            transport: draft.text(Key::Transport).and_then(|name| name.parse().ok()).unwrap_or_default(),
            mining: mine.then_some(Mining { tries_per_second: tries }),
            home: match (draft.flag(Key::Ephemeral), draft.text(Key::DataDir)) {
                (true, _) => Place::Memory,
                (false, Some(folder)) => Place::Folder(folder.into()),
                (false, None) => Place::Default,
            },
            name: draft.text(Key::Name).map(str::to_owned),
            discovery: Discovery {
                bootstrap: draft.flag(Key::Bootstrap),
                dns_seeds: draft.texts(Key::DnsSeeds).to_vec(),
                exchange: draft.flag(Key::PeerExchange),
                kademlia: draft.flag(Key::Kademlia),
            },
            upnp: draft.flag(Key::Upnp),
            max_inbound,
            max_outbound,
            min_peers: count(draft, Key::MinPeers),
            max_per_ip: draft.count(Key::MaxPerIp),
        }
    }

    /// The node's own part of it. `bootstrap` is whom to dial, resolved.
    pub fn node(&self, bootstrap: Vec<SocketAddr>) -> Config {
        Config {
            bootstrap,
            mining: self.mining,
            max_outbound: self.max_outbound,
            max_inbound: self.max_inbound,
            min_peers: self.min_peers,
            max_per_ip: self.max_per_ip,
            address_scope: self.profile.address_scope(),
            discovery: self.discovery.clone(),
            timing: self.profile.timing(),
            ..Config::default()
        }
    }

    /// What is allowed, and probably not meant.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.profile == Profile::Public && self.listen.ip().is_loopback() {
            warnings.push(format!(
                "the profile is public, and only this machine reaches {}: say --listen 0.0.0.0 to be reached from others",
                self.listen.ip()
            ));
        }
        warnings
    }
}

/// The profile that was said.
fn profile(draft: &Draft) -> Profile {
    draft.text(Key::Profile).and_then(Profile::named).unwrap_or_default()
}

fn listen(draft: &Draft) -> IpAddr {
    draft.text(Key::Listen).and_then(|address| address.parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn count(draft: &Draft, key: Key) -> usize {
    draft.count(key).unwrap_or_default()
}

/// Complains of values that do not go together. Where one of them cannot be read, that alone is wrong.
fn together(draft: &mut Draft, profile: Profile, file: Option<&File>) {
    if !draft.is_wrong(&[Key::Mine, Key::Tries]) && !draft.flag(Key::Mine) && draft.is_said_against(Key::Tries, Key::Mine) {
        let what = format!("{} cannot be used with {}", draft.words(Key::Tries), draft.words(Key::Mine));
        draft.complain(Key::Tries, &what, "nothing is mined; leave one of them out, or say --mine", file);
    }
    if !draft.is_wrong(&[Key::Bootstrap, Key::Peers])
        && !draft.flag(Key::Bootstrap)
        && !draft.texts(Key::Peers).is_empty()
        && draft.is_said_against(Key::Peers, Key::Bootstrap)
    {
        let what = format!("{} cannot be used with {}", draft.words(Key::Peers), draft.words(Key::Bootstrap));
        draft.complain(Key::Peers, &what, "they are not dialled; leave one of them out, or say --bootstrap", file);
    }
    if !draft.is_wrong(&[Key::Ephemeral, Key::DataDir])
        && draft.flag(Key::Ephemeral)
        && draft.is_said_against(Key::DataDir, Key::Ephemeral)
    {
        let what = format!("{} cannot be used with {}", draft.words(Key::DataDir), draft.words(Key::Ephemeral));
        draft.complain(Key::DataDir, &what, "nothing is kept on disk; leave one of them out, or say --no-ephemeral", file);
    }
    if !draft.is_wrong(&[Key::Transport, Key::Profile])
        && profile == Profile::Public
        && draft.text(Key::Transport) == Some(Transport::Plain.name())
    {
        let what = format!("{} cannot be used with {}", draft.words(Key::Transport), draft.words(Key::Profile));
        draft.complain(
            Key::Transport,
            &what,
            "on the open Internet anybody could read and change what is sent; say --transport noise or tls, or --profile lab",
            file,
        );
    }
    if !draft.is_wrong(&[Key::Upnp, Key::Listen]) && draft.flag(Key::Upnp) && listen(draft).is_loopback() {
        let what = format!("{} cannot be used with {}", draft.words(Key::Upnp), draft.words(Key::Listen));
        draft.complain(Key::Upnp, &what, "a gateway reaches no loopback address; say --listen 0.0.0.0 too", file);
    }
    let slots = [Key::MaxInbound, Key::MaxOutbound, Key::MinPeers];
    let most = draft.whole(Key::MaxInbound).unwrap_or_default() + draft.whole(Key::MaxOutbound).unwrap_or_default();
    if draft.is_wrong(&slots) || draft.whole(Key::MinPeers).unwrap_or_default() <= most {
        return;
    }
    let origin = draft.origin(Key::MinPeers).clone();
    if origin == Origin::Default {
        // Nobody asked for so many.
        draft.say(Key::MinPeers, Value::Whole(most), origin);
        return;
    }
    let what = format!("{} is more than there may be connections", draft.words(Key::MinPeers));
    let (inbound, outbound) = (draft.words(Key::MaxInbound), draft.words(Key::MaxOutbound));
    draft.complain(Key::MinPeers, &what, &format!("{inbound} and {outbound} allow {most} together"), file);
}
