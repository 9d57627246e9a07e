use super::*;
use tokio::io::duplex;

/// A dialler of `ours` reads `bytes`.
async fn read(bytes: &[u8], ours: Transport) -> Result<[u8; 2], SecureError> {
    let (mut near, mut far) = duplex(100);
    far.write_all(bytes).await.unwrap();
    drop(far);
    answer(&mut near, ours).await
}

/// The bytes are a promise to other clients: see docs/protocol.md, 1.4.
#[test]
fn a_refusal_is_ten_bytes_of_text() {
    let bytes: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.bytes()).collect();
    assert_eq!(bytes, [*b"refused:n\n", *b"refused:t\n", *b"refused:p\n", *b"refused:f\n"]);
    assert!(Refusal::ALL.into_iter().all(|refusal| Refusal::read(&refusal.bytes()) == Some(refusal)));
}

#[tokio::test]
async fn a_refusal_is_understood_and_rubbish_like_it_is_not() {
    for theirs in Transport::ALL {
        let refusal = Refusal::Speaks(theirs).bytes();
        let read = read(&refusal, Transport::Noise).await;
        assert!(matches!(read, Err(SecureError::Incompatible { theirs: said, ours: Transport::Noise }) if said == theirs));
    }
    assert!(matches!(read(b"refused:f\n", Transport::Tls).await, Err(SecureError::Full)));
    for rubbish in [b"refused:x\n", b"refused:\x1b\n", b"refused:ff", b"reference\n"] {
        assert!(matches!(read(rubbish, Transport::Tls).await, Err(SecureError::Foreign(b'r', b'e'))));
    }
    assert!(matches!(read(b"refused:", Transport::Tls).await, Err(SecureError::Io(_))));
    assert_eq!(read(&[0, 192, 7], Transport::Noise).await.unwrap(), [0, 192]);
}

#[tokio::test]
async fn a_listener_tells_who_speaks_another_transport_and_nobody_else() {
    for ours in Transport::ALL {
        for theirs in Transport::ALL {
            let (mut near, mut far) = duplex(100);
            far.write_all(&first_bytes(theirs)).await.unwrap();
            let (listened, heard) = tokio::join!(
                async {
                    let listened = listen(&mut near, ours).await;
                    drop(near);
                    listened
                },
                async {
                    let mut heard = Vec::new();
                    far.shutdown().await.unwrap();
                    far.read_to_end(&mut heard).await.unwrap();
                    heard
                }
            );
            if ours == theirs {
                assert_eq!(listened.unwrap(), first_bytes(ours));
                assert!(heard.is_empty());
            } else {
                assert!(matches!(listened, Err(SecureError::Incompatible { .. })));
                assert_eq!(heard, Refusal::Speaks(ours).bytes());
            }
        }
    }
    let (mut near, mut far) = duplex(100);
    far.write_all(b"SSH-2.0").await.unwrap();
    assert!(matches!(listen(&mut near, Transport::Noise).await, Err(SecureError::Foreign(b'S', b'S'))));
    drop(near);
    let mut heard = Vec::new();
    far.read_to_end(&mut heard).await.unwrap();
    assert!(heard.is_empty(), "not a word for a stranger's program");
}

/// Whoever is refused and goes on sending, or does not close, is let go in time.
#[tokio::test(start_paused = true)]
async fn a_refused_dialler_holds_nobody_up() {
    for chatty in [false, true] {
        let (mut near, mut far) = duplex(100);
        far.write_all(&first_bytes(Transport::Tls)).await.unwrap();
        let began = tokio::time::Instant::now();
        let chat = async {
            while chatty && far.write_all(&[7; 50]).await.is_ok() {}
            std::future::pending::<()>().await;
        };
        tokio::select! {
            listened = listen(&mut near, Transport::Noise) => assert!(matches!(listened, Err(SecureError::Incompatible { .. }))),
            () = chat => unreachable!(),
        }
        assert!(began.elapsed() <= REFUSAL_DRAIN);
    }
}
