use super::*;
use crate::chain::Signature;
use crate::net::limits::{RECORD_PLAIN, RECORD_TAG};
use proptest::collection::vec;
use proptest::prelude::*;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{AlertDescription, CertificateError, Error, PeerMisbehaved, SignatureAlgorithm, SignatureScheme};
use tokio::io::{DuplexStream, duplex};

fn keys(number: u8) -> KeyPair {
    KeyPair::from_seed([number; 32])
}

fn identity(number: u8) -> Identity {
    Identity::new(&keys(number)).unwrap()
}

/// Both sides; the streams are kept, so that an alert arrives.
async fn with(
    alice: &Identity,
    bob: &Identity,
) -> (Result<Secured, SecureError>, Result<Secured, SecureError>, [DuplexStream; 2]) {
    let (mut left, mut right) = duplex(10_000);
    let one = async {
        let done = exchange(&mut left, alice, Direction::Outbound).await;
        left.shutdown().await.unwrap();
        done
    };
    let two = async {
        let done = exchange(&mut right, bob, Direction::Inbound).await;
        right.shutdown().await.unwrap();
        done
    };
    let (one, two) = tokio::join!(one, two);
    (one, two, [left, right])
}

fn channels() -> (Channel, Channel) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (one, two, _) = runtime.block_on(with(&identity(1), &identity(2)));
    (one.unwrap().channel, two.unwrap().channel)
}

fn sealed(channel: &mut Channel, plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0; channel.room(plain.len())];
    let length = channel.seal(plain, &mut out).unwrap();
    out.truncate(length);
    out
}

/// Opens all whole records; what they hold together.
fn open(channel: &mut Channel, mut bytes: &[u8]) -> Result<Vec<u8>, SecureError> {
    let (mut all, mut plain) = (Vec::new(), Vec::new());
    while let Some(length) = channel.next(bytes)? {
        let (record, rest) = bytes.split_at(length);
        let count = channel.open(record, &mut plain)?;
        all.extend_from_slice(&plain[..count]);
        bytes = rest;
    }
    Ok(all)
}

fn is_certificate_error(error: &SecureError) -> bool {
    matches!(error, SecureError::Tls(Error::InvalidCertificate(_)))
}

#[tokio::test]
async fn both_sides_prove_who_they_are() {
    let (one, two, _) = with(&identity(1), &identity(2)).await;
    assert_eq!((one.unwrap().peer, two.unwrap().peer), (keys(2).address(), keys(1).address()));
}

/// A certificate whose proof is `spoil`ed, with a key that fits it.
fn spoilt(number: u8, spoil: impl FnOnce(&mut Address, &mut Signature)) -> Identity {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut signature = keys(number).sign(&certificate::signed(&rcgen::PublicKeyData::subject_public_key_info(&key)));
    let mut node = keys(number).address();
    spoil(&mut node, &mut signature);
    let (certificate, key) = certificate::issue(&key, node, &signature).unwrap();
    Identity::with(certificate, key).unwrap()
}

#[tokio::test]
async fn a_wrong_proof_is_refused_by_both_sides() {
    assert!(with(&spoilt(1, |_, _| ()), &identity(2)).await.1.is_ok(), "the helper makes what is right, too");
    for from_dialler in [true, false] {
        let claims_another = spoilt(1, |node, _| *node = keys(9).address());
        let wrong_signature = spoilt(1, |_, signature| signature.0[7] ^= 1);
        for spoilt in [claims_another, wrong_signature] {
            let honest = identity(2);
            let (refused, told) = if from_dialler {
                let (one, two, _) = with(&spoilt, &honest).await;
                (two.err().unwrap(), one)
            } else {
                let (one, two, _) = with(&honest, &spoilt).await;
                (one.err().unwrap(), two)
            };
            assert!(is_certificate_error(&refused), "{refused}");
            if !from_dialler {
                // The listener is not done yet, and hears why.
                assert!(matches!(told, Err(SecureError::Tls(Error::AlertReceived(_)))));
            }
        }
    }
}

