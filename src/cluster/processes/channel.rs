//! The control channel: what launcher and child say to each other, one JSON object a line.

use crate::chain::{Address, ChainId, Signature, Transaction, Transfer};
use crate::cluster::limits::MAX_CHANNEL_LINE;
use crate::link::LinkModel;
use crate::node::{Command, Stamped};
use std::borrow::Cow;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The channel's first line: all that makes a node, from which the child builds the same blueprint as the launcher.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildSetup {
    /// The preset's name.
    pub name: String,
    /// The preset, as TOML.
    pub preset: String,
    /// The run's seed.
    pub seed: u64,
    /// When the run began, Unix milliseconds: the genesis time follows from it.
    pub began_ms: u64,
    /// Which node it is.
    pub index: u32,
    /// Which of its lives, from 1.
    pub life: u64,
    /// Where it keeps its chain.
    pub folder: PathBuf,
    /// Where it listens; port 0: any.
    pub listen: SocketAddr,
    /// Whom it dials.
    pub bootstrap: Vec<SocketAddr>,
    /// How what it sends travels, by receiver.
    pub links: Vec<(Address, LinkModel)>,
    /// Whether its disk is full.
    pub disk_full: bool,
}

/// What the launcher wants of a node.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// How what it sends to `peer` travels.
    Link {
        /// To whom.
        peer: Address,
        /// How.
        model: LinkModel,
    },
    /// Stand still, or go on.
    Pause(bool),
    /// The disk is full, or not.
    DiskFull(bool),
    /// See [`Command::Transfer`].
    Transfer {
        /// To whom.
        to: Address,
        /// Smallest units.
        amount: u64,
        /// Smallest units.
        fee: u64,
    },
    /// See [`Command::Submit`].
    Submit(SignedTransfer),
    /// See [`Command::LookUp`].
    LookUp(Address),
    /// See [`Command::Connect`].
    Connect(SocketAddr),
    /// See [`Command::Disconnect`].
    Disconnect(Address),
    /// See [`Command::Ban`].
    Ban {
        /// Whom.
        peer: Address,
        /// For how long.
        time: Option<Duration>,
    },
    /// See [`Command::BanAddress`].
    BanAddress {
        /// Which.
        address: IpAddr,
        /// For how long.
        time: Option<Duration>,
    },
    /// See [`Command::UnbanAddress`].
    UnbanAddress(IpAddr),
    /// See [`Command::Unban`].
    Unban(Address),
    /// See [`Command::SkewClock`].
    SkewClock {
        /// Forward, or (negative) back.
        millis: i64,
    },
    /// Say goodbye and end.
    Leave,
}

/// A signed transfer.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SignedTransfer {
    chain: ChainId,
    from: Address,
    to: Address,
    amount: u64,
    fee: u64,
    nonce: u64,
    /// 64 bytes.
    signature: Vec<u8>,
}

impl From<Command> for Order {
    fn from(command: Command) -> Self {
        match command {
            Command::Transfer { to, amount, fee } => Self::Transfer { to, amount, fee },
            Command::Submit(transaction) => {
                let Transaction { transfer: Transfer { chain, from, to, amount, fee, nonce }, signature } = *transaction;
                Self::Submit(SignedTransfer { chain, from, to, amount, fee, nonce, signature: signature.0.to_vec() })
            }
            Command::LookUp(id) => Self::LookUp(id),
            Command::Connect(address) => Self::Connect(address),
            Command::Disconnect(id) => Self::Disconnect(id),
            Command::Ban { peer, time } => Self::Ban { peer, time },
            Command::BanAddress { address, time } => Self::BanAddress { address, time },
            Command::UnbanAddress(address) => Self::UnbanAddress(address),
            Command::Unban(id) => Self::Unban(id),
            Command::SkewClock { millis } => Self::SkewClock { millis },
            Command::Shutdown => Self::Leave,
        }
    }
}

impl SignedTransfer {
    /// The transaction, if its signature has the length of one.
    pub fn transaction(self) -> Option<Transaction> {
        let Self { chain, from, to, amount, fee, nonce, signature } = self;
        let signature = Signature(signature.try_into().ok()?);
        Some(Transaction { transfer: Transfer { chain, from, to, amount, fee, nonce }, signature })
    }
}

/// What a child says.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said<'a> {
    /// The node runs, and listens here.
    Ready(SocketAddr),
    /// The node could not start, in words.
    Failed(String),
    /// Something happened.
    Event(Cow<'a, Stamped>),
    /// The process's resident memory, bytes.
    Memory(u64),
}

/// A value as a line.
pub fn line(value: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    match line.len() > MAX_CHANNEL_LINE {
        true => Err(too_long()),
        false => Ok(line),
    }
}

/// The next line into `line`, its end left out. False at the end of the channel; what is there of a line that was begun is not one.
pub fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    reader.by_ref().take(MAX_CHANNEL_LINE as u64).read_until(b'\n', line)?;
    match line.pop() {
        Some(b'\n') => Ok(true),
        Some(_) if line.len() + 1 >= MAX_CHANNEL_LINE => Err(too_long()),
        _ => Ok(false),
    }
}

/// Says one thing, at once.
pub fn say(writer: &mut impl Write, said: &Said<'_>) -> io::Result<()> {
    writer.write_all(&line(said)?)?;
    writer.flush()
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("a line of the control channel is longer than {MAX_CHANNEL_LINE} bytes"))
}

#[cfg(test)]
#[path = "channel_tests.rs"]
mod tests;
