//! `docs/protocol.md` says what the code does: its tables and numbers are held against the code's.

use rumormill::chain::ChainSpec;
use rumormill::wire::MessageKind;
use std::collections::BTreeSet;

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md")).unwrap()
}

/// The rows of the table under a heading, as cells.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let section = document.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    section.lines().filter(|line| line.starts_with("| 0x")).map(cells).collect()
}

fn bytes(text: &str) -> usize {
    match text.split_once(' ') {
        Some((number, "KiB")) => number.parse::<usize>().unwrap() << 10,
        Some((number, "MiB")) => number.parse::<usize>().unwrap() << 20,
        _ => text.parse().unwrap(),
    }
}

fn code(text: &str) -> u8 {
    u8::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

#[test]
fn every_message_stands_there_with_code_and_cap() {
    let said: Vec<(u8, String, usize)> =
        rows(&document(), "\n## 4. Messages").into_iter().map(|row| (code(&row[0]), row[1].clone(), bytes(&row[2]))).collect();
    let real: Vec<(u8, String, usize)> =
        MessageKind::ALL.iter().map(|kind| (*kind as u8, format!("{kind:?}"), kind.cap())).collect();
    assert_eq!(said, real);
}

#[test]
fn reserved_codes_are_not_in_use() {
    let document = document();
    let reserved: BTreeSet<u8> =
        rows(&document, "\n## 14. Reserved").iter().flat_map(|row| row[0].split(", ").map(code).collect::<Vec<_>>()).collect();
    assert!(reserved.len() > 12);
    assert!(reserved.iter().all(|code| MessageKind::from_code(*code).is_none()));
}

#[test]
fn the_lab_chain_is_the_one_described() {
    let document = document();
    let lab = ChainSpec::lab();
    let (genesis, state) = lab.genesis();
    let number = |number: u64| {
        let digits = number.to_string();
        let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
        groups.join(",")
    };
    for wanted in [
        format!("faucet's address    {}", ChainSpec::lab_faucet().address()),
        format!("spec hash           {}", genesis.header.tx_root),
        format!("state root          {}", state.root()),
        format!("genesis id          {}", genesis.id()),
        format!("| chain | {} |", lab.chain.0),
        format!("| block time | {} ms |", number(lab.block_time_ms)),
        format!("| initial difficulty | {} |", number(lab.initial_difficulty)),
        format!("| reward | {} (", number(lab.reward)),
        format!("| most transactions | {} |", number(lab.max_transactions as u64)),
        format!("| genesis time | {} (", number(lab.genesis_time)),
        format!("| allocation | {} (", number(lab.allocation[0].1)),
    ] {
        assert!(document.contains(&wanted), "the document does not say: {wanted}");
    }
}
