//! The one place that knows bincode.
//!
//! A payload is its fields in order: integers of fixed width, little-endian; an enum's variant as u32; a list or a text as its u64
//! count and its elements (bincode's `legacy` layout). Fixed width leaves no second encoding of the same value.
//!
//! Decoding faces hostile bytes. Each list is read here, not by bincode: its count is held against the limit of its kind, and then against
//! the bytes that are really there, before anything is allocated. Elements have a fixed size on the wire, never zero, and none holds
//! another list, so that the memory of a decoded message is at most [`MEMORY_FACTOR`] times its payload.

use super::limits::{
    FRAME_HEADER, MAX_HEADERS, MAX_IDS, MAX_LOCATOR, MAX_PAYLOAD, MAX_PEERS, MAX_RECORDS, MAX_TEXT, VALUE_MEMORY,
};
use super::{Capabilities, Hello, Message, MessageKind, NodeRecord, PeerAddress};
use crate::chain::limits::MAX_BLOCK_BYTES;
use crate::chain::{Address, Block, BlockId, Hash256, Header, Transaction, TxId};
use bincode::config::{self, Configuration, Fixint, Limit, LittleEndian};
use bincode::de::DecoderImpl;
use bincode::de::read::SliceReader;
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};
use bytes::Bytes;
use std::sync::Arc;

/// Bytes that are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A frame longer than allowed at this point.
    #[error("a frame of {length} bytes, more than the {cap} allowed")]
    TooLong {
        /// Bytes announced.
        length: usize,
        /// Bytes allowed.
        cap: usize,
    },
    /// A frame without a type.
    #[error("an empty frame")]
    Empty,
    /// A payload that does not decode, or has bytes left over, or too many elements.
    #[error("a malformed {kind:?}: {why}")]
    Malformed {
        /// Of which kind.
        kind: MessageKind,
        /// What is wrong.
        why: String,
    },
}

/// Layout of a single value: fixed-width little-endian, and never more memory than [`VALUE_MEMORY`].
const LAYOUT: Configuration<LittleEndian, Fixint, Limit<VALUE_MEMORY>> = config::legacy().with_limit::<VALUE_MEMORY>();

/// Layout of a list's elements, for which bytes have been set apart: together at most a payload.
const LIST_LAYOUT: Configuration<LittleEndian, Fixint, Limit<MAX_PAYLOAD>> = config::legacy().with_limit::<MAX_PAYLOAD>();

/// Bytes of a list's count, or a text's.
const COUNT: usize = 8;

/// The memory of a decoded message is at most this many times its payload (fields are padded in memory, not on the wire),
/// beside the message itself.
pub const MEMORY_FACTOR: usize = 2;

/// What a list may hold: values of one fixed size on the wire.
trait Element: bincode::Encode + bincode::Decode<()> {
    /// Bytes of one on the wire.
    const WIRE: usize;
}

impl Element for BlockId {
    const WIRE: usize = 32;
}
impl Element for TxId {
    const WIRE: usize = 32;
}
impl Element for Hash256 {
    const WIRE: usize = 32;
}
impl Element for Address {
    const WIRE: usize = 32;
}
impl Element for PeerAddress {
    const WIRE: usize = 16 + 2 + 32 + 4;
}
impl Element for NodeRecord {
    const WIRE: usize = 32 + 16 + 2 + 8 + 64;
}
impl Element for Header {
    // version, height, parent, two roots, time, stream, difficulty, miner, and the seal: its variant and its nonce.
    const WIRE: usize = 2 + 8 + 32 + 32 + 32 + 8 + 1 + 8 + 32 + (4 + 8);
}
impl Element for Transaction {
    const WIRE: usize = Transaction::SIZE;
}

/// Bytes of a [`Hello`] without its agent.
const HELLO_FIXED: usize = 2 + 2 + 4 + 32 + 32 + COUNT + 2 + 8 + 16 + 32 + 8 + 8 + 8;

