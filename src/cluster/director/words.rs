//! A fault as a short sentence.

use crate::cluster::Selection;
use crate::cluster::scenario::{Fault, LinkChange};
use crate::link::MILLION;
use std::ops::RangeInclusive;
use std::time::Duration;

/// These nodes, as a selection.
pub fn chosen(nodes: impl IntoIterator<Item = u32>) -> Selection {
    let mut nodes: Vec<u32> = nodes.into_iter().collect();
    nodes.sort_unstable();
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for node in nodes {
        match ranges.last_mut() {
            Some(last) if node <= last.end().saturating_add(1) => *last = *last.start()..=node,
            _ => ranges.push(node..=node),
        }
    }
    Selection::Some(ranges)
}

/// A duration for people: `1m 30s`, `80ms`; nothing finer than a millisecond from ten milliseconds on.
pub fn seconds(duration: Duration) -> String {
    let shown = if duration >= Duration::from_millis(10) {
        Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    } else {
        Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    };
    humantime::format_duration(shown).to_string()
}

/// `loss 20% n5 -> n6`, `partition n0..n5 | n6..n11`, `kill n2`.
pub fn fault_words(fault: &Fault) -> String {
    match fault {
        Fault::Link { from, to, both_ways, change } => {
            let arrow = if *both_ways { "<->" } else { "->" };
            format!("{} {from} {arrow} {to}", change_words(change))
        }
        Fault::Partition { groups } => {
            let mut sides: Vec<String> = groups.iter().map(Selection::to_string).collect();
            if let [_] = groups.as_slice() {
                sides.push("rest".to_owned());
            }
            format!("partition {}", sides.join(" | "))
        }
        Fault::Pause(nodes) => format!("pause {nodes}"),
        Fault::Kill(nodes) => format!("kill {nodes}"),
        Fault::Restart(nodes) => format!("restart {nodes}"),
        Fault::Join(nodes) => format!("join {nodes}"),
        Fault::Leave(nodes) => format!("leave {nodes}"),
        Fault::ClockSkew { nodes, by, back } => {
            format!("clock of {nodes} {} {}", seconds(*by), if *back { "behind" } else { "ahead" })
        }
        Fault::DiskFull(nodes) => format!("disk full on {nodes}"),
    }
}

fn change_words(change: &LinkChange) -> String {
    let mut words = Vec::new();
    match change.cut {
        Some(true) => words.push("cut".to_owned()),
        Some(false) => words.push("mend".to_owned()),
        None => {}
    }
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push(format!("{name} {value}"));
        }
    };
    say("latency", change.latency.map(seconds));
    say("jitter", change.jitter.map(seconds));
    say("loss", change.loss.map(percent));
    say("bandwidth", change.bandwidth.map(bytes_per_second));
    say("reorder", change.reorder.map(percent));
    say("duplicate", change.duplicate.map(percent));
    say("corrupt", change.corrupt.map(percent));
    if words.is_empty() { "no change".to_owned() } else { words.join(", ") }
}

/// Parts of a million as percent, without zeros at the end.
pub(super) fn percent(parts: u32) -> String {
    format!("{}%", f64::from(parts) * 100.0 / f64::from(MILLION))
}

fn bytes_per_second(rate: u64) -> String {
    match rate {
        rate if rate >= 1_000_000 => format!("{} MB/s", rate as f64 / 1e6),
        rate if rate >= 1_000 => format!("{} kB/s", rate as f64 / 1e3),
        rate => format!("{rate} B/s"),
    }
}
