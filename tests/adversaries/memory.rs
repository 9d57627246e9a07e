//! Claims that would cost memory: rows 4 and 7 to 9. What the whole victim allocates is counted: it runs on the test's own thread.

use super::client::{frame, header};
use super::stage::Stage;
use allocation_counter::measure;
use rumormill::wire::limits::MAX_PAYLOAD;
use rumormill::wire::{Message, MessageKind, WireError, block_payload, decode, encode};
use std::time::{Duration, Instant};

/// More than two nodes and a client ever need for what goes on beside an attack; a sixteenth of the smallest claim.
const MODEST: u64 = 1 << 20;

/// The stated budget: a decoded message takes at most twice the bytes of its payload (`MEMORY_FACTOR` in `src/wire/codec.rs`).
const FACTOR: u64 = 2;

/// The kinds that hold a list, and the bytes of their payload before its count.
fn lists() -> Vec<(MessageKind, usize)> {
    let before = |kind: MessageKind| match kind {
        MessageKind::Headers | MessageKind::Peers => Some(1),
        MessageKind::Nodes => Some(9),
        MessageKind::Block | MessageKind::NewBlock => Some(167),
        MessageKind::GetHeaders | MessageKind::NotFound => Some(0),
        MessageKind::Transaction | MessageKind::Announce | MessageKind::GetData => Some(0),
        // Their caps are a kibibyte at most.
        kind if kind.cap() <= 1 << 10 => None,
        kind => panic!("{kind:?} is large: where in it are lists?"),
    };
    MessageKind::ALL.iter().filter_map(|kind| Some((*kind, before(*kind)?))).collect()
}

#[test]
fn row_04_a_length_of_four_gibibytes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    let mut number = 0;
    for claim in [u32::MAX, 1 << 31, MAX_PAYLOAD as u32 + 2] {
        for shaken in [false, true] {
            number += 1;
            let mut session =
                runtime.block_on(async { if shaken { stage.friend(number).await } else { stage.stranger(number).await } });
            let used = measure(|| {
                runtime.block_on(async {
                    session.say(&[&claim.to_le_bytes()[..], &[0x31]].concat()).await;
                    session.rest().await;
                    assert!(stage.parted(session.persona.id()).await.contains("malformed"));
                });
            });
            assert!(used.bytes_max < MODEST, "{claim:#x}: {used:?}");
        }
    }
    // The longest that is allowed costs nothing either until it comes.
    let mut session = runtime.block_on(stage.friend(100));
    let used = measure(|| {
        runtime.block_on(async {
            session.say(&header(MessageKind::NewBlock as u8, MessageKind::NewBlock.cap())).await;
            session.say(&[0; 1_000]).await;
            stage.unharmed().await;
        });
    });
    assert!(used.bytes_max < MODEST, "{used:?}");
    runtime.block_on(stage.end());
}

/// The largest body that the chain allows is collected only from whom it was asked of.
#[test]
fn a_large_block_that_nobody_asked_for_is_not_held() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    const PIECE: usize = 16 << 10;
    let body = block_payload(stage.lab.spec.max_transactions);
    assert!(body as u64 > MODEST, "it would not show");
    let mut session = runtime.block_on(stage.friend(1));
    // The client notes what it has written, which is not the victim's.
    session.written.reserve(body + body / 8);
    let used = measure(|| {
        runtime.block_on(async {
            session.say(&header(MessageKind::Block as u8, body)).await;
            let piece = [0; PIECE];
            for _ in 0..body / PIECE {
                session.say(&piece).await;
            }
            session.say(&piece[..body % PIECE]).await;
            // It has passed, and what follows is heard.
            session.ping().await;
        });
    });
    assert!(used.bytes_max < MODEST, "{used:?}");
    runtime.block_on(stage.end());
}

