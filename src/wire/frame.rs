//! Cuts a stream of bytes into frames: `[u32 LE: length of what follows][u8: message type][payload]`.
//!
//! A frame's length is checked as soon as its four bytes are here, and against its kind's cap with the fifth. Nothing is allocated from
//! an announced length: the buffer grows with the bytes that came, never past the frame, and is used at all only for a
//! frame that came in pieces.

use super::limits::{FRAME_BUFFER_KEPT, FRAME_HEADER, LENGTH_BYTES, MAX_PAYLOAD, MAX_PAYLOAD_STRANGER, MAX_UNASKED_BLOCK};
use super::{MessageKind, WireError};

/// A frame cut from a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Of a kind that we know, within its cap.
    Known {
        /// Its kind.
        kind: MessageKind,
        /// What [`super::decode`] takes.
        payload: &'a [u8],
        /// Bytes of the whole frame.
        bytes: usize,
    },
    /// Of a type that we do not know, or a large block that nobody asked for: skipped, never kept.
    Unknown {
        /// Its type.
        code: u8,
        /// Bytes of the whole frame.
        bytes: usize,
    },
}

/// A frame that is not kept, on its way past us.
#[derive(Clone, Copy, Debug)]
struct Skip {
    code: u8,
    bytes: usize,
    left: usize,
}

/// What the first bytes of a frame say.
enum Head {
    /// Not all of them are here.
    Short,
    /// A frame of a known kind, and its bytes.
    Known(MessageKind, usize),
    /// A frame that is not kept: its type, and its bytes.
    Unknown(u8, usize),
}

/// Collects bytes and cuts frames; checks a frame's length as soon as its header is here.
#[derive(Debug)]
pub struct FrameReader {
    /// The beginning of a frame that came in pieces, from its first byte.
    buffer: Vec<u8>,
    /// The frame in `buffer` was handed out.
    delivered: bool,
    skip: Option<Skip>,
    established: bool,
    /// Longest payload of a block.
    largest_block: usize,
    /// Whether a large block is waited for.
    asked: bool,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new(MessageKind::Block.cap())
    }
}

impl FrameReader {
    /// A reader at the beginning of a connection: payloads are at most 1 KiB until [`FrameReader::set_established`], and `largest_block` is
    /// the longest that a block of its chain can have ([`super::block_payload`]).
    pub fn new(largest_block: usize) -> Self {
        Self { buffer: Vec::new(), delivered: false, skip: None, established: false, largest_block, asked: false }
    }

    /// Hands are shaken: from the next frame on, the caps of the kinds hold.
    pub fn set_established(&mut self) {
        self.established = true;
    }

    /// Whether a block was asked for and has not come: else one of more than 128 KiB passes by as a frame of unknown type does. Nobody makes
    /// us hold so much who was not asked for it.
    pub fn set_asked(&mut self, asked: bool) {
        self.asked = asked;
    }

    /// The frame that was handed out last is done with: its memory is given back.
    pub fn release(&mut self) {
        if std::mem::take(&mut self.delivered) {
            self.buffer.clear();
            self.buffer.shrink_to(FRAME_BUFFER_KEPT);
        }
    }

