use super::*;
use crate::chain::{ChainId, Seal, Signature, Transfer};
use crate::wire::{ErrorCode, GoodbyeReason};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn hello(agent: &str) -> Hello {
    Hello {
        version_lowest: 1,
        version_highest: 2,
        chain: ChainId(3),
        genesis: BlockId([4; 32]),
        node: Address([5; 32]),
        agent: agent.to_owned(),
        port: 6,
        height: 7,
        work: 8,
        tip: BlockId([9; 32]),
        capabilities: Capabilities::RELAY,
        time: 10,
        nonce: 11,
    }
}

fn header() -> Header {
    Header {
        version: 1,
        height: 2,
        parent: BlockId([3; 32]),
        tx_root: Hash256([4; 32]),
        state_root: Hash256([5; 32]),
        time: 6,
        stream: 7,
        difficulty: 8,
        miner: Address([9; 32]),
        seal: Seal::Work { nonce: 10 },
    }
}

fn transaction() -> Transaction {
    Transaction {
        transfer: Transfer { chain: ChainId(1), from: Address([2; 32]), to: Address([3; 32]), amount: 4, fee: 5, nonce: 6 },
        signature: Signature([7; 64]),
    }
}

fn record() -> NodeRecord {
    let ip = crate::wire::mapped("1.2.3.4".parse().unwrap());
    NodeRecord { node: Address([6; 32]), ip, port: 5, sequence: 8, signature: Signature([7; 64]) }
}

fn block(transactions: usize) -> Arc<Block> {
    Arc::new(Block { header: header(), transactions: vec![transaction(); transactions] })
}

