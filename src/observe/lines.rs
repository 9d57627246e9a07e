//! What a node without a dashboard prints: plain lines for people, JSON lines for programs.
//!
//! A plain line is `2026-11-20T18:10:08Z n0 received block 12 (a4f1c2d3) from n3: 3 transactions`: the moment in UTC, the node, a
//! sentence. Ids are shortened to eight digits, amounts are coins.
//!
//! A JSON line is one object: `at` (RFC 3339, UTC, milliseconds), `node` (its name), `event`, and the event's fields, in the order of
//! their names. `event` is the event's name in kebab case (`new-peer`, `block-mined`), the fields are those of [`Event`] with
//! their names: ids are 64 hex digits, amounts whole numbers of the smallest unit, reputations hundredths, connections
//! numbers, and a duration `x` stands as `x_ms`, milliseconds with up to three decimals. These names stay what they are; new
//! ones may be added.
//!
//! | Printed | plain | JSON |
//! |---|---|---|
//! | started, listening, mapped, connecting, new-peer, dial-failed, stopped | yes | yes |
//! | connected | when dialled by us | yes |
//! | disconnected | unless it was a guest | yes |
//! | block-mined, block-received, reorg, block-invalid, transaction-refused, statistics, warning | yes | yes |
//! | banned, unbanned, address-banned, address-unbanned | yes | yes |
//! | health, connectivity | no | yes |
//! | reputation | when it fell | yes |
//! | transaction-accepted | when submitted here | yes |
//! | sync | when its phase changes, and every 2 s | as plain |
//! | tip-changed, addresses-received | no | yes |
//! | round-trip, peer-height, asked, mining, pulse, outbox, loss | no | no |
//!
//! While older blocks are fetched, sync's lines stand for those blocks' own.

use super::limits::{HISTORY_BLOCKS, PROGRESS_LINE};
use super::{Hub, Names, words};
use crate::chain::Address;
use crate::node::{ConnectionId, Event, Stamped, SyncPhase, Time};
use rumormill_ui::model::LogLevel;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::time::{Duration, SystemTime};

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Plain,
    /// For programs: one JSON object a line.
    Json,
}

/// The line that people read, without its newline; `None` for events that are not printed.
pub fn plain_line(stamped: &Stamped, names: &Names) -> Option<String> {
    plain(stamped, names, &|connection| format!("connection {}", connection.0))
}

fn plain(stamped: &Stamped, names: &Names, who: &dyn Fn(ConnectionId) -> String) -> Option<String> {
    let event = &stamped.event;
    let (level, _) = super::words::kind(event)?;
    if level > LogLevel::Info && !matches!(event, Event::Sync { .. } | Event::Connecting { .. }) {
        return None;
    }
    let sentence = words(event, names, who)?.text;
    let mark = if matches!(event, Event::Warning { .. }) { "warning: " } else { "" };
    let at = humantime::format_rfc3339_seconds(moment(stamped.at));
    Some(format!("{at} {} {mark}{sentence}", names.node(stamped.node)))
}

/// The line that programs read, without its newline; `None` for events that are not printed.
pub fn json_line(stamped: &Stamped, names: &Names) -> Option<String> {
    if matches!(
        stamped.event,
        Event::RoundTrip { .. }
            | Event::PeerHeight { .. }
            | Event::Asked { .. }
            | Event::Mining { .. }
            | Event::Pulse { .. }
            | Event::Outbox { .. }
            | Event::Loss { .. }
    ) {
        return None;
    }
    let Ok(Value::Object(fields)) = serde_json::to_value(&stamped.event) else {
        return None;
    };
    let at = humantime::format_rfc3339_millis(moment(stamped.at)).to_string();
    let mut line = format!("{{\"at\":{},\"node\":{}", Value::from(at), Value::from(names.node(stamped.node)));
    let mut field = |name: &str, value: &Value| {
        line.push_str(&format!(",{}:{value}", Value::from(name)));
    };
    if let Some(event) = fields.get("event") {
        field("event", event);
    }
    for (name, value) in fields.iter().filter(|(name, _)| *name != "event") {
        match milliseconds(value) {
            Some(time) => field(&format!("{name}_ms"), &time),
            None => field(name, value),
        }
    }
    line.push('}');
    Some(line)
}

/// A duration as serde writes it, as milliseconds.
fn milliseconds(value: &Value) -> Option<Value> {
    let seconds = value.get("secs")?.as_u64()?;
    let nanos = value.get("nanos")?.as_u64()?;
    let micros = seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000);
    Some(if micros.is_multiple_of(1_000) { Value::from(micros / 1_000) } else { Value::from(micros as f64 / 1_000.0) })
}

