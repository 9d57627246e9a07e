//! Two links where one should be: rows 16, 17 and 19.

use super::client::{Session, connect};
use super::nodes::{Events, Seen};
use super::noise::Persona;
use super::stage::{Lab, SOON, Stage, loopback};
use rumormill::chain::Address;
use rumormill::node::{Command, Config, ConnectionId, Direction, Event};
use rumormill::wire::{GoodbyeReason, Message};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// The one link of a node with no dial under way, if that is how it stands.
fn the_link(list: &[Seen]) -> Option<ConnectionId> {
    let (mut open, mut ready, mut dials) = (BTreeSet::new(), BTreeSet::new(), 0);
    for Seen { event, .. } in list {
        match event {
            Event::Connecting { .. } => dials += 1,
            Event::DialFailed { .. } => dials -= 1,
            Event::Connected { connection, direction, .. } => {
                dials -= i32::from(*direction == Direction::Outbound);
                open.insert(*connection);
            }
            Event::NewPeer { connection, .. } => {
                ready.insert(*connection);
            }
            Event::Disconnected { connection, .. } => {
                open.remove(connection);
            }
            _ => {}
        }
    }
    let link = open.first().copied().filter(|link| ready.contains(link));
    link.filter(|_| open.len() == 1 && dials == 0)
}

