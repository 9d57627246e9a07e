//! Records: frames go in, bytes for the network come out, and the other way round.

use super::SecureError;
use super::tls::Session;
use crate::net::limits::{RECORD, RECORD_HEADER, RECORD_PLAIN, RECORD_TAG};
use snow::TransportState;

/// Turns frames into records and back. Any error ends the connection: after it, the two sides no longer agree where they are.
pub enum Channel {
    /// Noise: encrypted and authenticated.
    Noise(Box<TransportState>),
    /// TLS 1.3: encrypted and authenticated.
    Tls(Box<Session>),
    /// The frames as they are: for benchmarks and labs only.
    Plain,
}

impl Channel {
    /// Bytes that sealing `plain` bytes into one record of Noise takes.
    pub const fn sealed_len(plain: usize) -> usize {
        RECORD_HEADER + plain + RECORD_TAG
    }

    /// Most bytes that sealing `plain` bytes takes here.
    pub fn room(&self, plain: usize) -> usize {
        match self {
            Self::Noise(_) => Self::sealed_len(plain),
            Self::Tls(_) => Session::sealed_len(plain),
            Self::Plain => plain,
        }
    }

    /// Where the first record's content begins, that a bit of it can be changed on purpose.
    pub fn header(&self) -> usize {
        match self {
            Self::Noise(_) | Self::Plain => RECORD_HEADER,
            Self::Tls(_) => Session::HEADER,
        }
    }

    /// Seals at most [`RECORD_PLAIN`] bytes at the front of `out`; the bytes written there.
    ///
    /// # Errors
    /// When `out` is too short, or the keys are used up.
    pub fn seal(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, SecureError> {
        match self {
            Self::Noise(state) => {
                let (header, record) = out.split_at_mut_checked(RECORD_HEADER).ok_or(snow::Error::Input)?;
                let length = state.write_message(plain, record)?;
                header.copy_from_slice(&u16::try_from(length).map_err(|_| snow::Error::Input)?.to_be_bytes());
                Ok(RECORD_HEADER + length)
            }
            Self::Tls(session) => session.seal(plain, out),
            Self::Plain => {
                out.get_mut(..plain.len()).ok_or(snow::Error::Input)?.copy_from_slice(plain);
                Ok(plain.len())
            }
        }
    }

    /// Bytes of the record that begins `sealed`, if all of it is here.
    ///
    /// # Errors
    /// [`SecureError::EmptyRecord`]: nobody has a use for it but to keep us busy. [`SecureError::Length`]: no record is that long.
    pub fn next(&self, sealed: &[u8]) -> Result<Option<usize>, SecureError> {
        match self {
            Self::Noise(_) => {
                let Some(length) = sealed.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length))) else {
                    return Ok(None);
                };
                if length <= RECORD_TAG {
                    return Err(SecureError::EmptyRecord);
                }
                Ok((sealed.len() >= RECORD_HEADER + length).then_some(RECORD_HEADER + length))
            }
            Self::Tls(_) => Ok(Session::measure(sealed)?.filter(|length| *length <= sealed.len())),
            Self::Plain => Ok((!sealed.is_empty()).then_some(sealed.len().min(RECORD))),
        }
    }

    /// Opens a whole record, as [`Channel::next`] measured it, into `plain`, which grows to what one record holds at most; the bytes in it.
    ///
    /// # Errors
    /// When a single bit of it is not what the other side sent.
    pub fn open(&mut self, record: &[u8], plain: &mut Vec<u8>) -> Result<usize, SecureError> {
        if plain.len() < record.len() {
            plain.resize(record.len().next_power_of_two().min(RECORD_PLAIN.max(record.len())), 0);
        }
        match self {
            Self::Noise(state) => Ok(state.read_message(record.get(RECORD_HEADER..).unwrap_or_default(), plain)?),
            Self::Tls(session) => session.open(record, plain),
            Self::Plain => {
                plain.get_mut(..record.len()).unwrap_or_default().copy_from_slice(record);
                Ok(record.len())
            }
        }
    }
}
