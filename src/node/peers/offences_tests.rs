//! The table is the protocol's.

use super::*;

const OFFENCES: [Offence; 13] = [
    Offence::NotFound,
    Offence::Late,
    Offence::Unanswered,
    Offence::Spam,
    Offence::InvalidRecord,
    Offence::InvalidTransaction,
    Offence::Malformed,
    Offence::OutOfPlace,
    Offence::TooManyUnknown,
    Offence::UnconnectedHeaders,
    Offence::LowWork,
    Offence::InvalidHeader,
    Offence::InvalidBlock,
];

/// `-500` hundredths as `−5`, `10` as `+0.1`, a fatal one as `fatal`.
fn points(hundredths: i32) -> String {
    if hundredths == LOWEST {
        return "fatal".to_owned();
    }
    let sign = if hundredths < 0 { '−' } else { '+' };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{}", format!("{rest:02}").trim_end_matches('0')) }
}

#[test]
fn the_protocol_s_table_is_this_one() {
    let text = include_str!("../../../docs/protocol.md");
    let section = text.split("\n## 11. Reputation").nth(1).unwrap().split("\n## ").next().unwrap();
    let told: Vec<(String, String)> = section
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let reason = cells.next()?.trim_end_matches('`');
            Some((reason.to_owned(), cells.next()?.trim().to_owned()))
        })
        .collect();
    let merits = [Merit::Block, Merit::Transactions(1)].map(Merit::terms);
    let table: Vec<(String, String)> = merits
        .into_iter()
        .chain(OFFENCES.map(Offence::terms))
        .map(|(delta, reason)| (reason.to_owned(), points(delta)))
        .collect();
    assert_eq!(told, table, "docs/protocol.md, section 11");
}

#[test]
fn what_is_fatal_is_so_whatever_was_earned() {
    let fatal: Vec<_> = OFFENCES.into_iter().filter(|offence| offence.is_fatal()).collect();
    assert_eq!(fatal, [Offence::InvalidHeader, Offence::InvalidBlock]);
}