/// Waits until two nodes have one link with each other, and no dial under way.
async fn linked(one: &Events, two: &Events) -> [ConnectionId; 2] {
    loop {
        let links = [one.until("a link", the_link).await, two.until("a link", the_link).await];
        // Both at the same moment.
        if one.now(the_link) == Some(links[0]) && two.now(the_link) == Some(links[1]) {
            return links;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_16_both_dial_at_once() {
    let lab = Lab::new();
    let quick = |config: &mut Config| {
        config.max_outbound = 1;
        config.timing.ping = Duration::from_millis(100);
    };
    let mut times = Vec::new();
    for round in 0..20 {
        let (first, one) = lab.node(10 + round, "127.0.0.1:0", quick).await;
        let (second, two) = lab.node(110 + round, "127.0.0.1:0", quick).await;
        let began = Instant::now();
        first.command(Command::Connect(loopback(&second)));
        second.command(Command::Connect(loopback(&first)));
        let links = linked(&one, &two).await;
        times.push(began.elapsed());
        // And so it stays.
        for (events, link) in [(&one, links[0]), (&two, links[1])] {
            for _ in 0..2 {
                let trip =
                    |event: &Event| matches!(event, Event::RoundTrip { connection, .. } if *connection == link).then_some(());
                events.find_after(events.count(), "a pong over the link", trip).await;
            }
            assert_eq!(events.now(the_link), Some(link));
            let ends = events.all(0, |event| matches!(event, Event::Disconnected { .. }).then_some(()));
            assert!(ends.len() <= 1, "round {round}: {} links ended", ends.len());
            let blamed = events.all(0, |event| matches!(event, Event::Reputation { .. } | Event::Banned { .. }).then_some(()));
            assert!(blamed.is_empty());
        }
        first.stop().await;
        second.stop().await;
    }
    times.sort_unstable();
    assert!(times[10] < Duration::from_secs(1) && times[19] < SOON, "{times:?}");
}

/// Over another connection, one who is linked is told so.
async fn is_refused(stage: &Stage, stream: TcpStream, persona: &Persona) {
    let mut second = Session::dial(stream, persona).await;
    let hello = second.hello(&stage.lab.spec);
    second.send(&Message::Handshake { hello }).await;
    let said = second.rest().await;
    assert!(matches!(&said[..], [Message::Goodbye { reason: GoodbyeReason::Duplicate }]), "{said:?}");
}

/// A second connection of the same node is told so. So is each later one; the first does not notice.
#[tokio::test]
async fn row_17_one_identity_from_two_addresses() {
    let stage = Stage::with(|config| {
        config.max_outbound = 2;
        config.timing.redial = (Duration::from_millis(20), Duration::from_millis(50));
    })
    .await;
    let persona = Persona::new(1);
    let mut first = stage.friend(1).await;
    for from in 2..12 {
        is_refused(&stage, connect(stage.address(), from).await, &persona).await;
        first.ping().await;
    }
    assert_eq!(peers(&stage, persona.id()), 1);
    assert_eq!(stage.blame(persona.id()), 0);

    // Where the victim dials, the same node behind two addresses: one link, and the other address is left alone.
    let persona = Persona::new(50);
    let listeners = [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    stage.victim.command(Command::Connect(addresses[0]));
    let mut first = Session::accept(listeners[0].accept().await.unwrap().0, &persona).await;
    first.find("a hello", |message| matches!(message, Message::Handshake { .. }).then_some(())).await;
    let hello = first.hello(&stage.lab.spec);
    first.send(&Message::HandshakeAck { hello, version: 1, seen: [0; 16] }).await;
    first.ping().await;
    stage.victim.command(Command::Connect(addresses[1]));
    let mut second = Session::accept(listeners[1].accept().await.unwrap().0, &persona).await;
    let said = second.rest().await;
    assert!(matches!(&said[..], [Message::Goodbye { reason: GoodbyeReason::Duplicate }]), "{said:?}");
    for _ in 0..3 {
        stage.unharmed().await;
        first.ping().await;
    }
    assert_eq!(dials(&stage, &addresses), 2, "it dials where it has a link already");
    assert_eq!(peers(&stage, persona.id()), 1);
    stage.end().await;
}

/// How often hands were shaken with him.
fn peers(stage: &Stage, with: Address) -> usize {
    stage.seen.all(0, |event| matches!(event, Event::NewPeer { peer, .. } if *peer == with).then_some(())).len()
}

/// How often one of these was dialled.
fn dials(stage: &Stage, to: &[SocketAddr]) -> usize {
    stage.seen.all(0, |event| matches!(event, Event::Connecting { address } if to.contains(address)).then_some(())).len()
}

/// The same address, as IPv4 and mapped into IPv6, by which the node is reached and which it dials.
#[tokio::test]
async fn row_19_an_address_and_its_mapped_form() {
    if let Err(error) = TcpListener::bind("[::1]:0").await {
        println!("skipped: this machine has no IPv6: {error}");
        return;
    }
    let stage = Stage::listening("[::]:0", |config| config.max_outbound = 4).await;
    let plain = stage.address();
    let mapped = |address: SocketAddr| SocketAddr::new(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(), address.port());
    let persona = Persona::new(1);
    let mut first = Session::dial(connect(plain, 1).await, &persona).await;
    first.shake(&stage.lab.spec).await;
    for to in [mapped(plain), plain, mapped(plain)] {
        is_refused(&stage, connect(to, 1).await, &persona).await;
        first.ping().await;
    }
    assert_eq!(peers(&stage, persona.id()), 1);
    let six = stage.seen.all(0, |event| match event {
        Event::Connected { address, .. } | Event::NewPeer { address, .. } if address.is_ipv6() => Some(*address),
        _ => None,
    });
    assert!(six.is_empty(), "IPv4 addresses as IPv6: {six:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for form in [mapped(address), address, mapped(address)] {
        stage.victim.command(Command::Connect(form));
    }
    let mut session = Session::accept(listener.accept().await.unwrap().0, &Persona::new(2)).await;
    session.find("a hello", |message| matches!(message, Message::Handshake { .. }).then_some(())).await;
    let hello = session.hello(&stage.lab.spec);
    session.send(&Message::HandshakeAck { hello, version: 1, seen: [0; 16] }).await;
    session.ping().await;
    stage.unharmed().await;
    session.ping().await;
    assert_eq!(dials(&stage, &[address, mapped(address)]), 1, "two forms of one address are two addresses");
    assert!(timeout(Duration::ZERO, listener.accept()).await.is_err());
    stage.end().await;
}
