//! One sentence for each event.

use super::Names;
use super::limits::TEXT;
use crate::chain::limits::COIN;
use crate::node::{ConnectionId, Direction, Event, SyncPhase, host_name};
use rumormill_ui::model::LogLevel;
use std::fmt::Write;
use std::time::Duration;

/// What an event says to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// How grave it is.
    pub level: LogLevel,
    /// Which room said it.
    pub target: &'static str,
    /// The sentence, without the node's name.
    pub text: String,
}

/// How grave an event is, and which room says it; `None` for those that are drawn and not told.
pub fn kind(event: &Event) -> Option<(LogLevel, &'static str)> {
    use LogLevel::{Debug, Info, Trace, Warn};
    Some(match event {
        Event::Started { .. } | Event::Stopped => (Info, "node"),
        Event::Statistics { .. } => (Info, "node"),
        Event::Warning { .. } => (Warn, "node"),
        Event::Listening { .. } | Event::Mapped { .. } => (Info, "net"),
        Event::Unmapped { .. } => (Warn, "net"),
        // Again and again, while nobody answers: the failure is the news.
        Event::Connecting { .. } => (Debug, "net"),
        Event::DialFailed { .. } => (Warn, "net"),
        // Who comes is news as a new peer, or when it is told why it is none; guests are none.
        Event::Connected { direction: Direction::Inbound, .. } | Event::Disconnected { guest: true, .. } => (Debug, "net"),
        Event::Connected { .. } | Event::Disconnected { .. } => (Info, "net"),
        Event::NewPeer { .. } | Event::Unbanned { .. } | Event::AddressUnbanned { .. } => (Info, "peers"),
        Event::Banned { .. } | Event::AddressBanned { .. } => (Warn, "peers"),
        Event::Health { .. } | Event::Connectivity { .. } => (Debug, "peers"),
        Event::Reputation { delta, .. } => (if *delta < 0 { Warn } else { Debug }, "peers"),
        Event::AddressesReceived { .. } | Event::PeerHeight { .. } => (Debug, "peers"),
        Event::RoundTrip { .. } => (Trace, "peers"),
        Event::BlockMined { .. } => (Info, "mining"),
        Event::Mining { .. } => (Debug, "mining"),
        Event::BlockReceived { .. } => (Info, "chain"),
        Event::Reorg { .. } | Event::BlockInvalid { .. } => (Warn, "chain"),
        Event::TipChanged { .. } => (Debug, "chain"),
        Event::TransactionAccepted { from, .. } => (if from.is_none() { Info } else { Debug }, "pool"),
        Event::TransactionRefused { .. } => (Warn, "pool"),
        Event::Asked { .. } | Event::Sync { .. } => (Debug, "sync"),
        Event::Pulse { .. } | Event::Outbox { .. } | Event::Loss { .. } => return None,
    })
}

