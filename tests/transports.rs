//! Real nodes over each transport; two of different ones, which tell each other; and who is refused before any cryptography.
//!
//! No test sleeps for something to happen: each waits for an event, with a deadline that only a defect reaches.

#[path = "common/nodes.rs"]
mod nodes;
#[path = "common/stranger.rs"]
mod stranger;

use nodes::{Events, Lab, PATIENCE, Seen, address, admits, keys, seed};
use rumormill::net::noise::{Identity, handshake};
use rumormill::net::{Handle, Transport, start};
use rumormill::node::{Admission, Event, Timing};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use stranger::Stranger;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A node of this transport.
async fn node(lab: &Lab, number: u32, transport: Transport, bootstrap: &[SocketAddr], mines: bool) -> (Handle, Events) {
    let (mut setup, events) = lab.setup(number, bootstrap, mines);
    setup.transport = transport;
    (start(setup).await.unwrap(), events)
}

/// A node that admits these and nobody else.
async fn admitting(lab: &Lab, transport: Transport, admission: Admission) -> Handle {
    let (mut setup, _) = lab.setup(1, &[], false);
    setup.transport = transport;
    setup.wrap = Some(admits(admission));
    start(setup).await.unwrap()
}

/// Why its first dial failed, and when it tries again.
async fn failed_dial(events: &Events) -> (String, Duration) {
    let failed = |event: &Event| match event {
        Event::DialFailed { why, retry_in, .. } => Some((why.clone(), *retry_in)),
        _ => None,
    };
    events.find("a failed dial", failed).await
}

/// Peers with whom hands are shaken, after these events.
fn peers(events: &[Seen]) -> usize {
    let mut up = std::collections::BTreeSet::new();
    for Seen { event, .. } in events {
        match event {
            Event::NewPeer { connection, .. } => up.insert(*connection),
            Event::Disconnected { connection, .. } => up.remove(connection),
            _ => false,
        };
    }
    up.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_agree_over_each_transport() {
    for transport in Transport::ALL {
        let lab = Lab::new();
        let (first, one) = node(&lab, 1, transport, &[], true).await;
        let (second, two) = node(&lab, 2, transport, &[address(&first)], false).await;
        let (third, three) = node(&lab, 3, transport, &[address(&second)], false).await;
        for (seen, id) in [(&two, first.id()), (&three, second.id())] {
            let peer = |event: &Event| matches!(event, Event::NewPeer { peer, .. } if *peer == id);
            seen.see("a peer with its own id", peer).await;
        }
        for seen in [&one, &two, &three] {
            seen.reaches(4).await;
        }
        for handle in [third, second, first] {
            handle.stop().await;
        }
        let warns = |event: &Event| matches!(event, Event::Warning { text } if text.contains("not secured")).then_some(());
        let warned = one.all(0, warns).len();
        assert_eq!(warned, usize::from(transport == Transport::Plain), "who is not secured hears it, once");
    }
}

/// Of each pair both screens say which transport each of the two speaks, and neither tries again at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_of_different_transports_tell_each_other_why_they_part() {
    for listens in Transport::ALL {
        for dials in Transport::ALL.into_iter().filter(|dials| *dials != listens) {
            let lab = Lab::new();
            let (listener, near) = node(&lab, 1, listens, &[], false).await;
            let (dialler, far) = node(&lab, 2, dials, &[address(&listener)], false).await;
            let (why, retry_in) = failed_dial(&far).await;
            assert_eq!(why, format!("it speaks {listens}, we speak {dials}: start both with the same --transport"));
            assert!(retry_in > Duration::from_secs(10), "later than after a dial that failed: in {retry_in:?}");
            let warned = |event: &Event| match event {
                Event::Warning { text } if text.contains(" speaks ") => Some(text.clone()),
                _ => None,
            };
            let text = near.find("a warning", warned).await;
            assert!(
                text.ends_with(&format!(" speaks {dials}, we speak {listens}: start both with the same --transport")),
                "{text}"
            );
            dialler.stop().await;
            listener.stop().await;
        }
    }
}

