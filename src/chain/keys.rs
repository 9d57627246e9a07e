//! Ed25519 keys and signatures, by ZIP 215.
//!
//! ZIP 215 fixes the edge cases of Ed25519 so that batch and single verification always agree
//! (<https://zips.z.cash/zip-0215>): a block must be valid for everyone or for no one, however it was checked.

use super::Address;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A signature: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Signature(pub [u8; 64]);

/// A secret key and its public key. The secret is wiped from memory when this is dropped, and never shown.
#[derive(Clone)]
pub struct KeyPair {
    secret: ed25519_zebra::SigningKey,
}

impl KeyPair {
    /// The key pair of a 32-byte seed. The same seed gives the same key.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        // The parameter is a copy of the caller's; this one at least is wiped.
        let seed = Zeroizing::new(seed);
        Self { secret: ed25519_zebra::SigningKey::from(*seed) }
    }
    /// The seed, for the key file.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(self.secret.as_ref());
        seed
    }
    /// The public key.
    pub fn address(&self) -> Address {
        Address(ed25519_zebra::VerificationKeyBytes::from(&self.secret).into())
    }
    /// Signs `message` (deterministic, RFC 8032).
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.secret.sign(message).to_bytes())
    }
}

impl Drop for KeyPair {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.address().short())
    }
}

impl Signature {
    /// Whether this is `signer`'s signature over `message`.
    pub fn verify(&self, signer: &Address, message: &[u8]) -> bool {
        ed25519_zebra::VerificationKey::try_from(ed25519_zebra::VerificationKeyBytes::from(signer.0))
            .and_then(|key| key.verify(&ed25519_zebra::Signature::from_bytes(&self.0), message))
            .is_ok()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Signature({a:02x}{b:02x}{c:02x}{d:02x})")
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
