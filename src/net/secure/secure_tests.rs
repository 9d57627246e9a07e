use super::super::switches::{Mode, Switches};
use super::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::{Instant, sleep, timeout};

fn credentials(transport: Transport, number: u8) -> Credentials {
    Credentials::new(transport, &KeyPair::from_seed([number; 32]), [number.wrapping_add(100); 32]).unwrap()
}

/// Both sides of a connection; each closes when it is done.
async fn meet(dialler: Transport, listener: Transport) -> (Result<Secured, SecureError>, Result<Secured, SecureError>) {
    let (mut left, mut right) = duplex(10_000);
    let (alice, bob) = (credentials(dialler, 1), credentials(listener, 2));
    let one = async {
        let done = secure(&mut left, &alice, Direction::Outbound, [3; 32]).await;
        drop(left);
        done
    };
    let two = async {
        let done = secure(&mut right, &bob, Direction::Inbound, [4; 32]).await;
        drop(right);
        done
    };
    tokio::join!(one, two)
}

/// Each meets each: those of one kind know each other, and those of two kinds both learn why they part.
#[tokio::test(start_paused = true)]
async fn who_speaks_another_transport_is_told_which() {
    for dialler in Transport::ALL {
        for listener in Transport::ALL {
            let began = Instant::now();
            let (one, two) = meet(dialler, listener).await;
            assert!(began.elapsed() < Duration::from_secs(1));
            if dialler == listener {
                let id = |number| KeyPair::from_seed([number; 32]).address();
                assert_eq!((one.unwrap().peer, two.unwrap().peer), (id(2), id(1)));
                continue;
            }
            let (one, two) = (one.err().unwrap(), two.err().unwrap());
            assert_eq!(
                one.to_string(),
                format!("it speaks {listener}, we speak {dialler}: start both with the same --transport")
            );
            assert_eq!(
                two.to_string(),
                format!("it speaks {dialler}, we speak {listener}: start both with the same --transport")
            );
        }
    }
}

/// A listener may have refused, closed and gone before the dialler has said a word.
#[tokio::test]
async fn a_refusal_is_read_even_if_nothing_can_be_written() {
    for transport in Transport::ALL {
        let (mut near, mut far) = duplex(10_000);
        far.write_all(&Refusal::Full.bytes()).await.unwrap();
        drop(far);
        let done = secure(&mut near, &credentials(transport, 1), Direction::Outbound, [3; 32]).await;
        assert!(matches!(done, Err(SecureError::Full)), "{transport}");
    }
}

/// Adversaries 1 and 2 on each transport: silence, and a byte now and then, end at the same moment, on either side.
#[tokio::test(start_paused = true)]
async fn a_slow_handshake_is_cut_off() {
    for transport in Transport::ALL {
        for direction in [Direction::Inbound, Direction::Outbound] {
            for trickle in [false, true] {
                let begin: &[u8] = match (transport, direction) {
                    (Transport::Noise, Direction::Inbound) => &[0, 32],
                    (Transport::Noise, Direction::Outbound) => &[0, 192],
                    (Transport::Tls, _) => &[0x16, 3, 3, 1, 0],
                    (Transport::Plain, _) => b"rumormill/plain/1",
                };
                let (mut attacker, mut victim) = duplex(10_000);
                let began = Instant::now();
                let attack = async {
                    for byte in begin.iter().chain(&[9; 200]) {
                        if trickle && attacker.write_all(&[*byte]).await.is_err() {
                            return;
                        }
                        sleep(Duration::from_millis(200)).await;
                    }
                };
                let credentials = credentials(transport, 2);
                let done = tokio::select! {
                    done = secure(&mut victim, &credentials, direction, [5; 32]) => done,
                    () = attack => unreachable!(),
                };
                assert!(matches!(done, Err(SecureError::TimedOut)), "{transport}, {direction:?}, {trickle}");
                assert_eq!(began.elapsed(), HANDSHAKE);
            }
        }
    }
}

/// What the dialler sends, cut anywhere: the listener proves nobody, and ends when the stream does.
#[tokio::test(start_paused = true)]
async fn a_handshake_cut_short_proves_nobody() {
    for transport in Transport::ALL {
        for length in [0, 1, 2, 10, 30, 40, 48] {
            let (mut left, mut middle) = duplex(10_000);
            let (mut forward, mut right) = duplex(10_000);
            let (alice, bob) = (credentials(transport, 1), credentials(transport, 2));
            let cut = async {
                let mut said = vec![0; length];
                // Noise's first message is shorter than some of these lengths.
                let _ = timeout(HANDSHAKE / 2, middle.read_exact(&mut said)).await;
                forward.write_all(&said).await.unwrap();
                forward.shutdown().await.unwrap();
                sleep(HANDSHAKE).await;
            };
            let (_, listened, ()) = tokio::join!(
                secure(&mut left, &alice, Direction::Outbound, [3; 32]),
                secure(&mut right, &bob, Direction::Inbound, [4; 32]),
                cut
            );
            // Noise's first message is whole after 34 bytes: what follows here is no third one.
            let cut = matches!(listened, Err(SecureError::Io(_) | SecureError::Length(_)));
            assert!(cut, "{transport}, {length}");
        }
    }
}

/// Whoever stands still has the time afterwards that he had before, on either side.
#[tokio::test(start_paused = true)]
async fn a_pause_in_the_middle_of_a_handshake_does_not_end_it() {
    for transport in Transport::ALL {
        for still in [Direction::Inbound, Direction::Outbound] {
            let switches = Arc::<Switches>::default();
            let late = switches.deadline(HANDSHAKE);
            let (mut left, mut right) = duplex(10_000);
            let (alice, bob) = (credentials(transport, 1), credentials(transport, 2));
            let pause = async {
                switches.set(Mode::Paused);
                sleep(HANDSHAKE * 10).await;
                switches.set(Mode::Running);
            };
            let other = if still == Direction::Inbound { Direction::Outbound } else { Direction::Inbound };
            let stands = switches.while_running(secure_by(&mut left, &alice, still, [3; 32], late.passed()));
            // Its own time is not what is looked at here.
            let patient = secure_by(&mut right, &bob, other, [4; 32], std::future::pending());
            let (stood, waited, ()) = tokio::join!(stands, patient, pause);
            assert!(stood.is_ok() && waited.is_ok(), "{transport}, {still:?}");
        }
    }
}
