use super::*;
use tokio::io::duplex;

async fn listen_to(bytes: &[u8]) -> Result<Secured, SecureError> {
    let (mut near, mut far) = duplex(1_000);
    far.write_all(bytes).await.unwrap();
    far.shutdown().await.unwrap();
    exchange(&mut near, Address([2; 32]), Direction::Inbound).await
}

/// The bytes are a promise to other clients: see docs/protocol.md, 1.6.
#[tokio::test]
async fn a_greeting_is_the_magic_and_the_node_id() {
    let greeting = |id: u8| [&MAGIC[..], &[id; 32]].concat();
    let (mut near, mut far) = duplex(1_000);
    far.write_all(&greeting(1)).await.unwrap();
    let secured = exchange(&mut near, Address([2; 32]), Direction::Inbound).await.unwrap();
    assert_eq!(secured.peer, Address([1; 32]));
    let mut said = [0; GREETING];
    far.read_exact(&mut said).await.unwrap();
    assert_eq!(said[..], greeting(2));
}

#[tokio::test]
async fn another_magic_or_half_a_greeting_is_refused() {
    let whole = [&MAGIC[..], &[1; 32]].concat();
    assert!(listen_to(&whole).await.is_ok());
    for at in 2..MAGIC.len() {
        let mut wrong = whole.clone();
        wrong[at] ^= 1;
        assert!(matches!(listen_to(&wrong).await, Err(SecureError::Foreign(b'r', b'u'))), "{at}");
    }
    for length in 0..whole.len() {
        assert!(matches!(listen_to(&whole[..length]).await, Err(SecureError::Io(_))), "{length}");
    }
}
