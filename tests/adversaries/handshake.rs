//! Handshakes that are replayed, wrong, or out of order: rows 13 and 14.

use super::client::{Session, connect, ends, frame, framed, fresh, read_framed};
use super::noise::{Handshake, Persona};
use super::samples::messages;
use super::stage::{SOON, Stage};
use rumormill::chain::{BlockId, ChainId};
use rumormill::node::{Command, Event};
use rumormill::wire::{ErrorCode, GoodbyeReason, Hello, Message, MessageKind, encode};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// All that a client once sent, and all that a listener once answered, sent again.
#[tokio::test]
async fn row_13_a_replayed_handshake() {
    let stage = Stage::with(|config| config.max_outbound = 1).await;
    let mut session = stage.friend(1).await;
    session.ping().await;
    let recorded = std::mem::take(&mut session.written);
    let victim = session.peer;
    session.stream.shutdown().await.unwrap();
    session.rest().await;
    stage.parted(session.persona.id()).await;

    let began = Instant::now();
    let mut again = connect(stage.address(), 1).await;
    again.write_all(&recorded).await.unwrap();
    ends(&mut again).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(stage.connections(session.persona.id()), 1, "the replay was taken for him");

    // The other way round: the victim dials, and hears what it heard before.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    stage.victim.command(Command::Connect(address));
    let listening = Session::accept(listener.accept().await.unwrap().0, &Persona::new(2)).await;
    assert_eq!(listening.peer, victim);
    let recorded = listening.written.clone();
    drop(listening);
    stage.parted(Persona::new(2).id()).await;
    let mut dialled = listener.accept().await.unwrap().0;
    read_framed(&mut dialled).await.unwrap();
    dialled.write_all(&recorded).await.unwrap();
    ends(&mut dialled).await;
    let why = stage.seen.find("a failed dial", |event| match event {
        Event::DialFailed { address: failed, why, .. } if *failed == address => Some(why.clone()),
        _ => None,
    });
    assert!(why.await.contains("encryption failed"));
    assert_eq!(stage.connections(Persona::new(2).id()), 1);
    stage.end().await;
}

/// What is wrong with a hello.
type Change = fn(Hello) -> Hello;

/// Each is told the reason. It costs nothing: with the right hello the same node gets in at once.
#[tokio::test]
async fn row_14_wrong_genesis_or_version() {
    let stage = Stage::with(|config| {
        config.max_outbound = 1;
        config.timing.redial = (Duration::from_millis(20), Duration::from_millis(50));
    })
    .await;
    let spec = &stage.lab.spec;
    let wrong: [(ErrorCode, Change); 4] = [
        (ErrorCode::WrongChain, |hello| Hello { genesis: BlockId([9; 32]), ..hello }),
        (ErrorCode::WrongChain, |hello| Hello { chain: ChainId(77), ..hello }),
        (ErrorCode::NoCommonVersion, |hello| Hello { version_lowest: 2, version_highest: u16::MAX, ..hello }),
        (ErrorCode::NoCommonVersion, |hello| Hello { version_lowest: u16::MAX, version_highest: 0, ..hello }),
    ];
    for (number, (wanted, change)) in wrong.into_iter().enumerate() {
        let number = number as u32 + 1;
        let mut session = stage.stranger(number).await;
        let hello = change(session.hello(spec));
        session.send(&Message::Handshake { hello }).await;
        let said = session.rest().await;
        let told = |message: &Message| matches!(message, Message::Error { code, text } if *code == wanted && !text.is_empty());
        assert!(said.len() == 1 && told(&said[0]), "{said:?}");
        stage.parted(session.persona.id()).await;
        assert!(stage.blame(session.persona.id()) == 0 && !stage.is_banned(session.persona.id()));
        stage.friend(number).await.ping().await;
    }

    // Where it dials, it does not come back for long, though it would within 50 ms after any other end.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    stage.victim.command(Command::Connect(address));
    let mut session = Session::accept(listener.accept().await.unwrap().0, &Persona::new(50)).await;
    session.find("a hello", |message| matches!(message, Message::Handshake { .. }).then_some(())).await;
    let hello = Hello { genesis: BlockId([9; 32]), ..session.hello(spec) };
    session.send(&Message::HandshakeAck { hello, version: 1, seen: [0; 16] }).await;
    let said = session.rest().await;
    assert!(matches!(&said[..], [Message::Error { code: ErrorCode::WrongChain, .. }]), "{said:?}");
    stage.parted(session.persona.id()).await;
    for _ in 0..5 {
        stage.unharmed().await;
    }
    let dials = |event: &Event| matches!(event, Event::Connecting { address: dialled } if *dialled == address).then_some(());
    assert_eq!(stage.seen.all(0, dials).len(), 1, "it was dialled again");
    assert!(!stage.is_banned(session.persona.id()));
    stage.end().await;
}