/// The sentence for an event; `None` for the pulse, outboxes and losses, which are drawn and not told. `who` names the peer of a connection.
pub fn words(event: &Event, names: &Names, who: &dyn Fn(ConnectionId) -> String) -> Option<Words> {
    let (level, target) = kind(event)?;
    let text = match event {
        Event::Started { id, height, mining, .. } => {
            let mining = match mining {
                Some(tries) => format!("mining at {tries} tries a second"),
                None => "not mining".to_owned(),
            };
            format!("starts as {} at height {height}, {mining}", id.short())
        }
        Event::Listening { address } => format!("listening on {address}"),
        Event::Mapped { address } => format!("reachable from outside at {address}"),
        Event::Unmapped { address } => format!("no longer reachable from outside at {address}"),
        Event::Connecting { address } => format!("connecting to {address}"),
        Event::DialFailed { address, why, retry_in } => {
            format!("cannot connect to {address}: {}; still trying, again in {}", clean(why), span(*retry_in))
        }
        Event::Connected { address, direction, peer, .. } => match direction {
            Direction::Outbound => format!("connected to {address} ({})", names.peer(peer)),
            Direction::Inbound => format!("connected from {address} ({})", names.peer(peer)),
        },
        Event::NewPeer { peer, address, agent, version, height, .. } => {
            format!("new peer {} at {address}: {}, protocol {version}, height {height}", names.peer(peer), clean(agent))
        }
        Event::Disconnected { peer, address, guest: true, .. } => format!("the guest {} ({address}) is gone", names.peer(peer)),
        Event::Disconnected { peer, address, why, .. } => {
            format!("disconnected from {} ({address}): {}", names.peer(peer), clean(why))
        }
        Event::RoundTrip { connection, time } => {
            format!("round trip to {}: {}", who(*connection), span(*time))
        }
        Event::PeerHeight { connection, height } => {
            format!("{} is at height {height}", who(*connection))
        }
        Event::Reputation { peer, delta, value, reason, .. } => {
            let before = value.saturating_sub(*delta);
            format!("reputation of {}: {} -> {}: {}", names.peer(peer), hundredths(before), hundredths(*value), clean(reason))
        }
        Event::Banned { peer, reason, time } => {
            format!("banned {} for {}: {}", names.peer(peer), span(*time), clean(reason))
        }
        Event::Unbanned { peer } => format!("the ban of {} has ended", names.peer(peer)),
        Event::AddressBanned { address, reason, time } => {
            let address = host_name(*address);
            format!("banned the address {address} for {}: {}", span(*time), clean(reason))
        }
        Event::AddressUnbanned { address } => format!("the ban of the address {} has ended", host_name(*address)),
        Event::Health { scores } => {
            let scores = scores.iter().map(|(connection, score)| format!("{} {score}%", who(*connection)));
            format!("health: {}", scores.collect::<Vec<_>>().join(", "))
        }
        Event::Connectivity { known, tried, counts } => {
            let mut text = format!("{}, {tried} tried", counted(*known as u64, "address", "addresses"));
            for count in counts {
                let _ = write!(text, ", {} {}", clean(&count.name), count.count);
            }
            text
        }
        Event::AddressesReceived { connection, count, known } => {
            format!("{} from {}, {known} known", counted(*count as u64, "address", "addresses"), who(*connection))
        }
        Event::BlockMined { id, height, transactions, reward, .. } => format!(
            "mined block {height} ({}): {}, reward {}",
            id.short(),
            counted(*transactions as u64, "transaction", "transactions"),
            coins(*reward)
        ),
        Event::BlockReceived { id, height, transactions, peer, .. } => format!(
            "received block {height} ({}) from {}: {}",
            id.short(),
            names.peer(peer),
            counted(*transactions as u64, "transaction", "transactions"),
        ),
        Event::TipChanged { id, height, .. } => format!("tip is block {height} ({})", id.short()),
        Event::Reorg { depth, fork_height, old_tip, new_tip } => format!(
            "reorg: left {} above {fork_height}, tip {} -> {}",
            counted(*depth, "block", "blocks"),
            old_tip.short(),
            new_tip.short()
        ),
        Event::BlockInvalid { id, why } => {
            format!("block {} is invalid: {}", id.short(), clean(why))
        }
        Event::TransactionAccepted { id, from } => match from {
            Some(connection) => format!("transaction {} from {}", id.short(), who(*connection)),
            None => format!("submitted transaction {}", id.short()),
        },
        Event::TransactionRefused { id, why } => {
            format!("transaction {} refused: {}", id.short(), clean(why))
        }
        Event::Asked { connection, what } => {
            format!("asked {} for {}", who(*connection), clean(what))
        }
        Event::Mining { height, difficulty } => {
            format!("working on block {height}, difficulty {difficulty}")
        }
        Event::Sync { phase, height, headers, target, from, .. } => {
            let mut text = match phase {
                SyncPhase::Idle => "sync: waiting for peers".to_owned(),
                SyncPhase::Discovering => "sync: asking who has more".to_owned(),
                SyncPhase::Headers => format!("sync: headers {headers} of {target}"),
                SyncPhase::Blocks => format!("sync: blocks {height} of {target}"),
                SyncPhase::Validating => format!("sync: validating {height} of {target}"),
                SyncPhase::Synced => format!("sync: at the tip, height {height}"),
            };
            if let (Some(connection), SyncPhase::Headers) = (from, phase) {
                let _ = write!(text, " from {}", who(*connection));
            }
            text
        }
        Event::Pulse { .. } | Event::Outbox { .. } | Event::Loss { .. } => return None,
        Event::Statistics { blocks, transactions, balance, peers, mempool } => format!(
            "{}, {}, balance {}, {}, {mempool} waiting",
            counted(*blocks, "block", "blocks"),
            counted(*transactions, "transaction", "transactions"),
            coins(*balance),
            counted(*peers as u64, "peer", "peers"),
        ),
        Event::Warning { text } => clean(text),
        Event::Stopped => "stopped".to_owned(),
    };
    Some(Words { level, target, text })
}

/// Text from elsewhere made fit for a terminal: no control characters (a peer could move the cursor with them), bounded.
pub fn clean(text: &str) -> String {
    let mut out: String = text.chars().take(TEXT).map(|c| if is_plain(c) { c } else { '?' }).collect();
    if text.chars().nth(TEXT).is_some() {
        out.push('…');
    }
    out
}

/// Bidirectional overrides can make a line read as another one, as control characters can.
fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Smallest units as coins: `12.50`.
pub fn coins(units: u64) -> String {
    format!("{}.{:02}", units / COIN, units % COIN * 100 / COIN)
}

/// Hundredths as a number with at most one decimal: `-52`, `0.1`.
pub fn hundredths(value: i32) -> String {
    let text = format!("{:.1}", f64::from(value) / 100.0);
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// A duration as people say it: `840 ms`, `1.6 s`, `42 s`, `10 min`, `24 h`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if time < Duration::from_millis(1) {
        format!("{} us", time.as_micros())
    } else if seconds < 1 {
        format!("{} ms", time.as_millis())
    } else if seconds < 10 {
        format!("{:.1} s", time.as_secs_f64())
    } else if seconds < 120 {
        format!("{seconds} s")
    } else if seconds < 7_200 {
        format!("{} min", seconds / 60)
    } else {
        format!("{} h", seconds / 3_600)
    }
}

/// `1 block`, `2 blocks`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
