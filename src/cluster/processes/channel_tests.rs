//! What is said is understood; lines are bounded and whole.

use super::*;
use crate::chain::KeyPair;
use crate::node::{Event, Time};
use std::time::Duration;

#[test]
fn what_is_said_is_understood() {
    let model = LinkModel { latency: Duration::from_micros(1_500), bandwidth: Some(9), cut: true, ..LinkModel::default() };
    let keys = KeyPair::from_seed([1; 32]);
    let peer = keys.address();
    let transfer = Transfer { chain: ChainId(1), from: peer, to: peer, amount: u64::MAX, fee: 2, nonce: 3 };
    let transaction = transfer.sign(&keys);
    let orders = [
        Order::Link { peer, model },
        Order::Pause(true),
        Order::DiskFull(false),
        Command::Transfer { to: peer, amount: 1, fee: 2 }.into(),
        Command::Connect(SocketAddr::from(([127, 0, 0, 1], 1))).into(),
        Command::Unban(peer).into(),
        Command::SkewClock { millis: i64::MIN }.into(),
        Command::Submit(Box::new(transaction)).into(),
        Command::Shutdown.into(),
    ];
    let mut text = Vec::new();
    for order in &orders {
        text.extend(line(order).unwrap());
    }
    let mut read = Vec::new();
    let (mut reader, mut bytes) = (text.as_slice(), Vec::new());
    while read_line(&mut reader, &mut bytes).unwrap() {
        read.push(serde_json::from_slice::<Order>(&bytes).unwrap());
    }
    assert_eq!(read, orders);
    let Order::Submit(signed) = read[7].clone() else { panic!("{:?}", read[7]) };
    assert_eq!(signed.transaction(), Some(transaction));

    let event = Stamped { at: Time(5), node: 3, event: Event::Warning { text: "a\nb".to_owned() } };
    let said = Said::Event(Cow::Owned(event));
    assert_eq!(serde_json::from_slice::<Said<'_>>(&line(&said).unwrap()).unwrap(), said);
}

#[test]
fn lines_are_bounded_and_whole() {
    let mut bytes = Vec::new();
    let mut endless = io::BufReader::new(io::repeat(b'x'));
    let error = read_line(&mut endless, &mut bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(bytes.len() <= MAX_CHANNEL_LINE);
    let mut torn: &[u8] = b"{}\n{\"pau";
    assert!(read_line(&mut torn, &mut bytes).unwrap() && bytes == b"{}");
    assert!(!read_line(&mut torn, &mut bytes).unwrap());
    assert!(line(&"x".repeat(MAX_CHANNEL_LINE)).is_err());
}
