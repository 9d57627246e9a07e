//! A raw client: a socket, the encryption by hand, and whatever bytes the attack asks for. It can stop at any step.

use super::noise::{Cipher, Handshake, Persona, TAG};
use rumormill::chain::{Address, ChainSpec};
use rumormill::wire::{Capabilities, Hello, Message, decode, encode};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

pub use super::nodes::PATIENCE;

/// Connects from an address of its own, where the system has more than one on loopback: what is banned then is nobody else's.
pub async fn connect(to: SocketAddr, number: u32) -> TcpStream {
    connect_with(to, number, None).await
}

/// The same, with so many bytes of receive buffer.
pub async fn connect_with(to: SocketAddr, number: u32, buffer: Option<u32>) -> TcpStream {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
    if cfg!(target_os = "linux") && to.is_ipv4() {
        let [_, high, middle, low] = number.to_be_bytes();
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 66 + high, middle, low), 0))).unwrap();
    }
    if let Some(bytes) = buffer {
        socket.set_recv_buffer_size(bytes).unwrap();
    }
    let stream = timeout(PATIENCE, socket.connect(to)).await.expect("it does not even accept").unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A message of the encryption's handshake, or a record, with its length before it.
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

/// What a framed message holds.
pub async fn read_framed(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let read = async {
        let length = stream.read_u16().await.ok()?;
        let mut bytes = vec![0; length.into()];
        stream.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    };
    timeout(PATIENCE, read).await.expect("neither an answer nor an end")
}

/// How long until the other side ends it. What it says meanwhile is thrown away.
pub async fn ends(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let reading = async { while stream.read(&mut [0; 4_096]).await.is_ok_and(|count| count > 0) {} };
    timeout(PATIENCE, reading).await.expect("it was not ended");
    began.elapsed()
}

/// Randomness that is never the same twice.
pub fn fresh() -> [u8; 32] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// The bytes of a frame, whatever they say.
pub fn frame(code: u8, payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 1).to_le_bytes()[..], &[code], payload].concat()
}

/// Only the first bytes of a frame, which announce so long a payload.
pub fn header(code: u8, payload: usize) -> Vec<u8> {
    [&(payload as u32).wrapping_add(1).to_le_bytes()[..], &[code]].concat()
}

/// An encrypted connection.
pub struct Session {
    pub stream: TcpStream,
    pub persona: Persona,
    /// Who is at the other end.
    pub peer: Address,
    /// All bytes written, to be played again.
    pub written: Vec<u8>,
    seals: Cipher,
    opens: Cipher,
    plain: Vec<u8>,
}

impl Session {
    /// Encrypts a fresh connection that we dialled.
    pub async fn dial(stream: TcpStream, persona: &Persona) -> Self {
        Self::try_dial(stream, persona).await.expect("it was ended during the encryption's handshake")
    }

    /// The same; `None` if the other side ends it.
    pub async fn try_dial(mut stream: TcpStream, persona: &Persona) -> Option<Self> {
        let mut handshake = Handshake::new(persona, true, fresh());
        let mut written = framed(&handshake.write(0));
        stream.write_all(&written).await.ok()?;
        let answer = read_framed(&mut stream).await?;
        let peer = handshake.read(1, &answer).flatten().expect("an answer that is not genuine");
        let last = framed(&handshake.write(2));
        stream.write_all(&last).await.ok()?;
        written.extend(last);
        let (seals, opens) = handshake.finish();
        Some(Self { stream, persona: persona.clone(), peer, written, seals, opens, plain: Vec::new() })
    }

    /// Encrypts one that the other side dialled. Returns the bytes of our message too.
    pub async fn accept(mut stream: TcpStream, persona: &Persona) -> Self {
        let mut handshake = Handshake::new(persona, false, fresh());
        let first = read_framed(&mut stream).await.expect("no first message");
        handshake.read(0, &first).expect("a first message of another shape");
        let written = framed(&handshake.write(1));
        stream.write_all(&written).await.unwrap();
        let last = read_framed(&mut stream).await.expect("no last message");
        let peer = handshake.read(2, &last).flatten().expect("a last message that is not genuine");
        let (seals, opens) = handshake.finish();
        Self { stream, persona: persona.clone(), peer, written, seals, opens, plain: Vec::new() }
    }