/// Before hands are shaken nothing else may be said, and afterwards they are not shaken again.
#[tokio::test]
async fn messages_out_of_place() {
    let stage = Stage::new().await;
    let spec = &stage.lab.spec;
    let allowed = [MessageKind::Handshake, MessageKind::Goodbye, MessageKind::Error];
    for (number, kind) in MessageKind::ALL.iter().enumerate().filter(|(_, kind)| !allowed.contains(kind)) {
        let mut session = stage.stranger(number as u32).await;
        // Among them an acknowledgement from the side that dialled.
        let message = messages(spec, &session.hello(spec), 0, 1).swap_remove(number);
        session.send(&message).await;
        session.rest().await;
        let why = stage.parted(session.persona.id()).await;
        assert!(why.contains("out of place"), "{kind:?}: {why}");
        assert_eq!(stage.blame(session.persona.id()), -2_000, "{kind:?}");
    }
    for number in 0..2 {
        let mut session = stage.friend(100 + number as u32).await;
        let message = messages(spec, &session.hello(spec), 0, 1).swap_remove(number);
        session.send(&message).await;
        session.rest().await;
        assert!(stage.parted(session.persona.id()).await.contains("out of place"), "{message:?}, again");
        assert_eq!(stage.blame(session.persona.id()), -2_000);
    }
    stage.end().await;
}

/// Steps of the encryption left out, repeated, swapped, or of another protocol.
#[tokio::test]
async fn another_protocol_or_another_order() {
    let stage = Stage::new().await;
    let began = Instant::now();
    let persona = Persona::new(1);
    let first = framed(&Handshake::new(&persona, true, fresh()).write(0));
    let openings: [&[u8]; 8] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        // The beginning of a TLS hello.
        &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        // The last message first; the answer; no message; the longest; a point of low order.
        &framed(&[7; 160]),
        &framed(&[7; 192]),
        &framed(&[]),
        &framed(&[7; 65_535]),
        &framed(&[0; 32]),
    ];
    for opening in openings {
        let mut stream = connect(stage.address(), 1).await;
        let _ = stream.write_all(opening).await;
        ends(&mut stream).await;
    }
    // The first message twice, and a last one that belongs to nothing.
    for last in [first.clone(), framed(&[7; 160])] {
        let mut stream = connect(stage.address(), 1).await;
        stream.write_all(&first).await.unwrap();
        read_framed(&mut stream).await.expect("an answer");
        stream.write_all(&last).await.unwrap();
        ends(&mut stream).await;
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(stage.connections(persona.id()), 0);

    // Another node's id in the hello than the one proven.
    let mut session = stage.stranger(2).await;
    let hello = Hello { node: stage.honest.id(), ..session.hello(&stage.lab.spec) };
    session.send(&Message::Handshake { hello }).await;
    let said = session.rest().await;
    assert!(matches!(&said[..], [Message::Error { code: ErrorCode::WrongIdentity, .. }]), "{said:?}");
    // Frames without encryption, after hands were shaken.
    let mut session = stage.friend(3).await;
    session.raw(&encode(&Message::Heartbeat)).await;
    session.raw(&[0; 1 << 10]).await;
    session.rest().await;
    stage.parted(session.persona.id()).await;
    stage.end().await;
}

/// A goodbye is the last word: what comes after it is not heard, however much it is.
#[tokio::test]
async fn goodbyes_and_errors_without_end() {
    let stage = Stage::new().await;
    let reasons = [GoodbyeReason::ShuttingDown, GoodbyeReason::Full, GoodbyeReason::Banned, GoodbyeReason::Duplicate];
    for (number, reason) in reasons.into_iter().enumerate() {
        let mut session = stage.friend(number as u32).await;
        let flood = encode(&Message::Goodbye { reason }).repeat(5_000);
        session.say(&flood).await;
        session.rest().await;
        assert!(stage.parted(session.persona.id()).await.contains("said goodbye"));
    }
    for number in 100..103 {
        let mut session = if number == 100 { stage.stranger(number).await } else { stage.friend(number).await };
        let text = "\u{1b}[2J\u{7}\u{202e}".repeat(20);
        let flood = encode(&Message::Error { code: ErrorCode::BadMessage, text }).repeat(1_000);
        session.say(&flood).await;
        session.rest().await;
        let why = stage.parted(session.persona.id()).await;
        assert!(why.contains("refused us") && !why.contains(char::is_control), "{why:?}");
    }
    // A reason that there is not.
    let mut session = stage.friend(200).await;
    session.say(&frame(0x7e, &u32::MAX.to_le_bytes())).await;
    session.rest().await;
    assert!(stage.parted(session.persona.id()).await.contains("malformed"));
    stage.end().await;
}