/// Hexadecimal, with `xx*n` for a byte xx that comes n times.
fn bytes(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .flat_map(|word| {
            let (digits, count) = word.split_once('*').unwrap_or((word, "1"));
            let piece: Vec<u8> =
                (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
            piece.repeat(count.parse().unwrap())
        })
        .collect()
}

/// The layout that peers in the world speak: a difference here is a new protocol version.
#[test]
fn golden_bytes() {
    const HELLO: &str = "0100 0200 03000000 04*32 05*32 0200000000000000 6162 0600 0700000000000000 0800000000000000 00*8 \
                         09*32 0100000000000000 0a00000000000000 0b00000000000000";
    const HEADER: &str = "0100 0200000000000000 03*32 04*32 05*32 0600000000000000 07 0800000000000000 09*32 00000000 \
                          0a00000000000000";
    const TRANSACTION: &str = "01000000 02*32 03*32 0400000000000000 0500000000000000 0600000000000000 07*64";
    const RECORD: &str = "06*32 00*10 ff*2 01020304 0500 0800000000000000 07*64";
    let ids = || vec![TxId([1; 32]), TxId([2; 32])];
    let golden: Vec<(Message, String)> = vec![
        (Message::Handshake { hello: hello("ab") }, format!("a5000000 01 {HELLO}")),
        (
            Message::HandshakeAck { hello: hello("ab"), version: 1, seen: crate::wire::mapped("1.2.3.4".parse().unwrap()) },
            format!("b7000000 02 {HELLO} 0100 00*10 ff*2 01020304"),
        ),
        (Message::Heartbeat, "01000000 03".into()),
        (Message::Ping { nonce: 1, time: 2 }, "11000000 04 0100000000000000 0200000000000000".into()),
        (Message::Pong { nonce: 1, time: 2 }, "11000000 05 0100000000000000 0200000000000000".into()),
        (Message::GetPeers, "01000000 10".into()),
        (
            Message::Peers { answer: true, addresses: vec![PeerAddress::new("1.2.3.4:5".parse().unwrap(), Address([6; 32]), 7)] },
            "40000000 11 01 0100000000000000 00*10 ff*2 01020304 0500 06*32 07000000".into(),
        ),
        (Message::FindNode { nonce: 1, target: Address([2; 32]), own: None }, "2a000000 12 0100000000000000 02*32 00".into()),
        (
            Message::Nodes { nonce: 1, own: Some(record()), records: vec![record()] },
            format!("06010000 13 0100000000000000 01 {RECORD} 0100000000000000 {RECORD}"),
        ),
        (Message::GetHeaders { locator: vec![BlockId([1; 32])] }, "29000000 20 0100000000000000 01*32".into()),
        (Message::Headers { answer: true, headers: vec![header()] }, format!("b1000000 21 01 0100000000000000 {HEADER}")),
        (Message::GetBlock { id: BlockId([1; 32]) }, "21000000 22 01*32".into()),
        (Message::Block { block: block(1) }, format!("4c010000 23 {HEADER} 0100000000000000 {TRANSACTION}")),
        (Message::NotFound { ids: vec![Hash256([1; 32])] }, "29000000 26 0100000000000000 01*32".into()),
        (Message::Transaction { transactions: vec![transaction()] }, format!("a5000000 30 0100000000000000 {TRANSACTION}")),
        (Message::NewBlock { block: block(0) }, format!("b0000000 31 {HEADER} 0000000000000000")),
        (Message::Announce { ids: ids() }, "49000000 34 0200000000000000 01*32 02*32".into()),
        (Message::GetData { ids: ids() }, "49000000 35 0200000000000000 01*32 02*32".into()),
        (Message::Goodbye { reason: GoodbyeReason::Idle }, "05000000 7e 05000000".into()),
        (Message::Error { code: ErrorCode::BadMessage, text: "no".into() }, "0f000000 7f 03000000 0200000000000000 6e6f".into()),
    ];
    assert_eq!(golden.iter().map(|(message, _)| message.kind()).collect::<Vec<_>>(), MessageKind::ALL);
    for (message, text) in golden {
        assert_eq!(encode(&message), bytes(&text), "{message:?}");
        assert_eq!(decode(message.kind() as u8, &bytes(&text)[5..]), Ok(Some(message)));
    }
}

#[test]
fn elements_have_the_size_they_say() {
    fn measure<T: Element>(value: T) -> (usize, usize) {
        (bincode::encode_to_vec(value, LAYOUT).unwrap().len(), T::WIRE)
    }
    for (have, said) in [
        measure(BlockId::default()),
        measure(TxId::default()),
        measure(Hash256::default()),
        measure(header()),
        measure(transaction()),
        measure(record()),
        measure(Address::default()),
        measure(PeerAddress::new("[::1]:1".parse().unwrap(), Address::default(), 0)),
    ] {
        assert_eq!(have, said);
    }
}

#[test]
fn the_fullest_messages_pass() {
    let address = PeerAddress::new("1.2.3.4:5".parse().unwrap(), Address::default(), 0);
    let full = [
        Message::HandshakeAck { hello: hello(&"a".repeat(MAX_TEXT)), version: 1, seen: [0; 16] },
        Message::Peers { answer: true, addresses: vec![address; MAX_PEERS] },
        Message::FindNode { nonce: 1, target: Address::default(), own: Some(record()) },
        Message::Nodes { nonce: 1, own: Some(record()), records: vec![record(); MAX_RECORDS] },
        Message::GetHeaders { locator: vec![BlockId::default(); MAX_LOCATOR] },
        Message::Headers { answer: false, headers: vec![header(); MAX_HEADERS] },
        Message::Transaction { transactions: vec![transaction(); MAX_IDS] },
        Message::GetData { ids: vec![TxId::default(); MAX_IDS] },
        Message::Block { block: block((crate::chain::limits::MAX_BLOCK_BYTES - 168) / 156) },
        Message::NewBlock { block: block((64 * 1024 - 168) / 156) },
        Message::Error { code: ErrorCode::BadMessage, text: "ä".repeat(MAX_TEXT / 2) },
    ];
    for message in full {
        assert_eq!(check(&message), Ok(()));
        let frame = encode(&message);
        assert_eq!(frame.len(), encoded_len(&message));
        assert!(decode(frame[4], &frame[5..]).unwrap().unwrap() == message, "{message:?}");
    }
}

#[test]
fn one_more_is_too_many() {
    let address = PeerAddress::new("1.2.3.4:5".parse().unwrap(), Address::default(), 0);
    let over = [
        Message::Peers { answer: false, addresses: vec![address; MAX_PEERS + 1] },
        Message::Nodes { nonce: 1, own: None, records: vec![record(); MAX_RECORDS + 1] },
        Message::GetHeaders { locator: vec![BlockId::default(); MAX_LOCATOR + 1] },
        Message::Headers { answer: false, headers: vec![header(); MAX_HEADERS + 1] },
        Message::Transaction { transactions: vec![transaction(); MAX_IDS + 1] },
        Message::GetData { ids: vec![TxId::default(); MAX_IDS + 1] },
        Message::NotFound { ids: vec![Hash256::default(); MAX_IDS + 1] },
        Message::Block { block: block(53_800) },
        Message::NewBlock { block: block(900) },
    ];
    for message in over {
        let frame = encode(&message);
        assert!(check(&message).is_err(), "{message:?}");
        assert!(decode(frame[4], &frame[5..]).is_err(), "{message:?}");
    }
}

#[test]
fn a_long_text_is_cut_at_a_character() {
    let message = Message::Error { code: ErrorCode::BadMessage, text: format!("x{}", "ä".repeat(MAX_TEXT)) };
    let frame = encode(&message);
    assert_eq!(frame.len(), encoded_len(&message));
    let Ok(Some(Message::Error { text, .. })) = decode(frame[4], &frame[5..]) else { panic!("not decoded") };
    assert_eq!(text.len(), MAX_TEXT - 1);
    // A peer that does not cut is refused.
    let mut long = bytes("03000000 0101000000000000");
    long.extend([b'x'; MAX_TEXT + 1]);
    assert!(decode(MessageKind::Error as u8, &long).is_err());
}

/// Adversary 7: nine bytes that claim 2^31 elements. Refused by comparing numbers: the time does not depend on the claim.
#[test]
fn huge_counts_are_refused_by_number_before_any_element_is_read() {
    let lists = [
        MessageKind::Peers,
        MessageKind::GetHeaders,
        MessageKind::Headers,
        MessageKind::NotFound,
        MessageKind::Transaction,
        MessageKind::Announce,
        MessageKind::GetData,
    ];
    for kind in lists {
        // The most allowed by number is refused by the bytes that are missing, more than that by number.
        for claim in [2, 100, 1 << 31, u64::MAX] {
            // Before the count of some stands a byte whether it is an answer.
            let before = usize::from(matches!(kind, MessageKind::Peers | MessageKind::Headers));
            let mut payload = [&vec![0; before][..], &claim.to_le_bytes()].concat();
            payload.push(0);
            assert!(matches!(decode(kind as u8, &payload), Err(WireError::Malformed { .. })), "{kind:?} {claim}");
        }
    }
    for kind in [MessageKind::Block, MessageKind::NewBlock] {
        let mut payload = bincode::encode_to_vec(header(), LAYOUT).unwrap();
        payload.extend(u64::MAX.to_le_bytes());
        assert!(decode(kind as u8, &payload).is_err());
    }
}

#[test]
fn unknown_types_are_none_and_caps_hold() {
    assert_eq!(decode(0xee, b"anything"), Ok(None));
    for &kind in MessageKind::ALL {
        let payload = vec![0; kind.cap() + 1];
        assert_eq!(decode(kind as u8, &payload), Err(WireError::TooLong { length: kind.cap() + 1, cap: kind.cap() }));
    }
}

fn ids() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

prop_compose! {
    fn hellos()(
        versions in any::<(u16, u16)>(), chain in any::<u32>(), (genesis, node, tip) in (ids(), ids(), ids()),
        agent in ".{0,64}", port in any::<u16>(), (height, time, nonce, bits) in any::<(u64, u64, u64, u64)>(), work in any::<u128>(),
    ) -> Hello {
        Hello {
            version_lowest: versions.0, version_highest: versions.1, chain: ChainId(chain), genesis: BlockId(genesis),
            node: Address(node), agent, port, height, work, tip: BlockId(tip), capabilities: Capabilities(bits), time, nonce,
        }
    }
}

prop_compose! {
    fn headers()(
        version in any::<u16>(), (height, time, difficulty, nonce) in any::<(u64, u64, u64, u64)>(), stream in any::<u8>(),
        (parent, tx_root, state_root, miner) in (ids(), ids(), ids(), ids()),
    ) -> Header {
        Header {
            version, height, parent: BlockId(parent), tx_root: Hash256(tx_root), state_root: Hash256(state_root), time, stream,
            difficulty, miner: Address(miner), seal: Seal::Work { nonce },
        }
    }
}

prop_compose! {
    fn transactions()(
        chain in any::<u32>(), (from, to) in (ids(), ids()), (amount, fee, nonce) in any::<(u64, u64, u64)>(),
        (left, right) in (ids(), ids()),
    ) -> Opaque<Transaction> {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&left);
        signature[32..].copy_from_slice(&right);
        Opaque(Transaction {
            transfer: Transfer { chain: ChainId(chain), from: Address(from), to: Address(to), amount, fee, nonce },
            signature: Signature(signature),
        })
    }
}