    /// Seals bytes into one record.
    pub fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        framed(&self.seals.seal(&[], plain))
    }

    /// Writes bytes as they are; false if the other side has closed.
    pub async fn raw(&mut self, bytes: &[u8]) -> bool {
        let done = timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("it does not read").is_ok();
        self.written.extend_from_slice(bytes);
        done
    }

    /// Writes bytes of frames, encrypted; false if the other side has closed.
    pub async fn say(&mut self, plain: &[u8]) -> bool {
        for piece in plain.chunks(65_000) {
            let record = self.seal(piece);
            if !self.raw(&record).await {
                return false;
            }
        }
        true
    }

    pub async fn send(&mut self, message: &Message) -> bool {
        self.say(&encode(message)).await
    }

    /// The next message, but for pings, which are answered; `None` at the end.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((length, rest)) = self.plain.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                if rest.len() >= length {
                    let message = decode(rest[0], &rest[1..length]).expect("a node says nothing malformed");
                    self.plain.drain(..4 + length);
                    match message.expect("a node says nothing unknown") {
                        Message::Ping { nonce, time } => {
                            self.send(&Message::Pong { nonce, time }).await;
                        }
                        message => return Some(message),
                    }
                    continue;
                }
            }
            let record = read_framed(&mut self.stream).await?;
            assert!(record.len() > TAG, "a node sends no empty record");
            self.plain.extend(self.opens.open(&[], &record).expect("a record of a node is genuine"));
        }
    }

    /// Everything until the other side ends it; then this side ends as well, for which a node waits a moment.
    pub async fn rest(&mut self) -> Vec<Message> {
        let mut all = Vec::new();
        while let Some(message) = self.next().await {
            all.push(message);
        }
        let _ = self.stream.shutdown().await;
        all
    }

    /// Waits for a message that gives an answer.
    pub async fn find<T>(&mut self, what: &str, mut look: impl FnMut(Message) -> Option<T>) -> T {
        loop {
            let message = self.next().await.unwrap_or_else(|| panic!("it ended before {what}"));
            if let Some(found) = look(message) {
                return found;
            }
        }
    }

    /// A ping and its pong: all that was sent before has been handled.
    pub async fn ping(&mut self) -> Duration {
        let nonce = u64::from_be_bytes(fresh()[..8].try_into().unwrap());
        let began = Instant::now();
        assert!(self.send(&Message::Ping { nonce, time: 0 }).await, "it has closed");
        self.find("a pong", |message| matches!(message, Message::Pong { nonce: same, .. } if same == nonce).then_some(())).await;
        began.elapsed()
    }

    /// What an honest node would say of itself; it does not listen, and claims no chain.
    pub fn hello(&self, spec: &ChainSpec) -> Hello {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Hello {
            version_lowest: 1,
            version_highest: 1,
            chain: spec.chain,
            genesis: spec.genesis_id(),
            node: self.persona.id(),
            agent: "raw/1".to_owned(),
            port: 0,
            height: 0,
            work: 0,
            tip: spec.genesis_id(),
            capabilities: Capabilities::RELAY,
            time: now.as_millis() as u64,
            nonce: 1,
        }
    }

    /// Shakes hands.
    pub async fn shake(&mut self, spec: &ChainSpec) {
        let hello = self.hello(spec);
        assert!(self.send(&Message::Handshake { hello }).await, "it has closed");
        let answer = self.next().await.expect("it refuses an honest hello");
        assert!(matches!(answer, Message::HandshakeAck { version: 1, .. }), "{answer:?}");
    }
}
