use super::*;
use crate::wire::{Message, block_payload, encode};
use proptest::collection::vec;
use proptest::prelude::*;

/// A frame that owns its bytes.
#[derive(Clone, Debug, PartialEq)]
enum Owned {
    Known(MessageKind, Vec<u8>),
    Unknown(u8, usize),
}

/// Feeds pieces, and collects what is cut; the error that ended it, if one did.
fn feed<'a>(reader: &mut FrameReader, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Owned>, Option<WireError>) {
    let mut frames = Vec::new();
    for mut piece in pieces {
        loop {
            match reader.next(&mut piece) {
                Ok(Some(Frame::Known { kind, payload, bytes })) => {
                    assert_eq!(bytes, payload.len() + FRAME_HEADER);
                    frames.push(Owned::Known(kind, payload.to_vec()));
                }
                Ok(Some(Frame::Unknown { code, bytes })) => frames.push(Owned::Unknown(code, bytes)),
                Ok(None) => {
                    assert!(piece.is_empty());
                    break;
                }
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn established() -> FrameReader {
    let mut reader = FrameReader::default();
    reader.set_established();
    reader.set_asked(true);
    reader
}

fn frame(code: u8, payload: usize) -> Vec<u8> {
    let mut bytes = (payload as u32 + 1).to_le_bytes().to_vec();
    bytes.push(code);
    bytes.resize(FRAME_HEADER + payload, 7);
    bytes
}

/// Adversary 4: the length alone ends it, with four bytes here and nothing allocated.
#[test]
fn a_mad_length_is_refused_with_its_fourth_byte() {
    let mut reader = established();
    let mut input: &[u8] = &[0xff; 3];
    assert_eq!(reader.next(&mut input), Ok(None));
    let mut input: &[u8] = &[0xff];
    assert!(matches!(reader.next(&mut input), Err(WireError::TooLong { cap: MAX_PAYLOAD, .. })));
    assert!(reader.capacity() < 64);
}

/// Adversary 5: 1 KiB and one byte, before hands are shaken.
#[test]
fn a_stranger_gets_one_kib() {
    let handshake = MessageKind::Handshake as u8;
    let error = |length| Some(WireError::TooLong { length, cap: MAX_PAYLOAD_STRANGER });
    assert_eq!(feed(&mut FrameReader::default(), [&frame(handshake, 1_024)[..]]).1, None);
    assert_eq!(feed(&mut FrameReader::default(), [&frame(handshake, 1_025)[..]]).1, error(1_025));
    assert_eq!(feed(&mut FrameReader::default(), [&frame(MessageKind::Block as u8, 1_025)[..]]).1, error(1_025));
    assert_eq!(feed(&mut FrameReader::default(), [&frame(0xee, 1_025)[..]]).1, error(1_025));
    assert_eq!(feed(&mut established(), [&frame(MessageKind::Block as u8, 1_025)[..]]).1, None);
}

/// Adversary 6: each kind has its own cap, checked with the fifth byte.
#[test]
fn caps_of_the_kinds() {
    for &kind in MessageKind::ALL {
        let (frames, error) = feed(&mut established(), [&frame(kind as u8, kind.cap())[..]]);
        assert_eq!((frames.len(), error), (1, None), "{kind:?}");
        let over = frame(kind as u8, kind.cap() + 1);
        let (_, error) = feed(&mut established(), [&over[..FRAME_HEADER]]);
        assert_eq!(error, Some(WireError::TooLong { length: kind.cap() + 1, cap: kind.cap() }), "{kind:?}");
    }
    assert_eq!(feed(&mut established(), [&[0u8; 4][..]]).1, Some(WireError::Empty));
}

#[test]
fn an_unknown_type_passes_without_being_kept() {
    let mut reader = established();
    let mut stream = frame(0xee, 1 << 20);
    stream.extend_from_slice(&encode(&Message::Heartbeat));
    let (frames, error) = feed(&mut reader, stream.chunks(10_000));
    assert_eq!(frames, [Owned::Unknown(0xee, (1 << 20) + 5), Owned::Known(MessageKind::Heartbeat, vec![])]);
    assert_eq!(error, None);
    assert!(reader.capacity() < 64);
}

#[test]
fn memory_grows_with_what_came_and_is_given_back() {
    let mut reader = established();
    let stream = frame(MessageKind::Block as u8, 1 << 20);
    let mut came = 0;
    for piece in stream.chunks(1_000) {
        came += piece.len();
        let mut piece = piece;
        let cut = reader.next(&mut piece).unwrap().is_some();
        assert_eq!(cut, came == stream.len());
        assert!(reader.capacity() <= (2 * came).min(stream.len()), "{} for {came}", reader.capacity());
    }
    assert_eq!(reader.partial(), None);
    assert_eq!(reader.next(&mut &[][..]), Ok(None));
    assert!(reader.capacity() <= FRAME_BUFFER_KEPT);
}

/// Nobody makes us hold a large block who was not asked for one; and of what was asked for, no more than the chain allows.
#[test]
fn a_large_block_that_nobody_asked_for_passes_without_being_kept() {
    let largest = block_payload(10_000);
    let mut reader = FrameReader::new(largest);
    reader.set_established();
    let block = MessageKind::Block as u8;
    for size in [MAX_UNASKED_BLOCK + 1, largest] {
        let (frames, error) = feed(&mut reader, frame(block, size).chunks(10_000));
        assert_eq!((frames, error), (vec![Owned::Unknown(block, size + FRAME_HEADER)], None));
        assert!(reader.capacity() < 64);
    }
    // A small one may be news.
    assert_eq!(feed(&mut reader, [&frame(block, MAX_UNASKED_BLOCK)[..]]).0.len(), 1);
    reader.set_asked(true);
    let (frames, error) = feed(&mut reader, frame(block, largest).chunks(10_000));
    assert_eq!((frames, error), (vec![Owned::Known(MessageKind::Block, vec![7; largest])], None));
    // Its memory is free as soon as it is decoded, not with the next frame.
    let stream = frame(block, largest);
    let (mut piece, mut rest) = stream.split_at(100);
    assert_eq!(reader.next(&mut piece), Ok(None));
    assert!(reader.next(&mut rest).unwrap().is_some());
    assert!(reader.capacity() >= largest);
    reader.release();
    assert!(reader.capacity() <= FRAME_BUFFER_KEPT);
    let (_, error) = feed(&mut reader, [&frame(block, largest + 1)[..FRAME_HEADER]]);
    assert_eq!(error, Some(WireError::TooLong { length: largest + 1, cap: largest }));
    // However many a chain allows, there is the cap of the kind.
    assert_eq!(block_payload(usize::MAX), MessageKind::Block.cap());
}

#[test]
fn partial_tells_what_is_on_its_way() {
    let mut reader = established();
    let stream = frame(MessageKind::Block as u8, 1_000);
    assert_eq!(reader.partial(), None);
    for (piece, partial) in [(0..2, Some(5)), (2..4, Some(1_005)), (4..1_004, Some(1_005)), (1_004..1_005, None)] {
        let _ = reader.next(&mut &stream[piece]);
        assert_eq!(reader.partial(), partial);
    }
    let _ = reader.next(&mut &frame(0xee, 9)[..8]);
    assert_eq!(reader.partial(), Some(14));
}

proptest! {
    /// However the stream is cut, the same frames come out.
    #[test]
    fn any_cut(
        plan in vec((prop_oneof![Just(MessageKind::Block as u8), Just(MessageKind::Ping as u8), Just(0xee)], 0usize..3_000), 1..12),
        sizes in vec(1usize..2_000, 1..60),
    ) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (code, size) in plan {
            let size = if code == MessageKind::Ping as u8 { size.min(16) } else { size };
            stream.extend(frame(code, size));
            expected.push(match MessageKind::from_code(code) {
                Some(kind) => Owned::Known(kind, vec![7; size]),
                None => Owned::Unknown(code, size + FRAME_HEADER),
            });
        }
        let mut pieces = Vec::new();
        let mut rest = &stream[..];
        for size in sizes {
            pieces.push(take(&mut rest, size));
        }
        pieces.push(rest);
        let (frames, error) = feed(&mut established(), pieces);
        prop_assert_eq!(error, None);
        prop_assert_eq!(frames, expected);
    }

    #[test]
    fn any_bytes(pieces in vec(vec(any::<u8>(), 0..50), 0..50), known in any::<bool>()) {
        let mut reader = if known { established() } else { FrameReader::default() };
        let came: usize = pieces.iter().map(Vec::len).sum();
        feed(&mut reader, pieces.iter().map(Vec::as_slice));
        prop_assert!(reader.capacity() <= 2 * came.max(8));
    }
}
