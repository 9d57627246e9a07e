//! A stranger with keys of his own, who dials a node and shakes hands: TCP, transport, node.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use rumormill::chain::{Address, ChainSpec, KeyPair};
use rumormill::net::Transport;
use rumormill::net::noise::{Channel, Secured};
use rumormill::net::secure::{Credentials, SecureError, secure};
use rumormill::node::Direction;
use rumormill::wire::{Capabilities, Frame, FrameReader, GoodbyeReason, Hello, Message, decode, encode};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What an honest node would say of itself that does not listen, and claims no chain.
pub fn hello(spec: &ChainSpec, node: Address) -> Hello {
    let tip = spec.genesis_id();
    Hello {
        version_lowest: 1,
        version_highest: 1,
        chain: spec.chain,
        genesis: tip,
        node,
        agent: "a raw client".to_owned(),
        port: 0,
        height: 0,
        work: 0,
        tip,
        capabilities: Capabilities::RELAY,
        time: 0,
        nonce: 7,
    }
}

/// His keys for the transport, and his hello.
pub struct Stranger {
    credentials: Credentials,
    seed: [u8; 32],
    hello: bytes::Bytes,
}

impl Stranger {
    /// One for each seed.
    pub fn new(seed: [u8; 32], transport: Transport, spec: &ChainSpec) -> Self {
        let keys = KeyPair::from_seed(seed);
        let hello = encode(&Message::Handshake { hello: hello(spec, keys.address()) });
        Self { credentials: Credentials::new(transport, &keys, seed).unwrap(), seed, hello }
    }

    /// Dials and shakes hands; `None`: he was told that the node is full, in clear or after the transport's handshake.
    pub async fn dial(&self, node: SocketAddr) -> Option<(TcpStream, Box<Channel>)> {
        let mut stream = TcpStream::connect(node).await.expect("a TCP connection");
        stream.set_nodelay(true).unwrap();
        let mut channel = match secure(&mut stream, &self.credentials, Direction::Outbound, self.seed).await {
            Ok(Secured { channel, .. }) => Box::new(channel),
            Err(SecureError::Full) => return None,
            Err(error) => panic!("{error}"),
        };
        let mut sealed = vec![0; channel.room(self.hello.len())];
        let length = channel.seal(&self.hello, &mut sealed).unwrap();
        // Where the node has said goodbye already, its words are still to be read.
        let _ = stream.write_all(&sealed[..length]).await;
        let (mut arrived, mut plain, mut frames) = (Vec::new(), Vec::new(), FrameReader::default());
        loop {
            while let Some(length) = channel.next(&arrived).unwrap() {
                let count = channel.open(&arrived[..length], &mut plain).unwrap();
                arrived.drain(..length);
                let mut rest = &plain[..count];
                while let Some(frame) = frames.next(&mut rest).unwrap() {
                    let Frame::Known { kind, payload, .. } = frame else { continue };
                    match decode(kind as u8, payload).unwrap() {
                        Some(Message::HandshakeAck { .. }) => return Some((stream, channel)),
                        Some(Message::Goodbye { reason: GoodbyeReason::Full }) => return None,
                        other => panic!("neither taken nor refused: {other:?}"),
                    }
                }
            }
            let mut bytes = [0; 1_000];
            match stream.read(&mut bytes).await {
                Ok(count @ 1..) => arrived.extend_from_slice(&bytes[..count]),
                ended => panic!("{ended:?} without a word"),
            }
        }
    }
}
