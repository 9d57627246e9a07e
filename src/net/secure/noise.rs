//! The Noise handshake that proves both sides' identities, and the records after it.
//!
//! `Noise_XX_25519_AESGCM_SHA256` (<https://noiseprotocol.org/noise.html>), prologue `rumormill/1`. The second and third messages carry
//! the sender's Ed25519 key and its signature over the sender's Noise static key, under a domain prefix of its own, so that no other
//! signature of that key can pass for it. That key is the node id. Static Noise keys live as long as the process.
//!
//! Every message of the handshake, and every record after it, is `[u16 BE length][bytes]`. Messages of the handshake have one
//! possible length each, so that a stranger gets no buffer to fill.

pub use super::{Channel, Secured};

use super::resolver::Resolver;
use super::{SecureError, Transport, opening, within};
use crate::chain::{Address, KeyPair, Signature};
use crate::net::limits::{HANDSHAKE, RECORD_HEADER, RECORD_TAG};
use snow::params::NoiseParams;
use snow::{Builder, HandshakeState};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;
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

/// Secures a fresh connection. `seed` is the randomness of this one handshake.
///
/// # Errors
/// See [`SecureError`]; after one, the stream is of no use.
pub async fn handshake<S>(stream: &mut S, identity: &Identity, initiator: bool, seed: [u8; 32]) -> Result<Secured, SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    within(sleep(HANDSHAKE), exchange(stream, identity, initiator, seed)).await
}

/// Shakes hands.
pub(super) async fn exchange<S>(
    stream: &mut S,
    identity: &Identity,
    initiator: bool,
    seed: [u8; 32],
) -> Result<Secured, SecureError>
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
            let message = write(&mut state, proof, length)?;
            let message = message.get(..RECORD_HEADER + length).unwrap_or_default();
            // One write for header and message: two would wait for each other's acknowledgement.
            if turn == 0 {
                opening::say(stream, Transport::Noise, message).await?;
            } else {
                stream.write_all(message).await?;
                stream.flush().await?;
            }
        } else {
            let header = match turn {
                0 => opening::listen(stream, Transport::Noise).await?,
                1 => opening::answer(stream, Transport::Noise).await?,
                _ => stream.read_u16().await?.to_be_bytes(),
            };
            let proof = receive(stream, &mut state, header, length).await?;
            if turn > 0 {
                peer = Some(prove(&state, &proof)?);
            }
        }
    }
    let peer = peer.ok_or(SecureError::Identity)?;
    let channel = Channel::Noise(Box::new(state.into_transport_mode()?));
    Ok(Secured { peer, channel })
}

fn start(identity: &Identity, initiator: bool, seed: [u8; 32]) -> Result<HandshakeState, snow::Error> {
    let params: NoiseParams = PATTERN.parse()?;
    let builder =
        Builder::with_resolver(params, Box::new(Resolver::new(seed))).prologue(PROLOGUE)?.local_private_key(&*identity.secret)?;
    if initiator { builder.build_initiator() } else { builder.build_responder() }
}

/// The next message behind its header, of `length` bytes.
fn write(state: &mut HandshakeState, proof: &[u8], length: usize) -> Result<[u8; RECORD_HEADER + LONGEST], SecureError> {
    let mut bytes = [0; RECORD_HEADER + LONGEST];
    let (header, message) = bytes.split_at_mut(RECORD_HEADER);
    let written = state.write_message(proof, message)?;
    debug_assert_eq!(written, length);
    header.copy_from_slice(&(written as u16).to_be_bytes());
    Ok(bytes)
}

/// The payload of the next message, whose header is here.
async fn receive<S>(
    stream: &mut S,
    state: &mut HandshakeState,
    header: [u8; RECORD_HEADER],
    length: usize,
) -> Result<[u8; PROOF], SecureError>
where
    S: AsyncRead + Unpin,
{
    let announced = usize::from(u16::from_be_bytes(header));
    if announced != length {
        return Err(SecureError::Length(announced));
    }
    let mut bytes = [0; LONGEST];
    let message = bytes.get_mut(..length).unwrap_or_default();
    stream.read_exact(message).await?;
    let mut payload = [0; LONGEST];
    state.read_message(message, &mut payload)?;
    payload.first_chunk().copied().ok_or(SecureError::Identity)
}

/// Checks that the key of the proof signed for the Noise key of the other side.
fn prove(state: &HandshakeState, proof: &[u8; PROOF]) -> Result<Address, SecureError> {
    let public: &[u8; KEY] = state.get_remote_static().and_then(|key| key.try_into().ok()).ok_or(SecureError::Identity)?;
    let (node, signature) = proof.split_first_chunk::<KEY>().ok_or(SecureError::Identity)?;
    let node = Address(*node);
    let signature = Signature(*signature.first_chunk().ok_or(SecureError::Identity)?);
    if signature.verify(&node, &signed(public)) { Ok(node) } else { Err(SecureError::Identity) }
}

#[cfg(test)]
#[path = "noise_tests.rs"]
pub(in crate::net) mod tests;