/// The time and the memory do not depend on the claim: on the codec by itself, and on a socket.
#[test]
fn row_07_nine_bytes_that_claim_two_thousand_million_elements() {
    for (kind, before) in lists() {
        for claim in [1u64 << 31, u64::MAX, u64::MAX / 32 + 1, 1 << 61] {
            let mut payload = vec![0; before];
            payload.extend(claim.to_le_bytes());
            payload.push(0);
            let mut fastest = Duration::MAX;
            let used = measure(|| {
                for _ in 0..20 {
                    let began = Instant::now();
                    assert!(matches!(decode(kind as u8, &payload), Err(WireError::Malformed { .. })), "{kind:?} {claim}");
                    fastest = fastest.min(began.elapsed());
                }
            });
            assert!(fastest < Duration::from_micros(500), "{kind:?} {claim}: {fastest:?}");
            assert!(used.bytes_max < 4_096, "{kind:?} {claim}: {used:?}");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    for (number, (kind, before)) in lists().into_iter().enumerate() {
        let mut session = runtime.block_on(stage.friend(number as u32));
        let payload = [&vec![0; before][..], &(1u64 << 31).to_le_bytes(), &[0]].concat();
        let used = measure(|| {
            runtime.block_on(async {
                session.say(&frame(kind as u8, &payload)).await;
                session.rest().await;
                assert!(stage.parted(session.persona.id()).await.contains("malformed"), "{kind:?}");
            });
        });
        assert!(used.bytes_max < MODEST, "{kind:?}: {used:?}");
        assert_eq!(stage.blame(session.persona.id()), -2_000);
    }
    runtime.block_on(stage.end());
}

/// No message holds a list of lists. What comes nearest are four mebibytes of zeros, which are counts of nothing one after the other, and
/// the fullest list of each kind.
#[test]
fn row_08_four_mebibytes_of_empty_lists() {
    let zeros = vec![0; 4 << 20];
    for kind in MessageKind::ALL {
        for length in [zeros.len(), kind.cap().min(zeros.len())] {
            let payload = &zeros[..length];
            let used = measure(|| {
                let _ = decode(*kind as u8, payload);
            });
            assert!(used.bytes_max < 4_096, "{kind:?}, {length}: {used:?}");
        }
    }
    for (kind, before) in lists() {
        let element = match kind {
            MessageKind::Peers => 54,
            MessageKind::Nodes => 122,
            MessageKind::Headers => 167,
            MessageKind::Block | MessageKind::NewBlock | MessageKind::Transaction => 156,
            _ => 32,
        };
        let most = match kind {
            MessageKind::GetHeaders => 101,
            MessageKind::Nodes => 20,
            MessageKind::Headers => 2_000,
            MessageKind::Block | MessageKind::NewBlock => (kind.cap() - before - 8) / element,
            _ => 1_000,
        };
        let mut payload = vec![0; before];
        payload.extend((most as u64).to_le_bytes());
        payload.resize(payload.len() + most * element, 0);
        let used = measure(|| {
            let decoded = decode(kind as u8, &payload);
            assert!(matches!(decoded, Ok(Some(_))), "{kind:?}: {:?}", decoded.err());
        });
        let budget = FACTOR * payload.len() as u64 + 4_096;
        assert!(used.bytes_max <= budget, "{kind:?}: {used:?}, {budget} allowed");
    }
}

/// Elements of no size could be claimed without end. There are none; a count is held against its kind's limit and against the bytes that
/// are there, whichever is less.
#[test]
fn row_09_a_list_of_elements_without_size() {
    for (kind, before) in lists() {
        for claim in [1u64, 2, 100, 1_000, 2_000, 100_000, u64::from(u32::MAX)] {
            let mut payload = vec![0; before];
            payload.extend(claim.to_le_bytes());
            let used = measure(|| assert!(decode(kind as u8, &payload).is_err(), "{kind:?} {claim}"));
            assert!(used.bytes_max < 4_096, "{kind:?} {claim}: {used:?}");
        }
    }
    // Messages without any field: a byte more is a byte too much.
    for message in [Message::Heartbeat, Message::GetPeers] {
        assert_eq!(encode(&message).len(), 5);
        assert!(decode(message.kind() as u8, &[0]).is_err());
    }
}
