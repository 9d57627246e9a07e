use super::*;
use crate::net::limits::HANDSHAKE;
use crate::wire::{Frame, FrameReader, Message, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{DuplexStream, ReadBuf, duplex};
use tokio::time::{Instant, sleep};

pub(in crate::net) fn identity(number: u8) -> Identity {
    Identity::new(&KeyPair::from_seed([number; 32]), [number.wrapping_add(100); 32])
}

/// Two ends of a secured connection.
pub(in crate::net) async fn secured(capacity: usize) -> ((DuplexStream, Secured), (DuplexStream, Secured)) {
    let (mut left, mut right) = duplex(capacity);
    let (alice, bob) = (identity(1), identity(2));
    let (one, two) = tokio::join!(handshake(&mut left, &alice, true, [3; 32]), handshake(&mut right, &bob, false, [4; 32]));
    ((left, one.unwrap()), (right, two.unwrap()))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

fn channels() -> (Channel, Channel) {
    let ((_, one), (_, two)) = block_on(secured(1_000));
    (one.channel, two.channel)
}

fn record(channel: &mut Channel, plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0; Channel::sealed_len(plain.len())];
    let length = channel.seal(plain, &mut out).unwrap();
    out.truncate(length);
    out
}

/// A stream that remembers what was written to it.
struct Recorded(DuplexStream, Arc<Mutex<Vec<u8>>>);

impl AsyncRead for Recorded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.1.lock().unwrap().extend_from_slice(buf);
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A whole handshake with these seeds: what each side wrote.
async fn transcript(alice: [u8; 32], bob: [u8; 32]) -> (Vec<u8>, Vec<u8>) {
    let (left, right) = duplex(1_000);
    let logs = (Arc::default(), Arc::default());
    let (mut left, mut right) = (Recorded(left, Arc::clone(&logs.0)), Recorded(right, Arc::clone(&logs.1)));
    let (one, two) = (identity(1), identity(2));
    let (a, b) = tokio::join!(handshake(&mut left, &one, true, alice), handshake(&mut right, &two, false, bob));
    assert_eq!((a.unwrap().peer, b.unwrap().peer), (two.node(), one.node()));
    let log = |log: Arc<Mutex<Vec<u8>>>| log.lock().unwrap().clone();
    (log(logs.0), log(logs.1))
}

#[tokio::test]
async fn a_seed_gives_one_handshake() {
    let first = transcript([3; 32], [4; 32]).await;
    assert_eq!(first, transcript([3; 32], [4; 32]).await);
    assert_ne!(first.1, transcript([3; 32], [5; 32]).await.1);
    assert_eq!((first.0.len(), first.1.len()), (MESSAGES[0] + MESSAGES[2] + 4, MESSAGES[1] + 2));
}

/// Both sides, with the initiator's or the responder's identity replaced.
async fn with(alice: Identity, bob: Identity) -> (Result<Secured, SecureError>, Result<Secured, SecureError>) {
    let (mut left, mut right) = duplex(1_000);
    let one = async {
        let done = handshake(&mut left, &alice, true, [3; 32]).await;
        drop(left);
        done
    };
    let two = async {
        let done = handshake(&mut right, &bob, false, [4; 32]).await;
        drop(right);
        done
    };
    tokio::join!(one, two)
}

#[tokio::test]
async fn a_wrong_signature_is_refused_by_both_sides() {
    let spoilt = || {
        let mut spoilt = identity(1);
        spoilt.proof[PROOF - 40] ^= 1;
        spoilt
    };
    assert!(matches!(with(spoilt(), identity(2)).await.1, Err(SecureError::Identity)));
    assert!(matches!(with(identity(2), spoilt()).await.0, Err(SecureError::Identity)));
}

/// The proof of another node, copied from a handshake with it: it signs for that node's Noise key, not for ours.
#[tokio::test]
async fn a_copied_proof_is_refused() {
    let thief = Identity { proof: identity(1).proof, ..identity(3) };
    assert!(matches!(with(thief, identity(2)).await.1, Err(SecureError::Identity)));
}

/// Adversary 13.
#[tokio::test]
async fn a_replayed_handshake_fails() {
    let (alice, _) = transcript([3; 32], [4; 32]).await;
    let (mut attacker, mut victim) = duplex(1_000);
    attacker.write_all(&alice).await.unwrap();
    let done = handshake(&mut victim, &identity(2), false, [5; 32]).await;
    assert!(matches!(done, Err(SecureError::Crypto(snow::Error::Decrypt))));
}

#[tokio::test]
async fn a_low_order_point_is_refused() {
    let (mut attacker, mut victim) = duplex(1_000);
    attacker.write_all(&[0, 32]).await.unwrap();
    attacker.write_all(&[0; 32]).await.unwrap();
    let done = handshake(&mut victim, &identity(2), false, [5; 32]).await;
    assert!(matches!(done, Err(SecureError::Crypto(snow::Error::Dh))));
}

#[tokio::test]
async fn another_protocol_is_refused_by_its_first_bytes() {
    let (mut client, mut server) = duplex(1_000);
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let done = handshake(&mut server, &identity(2), false, [5; 32]).await;
    assert!(matches!(done, Err(SecureError::Foreign(b'G', b'E'))));
}

/// Adversaries 1 and 2: silence, and a byte a second, end at the same moment.
#[tokio::test(start_paused = true)]
async fn a_slow_handshake_is_cut_off() {
    for trickle in [false, true] {
        let (mut attacker, mut victim) = duplex(1_000);
        let began = Instant::now();
        let attack = async {
            for byte in [0, 32].into_iter().chain([9; 32]) {
                if trickle && attacker.write_all(&[byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        let bob = identity(2);
        let done = tokio::select! {
            done = handshake(&mut victim, &bob, false, [5; 32]) => done,
            () = attack => unreachable!(),
        };
        assert!(matches!(done, Err(SecureError::TimedOut)));
        assert_eq!(began.elapsed().as_secs(), HANDSHAKE.as_secs());
    }
}

/// Adversary 12, each bit.
#[test]
fn a_flipped_bit_is_refused() {
    let plain = b"a frame";
    for bit in 0..(plain.len() + RECORD_TAG) * 8 {
        let (mut sender, mut receiver) = channels();
        let mut bytes = record(&mut sender, plain);
        bytes[RECORD_HEADER + bit / 8] ^= 1 << (bit % 8);
        assert!(receiver.open(&bytes, &mut Vec::new()).is_err());
    }
}

#[test]
fn records_repeated_swapped_or_empty_are_refused() {
    let (mut sender, mut receiver) = channels();
    let (first, second) = (record(&mut sender, b"first"), record(&mut sender, b"second"));
    let mut plain = Vec::new();
    assert!(receiver.open(&second, &mut plain).is_err());
    let (_, mut receiver) = channels();
    assert_eq!(receiver.open(&first, &mut plain).unwrap(), 5);
    assert!(receiver.open(&first, &mut plain).is_err());
    assert!(matches!(receiver.next(&record(&mut sender, b"")), Err(SecureError::EmptyRecord)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Frames may begin and end anywhere in records, and bytes may come in any pieces.
    #[test]
    fn frames_cross_records(
        sizes in vec(0usize..300, 1..20),
        cuts in vec(1usize..500, 1..40),
        pieces in vec(1usize..700, 1..40),
    ) {
        let frames: Vec<_> = sizes
            .iter()
            .map(|size| encode(&Message::Announce { ids: vec![crate::chain::TxId([*size as u8; 32]); *size] }))
            .collect();
        let stream = frames.concat();
        let (mut sender, mut receiver) = channels();
        let mut sealed = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (plain, after) = rest.split_at((*cut).min(rest.len()));
            sealed.extend(record(&mut sender, plain));
            rest = after;
        }

        let mut reader = FrameReader::default();
        reader.set_established();
        let (mut arrived, mut plain, mut cut) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = &sealed[..];
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (bytes, after) = rest.split_at((*piece).min(rest.len()));
            arrived.extend_from_slice(bytes);
            rest = after;
            while let Some(length) = receiver.next(&arrived).unwrap() {
                let count = receiver.open(&arrived[..length], &mut plain).unwrap();
                arrived.drain(..length);
                let mut input = &plain[..count];
                while let Some(frame) = reader.next(&mut input).unwrap() {
                    let Frame::Known { payload, .. } = frame else { panic!("an unknown frame") };
                    cut.push(payload.to_vec());
                }
            }
        }
        prop_assert_eq!(cut.len(), frames.len());
        prop_assert!(cut.iter().zip(&frames).all(|(payload, frame)| payload[..] == frame[5..]));
    }
}