/// A moment that RFC 3339 can write: no later than the year 9999.
fn moment(at: Time) -> SystemTime {
    const LAST_SECOND: u64 = 253_402_300_799;
    let since = Duration::from_micros(at.0).min(Duration::from_secs(LAST_SECOND));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Prints the events of one or more nodes.
pub struct Lines<W> {
    out: W,
    format: Format,
    names: Names,
    // Which peer a connection leads to, so that lines can name it.
    peers: BTreeMap<(u32, ConnectionId), Address>,
    syncs: BTreeMap<u32, Progress>,
    buffer: Vec<Stamped>,
}

/// What was last printed of a node's synchronization.
struct Progress {
    phase: SyncPhase,
    target: u64,
    printed: Time,
}

impl<W: Write> Lines<W> {
    /// Prints to `out`; `names` are those of the nodes.
    pub fn new(out: W, format: Format, names: Names) -> Self {
        Self { out, format, names, peers: BTreeMap::new(), syncs: BTreeMap::new(), buffer: Vec::new() }
    }

    /// Prints an event, if it is one that is printed. `Ok(false)`: nobody reads any more (the pipe is closed), so end quietly. Any other
    /// failure of the output is an error.
    pub fn write(&mut self, stamped: &Stamped) -> std::io::Result<bool> {
        let line = if self.is_wanted(stamped) {
            match self.format {
                Format::Json => json_line(stamped, &self.names),
                Format::Plain => {
                    let who = |connection: ConnectionId| match self.peers.get(&(stamped.node, connection)) {
                        Some(peer) => self.names.peer(peer),
                        None => format!("connection {}", connection.0),
                    };
                    plain(stamped, &self.names, &who)
                }
            }
        } else {
            None
        };
        if let Event::Disconnected { connection, .. } = &stamped.event {
            self.peers.remove(&(stamped.node, *connection));
        }
        let Some(mut line) = line else {
            return Ok(true);
        };
        line.push('\n');
        open(self.out.write_all(line.as_bytes()))
    }

    /// Prints all that waits in `hub`, and flushes. The answers are those of [`Lines::write`]. Lost events are told in a line of their own
    /// (JSON: `"event":"events-lost","count":…`), at the time of the last that was not.
    pub fn drain(&mut self, hub: &Hub) -> std::io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let lost = hub.drain(&mut buffer);
        for stamped in &buffer {
            if !self.write(stamped)? {
                return Ok(false);
            }
        }
        let last = buffer.last().map_or(Time::default(), |stamped| stamped.at);
        self.buffer = buffer;
        if lost > 0 {
            let at = humantime::format_rfc3339_millis(moment(last));
            let line = match self.format {
                Format::Json => {
                    format!("{{\"at\":\"{at}\",\"event\":\"events-lost\",\"count\":{lost}}}\n")
                }
                Format::Plain => {
                    format!("{at} warning: {lost} events came faster than they could be printed\n")
                }
            };
            if !open(self.out.write_all(line.as_bytes()))? {
                return Ok(false);
            }
        }
        self.flush()
    }

    /// Flushes the output, with the same answers as [`Lines::write`].
    pub fn flush(&mut self) -> std::io::Result<bool> {
        open(self.out.flush())
    }

    /// Learns from the event, and decides whether it is worth a line now.
    fn is_wanted(&mut self, stamped: &Stamped) -> bool {
        let node = stamped.node;
        match &stamped.event {
            Event::Started { id, .. } => {
                self.names.set_id(node, *id);
                self.syncs.remove(&node);
                self.peers.retain(|(of, _), _| *of != node);
            }
            Event::Connected { connection, peer, .. } => {
                self.peers.insert((node, *connection), *peer);
            }
            Event::BlockReceived { height, .. } => {
                return self
                    .syncs
                    .get(&node)
                    .is_none_or(|sync| sync.phase == SyncPhase::Synced || height.saturating_add(HISTORY_BLOCKS) >= sync.target);
            }
            Event::Sync { phase, target, .. } => {
                let same = self.syncs.get_mut(&node).filter(|sync| sync.phase == *phase);
                return match same {
                    Some(sync) => {
                        sync.target = *target;
                        let due = !matches!(phase, SyncPhase::Idle | SyncPhase::Synced)
                            && stamped.at.since(sync.printed) >= PROGRESS_LINE;
                        if due {
                            sync.printed = stamped.at;
                        }
                        due
                    }
                    None => {
                        let (phase, target, printed) = (*phase, *target, stamped.at);
                        self.syncs.insert(node, Progress { phase, target, printed });
                        true
                    }
                };
            }
            _ => {}
        }
        true
    }
}

/// A closed pipe is the reader's way to say "enough".
fn open(result: std::io::Result<()>) -> std::io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}
