//! Writes a scenario as a preset, so that it can be kept, read and played again.

use super::limits::{BLOCK_TIME, TRIES_PER_SECOND};
use super::plan::{Plan, selection};
use crate::cluster::Selection;
use crate::cluster::scenario::{Fault, LinkChange, Misbehaviour};
use crate::link::{LinkModel, MILLION};
use std::fmt::{self, Write};
use std::time::Duration;

impl Plan {
    /// The scenario as a preset's TOML, with what must come out of it.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "title = \"Scenario {}\"", self.seed)?;
        writeln!(out, "about = \"Made from a seed: faults and adversaries, and the honest agree in the end.\"")?;
        writeln!(out, "seed = {}", self.seed)?;
        writeln!(out, "engine = \"simulation\"")?;
        writeln!(out, "duration = \"{}\"", time(self.duration + super::limits::GRACE))?;
        writeln!(out, "\n[nodes]\ncount = {}", self.nodes)?;
        let miners = selection(self.miners.iter().copied());
        let pace = format!("block_time = \"{}\", tries_per_second = {TRIES_PER_SECOND}", time(BLOCK_TIME));
        writeln!(out, "mining = {{ nodes = \"{miners}\", {pace} }}")?;
        let edges: Vec<_> = self.edges.iter().map(|(a, b)| format!("[\"n{a}\", \"n{b}\"]")).collect();
        writeln!(out, "\n[topology]\nkind = \"edges\"\nedges = [{}]", edges.join(", "))?;
        if !self.links.is_clear() {
            writeln!(out, "\n[links]\n{}", numbers(&change_of(&self.links)).join("\n"))?;
        }
        if self.transactions_per_second > 0 {
            writeln!(out, "\n[traffic]\ntransactions_per_second = {}", self.transactions_per_second)?;
        }
        for entry in &self.timeline {
            let lasts = entry.lasts.map(|lasts| format!(", for = \"{}\"", time(lasts))).unwrap_or_default();
            writeln!(out, "\n[[timeline]]\nat = \"{}\"\nfault = {{ {}{lasts} }}", time(entry.at), fault(&entry.fault))?;
        }
        for adversary in &self.adversaries {
            writeln!(out, "\n[[adversary]]\nnodes = \"{}\"\n{}", adversary.nodes, behaviour(adversary.misbehaviour))?;
        }
        let honest = selection(self.honest());
        writeln!(
            out,
            "\n[[expect]]\nwhat = \"same-tip\"\nnodes = \"{honest}\"\nby = \"{}\"",
            time(self.duration + super::limits::GRACE)
        )?;
        writeln!(out, "\n[[expect]]\nwhat = \"bans-of\"\nnodes = \"{honest}\"\nat_most = 0")
    }
}

fn time(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration)
}

/// The whole model, as a change of a clear link.
fn change_of(model: &LinkModel) -> LinkChange {
    let parts = |parts: u32| (parts > 0).then_some(parts);
    let delay = |delay: Duration| (delay > Duration::ZERO).then_some(delay);
    LinkChange {
        latency: delay(model.latency),
        jitter: delay(model.jitter),
        loss: parts(model.loss),
        bandwidth: model.bandwidth,
        reorder: parts(model.reorder),
        duplicate: parts(model.duplicate),
        corrupt: parts(model.corrupt),
        cut: model.cut.then_some(true),
    }
}

fn numbers(change: &LinkChange) -> Vec<String> {
    let mut parts = Vec::new();
    let delays = [("latency", change.latency), ("jitter", change.jitter)];
    parts.extend(delays.iter().filter_map(|(name, delay)| Some(format!("{name} = \"{}\"", time((*delay)?)))));
    let shares =
        [("loss", change.loss), ("reorder", change.reorder), ("duplicate", change.duplicate), ("corrupt", change.corrupt)];
    parts.extend(shares.iter().filter_map(|(name, share)| Some(format!("{name} = {}", share_of((*share)?)))));
    parts.extend(change.bandwidth.map(|bytes| format!("bandwidth = \"{bytes} B/s\"")));
    parts.extend(change.cut.map(|cut| format!("cut = {cut}")));
    parts
}

/// Parts of a million as a decimal fraction, exactly.
fn share_of(parts: u32) -> String {
    format!("{}.{:06}", parts / MILLION, parts % MILLION)
}

fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Link { from, to, both_ways, change } => {
            let one_way = if *both_ways { "" } else { ", one_way = true" };
            format!("{}, from = \"{from}\", to = \"{to}\"{one_way}", numbers(change).join(", "))
        }
        Fault::Partition { groups } => {
            let groups: Vec<_> = groups.iter().map(|group| format!("[\"{group}\"]")).collect();
            format!("partition = [{}]", groups.join(", "))
        }
        Fault::Pause(nodes) => named("pause", nodes),
        Fault::Kill(nodes) => named("kill", nodes),
        Fault::Restart(nodes) => named("restart", nodes),
        Fault::Join(nodes) => named("join", nodes),
        Fault::Leave(nodes) => named("leave", nodes),
        Fault::DiskFull(nodes) => named("disk_full", nodes),
        Fault::ClockSkew { nodes, by, back } => {
            format!("clock_skew = \"{}{}\", nodes = \"{nodes}\"", if *back { "-" } else { "" }, time(*by))
        }
    }
}

fn named(name: &str, nodes: &Selection) -> String {
    format!("{name} = \"{nodes}\"")
}

fn behaviour(misbehaviour: Misbehaviour) -> String {
    let name = match misbehaviour {
        Misbehaviour::Silent => "silent",
        Misbehaviour::Slow(delay) => return format!("behaviour = \"slow\"\ndelay = \"{}\"", time(delay)),
        Misbehaviour::Spam(rate) => return format!("behaviour = \"spam\"\nmessages_per_second = {rate}"),
        Misbehaviour::InvalidBlocks => "invalid-blocks",
        Misbehaviour::InvalidTransactions => "invalid-transactions",
        Misbehaviour::HeaderFlood => "header-flood",
        Misbehaviour::Withholding => "withholding",
        Misbehaviour::Equivocation => "equivocation",
        Misbehaviour::StaleAnnouncer => "stale-announcer",
        Misbehaviour::SlowLoris => "slow-loris",
        Misbehaviour::BanBaiting => "ban-baiting",
    };
    format!("behaviour = \"{name}\"")
}
