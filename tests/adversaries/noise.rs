//! The encryption, written anew from `docs/protocol.md`: an attacker needs each step, each key and each byte in his hands.

use ring::{aead, digest, hmac};
use rumormill::chain::{Address, KeyPair, Signature};
use x25519_dalek::{PublicKey, StaticSecret};

/// Bytes that authenticate what is encrypted.
pub const TAG: usize = 16;

const NAME: &[u8; 28] = b"Noise_XX_25519_AESGCM_SHA256";
const DOMAIN: &[u8] = b"rumormill/noise-static/1";

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().try_into().unwrap()
}

/// HKDF with two outputs (Noise specification, section 4.3).
fn hkdf(chaining: &[u8; 32], input: &[u8]) -> [[u8; 32]; 2] {
    let mac = |key: &[u8], parts: &[&[u8]]| -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        parts.iter().for_each(|part| context.update(part));
        context.sign().as_ref().try_into().unwrap()
    };
    let temporary = mac(chaining, &[input]);
    let first = mac(&temporary, &[&[1]]);
    [first, mac(&temporary, &[&first, &[2]])]
}

/// A key and how often it was used.
pub struct Cipher {
    key: [u8; 32],
    nonce: u64,
}

impl Cipher {
    fn new(key: [u8; 32]) -> Self {
        Self { key, nonce: 0 }
    }

    fn next(&mut self) -> (aead::LessSafeKey, aead::Nonce) {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.nonce.to_be_bytes());
        self.nonce += 1;
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, &self.key).unwrap();
        (aead::LessSafeKey::new(key), aead::Nonce::assume_unique_for_key(nonce))
    }

    /// Ciphertext and tag.
    pub fn seal(&mut self, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let (key, nonce) = self.next();
        let mut bytes = plain.to_vec();
        key.seal_in_place_append_tag(nonce, aead::Aad::from(associated), &mut bytes).unwrap();
        bytes
    }

    /// Plaintext, or `None` if a bit of it is wrong.
    pub fn open(&mut self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (key, nonce) = self.next();
        let mut bytes = sealed.to_vec();
        let length = key.open_in_place(nonce, aead::Aad::from(associated), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

/// Who an attacker is: his node's keys, and his Noise key.
#[derive(Clone)]
pub struct Persona {
    pub keys: KeyPair,
    secret: [u8; 32],
}

impl Persona {
    pub fn new(number: u32) -> Self {
        let seed = |what: &[u8]| sha256(&[what, &number.to_be_bytes()]);
        Self { keys: KeyPair::from_seed(seed(b"node")), secret: seed(b"noise") }
    }

    pub fn id(&self) -> Address {
        self.keys.address()
    }

    fn proof(&self) -> Vec<u8> {
        let public = PublicKey::from(&StaticSecret::from(self.secret));
        [&self.id().0[..], &self.keys.sign(&[DOMAIN, public.as_bytes()].concat()).0].concat()
    }
}

/// A handshake under way, as either side.
pub struct Handshake {
    persona: Persona,
    ephemeral: StaticSecret,
    initiator: bool,
    hash: [u8; 32],
    chaining: [u8; 32],
    cipher: Option<Cipher>,
    theirs: [PublicKey; 2],
}

impl Handshake {
    /// `randomness` makes the ephemeral key.
    pub fn new(persona: &Persona, initiator: bool, randomness: [u8; 32]) -> Self {
        let mut name = [0; 32];
        name[..NAME.len()].copy_from_slice(NAME);
        Self {
            persona: persona.clone(),
            ephemeral: StaticSecret::from(randomness),
            initiator,
            hash: sha256(&[&name, b"rumormill/1"]),
            chaining: name,
            cipher: None,
            theirs: [PublicKey::from([0; 32]); 2],
        }
    }

    fn mix_hash(&mut self, bytes: &[u8]) {
        self.hash = sha256(&[&self.hash, bytes]);
    }

    fn mix_key(&mut self, secret: &StaticSecret, public: PublicKey) {
        let [chaining, key] = hkdf(&self.chaining, secret.diffie_hellman(&public).as_bytes());
        (self.chaining, self.cipher) = (chaining, Some(Cipher::new(key)));
    }

    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        let sealed = match &mut self.cipher {
            Some(cipher) => cipher.seal(&self.hash, plain),
            None => plain.to_vec(),
        };
        self.mix_hash(&sealed);
        sealed
    }

    fn open(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let plain = match &mut self.cipher {
            Some(cipher) => cipher.open(&self.hash, sealed)?,
            None => sealed.to_vec(),
        };
        self.mix_hash(sealed);
        Some(plain)
    }

    /// The message of this turn, 0 to 2.
    pub fn write(&mut self, turn: usize) -> Vec<u8> {
        let mut message = Vec::new();
        if turn < 2 {
            let public = PublicKey::from(&self.ephemeral);
            self.mix_hash(public.as_bytes());
            message.extend_from_slice(public.as_bytes());
        }
        let fixed = StaticSecret::from(self.persona.secret);
        match turn {
            0 => message.extend(self.seal(&[])),
            1 => self.mix_key(&self.ephemeral.clone(), self.theirs[0]),
            _ => {}
        }
        if turn > 0 {
            message.extend(self.seal(PublicKey::from(&fixed).as_bytes()));
            self.mix_key(&fixed, self.theirs[0]);
            message.extend(self.seal(&self.persona.proof()));
        }
        message
    }

    /// Takes the other side's message of this turn; who it proved to be, once it does. `None`: it is not genuine.
    pub fn read(&mut self, turn: usize, message: &[u8]) -> Option<Option<Address>> {
        let mut rest = message;
        if turn < 2 {
            let (public, after) = rest.split_first_chunk::<32>()?;
            self.theirs[0] = PublicKey::from(*public);
            self.mix_hash(public);
            rest = after;
        }
        if turn == 0 {
            return self.open(rest).map(|_| None);
        }
        if turn == 1 {
            self.mix_key(&self.ephemeral.clone(), self.theirs[0]);
        }
        let (fixed, proof) = rest.split_at_checked(32 + TAG)?;
        let fixed: [u8; 32] = self.open(fixed)?.try_into().ok()?;
        self.theirs[1] = PublicKey::from(fixed);
        self.mix_key(&self.ephemeral.clone(), self.theirs[1]);
        let proof = self.open(proof)?;
        let (node, signature) = proof.split_first_chunk::<32>()?;
        let (node, signature) = (Address(*node), Signature(signature.try_into().ok()?));
        signature.verify(&node, &[DOMAIN, &fixed].concat()).then_some(Some(node))
    }

    /// The keys of both directions: for what we send, for what we get.
    pub fn finish(self) -> (Cipher, Cipher) {
        let [first, second] = hkdf(&self.chaining, &[]).map(Cipher::new);
        if self.initiator { (first, second) } else { (second, first) }
    }
}