/// Proptest wants to print what it made.
#[derive(Clone)]
struct Opaque<T>(T);

impl<T> std::fmt::Debug for Opaque<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

fn inner(transactions: Vec<Opaque<Transaction>>) -> Vec<Transaction> {
    transactions.into_iter().map(|Opaque(transaction)| transaction).collect()
}

fn blocks() -> impl Strategy<Value = Opaque<Arc<Block>>> {
    (headers(), vec(transactions(), 0..8))
        .prop_map(|(header, transactions)| Opaque(Arc::new(Block { header, transactions: inner(transactions) })))
}

fn addresses() -> impl Strategy<Value = PeerAddress> {
    (any::<[u8; 16]>(), any::<u16>(), ids(), any::<u32>()).prop_map(|(ip, port, node, age)| PeerAddress {
        ip,
        port,
        node: Address(node),
        age,
    })
}

prop_compose! {
    fn records()(
        (node, left, right) in (ids(), ids(), ids()), ip in any::<[u8; 16]>(), port in any::<u16>(), sequence in any::<u64>(),
    ) -> NodeRecord {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&left);
        signature[32..].copy_from_slice(&right);
        NodeRecord { node: Address(node), ip, port, sequence, signature: Signature(signature) }
    }
}

fn messages() -> impl Strategy<Value = Message> {
    let tx_ids = || vec(ids().prop_map(TxId), 0..20);
    let reason = prop_oneof![Just(GoodbyeReason::ShuttingDown), Just(GoodbyeReason::Banned), Just(GoodbyeReason::Idle)];
    let code = prop_oneof![Just(ErrorCode::WrongChain), Just(ErrorCode::BadMessage)];
    prop_oneof![
        hellos().prop_map(|hello| Message::Handshake { hello }),
        (hellos(), any::<u16>(), any::<[u8; 16]>()).prop_map(|(hello, version, seen)| Message::HandshakeAck {
            hello,
            version,
            seen
        }),
        Just(Message::Heartbeat),
        any::<(u64, u64)>().prop_map(|(nonce, time)| Message::Ping { nonce, time }),
        any::<(u64, u64)>().prop_map(|(nonce, time)| Message::Pong { nonce, time }),
        Just(Message::GetPeers),
        (any::<bool>(), vec(addresses(), 0..20)).prop_map(|(answer, addresses)| Message::Peers { answer, addresses }),
        vec(ids().prop_map(BlockId), 0..20).prop_map(|locator| Message::GetHeaders { locator }),
        (any::<u64>(), ids(), option::of(records())).prop_map(|(nonce, target, own)| Message::FindNode {
            nonce,
            target: Address(target),
            own
        }),
        (any::<u64>(), option::of(records()), vec(records(), 0..=MAX_RECORDS)).prop_map(|(nonce, own, records)| Message::Nodes {
            nonce,
            own,
            records
        }),
        (any::<bool>(), vec(headers(), 0..8)).prop_map(|(answer, headers)| Message::Headers { answer, headers }),
        ids().prop_map(|id| Message::GetBlock { id: BlockId(id) }),
        blocks().prop_map(|Opaque(block)| Message::Block { block }),
        vec(ids().prop_map(Hash256), 0..20).prop_map(|ids| Message::NotFound { ids }),
        vec(transactions(), 0..8).prop_map(|transactions| Message::Transaction { transactions: inner(transactions) }),
        blocks().prop_map(|Opaque(block)| Message::NewBlock { block }),
        tx_ids().prop_map(|ids| Message::Announce { ids }),
        tx_ids().prop_map(|ids| Message::GetData { ids }),
        reason.prop_map(|reason| Message::Goodbye { reason }),
        (code, ".{0,64}").prop_map(|(code, text)| Message::Error { code, text }),
    ]
}