/// What a stranger hears who says nothing.
async fn heard(stream: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let read = timeout(Duration::from_secs(2), stream.read_to_end(&mut heard)).await;
    assert!(read.is_ok(), "a refusal takes no time");
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_node_says_so_before_any_cryptography() {
    for transport in Transport::ALL {
        let lab = Lab::new();
        let full = admitting(&lab, transport, Admission { full: true, ..Admission::default() }).await;
        let mut stranger = TcpStream::connect(address(&full)).await.unwrap();
        assert_eq!(heard(&mut stranger).await, b"refused:f\n");
        let (dialler, far) = node(&lab, 2, transport, &[address(&full)], false).await;
        let (why, retry_in) = failed_dial(&far).await;
        assert_eq!(why, "it has no free slot");
        assert!(retry_in < Duration::from_secs(10), "a slot may be free soon, and it dials again in {retry_in:?}");
        dialler.stop().await;
        full.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_banned_and_the_too_many_of_one_address_are_closed_without_a_word() {
    let lab = Lab::new();
    let node = admitting(&lab, Transport::Noise, Admission { per_ip: Some(3), ..Admission::default() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(address(&node)).await.unwrap());
    }
    let mut fourth = TcpStream::connect(address(&node)).await.unwrap();
    assert!(heard(&mut fourth).await.is_empty());
    // A stranger who goes makes room, as soon as it is noticed.
    held.pop();
    let again = async {
        loop {
            let mut stream = TcpStream::connect(address(&node)).await.unwrap();
            let (identity, mut waste) = (Identity::new(&keys(7), [7; 32]), [0; 1]);
            tokio::select! {
                done = handshake(&mut stream, &identity, true, [8; 32]) => if done.is_ok() { return },
                else => { let _ = stream.read(&mut waste).await; }
            }
        }
    };
    timeout(PATIENCE, again).await.unwrap();
    node.stop().await;

    let banned = [IpAddr::from(Ipv4Addr::LOCALHOST)].into();
    let node = admitting(&lab, Transport::Noise, Admission { banned, full: true, per_ip: None }).await;
    let mut stranger = TcpStream::connect(address(&node)).await.unwrap();
    assert!(heard(&mut stranger).await.is_empty());
    node.stop().await;
}

/// Adversary 18, a tenth of it; the whole is in `benches/handshakes.rs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_dials_at_a_limit_of_fifty_hold_exactly_fifty() {
    const DIALS: u32 = 2_000;
    const LIMIT: usize = 50;
    let lab = Lab::new();
    let (mut node, events) = lab.setup(1, &[], false);
    node.config.max_inbound = LIMIT;
    // Nobody answers pings here.
    let long = Duration::from_secs(3_600);
    node.config.timing = Timing { ping: long, pong: long, ..Timing::LAB };
    let node = start(node).await.unwrap();
    let (at_once, node_address) = (Arc::new(Semaphore::new(100)), address(&node));
    let mut dials = JoinSet::new();
    for number in 100..100 + DIALS {
        let (at_once, spec) = (Arc::clone(&at_once), Arc::clone(&lab.spec));
        dials.spawn(async move {
            let _permit = at_once.acquire().await;
            timeout(PATIENCE, Stranger::new(seed(number), Transport::Noise, &spec).dial(node_address)).await.unwrap()
        });
    }
    let (mut held, mut refused) = (Vec::new(), 0);
    while let Some(dialled) = dials.join_next().await {
        match dialled.unwrap() {
            Some(connection) => held.push(connection),
            None => refused += 1,
        }
    }
    assert_eq!(held.len() + refused, DIALS as usize);
    let up = events.until("all that are refused to be gone", |events| Some(peers(events)).filter(|up| *up >= LIMIT));
    assert_eq!(up.await, LIMIT);
    let most = events.now(|events| (0..=events.len()).step_by(97).map(|end| peers(&events[..end])).max());
    assert!(most <= Some(LIMIT), "never more at any time: {most:?}");
    drop(held);
    events.until("nobody", |events| (peers(events) == 0).then_some(())).await;
    node.stop().await;
}