    /// The next frame of the stream, whose next bytes are `input`; takes from `input` what it used. `None`: all of `input` was taken, and
    /// more is needed. A frame that lies whole in `input` is handed out without being copied.
    ///
    /// # Errors
    /// [`WireError::TooLong`] and [`WireError::Empty`]. The stream has no meaning after them.
    pub fn next<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8]) -> Result<Option<Frame<'a>>, WireError> {
        self.release();
        if let Some(skip) = self.skip.take() {
            return Ok(self.skip(skip, input));
        }
        if self.buffer.is_empty() {
            match self.head(input)? {
                Head::Unknown(code, bytes) => {
                    take(input, FRAME_HEADER);
                    return Ok(self.skip(Skip { code, bytes, left: bytes - FRAME_HEADER }, input));
                }
                Head::Known(kind, bytes) if bytes <= input.len() => {
                    let payload = take(input, bytes).get(FRAME_HEADER..).unwrap_or_default();
                    return Ok(Some(Frame::Known { kind, payload, bytes }));
                }
                Head::Known(..) | Head::Short => {}
            }
        }
        // The frame comes in pieces: its header first, then the rest of it.
        while self.buffer.len() < FRAME_HEADER {
            let [byte] = take(input, 1) else { return Ok(None) };
            self.buffer.push(*byte);
            self.head(&self.buffer)?;
        }
        match self.head(&self.buffer)? {
            Head::Unknown(code, bytes) => {
                self.buffer.clear();
                Ok(self.skip(Skip { code, bytes, left: bytes - FRAME_HEADER }, input))
            }
            Head::Known(kind, bytes) => {
                self.fill(bytes, input);
                if self.buffer.len() < bytes {
                    return Ok(None);
                }
                self.delivered = true;
                let payload = self.buffer.get(FRAME_HEADER..).unwrap_or_default();
                Ok(Some(Frame::Known { kind, payload, bytes }))
            }
            Head::Short => Ok(None),
        }
    }

    /// Bytes of the frame of which a part is here, as far as that is known; `None` between frames.
    pub fn partial(&self) -> Option<usize> {
        match (&self.skip, self.delivered || self.buffer.is_empty()) {
            (Some(skip), _) => Some(skip.bytes),
            (None, true) => None,
            (None, false) => Some(length(&self.buffer).map_or(FRAME_HEADER, |length| length.saturating_add(LENGTH_BYTES))),
        }
    }

    /// Memory held, in bytes.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Reads and checks a header, as far as it is here.
    fn head(&self, bytes: &[u8]) -> Result<Head, WireError> {
        let Some(length) = length(bytes) else { return Ok(Head::Short) };
        let ceiling = if self.established { MAX_PAYLOAD } else { MAX_PAYLOAD_STRANGER };
        let payload = length.checked_sub(1).ok_or(WireError::Empty)?;
        if payload > ceiling {
            return Err(WireError::TooLong { length: payload, cap: ceiling });
        }
        let Some(&code) = bytes.get(LENGTH_BYTES) else { return Ok(Head::Short) };
        let whole = FRAME_HEADER + payload;
        let Some(kind) = MessageKind::from_code(code) else { return Ok(Head::Unknown(code, whole)) };
        let of_kind = if kind == MessageKind::Block { self.largest_block } else { usize::MAX };
        let cap = kind.cap().min(ceiling).min(of_kind);
        if payload > cap {
            return Err(WireError::TooLong { length: payload, cap });
        }
        if kind == MessageKind::Block && payload > MAX_UNASKED_BLOCK && !self.asked {
            return Ok(Head::Unknown(code, whole));
        }
        Ok(Head::Known(kind, whole))
    }

    /// Lets bytes of an unknown frame pass.
    fn skip<'a>(&mut self, mut skip: Skip, input: &mut &[u8]) -> Option<Frame<'a>> {
        skip.left -= take(input, skip.left).len();
        if skip.left > 0 {
            self.skip = Some(skip);
            return None;
        }
        Some(Frame::Unknown { code: skip.code, bytes: skip.bytes })
    }

    /// Collects bytes of a frame of `bytes`; the buffer at most doubles, and never outgrows the frame.
    fn fill(&mut self, bytes: usize, input: &mut &[u8]) {
        let piece = take(input, bytes.saturating_sub(self.buffer.len()));
        let needed = self.buffer.len() + piece.len();
        if needed > self.buffer.capacity() {
            let capacity = needed.max(bytes.min(self.buffer.capacity().saturating_mul(2)));
            self.buffer.reserve_exact(capacity - self.buffer.len());
        }
        self.buffer.extend_from_slice(piece);
    }
}

/// The announced length, if its four bytes are here.
fn length(bytes: &[u8]) -> Option<usize> {
    bytes.first_chunk().map(|length| u32::from_le_bytes(*length) as usize)
}

/// Takes at most `count` bytes from the front.
fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count.min(input.len()));
    *input = rest;
    taken
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
