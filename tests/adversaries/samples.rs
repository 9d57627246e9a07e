//! One message of each kind, and one with the largest numbers everywhere.

use rumormill::chain::{
    Address, Block, BlockId, ChainId, ChainSpec, Hash256, Header, Seal, Signature, Transaction, Transfer, TxId,
};
use rumormill::wire::limits::MAX_RECORDS;
use rumormill::wire::{Capabilities, ErrorCode, GoodbyeReason, Hello, Message, MessageKind, NodeRecord, PeerAddress};
use std::sync::Arc;

fn transaction(number: u64) -> Transaction {
    let transfer = Transfer {
        chain: ChainId(number as u32),
        from: Address([number as u8; 32]),
        to: Address([number as u8; 32]),
        amount: number,
        fee: number,
        nonce: number,
    };
    Transaction { transfer, signature: Signature([number as u8; 64]) }
}

fn header(spec: &ChainSpec, number: u64) -> Header {
    let (genesis, _) = spec.genesis();
    if number == 0 {
        return genesis.header;
    }
    Header {
        version: 1,
        height: number,
        parent: genesis.id(),
        tx_root: Hash256([9; 32]),
        state_root: Hash256([9; 32]),
        time: number,
        stream: 0,
        difficulty: number,
        miner: Address([9; 32]),
        seal: Seal::Work { nonce: number },
    }
}

/// Every kind in the order of its code, with `number` wherever a number is. A list has as many elements as said. What claims to be a block is not one.
pub fn messages(spec: &ChainSpec, hello: &Hello, number: u64, elements: usize) -> Vec<Message> {
    let hello = match number {
        0 => hello.clone(),
        number => Hello {
            port: number as u16,
            height: number,
            work: u128::from(number) << 64 | u128::from(number),
            time: number,
            nonce: number,
            capabilities: Capabilities(number),
            ..hello.clone()
        },
    };
    let block = Arc::new(Block { header: header(spec, number), transactions: vec![transaction(number); elements] });
    let id = [number as u8; 32];
    // On this machine, whoever should dial it.
    let mut ip = [0; 16];
    (ip[10], ip[11], ip[12], ip[15]) = (0xff, 0xff, 127, 1);
    let address = PeerAddress { ip, port: number as u16, node: Address(id), age: number as u32 };
    let signature = Signature([number as u8; 64]);
    let record = NodeRecord { node: Address(id), ip, port: number as u16, sequence: number, signature };
    let all = vec![
        Message::Handshake { hello: hello.clone() },
        Message::HandshakeAck { hello, version: number as u16, seen: [0xff; 16] },
        Message::Heartbeat,
        Message::Ping { nonce: number, time: number },
        Message::Pong { nonce: number, time: number },
        Message::GetPeers,
        Message::Peers { answer: true, addresses: vec![address; elements] },
        Message::FindNode { nonce: number, target: Address(id), own: Some(record) },
        Message::Nodes { nonce: number, own: Some(record), records: vec![record; elements.min(MAX_RECORDS)] },
        Message::GetHeaders { locator: vec![BlockId(id); elements] },
        Message::Headers { answer: true, headers: vec![header(spec, number); elements] },
        Message::GetBlock { id: BlockId(id) },
        Message::Block { block: Arc::clone(&block) },
        Message::NotFound { ids: vec![Hash256(id); elements] },
        Message::Transaction { transactions: vec![transaction(number); elements] },
        Message::NewBlock { block },
        Message::Announce { ids: vec![TxId(id); elements] },
        Message::GetData { ids: vec![TxId(id); elements] },
        Message::Goodbye { reason: GoodbyeReason::Idle },
        Message::Error { code: ErrorCode::BadMessage, text: "x".repeat(elements) },
    ];
    let kinds: Vec<_> = all.iter().map(Message::kind).collect();
    assert_eq!(kinds, MessageKind::ALL, "a kind has no sample");
    all
}
