//! The sockets driver: tokio TCP with Noise, TLS or nothing. It carries a node's inputs in and its outputs out, and knows no rule of the protocol.
//!
//! | File | One stage |
//! |---|---|
//! | `driver` | the node task: inputs in, outputs out, deadlines; its connections coming up, its end |
//! | `listener`, `gate`, `strangers`, `dialer` | connections come up: whom the node lets in; whoever does not say who he is gives way |
//! | `names`, [`mapping`](Upnp) | names are looked up; a gateway is asked to forward the port |
//! | [`secure`] | they are secured: transports, handshakes, identities, records |
//! | [`connection`], [`link`], [`inbox`] | one task each carries frames both ways; what it shares with the node task; back-pressure |
//! | `shaping`, `delay` | links that are slow, lossy or cut: which, and how frames travel over them |
//! | `switches`, `socket` | pause, kill and trickle; how a socket ends |
//! | `workers` | validation and signatures, on a bounded pool |
//! | `miner` | the search for a block, at its pace |
//! | `writer` | the store, on a thread of its own |
//! | `alarm`, `buffer`, `clock` | tools |
//! | [`limits`] | the numbers |

mod alarm;
mod buffer;
mod clock;
pub mod connection;
mod delay;
mod dialer;
mod driver;
mod gate;
pub mod inbox;
pub mod limits;
pub mod link;
mod listener;
mod mapping;
mod miner;
mod names;
pub mod secure;
mod shaping;
mod socket;
mod strangers;
mod switches;
mod workers;
mod writer;

pub use mapping::Upnp;
pub use names::{NameError, Names};
pub use secure::{Transport, UnknownTransport, noise};
pub use workers::Workers;

use crate::chain::{Address, ChainSpec, KeyPair, Ledger};
use crate::link::LinkModel;
use crate::node::{Command, Config, EventSink, Machine, Node, Wrap};
use crate::store::{AddressFile, Store, StoreError};
use clock::Clock;
use driver::Parts;
use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};
use secure::{Credentials, SecureError};
use shaping::Shaping;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use switches::{Mode, Switches};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use writer::Writer;
use zeroize::Zeroizing;

/// How long [`Handle::stop`] may take: the limits of its steps together stay below.
const STOP: Duration = Duration::from_secs(5);

/// All that a node on sockets needs.
pub struct Setup {
    /// How the node is set up. A port of 0 becomes the one it listens on.
    pub config: Config,
    /// Its identity, which is also its account.
    pub keys: KeyPair,
    /// How its connections are secured.
    pub transport: Transport,
    /// Its chain.
    pub spec: Arc<ChainSpec>,
    /// Where to listen; port 0: any free port. `None`: do not listen.
    pub listen: Option<SocketAddr>,
    /// Where it keeps its chain.
    pub store: Box<dyn Store>,
    /// Where it keeps its address book; `None`: nowhere.
    pub addresses: Option<AddressFile>,
    /// Its index in its cluster.
    pub index: u32,
    /// Seed of its random generator, and of the chances on its links.
    pub seed: u64,
    /// Where its events go.
    pub events: EventSink,
    /// The process's workers for heavy work, shared by its nodes.
    pub workers: Workers,
    /// How it looks names up; shared by the process's nodes.
    pub names: Names,
    /// Asks a gateway for a way in from outside; `None`: does not.
    pub upnp: Option<Upnp>,
    /// Makes an adversary of it; `None`: an honest node.
    pub wrap: Option<Wrap>,
}

/// Why a node could not start. Each says which argument to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why, and what to do, in words.
        why: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was stored is not this chain.
    #[error(transparent)]
    Restore(#[from] crate::chain::RestoreError),
    /// A gateway could not reach the node in any case; in words.
    #[error("no port mapping by UPnP: {0}")]
    Upnp(String),
    /// What the node proves itself with could not be made.
    #[error("cannot secure connections: {0}")]
    Secure(#[source] SecureError),
    /// The operating system refuses something that every node needs; in words.
    #[error("the operating system refuses {0}")]
    System(String),
}

/// What became of what a node wanted stored when it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastCommit {
    /// All is stored.
    Done,
    /// The last of it is not: why, in words. What was acknowledged before is.
    Failed(String),
}

/// A running node. Dropping it asks the node to stop, without waiting for it.
pub struct Handle {
    id: Address,
    address: Option<SocketAddr>,
    commands: mpsc::UnboundedSender<Command>,
    switches: Arc<Switches>,
    shaping: Arc<Shaping>,
    task: JoinHandle<LastCommit>,
}

