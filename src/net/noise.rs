//! The Noise handshake that proves both sides' identities, and the records after it.
//!
//! `Noise_XX_25519_AESGCM_SHA256` (<https://noiseprotocol.org/noise.html>), prologue `rumormill/1`. The second and third messages carry
//! the sender's Ed25519 key and its signature over the sender's Noise static key, under a domain prefix of its own, so that no other
//! signature of that key can pass for it. That key is the node id. Static Noise keys live as long as the process.
//!
//! Every message of the handshake, and every record after it, is `[u16 BE length][bytes]`. Messages of the handshake have one
//! possible length each, so that a stranger gets no buffer to fill.

use super::limits::{HANDSHAKE, RECORD, RECORD_HEADER, RECORD_PLAIN, RECORD_TAG};
use super::resolver::Resolver;
use crate::chain::{Address, KeyPair, Signature};
use snow::params::NoiseParams;
use snow::{Builder, HandshakeState, TransportState};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Cipher suite and pattern.
const PATTERN: &str = "Noise_XX_25519_AESGCM_SHA256";
/// Both sides must mean this protocol; part of the transcript that both sign by encrypting.
const PROLOGUE: &[u8] = b"rumormill/1";
/// What is signed begins with this.
const DOMAIN: &[u8] = b"rumormill/noise-static/1";
/// Bytes of a public key.
const KEY: usize = 32;
/// Bytes of an identity's proof: the Ed25519 key, and the signature.
const PROOF: usize = KEY + 64;
/// Bytes of the three messages: `e`; `e, ee, s, es` and a proof; `s, se` and a proof.
const MESSAGES: [usize; 3] = [KEY, KEY + KEY + RECORD_TAG + PROOF + RECORD_TAG, KEY + RECORD_TAG + PROOF + RECORD_TAG];
/// The longest of them.
const LONGEST: usize = MESSAGES[1];

/// Why a connection could not be secured, or why a record is refused.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    /// It took more than [`HANDSHAKE`].
    #[error("the encryption's handshake took more than {} s", HANDSHAKE.as_secs())]
    TimedOut,
    /// The other side closed, or the network failed.
    #[error("the connection failed during the encryption's handshake: {0}")]
    Io(#[from] io::Error),
    /// A message of another length than the handshake's.
    #[error("not a Rumormill node: a handshake message of {0} bytes")]
    Length(usize),
    /// The cryptography says no: another protocol, a replay, a low-order point, a changed record.
    #[error("the encryption failed: {0}")]
    Crypto(snow::Error),
    /// The node id does not sign for the Noise key.
    #[error("the other side does not prove the node id that it claims")]
    Identity,
    /// A record too short to hold anything.
    #[error("an encrypted record without content")]
    EmptyRecord,
}

impl From<snow::Error> for NoiseError {
    fn from(error: snow::Error) -> Self {
        Self::Crypto(error)
    }
}

/// What a node proves itself with: its Noise key and its identity's signature for it.
pub struct Identity {
    node: Address,
    secret: Zeroizing<[u8; KEY]>,
    proof: [u8; PROOF],
}

impl Identity {
    /// Of the node with these keys; `secret` becomes its Noise static key, and must be random.
    pub fn new(keys: &KeyPair, secret: [u8; 32]) -> Self {
        let secret = Zeroizing::new(secret);
        let public = PublicKey::from(&StaticSecret::from(*secret));
        let node = keys.address();
        let mut proof = [0; PROOF];
        proof[..KEY].copy_from_slice(&node.0);
        proof[KEY..].copy_from_slice(&keys.sign(&signed(public.as_bytes())).0);
        Self { node, secret, proof }
    }

    /// The node id.
    pub fn node(&self) -> Address {
        self.node
    }
}

/// What is signed for a Noise static key.
fn signed(public: &[u8; KEY]) -> Vec<u8> {
    [DOMAIN, public].concat()
}

/// A secured connection: who is at the other end, and the channel to it.
pub struct Secured {
    /// The other end's node id, proven.
    pub peer: Address,
    /// Seals and opens records.
    pub channel: Channel,
}

/// Secures a fresh connection. `seed` is the randomness of this one handshake.
///
/// # Errors
/// See [`NoiseError`]; after one, the stream is of no use.
pub async fn handshake<S>(stream: &mut S, identity: &Identity, initiator: bool, seed: [u8; 32]) -> Result<Secured, NoiseError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let deadline = tokio::time::sleep(HANDSHAKE);
    tokio::select! {
        biased;
        done = exchange(stream, identity, initiator, seed) => done,
        () = deadline => Err(NoiseError::TimedOut),
    }
}

async fn exchange<S>(stream: &mut S, identity: &Identity, initiator: bool, seed: [u8; 32]) -> Result<Secured, NoiseError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut state = start(identity, initiator, seed)?;
    let mut peer = None;
    for (turn, length) in MESSAGES.into_iter().enumerate() {
        // The initiator speaks first and last; all but the first message carry a proof.
        let ours = initiator == (turn % 2 == 0);
        if ours {
            let proof: &[u8] = if turn == 0 { &[] } else { &identity.proof };
            send(stream, &mut state, proof, length).await?;
        } else {
            let proof = receive(stream, &mut state, length).await?;
            if turn > 0 {
                peer = Some(prove(&state, &proof)?);
            }
        }
    }
    let peer = peer.ok_or(NoiseError::Identity)?;
    let channel = Channel::Noise(Box::new(state.into_transport_mode()?));
    Ok(Secured { peer, channel })
}