/// Memory that a message's lists hold, in bytes.
fn memory(message: &Message) -> usize {
    match message {
        Message::Handshake { hello } | Message::HandshakeAck { hello, .. } => hello.agent.capacity(),
        Message::Peers { addresses, .. } => addresses.capacity() * size_of::<PeerAddress>(),
        Message::Nodes { records, .. } => records.capacity() * size_of::<NodeRecord>(),
        Message::GetHeaders { locator } => locator.capacity() * 32,
        Message::Headers { headers, .. } => headers.capacity() * size_of::<Header>(),
        Message::Block { block } | Message::NewBlock { block } => block.transactions.capacity() * size_of::<Transaction>(),
        Message::NotFound { ids } => ids.capacity() * 32,
        Message::Transaction { transactions } => transactions.capacity() * size_of::<Transaction>(),
        Message::Announce { ids } | Message::GetData { ids } => ids.capacity() * 32,
        Message::Error { text, .. } => text.capacity(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn round_trip(message in messages()) {
        let frame = encode(&message);
        prop_assert_eq!(frame.len(), encoded_len(&message));
        prop_assert_eq!(u32::from_le_bytes(frame[..4].try_into().unwrap()) as usize, frame.len() - 4);
        prop_assert_eq!(frame[4], message.kind() as u8);
        prop_assert_eq!(check(&message), Ok(()));
        prop_assert_eq!(decode(frame[4], &frame[5..]), Ok(Some(message)));
    }

    #[test]
    fn neither_more_nor_less(message in messages(), extra in vec(any::<u8>(), 1..9), keep in any::<prop::sample::Index>()) {
        let frame = encode(&message);
        let payload = &frame[5..];
        let mut longer = payload.to_vec();
        longer.extend(&extra);
        prop_assert!(decode(frame[4], &longer).is_err());
        if !payload.is_empty() {
            prop_assert!(decode(frame[4], &payload[..keep.index(payload.len())]).is_err());
        }
    }

    /// Whatever decodes holds memory in proportion to its bytes, and encodes to the very same bytes again: there is one encoding.
    #[test]
    fn any_bytes(code in prop::sample::select(MessageKind::ALL), payload in vec(any::<u8>(), 0..600)) {
        if let Ok(Some(message)) = decode(code as u8, &payload) {
            prop_assert!(memory(&message) <= MEMORY_FACTOR * payload.len());
            prop_assert_eq!(&encode(&message)[5..], &payload[..]);
        }
    }

    /// The same for bytes that are nearly right.
    #[test]
    fn mutated_bytes(message in messages(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut payload = encode(&message)[5..].to_vec();
        if !payload.is_empty() {
            let at = at.index(payload.len());
            payload[at] = value;
        }
        if let Ok(Some(message)) = decode(message.kind() as u8, &payload) {
            prop_assert!(memory(&message) <= MEMORY_FACTOR * payload.len());
            prop_assert_eq!(&encode(&message)[5..], &payload[..]);
        }
    }
}