/// Starts a node: binds, loads, spawns its tasks. Returns once it listens.
///
/// # Errors
/// [`StartError`]; nothing is left running then.
pub async fn start(setup: Setup) -> Result<Handle, StartError> {
    let Setup { mut config, keys, transport, spec, listen, store, addresses, index, seed, events, workers, names, upnp, wrap } =
        setup;
    let mut entropy = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *entropy).map_err(|error| StartError::System(format!("randomness: {error}")))?;
    let mut random = ChaCha20Rng::from_seed(*entropy);

    // The address before the disk: it is the likelier mistake.
    let listener = match listen {
        Some(address) => Some(listener::bind(address).await?),
        None => None,
    };
    let address = listener.as_ref().map(|(_, bound)| *bound);
    let wish = upnp.map(|upnp| upnp.check(address)).transpose()?;
    if config.port == 0 {
        config.port = address.map_or(0, |address| address.port());
    }
    // Bound to all addresses of the machine, it cannot know at which of them others reach it.
    config.address = config.address.or(address.filter(|address| !address.ip().is_unspecified()));

    let (chain, largest_block) = (spec.chain, crate::wire::block_payload(spec.max_transactions));
    let book = addresses.clone();
    let loading = tokio::task::spawn_blocking(move || {
        let (saved, warning) = book.map(|book| book.load()).unwrap_or_default();
        load(store, spec).map(|(store, ledger)| (store, ledger, saved, warning))
    });
    let (store, ledger, saved, warning) =
        loading.await.map_err(|error| StartError::System(format!("to load the chain: {error}")))??;
    let answers = mpsc::unbounded_channel();
    let answer = answers.0.clone();
    let writer = Writer::start(store, addresses, move |input| {
        // A node that has gone needs no answer.
        let _ = answer.send(input);
    })
    .map_err(|error| StartError::System(format!("a thread for the store: {error}")))?;

    let mut secret = Zeroizing::new([0; 32]);
    random.fill_bytes(&mut *secret);
    let credentials = Credentials::new(transport, &keys, *secret).map_err(StartError::Secure)?;
    let clock = Clock::start();
    let (mining, timing) = (config.mining, config.timing);
    let mut node = Node::new(config, keys, ledger, seed, clock.now());
    if let Some(saved) = saved {
        node.restore_addresses(&saved, clock.now());
    }
    let id = node.id();
    let node: Box<dyn Machine> = match wrap {
        Some(wrap) => wrap(node),
        None => Box::new(node),
    };
    let switches = Arc::new(Switches::default());
    let shaping = Arc::new(Shaping::new(seed, id, Arc::clone(&switches)));
    let (commands, commanded) = mpsc::unbounded_channel();
    let (own, links) = (Arc::clone(&switches), Arc::clone(&shaping));
    let parts = Parts {
        node,
        warning,
        clock,
        index,
        events,
        chain,
        largest_block,
        mining,
        timing,
        credentials,
        shaping: links,
        switches: own,
        random,
        workers,
        names,
        writer,
        answers,
        listener,
        wish,
    };
    let task = tokio::spawn(driver::run(parts, commanded));
    Ok(Handle { id, address, commands, switches, shaping, task })
}

/// Reads what is stored, and makes the ledger from it: heavy, beside the runtime.
fn load(mut store: Box<dyn Store>, spec: Arc<ChainSpec>) -> Result<(Box<dyn Store>, Ledger), StartError> {
    let ledger = match store.load()? {
        Some(stored) => Ledger::restore(spec, stored.headers, stored.tip, stored.state)?,
        None => Ledger::new(spec),
    };
    Ok((store, ledger))
}

impl Handle {
    /// The node's id.
    pub fn id(&self) -> Address {
        self.id
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Asks something of it. Lost if it has stopped.
    pub fn command(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Whether it has stopped: after [`Command::Shutdown`], and everything that follows from it.
    pub fn has_stopped(&self) -> bool {
        self.task.is_finished()
    }

    /// From now on, what this node sends to `peer` travels as `model` says: over the connection that is up, and over later ones, whoever
    /// dials. A clear model costs nothing. The other direction is the peer's to set. The encryption's handshake is not slowed: who is at
    /// the other end is known only after it.
    ///
    /// While the link is cut, nothing is written: what is sent waits in the outbox, no pong comes, and the node ends the connection by
    /// itself. New connections in either direction come to nothing; our dials time out.
    pub fn set_link(&self, peer: Address, model: LinkModel) {
        self.shaping.set(peer, model);
    }

    /// Stands still as a stopped process does: handles nothing, reads and writes nothing, does not mine; its connections stay open.
    /// Or goes on; it blames nobody for what it missed.
    pub fn set_paused(&self, paused: bool) {
        self.switches.set(if paused { Mode::Paused } else { Mode::Running });
    }

    /// Misbehaves: writes its frames one byte a second once hands are shaken. Or stops that.
    pub fn set_trickle(&self, on: bool) {
        self.switches.set_trickle(on);
    }

    /// Ends it as `kill -9` does: no goodbye, connections are reset, what is not yet stored is lost. Once this returns its tasks have
    /// ended, its port is free, and its store is closed: within 5 s, and at once unless the store is at a commit.
    pub async fn kill(mut self) {
        self.switches.set(Mode::Killed);
        self.ended().await;
    }

    /// Goodbye to all, everything stored, all tasks ended: within 5 s. A paused node goes on first. Whether all is stored, is the answer.
    pub async fn stop(mut self) -> LastCommit {
        self.set_paused(false);
        self.command(Command::Shutdown);
        self.ended().await
    }

    /// Waits until its task has ended.
    async fn ended(&mut self) -> LastCommit {
        match tokio::time::timeout(STOP, &mut self.task).await {
            Ok(Ok(last)) => last,
            Ok(Err(_)) => LastCommit::Failed("the node met a fault of its own".to_owned()),
            Err(_) => {
                tracing::error!("the node did not stop in time: this is a defect");
                self.task.abort();
                LastCommit::Failed("the node did not stop in time".to_owned())
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A paused node would never hear that it is to stop.
        self.set_paused(false);
    }
}

#[cfg(test)]
mod ending_tests;