fn start(identity: &Identity, initiator: bool, seed: [u8; 32]) -> Result<HandshakeState, snow::Error> {
    let params: NoiseParams = PATTERN.parse()?;
    let builder =
        Builder::with_resolver(params, Box::new(Resolver::new(seed))).prologue(PROLOGUE)?.local_private_key(&*identity.secret)?;
    if initiator { builder.build_initiator() } else { builder.build_responder() }
}

async fn send<S>(stream: &mut S, state: &mut HandshakeState, proof: &[u8], length: usize) -> Result<(), NoiseError>
where
    S: AsyncWrite + Unpin,
{
    let mut bytes = [0; RECORD_HEADER + LONGEST];
    let (header, message) = bytes.split_at_mut(RECORD_HEADER);
    let written = state.write_message(proof, message)?;
    debug_assert_eq!(written, length);
    header.copy_from_slice(&(written as u16).to_be_bytes());
    // One write for header and message: two would wait for each other's acknowledgement.
    stream.write_all(bytes.get(..RECORD_HEADER + written).unwrap_or_default()).await?;
    stream.flush().await?;
    Ok(())
}

/// The payload of the next message.
async fn receive<S>(stream: &mut S, state: &mut HandshakeState, length: usize) -> Result<[u8; PROOF], NoiseError>
where
    S: AsyncRead + Unpin,
{
    let announced = usize::from(stream.read_u16().await?);
    if announced != length {
        return Err(NoiseError::Length(announced));
    }
    let mut bytes = [0; LONGEST];
    let message = bytes.get_mut(..length).unwrap_or_default();
    stream.read_exact(message).await?;
    let mut payload = [0; LONGEST];
    state.read_message(message, &mut payload)?;
    payload.first_chunk().copied().ok_or(NoiseError::Identity)
}

/// Checks that the key of the proof signed for the Noise key of the other side.
fn prove(state: &HandshakeState, proof: &[u8; PROOF]) -> Result<Address, NoiseError> {
    let public: &[u8; KEY] = state.get_remote_static().and_then(|key| key.try_into().ok()).ok_or(NoiseError::Identity)?;
    let (node, signature) = proof.split_first_chunk::<KEY>().ok_or(NoiseError::Identity)?;
    let node = Address(*node);
    let signature = Signature(*signature.first_chunk().ok_or(NoiseError::Identity)?);
    if signature.verify(&node, &signed(public)) { Ok(node) } else { Err(NoiseError::Identity) }
}

/// Turns frames into records and back. Any error ends the connection: after it, the two sides no longer agree where they are.
pub enum Channel {
    /// Encrypted and authenticated.
    Noise(Box<TransportState>),
    /// The frames as they are: for benchmarks and labs only.
    Plain,
}

impl Channel {
    /// Most bytes that sealing `plain` bytes into one record takes.
    pub const fn sealed_len(plain: usize) -> usize {
        RECORD_HEADER + plain + RECORD_TAG
    }

    /// Seals at most [`RECORD_PLAIN`] bytes into a record at the front of `out`; its length.
    ///
    /// # Errors
    /// When `out` is too short, or the keys are used up.
    pub fn seal(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, NoiseError> {
        match self {
            Self::Noise(state) => {
                let (header, record) = out.split_at_mut_checked(RECORD_HEADER).ok_or(snow::Error::Input)?;
                let length = state.write_message(plain, record)?;
                header.copy_from_slice(&u16::try_from(length).map_err(|_| snow::Error::Input)?.to_be_bytes());
                Ok(RECORD_HEADER + length)
            }
            Self::Plain => {
                out.get_mut(..plain.len()).ok_or(snow::Error::Input)?.copy_from_slice(plain);
                Ok(plain.len())
            }
        }
    }

    /// Bytes of the record that begins `sealed`, if all of it is here.
    ///
    /// # Errors
    /// [`NoiseError::EmptyRecord`]: nobody has a use for it but to keep us busy.
    pub fn next(&self, sealed: &[u8]) -> Result<Option<usize>, NoiseError> {
        match self {
            Self::Noise(_) => {
                let Some(length) = sealed.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length))) else {
                    return Ok(None);
                };
                if length <= RECORD_TAG {
                    return Err(NoiseError::EmptyRecord);
                }
                Ok((sealed.len() >= RECORD_HEADER + length).then_some(RECORD_HEADER + length))
            }
            Self::Plain => Ok((!sealed.is_empty()).then_some(sealed.len().min(RECORD))),
        }
    }

    /// Opens a whole record, as [`Channel::next`] measured it, into `plain`, which grows to what one record holds at most; the bytes in it.
    ///
    /// # Errors
    /// [`NoiseError::Crypto`] when a single bit of it is not what the other side sent.
    pub fn open(&mut self, record: &[u8], plain: &mut Vec<u8>) -> Result<usize, NoiseError> {
        if plain.len() < record.len() {
            plain.resize(record.len().next_power_of_two().min(RECORD_PLAIN.max(record.len())), 0);
        }
        match self {
            Self::Noise(state) => Ok(state.read_message(record.get(RECORD_HEADER..).unwrap_or_default(), plain)?),
            Self::Plain => {
                plain.get_mut(..record.len()).unwrap_or_default().copy_from_slice(record);
                Ok(record.len())
            }
        }
    }
}

#[cfg(test)]
#[path = "noise_tests.rs"]
pub(super) mod tests;