/// Another node's certificate, seen in a handshake with it: its proof is right, but the thief has not its key.
#[tokio::test]
async fn a_copied_certificate_is_refused() {
    let (victims, _) = certificate::make(&keys(1)).unwrap();
    // The thief's own key, in the place of the victim's: rustls itself would not pair them, so the pairing is not asked of it.
    let thief = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(thief.serialize_der()));
    let signing = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let stolen = showing(victims, signing);
    let refused = |error: SecureError| {
        let bad = matches!(error, SecureError::Tls(Error::InvalidCertificate(CertificateError::BadSignature)));
        assert!(bad, "{error}");
    };
    refused(with(&stolen, &identity(2)).await.1.err().unwrap());
    refused(with(&identity(2), &stolen).await.0.err().unwrap());
}

/// A key of another kind than the protocol allows, with a proof that fits it: what was offered to its owner does not trouble him.
#[tokio::test]
async fn a_key_and_signature_of_another_kind_are_refused() {
    let own = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let proof = keys(1).sign(&certificate::signed(&rcgen::PublicKeyData::subject_public_key_info(&own)));
    let (certificate, key) = certificate::issue(&own, keys(1).address(), &proof).unwrap();
    assert_eq!(certificate::prove(&certificate), Ok(keys(1).address()), "only its kind is wrong");
    let signing = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let stubborn = showing(certificate, Arc::new(Stubborn(signing)));
    let refused = |error: SecureError| {
        let bad =
            matches!(error, SecureError::Tls(Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)));
        assert!(bad, "{error}");
    };
    refused(with(&stubborn, &identity(2)).await.1.err().unwrap());
    refused(with(&identity(2), &stubborn).await.0.err().unwrap());
}

/// Signs as it can, whatever the other side takes.
#[derive(Debug)]
struct Stubborn(Arc<dyn SigningKey>);

impl SigningKey for Stubborn {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256])
    }
    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

/// Shows this certificate and signs with this key, whether they fit or not.
fn showing(certificate: CertificateDer<'static>, key: Arc<dyn SigningKey>) -> Identity {
    let resolver = Arc::new(Fixed(Arc::new(CertifiedKey::new(vec![certificate], key))));
    let mut identity = identity(3);
    let (mut client, mut server) = ((*identity.client).clone(), (*identity.server).clone());
    client.client_auth_cert_resolver = Arc::clone(&resolver) as _;
    server.cert_resolver = resolver;
    (identity.client, identity.server) = (Arc::new(client), Arc::new(server));
    identity
}

/// Always the same certificate.
#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl rustls::client::ResolvesClientCert for Fixed {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
    fn has_certs(&self) -> bool {
        true
    }
}

impl rustls::server::ResolvesServerCert for Fixed {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[tokio::test]
async fn without_a_certificate_or_with_another_protocol_nobody_comes_in() {
    let bob = identity(2);
    let mut nameless = identity(1);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier(provider)))
        .with_no_client_auth();
    client.alpn_protocols = vec![PROTOCOL.to_vec()];
    nameless.client = Arc::new(client);
    assert!(matches!(with(&nameless, &bob).await.1, Err(SecureError::Tls(Error::NoCertificatesPresented))));

    for protocols in [vec![b"h2".to_vec()], vec![]] {
        let mut other = identity(1);
        let mut client = (*other.client).clone();
        client.alpn_protocols = protocols;
        other.client = Arc::new(client);
        let (one, two, _) = with(&other, &bob).await;
        assert!(matches!(two, Err(SecureError::Tls(Error::NoApplicationProtocol))));
        let told = matches!(
            one,
            Err(SecureError::Tls(Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol))
        );
        assert!(told);
    }
}

#[test]
fn certificates_that_are_none_are_refused() {
    let (whole, _) = certificate::make(&keys(1)).unwrap();
    assert_eq!(certificate::prove(&whole), Ok(keys(1).address()));
    for length in 0..whole.len() {
        assert!(certificate::prove(&CertificateDer::from(&whole[..length])).is_err(), "{length}");
    }
    let long = [&whole[..], &[0; crate::net::limits::CERTIFICATE]].concat();
    assert!(certificate::prove(&CertificateDer::from(long)).is_err());
    let bare = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    assert!(certificate::prove(bare.cert.der()).is_err());
}

