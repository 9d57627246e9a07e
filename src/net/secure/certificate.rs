//! The certificate that binds a TLS key to a node id, and the verifier that holds both sides to it.
//!
//! The certificate's key is made anew with each start and signs nothing but TLS. The node id signs for it, as for a Noise static key:
//! what the identity's key signs always begins with a domain of ours, and never is a TLS transcript, in which a peer has a say. The proof
//! stands in a URI among the certificate's alternative names, which any TLS library makes and reads. So libp2p does in spirit
//! (<https://github.com/libp2p/specs/blob/master/tls/tls.md>), with an extension of its own.
//!
//! Name, dates, issuer and the certificate's own signature mean nothing and are not looked at: who it is says the proof; that the other
//! side holds the key, the handshake's signature.

use super::SecureError;
use crate::chain::{Address, KeyPair, Signature};
use crate::net::limits::CERTIFICATE;
use rcgen::{CertificateParams, PublicKeyData, SanType};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};
use std::fmt::Write;
use std::sync::Arc;

/// What is signed begins with this.
const DOMAIN: &[u8] = b"rumormill/tls-key/1";
/// How the URI begins; the node id and the signature follow in hexadecimal.
const SCHEME: &str = "rumormill:";
/// Bytes of a proof: the node id, and its signature.
const PROOF: usize = 32 + 64;

/// Makes a key and its certificate for a node.
pub fn make(keys: &KeyPair) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), SecureError> {
    let failed = |error: rcgen::Error| SecureError::Certificate(error.to_string());
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(failed)?;
    let signature = keys.sign(&signed(&key.subject_public_key_info()));
    issue(&key, keys.address(), &signature)
}

/// A certificate of `key` with this proof.
pub(super) fn issue(
    key: &rcgen::KeyPair,
    node: Address,
    signature: &Signature,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), SecureError> {
    let failed = |error: rcgen::Error| SecureError::Certificate(error.to_string());
    let mut uri = SCHEME.to_owned();
    for byte in node.0.iter().chain(&signature.0) {
        // Writing to a string cannot fail.
        let _ = write!(uri, "{byte:02x}");
    }
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(uri.try_into().map_err(failed)?)];
    let certificate = params.self_signed(key).map_err(failed)?;
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((certificate.der().clone(), secret.into()))
}

/// What is signed for a key: the domain, and the key as in the certificate (SubjectPublicKeyInfo, DER).
pub(super) fn signed(key: &[u8]) -> Vec<u8> {
    [DOMAIN, key].concat()
}

/// Whom a certificate proves: the node id in it signs for its key.
///
/// # Errors
/// Which part of it is missing or wrong.
pub fn prove(certificate: &CertificateDer<'_>) -> Result<Address, Error> {
    if certificate.len() > CERTIFICATE {
        return Err(CertificateError::BadEncoding.into());
    }
    let parsed = webpki::EndEntityCert::try_from(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let proof = parsed.valid_uri_names().find_map(|uri| uri.strip_prefix(SCHEME)).and_then(unhex);
    let (node, signature) =
        proof.as_ref().and_then(|proof| proof.split_first_chunk::<32>()).ok_or(CertificateError::NotValidForName)?;
    let signature = Signature(*signature.first_chunk().ok_or(CertificateError::NotValidForName)?);
    let node = Address(*node);
    if !signature.verify(&node, &signed(&parsed.subject_public_key_info())) {
        return Err(CertificateError::ApplicationVerificationFailure.into());
    }
    Ok(node)
}

fn unhex(text: &str) -> Option<[u8; PROOF]> {
    let mut bytes = [0; PROOF];
    if text.len() != 2 * PROOF {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| digits.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}

/// Holds the other side, dialled or dialling, to its proof and its key.
#[derive(Debug)]
pub struct Verifier(pub Arc<CryptoProvider>);

impl Verifier {
    fn check(&self, certificate: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), Error> {
        if !others.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        prove(certificate).map(|_| ())
    }

    fn signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // What is offered binds nobody: rustls takes here whatever it can check. A signature by Ed25519 is one by a key of that kind.
        if signature.scheme != SignatureScheme::ED25519 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }
}

/// TLS 1.2 is not spoken.
fn too_old() -> Error {
    Error::General("TLS 1.3 only".to_owned())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(certificate, others).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(certificate, others).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
