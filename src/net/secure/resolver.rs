//! The primitives of `Noise_XX_25519_AESGCM_SHA256` for snow: AES-256-GCM and SHA-256 from ring, X25519 from dalek.
//!
//! Randomness is handed in as a seed: fresh from the operating system where a process runs, fixed where a test wants the
//! same handshake again.

use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest;
use snow::Error;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Bytes of an X25519 key, and of a cipher's key.
const KEY: usize = 32;
/// Bytes of AES-GCM's tag.
const TAG: usize = 16;

/// Gives snow its primitives. One for each handshake, as its randomness is that of one handshake.
pub struct Resolver {
    seed: Zeroizing<[u8; 32]>,
}

impl Resolver {
    /// With the randomness of one handshake: a seed must never be used for two.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed: Zeroizing::new(seed) }
    }
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Generator(ChaCha20Rng::from_seed(*self.seed))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        matches!(choice, DHChoice::Curve25519).then(|| Box::new(X25519::default()) as Box<dyn Dh>)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        matches!(choice, HashChoice::SHA256).then(|| Box::new(Sha256::default()) as Box<dyn Hash>)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        matches!(choice, CipherChoice::AESGCM).then(|| Box::new(AesGcm::default()) as Box<dyn Cipher>)
    }
}

/// A generator that owns its seed.
struct Generator(ChaCha20Rng);

impl Random for Generator {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

/// X25519 (RFC 7748).
#[derive(Default)]
struct X25519 {
    secret: Zeroizing<[u8; KEY]>,
    public: [u8; KEY],
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        KEY
    }

    fn priv_len(&self) -> usize {
        KEY
    }

    fn set(&mut self, privkey: &[u8]) {
        // snow has checked the length.
        if let Some(secret) = privkey.first_chunk() {
            *self.secret = *secret;
            self.public = PublicKey::from(&StaticSecret::from(*self.secret)).to_bytes();
        }
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), Error> {
        let mut secret = Zeroizing::new([0; KEY]);
        rng.try_fill_bytes(&mut *secret)?;
        self.set(&*secret);
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &*self.secret
    }

    /// Refuses a low-order point: it would give an all-zero secret, the same for everyone (RFC 7748, section 6.1).
    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let theirs: [u8; KEY] = *pubkey.first_chunk().ok_or(Error::Dh)?;
        let shared = StaticSecret::from(*self.secret).diffie_hellman(&PublicKey::from(theirs));
        if !shared.was_contributory() {
            return Err(Error::Dh);
        }
        out.get_mut(..KEY).ok_or(Error::Dh)?.copy_from_slice(shared.as_bytes());
        Ok(())
    }
}

/// SHA-256.
struct Sha256(digest::Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Hash for Sha256 {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        32
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self, out: &mut [u8]) {
        let digest = std::mem::take(self).0.finish();
        if let Some(out) = out.get_mut(..digest.as_ref().len()) {
            out.copy_from_slice(digest.as_ref());
        }
    }
}

/// AES-256-GCM.
#[derive(Default)]
struct AesGcm(Option<LessSafeKey>);

/// Noise's nonce for AES-GCM: four zero bytes, and the counter, big-endian (Noise specification, section 12.4).
fn nonce(counter: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&counter.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

impl Cipher for AesGcm {
    fn name(&self) -> &'static str {
        "AESGCM"
    }

    fn set(&mut self, key: &[u8; KEY]) {
        self.0 = UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new);
    }

    fn encrypt(&self, counter: u64, authtext: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        let whole = plaintext.len() + TAG;
        // snow gives a key first, and room enough; ring fails beyond 64 GiB only. Should any of it not hold, then nothing
        // readable leaves: zeros, which no peer will take.
        let sealed = (|| {
            let (text, rest) = out.split_at_mut_checked(plaintext.len())?;
            let room = rest.get_mut(..TAG)?;
            let key = self.0.as_ref()?;
            text.copy_from_slice(plaintext);
            let tag = key.seal_in_place_separate_tag(nonce(counter), Aad::from(authtext), text).ok()?;
            room.copy_from_slice(tag.as_ref());
            Some(())
        })();
        if sealed.is_none() {
            out.fill(0);
        }
        whole
    }

    fn decrypt(&self, counter: u64, authtext: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Result<usize, Error> {
        let (text, tag) = ciphertext.split_last_chunk::<TAG>().ok_or(Error::Decrypt)?;
        let out = out.get_mut(..text.len()).ok_or(Error::Decrypt)?;
        let key = self.0.as_ref().ok_or(Error::Decrypt)?;
        out.copy_from_slice(text);
        key.open_in_place_separate_tag(nonce(counter), Aad::from(authtext), (*tag).into(), out, 0..)
            .map(|plain| plain.len())
            .map_err(|_| Error::Decrypt)
    }
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod tests;
