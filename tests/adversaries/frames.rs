//! Frames that are not what they say: rows 5, 6 and 10 to 12.

use super::client::{Session, frame, header};
use super::samples::messages;
use super::stage::Stage;
use rumormill::node::limits::UNKNOWN_MESSAGES;
use rumormill::wire::limits::{MAX_PAYLOAD, MAX_PAYLOAD_STRANGER};
use rumormill::wire::{ErrorCode, Message, MessageKind, encode};

/// What a malformed frame costs, in hundredths of a reputation.
const MALFORMED: i32 = -2_000;

/// The victim says what is wrong, and closes; it costs what it costs.
async fn is_malformed(stage: &Stage, mut session: Session, what: &str) {
    let said = session.rest().await;
    let told = said.iter().any(|message| matches!(message, Message::Error { code: ErrorCode::BadMessage, .. }));
    assert!(told, "{what}: {said:?}");
    assert!(stage.parted(session.persona.id()).await.contains("malformed"), "{what}");
    assert_eq!(stage.blame(session.persona.id()), MALFORMED, "{what}");
    assert!(!stage.is_banned(session.persona.id()), "{what}");
}

#[tokio::test]
async fn row_05_more_than_a_kibibyte_before_the_handshake() {
    let stage = Stage::new().await;
    let kinds = MessageKind::ALL.iter().map(|kind| *kind as u8).chain([0x00, 0xee]);
    for (number, code) in kinds.enumerate() {
        let mut session = stage.stranger(number as u32).await;
        session.say(&header(code, MAX_PAYLOAD_STRANGER + 1)).await;
        is_malformed(&stage, session, &format!("{code:#x}")).await;
    }
    // One byte less passes as a frame: an unknown type is skipped, and hands can still be shaken.
    let mut session = stage.stranger(100).await;
    session.say(&frame(0xee, &[0; MAX_PAYLOAD_STRANGER])).await;
    session.shake(&stage.lab.spec).await;
    session.ping().await;
    stage.end().await;
}

#[tokio::test]
async fn row_06_more_than_the_cap_of_its_type() {
    let stage = Stage::new().await;
    for (number, kind) in MessageKind::ALL.iter().enumerate() {
        let mut session = stage.friend(number as u32).await;
        session.say(&header(*kind as u8, kind.cap() + 1)).await;
        is_malformed(&stage, session, &format!("{kind:?}")).await;
    }
    let mut session = stage.friend(100).await;
    session.say(&header(0xee, MAX_PAYLOAD + 1)).await;
    is_malformed(&stage, session, "an unknown type").await;
    // So is a frame without even a type.
    let mut session = stage.friend(101).await;
    session.say(&[0; 4]).await;
    is_malformed(&stage, session, "an empty frame").await;
    stage.end().await;
}

#[tokio::test]
async fn row_10_bytes_left_over() {
    let stage = Stage::new().await;
    for number in 0..MessageKind::ALL.len() {
        let mut session = stage.friend(number as u32).await;
        let message = &messages(&stage.lab.spec, &session.hello(&stage.lab.spec), 0, 1)[number];
        let whole = encode(message);
        session.say(&frame(whole[4], &[&whole[5..], &[0]].concat())).await;
        is_malformed(&stage, session, &format!("{message:?}, and a byte")).await;
        if whole.len() > 5 {
            let mut session = stage.friend(100 + number as u32).await;
            session.say(&frame(whole[4], &whole[5..whole.len() - 1])).await;
            is_malformed(&stage, session, &format!("{message:?}, but a byte")).await;
        }
    }
    stage.end().await;
}

#[tokio::test]
async fn row_11_unknown_types() {
    let stage = Stage::new().await;
    let mut session = stage.friend(1).await;
    let known: Vec<u8> = MessageKind::ALL.iter().map(|kind| *kind as u8).collect();
    let unknown: Vec<u8> = (0..=255).filter(|code| !known.contains(code)).take(UNKNOWN_MESSAGES as usize).collect();
    for code in &unknown {
        session.say(&frame(*code, &[*code; 3_000])).await;
    }
    session.ping().await;
    assert_eq!(stage.blame(session.persona.id()), 0, "a newer peer may know more than we do");
    session.say(&frame(0xee, b"one too many")).await;
    session.rest().await;
    assert!(stage.parted(session.persona.id()).await.contains("unknown types"));
    assert_eq!(stage.blame(session.persona.id()), -2_000);
    assert!(!stage.is_banned(session.persona.id()));
    stage.end().await;
}

/// In each byte of a record, its length included. What follows is genuine, and is not listened to.
#[tokio::test]
async fn row_12_a_bit_flipped_in_the_ciphertext() {
    let stage = Stage::new().await;
    let ping = encode(&Message::Ping { nonce: 7, time: 0 });
    let length = 2 + ping.len() + 16;
    for at in 0..length {
        let mut session = stage.friend(at as u32).await;
        session.ping().await;
        let mut record = session.seal(&ping);
        assert_eq!(record.len(), length);
        record[at] ^= 1 << (at % 8);
        session.raw(&record).await;
        // Enough for whatever length the changed record has.
        for _ in 0..2 {
            let more = session.seal(&[&ping[..], &[0; 60_000]].concat());
            session.raw(&more).await;
        }
        let said = session.rest().await;
        assert!(!said.iter().any(|message| matches!(message, Message::Pong { nonce: 7, .. })), "byte {at}: {said:?}");
        let why = stage.parted(session.persona.id()).await;
        assert!(why.contains("encryption failed") || why.contains("without content"), "byte {at}: {why}");
    }
    stage.end().await;
}

/// Cut after each byte, and the stream then ends: nothing of it is taken for a message.
#[tokio::test]
async fn frames_cut_at_every_byte() {
    let stage = Stage::new().await;
    let mut number = 0;
    for code in [MessageKind::Ping, MessageKind::GetHeaders, MessageKind::Announce, MessageKind::Transaction] {
        let first = stage.stranger(0).await;
        let all = messages(&stage.lab.spec, &first.hello(&stage.lab.spec), 0, 1);
        let whole = encode(all.iter().find(|message| message.kind() == code).unwrap());
        for end in (1..whole.len()).step_by(1 + whole.len() / 24) {
            number += 1;
            let mut session = stage.friend(number).await;
            session.say(&whole[..end]).await;
            tokio::io::AsyncWriteExt::shutdown(&mut session.stream).await.unwrap();
            session.rest().await;
            assert_eq!(stage.parted(session.persona.id()).await, "closed by peer");
            assert_eq!(stage.blame(session.persona.id()), 0);
        }
    }
    stage.end().await;
}