#[test]
fn content_of_any_length_comes_through_both_ways() {
    let (mut one, mut two) = channels();
    for length in [1, 5, 16_383, 16_384, 16_385, 40_000, RECORD_PLAIN] {
        let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let bytes = sealed(&mut one, &plain);
        assert!(open(&mut two, &bytes).unwrap() == plain, "{length}");
        let bytes = sealed(&mut two, &plain);
        assert!(open(&mut one, &bytes).unwrap() == plain, "{length}");
    }
}

/// Adversary 12, each bit of the content.
#[test]
fn a_flipped_bit_is_refused() {
    let plain = b"a frame";
    for bit in (0..(plain.len() + 1 + RECORD_TAG) * 8).step_by(5) {
        let (mut sender, mut receiver) = channels();
        let mut bytes = sealed(&mut sender, plain);
        bytes[Session::HEADER + bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(open(&mut receiver, &bytes), Err(SecureError::Tls(_))), "{bit}");
    }
}

#[test]
fn records_repeated_swapped_or_endless_are_refused() {
    let (mut sender, mut receiver) = channels();
    let (first, second) = (sealed(&mut sender, b"first"), sealed(&mut sender, b"second"));
    assert!(open(&mut receiver, &second).is_err());
    let (mut sender, mut receiver) = channels();
    let record = sealed(&mut sender, b"first");
    assert_eq!(open(&mut receiver, &record).unwrap(), b"first");
    assert!(open(&mut receiver, &record).is_err());
    let (_, receiver) = channels();
    assert!(matches!(receiver.next(&[23, 3, 3, 0xff, 0xff]), Err(SecureError::Length(0xffff))));
    assert!(matches!(receiver.next(&[23, 3, 3, 0, 0]), Err(SecureError::EmptyRecord)));
    assert!(matches!(receiver.next(&[7, 3, 3, 0, 9]), Err(SecureError::Foreign(7, 3))));
    assert_eq!(receiver.next(&first[..first.len() - 1]).unwrap(), None);
    assert_eq!(receiver.next(&first[..4]).unwrap(), None);
}

/// Key updates are taken and answered; without end they are not.
#[test]
fn keys_are_updated_but_not_for_ever() {
    let (mut one, mut two) = channels();
    let update = |channel: &mut Channel| {
        let Channel::Tls(session) = channel else { panic!("no TLS") };
        session.connection.refresh_traffic_keys().unwrap();
    };
    update(&mut one);
    let bytes = sealed(&mut one, b"new keys");
    assert_eq!(open(&mut two, &bytes).unwrap(), b"new keys");
    // The answer goes before what is sent next, within its room.
    let bytes = sealed(&mut two, b"and back");
    assert_eq!(open(&mut one, &bytes).unwrap(), b"and back");
    let mut done = Ok(Vec::new());
    for _ in 0..TLS_CONTENTLESS + 2 {
        update(&mut one);
        // The update goes out with the next content, even with none.
        let bytes = sealed(&mut one, b"");
        assert!(!bytes.is_empty());
        done = open(&mut two, &bytes);
        if done.is_err() {
            break;
        }
    }
    assert!(matches!(done, Err(SecureError::EmptyRecord)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No handshake and no record comes of rubbish, however it begins.
    #[test]
    fn rubbish_is_refused(kind in 20u8..24, rubbish in vec(any::<u8>(), 1..2_000)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut bytes = vec![0x16, 3, 1];
        bytes.extend((rubbish.len() as u16).to_be_bytes());
        bytes.extend(&rubbish);
        let done = runtime.block_on(async {
            let (mut near, mut far) = duplex(5_000);
            far.write_all(&bytes).await.unwrap();
            far.shutdown().await.unwrap();
            exchange(&mut near, &identity(2), Direction::Inbound).await
        });
        prop_assert!(done.is_err());
        bytes[0] = kind;
        // An alert of a kind that is only a warning may pass; content never does.
        let (_, mut receiver) = channels();
        let opened = open(&mut receiver, &bytes);
        prop_assert!(opened.is_err() || opened.is_ok_and(|content| content.is_empty()));
    }
}