// Nothing legal fails: the fullest list, and the longest text, fit the cap of their kind.
const _: () = {
    assert!(HELLO_FIXED + MAX_TEXT + 2 + 16 <= MessageKind::HandshakeAck.cap());
    assert!(4 + COUNT + MAX_TEXT <= MessageKind::Error.cap());
    assert!(COUNT + MAX_PEERS * PeerAddress::WIRE <= MessageKind::Peers.cap());
    assert!(8 + 32 + 1 + NodeRecord::WIRE <= MessageKind::FindNode.cap());
    assert!(8 + 1 + NodeRecord::WIRE + COUNT + MAX_RECORDS * NodeRecord::WIRE <= MessageKind::Nodes.cap());
    assert!(COUNT + MAX_LOCATOR * BlockId::WIRE <= MessageKind::GetHeaders.cap());
    assert!(1 + COUNT + MAX_HEADERS * Header::WIRE <= MessageKind::Headers.cap());
    assert!(COUNT + MAX_IDS * TxId::WIRE <= MessageKind::GetData.cap());
    assert!(COUNT + MAX_IDS * Transaction::WIRE <= MessageKind::Transaction.cap());
    // More than so many bytes of transactions no block has.
    assert!(Header::WIRE + COUNT + MAX_BLOCK_BYTES <= MessageKind::Block.cap());
    assert!(MessageKind::Block.cap() <= MAX_PAYLOAD);
};
// And an element of memory stays within the factor of its bytes on the wire.
const _: () = {
    assert!(size_of::<Header>() <= MEMORY_FACTOR * Header::WIRE);
    assert!(size_of::<Transaction>() <= MEMORY_FACTOR * Transaction::WIRE);
    assert!(size_of::<NodeRecord>() <= MEMORY_FACTOR * NodeRecord::WIRE);
    assert!(size_of::<PeerAddress>() <= MEMORY_FACTOR * PeerAddress::WIRE);
};

/// A whole frame: length, code, payload. A text longer than [`MAX_TEXT`] is cut; a list is the caller's to keep within
/// [its limit](super::limits) (see [`check`]), or the peer will refuse it.
pub fn encode(message: &Message) -> Bytes {
    let mut frame = Vec::with_capacity(encoded_len(message));
    append(message, &mut frame);
    Bytes::from(frame)
}

/// Puts a whole frame, as [`encode`] makes it, at the end of `into`; its bytes.
pub fn append(message: &Message, into: &mut Vec<u8>) -> usize {
    let (before, whole) = (into.len(), encoded_len(message));
    let mut frame = Sink(std::mem::take(into));
    frame.0.reserve(whole);
    // A frame beyond u32 is beyond every limit too; the peer refuses it.
    frame.put(&u32::try_from(whole.saturating_sub(4)).unwrap_or(u32::MAX));
    frame.put(&(message.kind() as u8));
    match message {
        Message::Handshake { hello } => frame.hello(hello),
        Message::HandshakeAck { hello, version, seen } => {
            frame.hello(hello);
            frame.put(version);
            frame.put(seen);
        }
        Message::Heartbeat | Message::GetPeers => {}
        Message::Ping { nonce, time } | Message::Pong { nonce, time } => {
            frame.put(nonce);
            frame.put(time);
        }
        Message::Peers { answer, addresses } => {
            frame.put(answer);
            frame.list(addresses);
        }
        Message::FindNode { nonce, target, own } => {
            frame.put(nonce);
            frame.put(target);
            frame.put(own);
        }
        Message::Nodes { nonce, own, records } => {
            frame.put(nonce);
            frame.put(own);
            frame.list(records);
        }
        Message::GetHeaders { locator } => frame.list(locator),
        Message::Headers { answer, headers } => {
            frame.put(answer);
            frame.list(headers);
        }
        Message::GetBlock { id } => frame.put(id),
        Message::Block { block } | Message::NewBlock { block } => {
            frame.put(&block.header);
            frame.list(&block.transactions);
        }
        Message::NotFound { ids } => frame.list(ids),
        Message::Transaction { transactions } => frame.list(transactions),
        Message::Announce { ids } | Message::GetData { ids } => frame.list(ids),
        Message::Goodbye { reason } => frame.put(reason),
        Message::Error { code, text } => {
            frame.put(code);
            frame.text(text);
        }
    }
    debug_assert_eq!(frame.0.len() - before, whole, "encoded_len and encode disagree");
    *into = frame.0;
    whole
}

/// Bytes of the whole frame, without encoding it. O(1) for all kinds but those with strings or lists, where it is O(1) too by
/// their lengths.
pub fn encoded_len(message: &Message) -> usize {
    FRAME_HEADER + payload_len(message)
}

/// Bytes of the payload of a block with so many transactions; at most what a payload of its kind may have.
pub fn block_payload(transactions: usize) -> usize {
    let bytes = transactions.saturating_mul(Transaction::WIRE).saturating_add(Header::WIRE + COUNT);
    bytes.min(MessageKind::Block.cap())
}

/// Whether a message keeps the limits that [`decode`] holds a peer to: O(1), without encoding it. A driver that carries messages
/// unencoded holds its nodes to the same limits with it.
///
/// # Errors
/// [`WireError::Malformed`] for a list or text that is too long, [`WireError::TooLong`] for a payload beyond its kind's cap.
pub fn check(message: &Message) -> Result<(), WireError> {
    let kind = message.kind();
    let (have, most) = match message {
        Message::Peers { addresses, .. } => (addresses.len(), MAX_PEERS),
        Message::Nodes { records, .. } => (records.len(), MAX_RECORDS),
        Message::GetHeaders { locator } => (locator.len(), MAX_LOCATOR),
        Message::Headers { headers, .. } => (headers.len(), MAX_HEADERS),
        Message::NotFound { ids } => (ids.len(), MAX_IDS),
        Message::Announce { ids } | Message::GetData { ids } => (ids.len(), MAX_IDS),
        Message::Transaction { transactions } => (transactions.len(), MAX_IDS),
        Message::Handshake { hello } | Message::HandshakeAck { hello, .. } => (hello.agent.len(), MAX_TEXT),
        Message::Error { text, .. } => (text.len(), MAX_TEXT),
        _ => (0, 0),
    };
    if have > most {
        return Err(WireError::Malformed { kind, why: too_many(have as u64, most) });
    }
    capped(kind, payload_len(message))
}

