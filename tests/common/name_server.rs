//! A name server for tests: answers for its zone over UDP and TCP on loopback, and for some names as no server should.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::JoinSet;

const A: u16 = 1;
const AAAA: u16 = 28;
/// Most bytes of an answer over UDP here.
const DATAGRAM: usize = 1_200;

/// Answers until it is dropped.
pub struct NameServer {
    /// Where.
    pub address: SocketAddr,
    /// Questions so far.
    pub asked: Arc<AtomicUsize>,
    /// Told of each question.
    pub heard: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl NameServer {
    /// Listens on a port that the system picks.
    pub async fn start() -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            // The same port for both; another one if somebody has it.
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = tcp.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let count = Arc::clone(&asked);
        let heard = Arc::new(Notify::new());
        let tell = Arc::clone(&heard);
        tasks.spawn(async move {
            let mut buffer = [0; 2_048];
            loop {
                let Ok((length, from)) = udp.recv_from(&mut buffer).await else { continue };
                count.fetch_add(1, Ordering::Relaxed);
                tell.notify_one();
                if let Some(answer) = datagram(&buffer[..length]) {
                    let _ = udp.send_to(&answer, from).await;
                }
            }
        });
        tasks.spawn(async move {
            while let Ok((stream, _)) = tcp.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Self { address, asked, heard, _tasks: tasks }
    }
}

async fn serve(mut stream: TcpStream) {
    while let Ok(length) = stream.read_u16().await {
        let mut query = vec![0; length.into()];
        if stream.read_exact(&mut query).await.is_err() {
            return;
        }
        let Some((name, _, _)) = question(&query) else { return };
        if name == "truncated.test" {
            // It promised more over TCP.
            return;
        }
        let Some(answer) = answer(&query, usize::MAX) else { return };
        let length = u16::try_from(answer.len()).unwrap();
        if stream.write_u16(length).await.is_err() || stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// The name asked for in small letters, the type, and where the question ends.
fn question(query: &[u8]) -> Option<(String, u16, usize)> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().ok()?);
    Some((labels.join("."), kind, at + 4))
}

fn datagram(query: &[u8]) -> Option<Vec<u8>> {
    let (name, kind, _) = question(query)?;
    match name.as_str() {
        "silent.test" => None,
        "half.test" if kind == AAAA => None,
        "garbage.test" => Some((0..200).map(|number| number as u8 ^ 0xa5).collect()),
        "wrong-id.test" => {
            let mut answer = answer(query, DATAGRAM)?;
            answer[0] ^= 0xff;
            Some(answer)
        }
        _ => answer(query, DATAGRAM),
    }
}

/// A whole answer, or one that says that it is cut off.
fn answer(query: &[u8], room: usize) -> Option<Vec<u8>> {
    let (name, kind, end) = question(query)?;
    let v4: Vec<Ipv4Addr> = match name.as_str() {
        "seeds.test" => vec![Ipv4Addr::LOCALHOST],
        "both.test" => vec![Ipv4Addr::new(10, 1, 2, 3), Ipv4Addr::new(10, 1, 2, 4), Ipv4Addr::new(10, 1, 2, 3)],
        "half.test" | "wrong-id.test" => vec![Ipv4Addr::new(10, 1, 2, 5)],
        "many.test" => (0..1_000_u32).map(|number| Ipv4Addr::from(0x0a00_0000 + number)).collect(),
        _ => Vec::new(),
    };
    let v6: Vec<Ipv6Addr> = match name.as_str() {
        // The second is an IPv4 address in disguise.
        "both.test" => vec![Ipv6Addr::LOCALHOST, Ipv4Addr::new(10, 1, 2, 4).to_ipv6_mapped()],
        _ => Vec::new(),
    };
    let known = ["empty.test", "truncated.test"].contains(&name.as_str()) || !v4.is_empty() || !v6.is_empty();
    let code = match name.as_str() {
        "failing.test" => 2,
        _ if known => 0,
        _ => 3,
    };
    let data: Vec<Vec<u8>> = match kind {
        A => v4.iter().map(|address| address.octets().to_vec()).collect(),
        AAAA => v6.iter().map(|address| address.octets().to_vec()).collect(),
        _ => Vec::new(),
    };
    let size: usize = data.iter().map(|data| 12 + data.len()).sum();
    let cut = name == "truncated.test" || end + size > room;
    let data = if cut { Vec::new() } else { data };
    let mut out = query.get(..2)?.to_vec();
    // An answer, with recursion available.
    out.extend([0x81 | if cut { 2 } else { 0 }, 0x80 | code]);
    out.extend(1_u16.to_be_bytes());
    out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
    out.extend([0; 4]);
    out.extend(query.get(12..end)?);
    for data in data {
        // The question's name, its type, class IN, a minute.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend(data);
    }
    Some(out)
}
