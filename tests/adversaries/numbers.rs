//! The largest numbers wherever a message has one: row 22.

use super::client::Session;
use super::samples::messages;
use super::stage::Stage;
use rumormill::node::Event;
use rumormill::wire::{Hello, Message, MessageKind};

/// Each is heard, misunderstood or refused; the node goes on, and so does whatever it learned.
#[tokio::test]
async fn row_22_the_largest_number_in_every_field() {
    let stage = Stage::new().await;
    let spec = &stage.lab.spec;
    let mut number = 0;
    for value in [u64::MAX, u64::MAX - 1, 1 << 63, i64::MAX as u64, u64::from(u32::MAX)] {
        for at in 0..MessageKind::ALL.len() {
            number += 1;
            let mut session = stage.friend(number).await;
            let message = messages(spec, &session.hello(spec), value, 3).swap_remove(at);
            session.send(&message).await;
            // Whatever it thought of it: who is not cut off is still served.
            alive_or_ended(&mut session).await;
        }
        stage.undisturbed();
    }
    // Said of oneself, to begin with: a chain higher and heavier than any, a clock at the end of time.
    for change in [
        |hello| Hello { height: u64::MAX, ..hello },
        |hello| Hello { work: u128::MAX, ..hello },
        |hello| Hello { height: u64::MAX, work: u128::MAX, time: u64::MAX, nonce: u64::MAX, port: u16::MAX, ..hello },
        |hello| Hello { version_highest: u16::MAX, time: 0, ..hello },
    ] {
        number += 1;
        let mut session = stage.stranger(number).await;
        let hello = change(session.hello(spec));
        session.send(&Message::Handshake { hello }).await;
        session.find("an answer", |message| matches!(message, Message::HandshakeAck { .. }).then_some(())).await;
        // It asks for that chain, and believes no more of it than is shown.
        session.send(&Message::Headers { answer: true, headers: Vec::new() }).await;
        session.ping().await;
        assert!(!stage.is_banned(session.persona.id()));
    }
    let events = stage.seen.all(0, |event| match event {
        Event::PeerHeight { height, .. } | Event::TipChanged { height, .. } => Some(*height),
        _ => None,
    });
    assert!(events.into_iter().all(|height| height < 1 << 32), "a claim was taken for a fact");
    stage.end().await;
}

async fn alive_or_ended(session: &mut Session) {
    if session.send(&Message::Ping { nonce: 3, time: u64::MAX }).await {
        while let Some(message) = session.next().await {
            if matches!(message, Message::Pong { nonce: 3, .. }) {
                break;
            }
        }
    }
}