/// Decodes a payload. `Ok(None)` for a type that we do not know.
///
/// # Errors
/// [`WireError::TooLong`] for a payload beyond its kind's cap; [`WireError::Malformed`] for one that does not decode, announces
/// more elements than its kind may have or than there are bytes for, or has bytes left over.
pub fn decode(code: u8, payload: &[u8]) -> Result<Option<Message>, WireError> {
    let Some(kind) = MessageKind::from_code(code) else { return Ok(None) };
    capped(kind, payload.len())?;
    let mut source = Source { rest: payload };
    source.message(kind).map(Some).map_err(|why| WireError::Malformed { kind, why })
}

fn capped(kind: MessageKind, length: usize) -> Result<(), WireError> {
    let cap = kind.cap();
    if length > cap { Err(WireError::TooLong { length, cap }) } else { Ok(()) }
}

fn payload_len(message: &Message) -> usize {
    fn list<T: Element>(elements: &[T]) -> usize {
        COUNT.saturating_add(elements.len().saturating_mul(T::WIRE))
    }
    fn own(record: &Option<NodeRecord>) -> usize {
        1 + record.map_or(0, |_| NodeRecord::WIRE)
    }
    match message {
        Message::Handshake { hello } => HELLO_FIXED + cut(&hello.agent).len(),
        Message::HandshakeAck { hello, .. } => HELLO_FIXED + cut(&hello.agent).len() + 2 + 16,
        Message::Heartbeat | Message::GetPeers => 0,
        Message::Ping { .. } | Message::Pong { .. } => 16,
        Message::Peers { addresses, .. } => 1 + list(addresses),
        Message::FindNode { own: record, .. } => 8 + Address::WIRE + own(record),
        Message::Nodes { own: record, records, .. } => 8 + own(record) + list(records),
        Message::GetHeaders { locator } => list(locator),
        Message::Headers { headers, .. } => 1 + list(headers),
        Message::GetBlock { .. } => BlockId::WIRE,
        Message::Block { block } | Message::NewBlock { block } => Header::WIRE + list(&block.transactions),
        Message::NotFound { ids } => list(ids),
        Message::Transaction { transactions } => list(transactions),
        Message::Announce { ids } | Message::GetData { ids } => list(ids),
        Message::Goodbye { .. } => 4,
        Message::Error { text, .. } => 4 + COUNT + cut(text).len(),
    }
}

/// At most [`MAX_TEXT`] bytes of a text, whole characters.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}

fn too_many(count: u64, most: usize) -> String {
    format!("{count} elements, more than the {most} allowed")
}

/// Takes the bytes of a frame.
struct Sink(Vec<u8>);

impl Writer for Sink {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Sink {
    #[inline]
    fn put<T: bincode::Encode>(&mut self, value: &T) {
        // Writing to memory cannot fail, and no type here refuses to be encoded.
        let done = bincode::encode_into_writer(value, self, LAYOUT);
        debug_assert!(done.is_ok());
    }

    fn list<T: Element>(&mut self, elements: &[T]) {
        self.put(&(elements.len() as u64));
        for element in elements {
            self.put(element);
        }
    }

    fn text(&mut self, text: &str) {
        let text = cut(text);
        self.put(&(text.len() as u64));
        self.0.extend_from_slice(text.as_bytes());
    }

    fn hello(&mut self, hello: &Hello) {
        self.put(&hello.version_lowest);
        self.put(&hello.version_highest);
        self.put(&hello.chain);
        self.put(&hello.genesis);
        self.put(&hello.node);
        self.text(&hello.agent);
        self.put(&hello.port);
        self.put(&hello.height);
        self.put(&hello.work);
        self.put(&hello.tip);
        self.put(&hello.capabilities.0);
        self.put(&hello.time);
        self.put(&hello.nonce);
    }
}

/// A payload that is being decoded: what is left of it.
struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    /// The message, which must be all there is.
    fn message(&mut self, kind: MessageKind) -> Result<Message, String> {
        let message = match kind {
            MessageKind::Handshake => Message::Handshake { hello: self.hello()? },
            MessageKind::HandshakeAck => {
                Message::HandshakeAck { hello: self.hello()?, version: self.value()?, seen: self.value()? }
            }
            MessageKind::Heartbeat => Message::Heartbeat,
            MessageKind::Ping => Message::Ping { nonce: self.value()?, time: self.value()? },
            MessageKind::Pong => Message::Pong { nonce: self.value()?, time: self.value()? },
            MessageKind::GetPeers => Message::GetPeers,
            MessageKind::Peers => Message::Peers { answer: self.value()?, addresses: self.list(MAX_PEERS)? },
            MessageKind::FindNode => Message::FindNode { nonce: self.value()?, target: self.value()?, own: self.value()? },
            MessageKind::Nodes => Message::Nodes { nonce: self.value()?, own: self.value()?, records: self.list(MAX_RECORDS)? },
            MessageKind::GetHeaders => Message::GetHeaders { locator: self.list(MAX_LOCATOR)? },
            MessageKind::Headers => Message::Headers { answer: self.value()?, headers: self.list(MAX_HEADERS)? },
            MessageKind::GetBlock => Message::GetBlock { id: self.value()? },
            MessageKind::Block => Message::Block { block: self.block(kind)? },
            MessageKind::NotFound => Message::NotFound { ids: self.list(MAX_IDS)? },
            MessageKind::Transaction => Message::Transaction { transactions: self.list(MAX_IDS)? },
            MessageKind::NewBlock => Message::NewBlock { block: self.block(kind)? },
            MessageKind::Announce => Message::Announce { ids: self.list(MAX_IDS)? },
            MessageKind::GetData => Message::GetData { ids: self.list(MAX_IDS)? },
            MessageKind::Goodbye => Message::Goodbye { reason: self.value()? },
            MessageKind::Error => Message::Error { code: self.value()?, text: self.text()? },
        };
        match self.rest.len() {
            0 => Ok(message),
            left => Err(format!("{left} bytes left over")),
        }
    }

    /// A value of fixed size.
    #[inline]
    fn value<T: bincode::Decode<()>>(&mut self) -> Result<T, String> {
        let (value, used) = bincode::decode_from_slice(self.rest, LAYOUT).map_err(|error| why(&error))?;
        self.rest = self.rest.get(used..).unwrap_or_default();
        Ok(value)
    }

    /// A list of at most `most`, for which the bytes must be here before memory is taken.
    fn list<T: Element>(&mut self, most: usize) -> Result<Vec<T>, String> {
        const { assert!(T::WIRE > 0, "elements of no size could be claimed without end") };
        let count: u64 = self.value()?;
        let count = match usize::try_from(count) {
            Ok(count) if count <= most => count,
            _ => return Err(too_many(count, most)),
        };
        let Some((bytes, rest)) = self.rest.split_at_checked(count * T::WIRE) else {
            return Err(format!("{count} elements announced, bytes for {}", self.rest.len() / T::WIRE));
        };
        self.rest = rest;
        // One decoder for all of them: three times as fast as one for each.
        let mut decoder = DecoderImpl::new(SliceReader::new(bytes), LIST_LAYOUT, ());
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(T::decode(&mut decoder).map_err(|error| why(&error))?);
        }
        Ok(elements)
    }

    fn text(&mut self) -> Result<String, String> {
        let count: u64 = self.value()?;
        let count = match usize::try_from(count) {
            Ok(count) if count <= MAX_TEXT => count,
            _ => return Err(format!("a text of {count} bytes, more than the {MAX_TEXT} allowed")),
        };
        let (text, rest) = self.rest.split_at_checked(count).ok_or_else(|| "it is cut short".to_owned())?;
        self.rest = rest;
        Ok(str::from_utf8(text).map_err(|_| "a text that is not UTF-8".to_owned())?.to_owned())
    }

    fn block(&mut self, kind: MessageKind) -> Result<Arc<Block>, String> {
        let header = self.value()?;
        let transactions = self.list(kind.cap() / Transaction::WIRE)?;
        Ok(Arc::new(Block { header, transactions }))
    }

    fn hello(&mut self) -> Result<Hello, String> {
        Ok(Hello {
            version_lowest: self.value()?,
            version_highest: self.value()?,
            chain: self.value()?,
            genesis: self.value()?,
            node: self.value()?,
            agent: self.text()?,
            port: self.value()?,
            height: self.value()?,
            work: self.value()?,
            tip: self.value()?,
            capabilities: Capabilities(self.value()?),
            time: self.value()?,
            nonce: self.value()?,
        })
    }
}

/// What is wrong, in words.
fn why(error: &DecodeError) -> String {
    match error {
        DecodeError::UnexpectedEnd { .. } => "it is cut short".to_owned(),
        DecodeError::UnexpectedVariant { type_name, found, .. } => format!("{found} is no {type_name}"),
        DecodeError::LimitExceeded => "a value beyond its limit".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
