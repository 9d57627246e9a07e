//! A preset back as a file: what was done by hand is kept as one, and a failing scenario is made smaller as one.

use super::preset::values::{bandwidth_text, duration_text, share_text, size_text};
use super::preset::{Group, Mining, Nodes, Preset, Settings, Unit, default_chain};
use super::scenario::{Expectation, Fault, LinkChange, Misbehaviour, TimelineEntry, What, When};
use super::{Profile, Selection, Topology};
use std::fmt::{Display, Write};
use std::time::Duration;

impl Preset {
    /// The preset as a TOML file that reads as the same preset. (Only its name is the file's to say; a group's `joins` and `mining`
    /// are written out as a timeline entry and by the nodes' names.)
    pub fn to_toml(&self) -> String {
        let mut file = File::default();
        file.text("title", &self.title).text("about", &self.about).key("seed", self.seed);
        file.text("engine", self.engine.name());
        file.maybe("duration", self.duration.map(time));
        write_nodes(&mut file, &self.nodes);
        if self.chain != default_chain() {
            file.header("[chain]");
            if self.chain.blocks > 0 || self.chain.nodes != Selection::All {
                file.key("blocks", self.chain.blocks).key("nodes", nodes(&self.chain.nodes));
            }
            if self.chain.max_transactions != default_chain().max_transactions {
                file.key("max_transactions", self.chain.max_transactions);
            }
        }
        write_topology(&mut file, &self.topology);
        if self.links != super::Links::default() {
            file.header("[links]");
            file.maybe("profile", self.links.profile.map(profile)).pairs(&numbers(&self.links.change));
        }
        for rule in &self.links.between {
            file.header("[[links.between]]").key("from", nodes(&rule.from)).key("to", nodes(&rule.to));
            file.maybe("one_way", (!rule.both_ways).then_some(true));
            file.maybe("profile", rule.profile.map(profile)).pairs(&numbers(&rule.change));
        }
        if self.traffic.transactions_per_second > 0.0 {
            file.header("[traffic]").key("transactions_per_second", format!("{:?}", self.traffic.transactions_per_second));
        }
        for entry in &self.timeline {
            file.header("[[timeline]]").key("at", time(entry.at)).key("fault", fault(entry));
        }
        for adversaries in &self.adversaries {
            file.header("[[adversary]]").key("nodes", nodes(&adversaries.nodes));
            file.text("behaviour", adversaries.misbehaviour.name());
            match adversaries.misbehaviour {
                Misbehaviour::Slow(delay) => file.key("delay", time(delay)),
                Misbehaviour::Spam(messages) => file.key("messages_per_second", messages),
                _ => &mut file,
            };
        }
        for expectation in &self.expectations {
            write_expectation(&mut file, expectation);
        }
        file.0
    }
}

/// The text so far. (Writing to a string cannot fail.)
#[derive(Default)]
struct File(String);

impl File {
    fn header(&mut self, header: &str) -> &mut Self {
        let _ = writeln!(self.0, "\n{header}");
        self
    }

    fn key(&mut self, name: &str, value: impl Display) -> &mut Self {
        let _ = writeln!(self.0, "{name} = {value}");
        self
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.key(name, quoted(value))
    }

    fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.key(name, value);
        }
        self
    }

    fn pairs(&mut self, pairs: &[(&str, String)]) -> &mut Self {
        for (name, value) in pairs {
            self.key(name, value);
        }
        self
    }
}

fn quoted(text: impl Into<String>) -> String {
    toml::Value::String(text.into()).to_string()
}

fn time(duration: Duration) -> String {
    quoted(duration_text(duration))
}

fn nodes(selection: &Selection) -> String {
    quoted(selection.to_string())
}

fn profile(profile: Profile) -> String {
    quoted(profile.name())
}

fn inline(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn write_nodes(file: &mut File, all: &Nodes) {
    let Nodes { count, mining, starts, settings, groups } = all;
    let grouped: u32 = groups.iter().map(|group| group.nodes.end - group.nodes.start).sum();
    file.header("[nodes]").key("count", count - grouped);
    if let Some(Mining { nodes: miners, tries_per_second, block_time }) = mining {
        let pairs = [
            ("nodes", nodes(miners)),
            ("seal", quoted("work")),
            ("block_time", time(*block_time)),
            ("tries_per_second", tries_per_second.to_string()),
        ];
        file.key("mining", inline(&pairs));
    }
    if *starts != Selection::All {
        file.key("starts", nodes(starts));
    }
    write_settings(file, settings);
    for Group { name, nodes, settings } in groups {
        file.header("[[nodes.group]]").text("name", name).key("count", nodes.end - nodes.start);
        write_settings(file, settings);
    }
}

fn write_settings(file: &mut File, settings: &Settings) {
    file.maybe("max_inbound", settings.max_inbound)
        .maybe("max_outbound", settings.max_outbound)
        .maybe("peer_exchange", settings.peer_exchange)
        .maybe("kademlia", settings.kademlia);
    if let Some(timing) = settings.timing {
        file.text("timing", timing.name());
    }
    file.maybe("networks", settings.networks);
}

fn write_topology(file: &mut File, topology: &Topology) {
    file.header("[topology]").text("kind", topology.name());
    match topology {
        Topology::Line | Topology::Ring | Topology::Star => {}
        Topology::Mesh { degree } => {
            file.maybe("degree", *degree);
        }
        Topology::Tree { arity } => {
            file.key("arity", arity);
        }
        Topology::Grid { width } => {
            file.maybe("width", *width);
        }
        Topology::Random { degree } | Topology::ScaleFree { degree } => {
            file.key("degree", degree);
        }
        Topology::SmallWorld { degree, rewire } => {
            file.key("degree", degree).key("rewire", quoted(share_text(*rewire)));
        }
        Topology::Regions { regions, degree, bridges } => {
            file.key("degree", degree).key("bridges", bridges);
            for region in regions {
                file.header("[[topology.region]]").text("name", region.place.name()).key("nodes", nodes(&region.nodes));
            }
        }
        Topology::Edges(edges) => {
            let edges: Vec<_> = edges.iter().map(|(a, b)| format!("[\"n{a}\", \"n{b}\"]")).collect();
            file.key("edges", format!("[{}]", edges.join(", ")));
        }
    }
}

fn numbers(change: &LinkChange) -> Vec<(&'static str, String)> {
    let share = |share: Option<u32>| share.map(|share| quoted(share_text(share)));
    [
        ("latency", change.latency.map(time)),
        ("jitter", change.jitter.map(time)),
        ("loss", share(change.loss)),
        ("bandwidth", change.bandwidth.map(|rate| quoted(bandwidth_text(rate)))),
        ("reorder", share(change.reorder)),
        ("duplicate", share(change.duplicate)),
        ("corrupt", share(change.corrupt)),
        ("cut", change.cut.map(|cut| cut.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn fault(entry: &TimelineEntry) -> String {
    let mut pairs = match &entry.fault {
        Fault::Link { from, to, both_ways, change } => {
            let mut pairs = numbers(change);
            pairs.extend([("from", nodes(from)), ("to", nodes(to))]);
            if !both_ways {
                pairs.push(("one_way", true.to_string()));
            }
            pairs
        }
        Fault::Partition { groups } => {
            let groups: Vec<_> = groups.iter().map(|group| format!("[{}]", nodes(group))).collect();
            vec![("partition", format!("[{}]", groups.join(", ")))]
        }
        Fault::Pause(who) => vec![("pause", nodes(who))],
        Fault::Kill(who) => vec![("kill", nodes(who))],
        Fault::Restart(who) => vec![("restart", nodes(who))],
        Fault::Join(who) => vec![("join", nodes(who))],
        Fault::Leave(who) => vec![("leave", nodes(who))],
        Fault::DiskFull(who) => vec![("disk_full", nodes(who))],
        Fault::ClockSkew { nodes: who, by, back } => {
            let sign = if *back { "-" } else { "" };
            vec![("clock_skew", quoted(format!("{sign}{}", duration_text(*by)))), ("nodes", nodes(who))]
        }
    };
    pairs.extend(entry.lasts.map(|lasts| ("for", time(lasts))));
    inline(&pairs)
}

fn write_expectation(file: &mut File, expectation: &Expectation) {
    let Expectation { what, nodes: who, bounds, when } = expectation;
    file.header("[[expect]]").text("what", what.name());
    if let What::Events { kind } = what {
        file.text("kind", kind);
    }
    file.key("nodes", nodes(who));
    let bound = |bound: f64| match Unit::of(what) {
        Unit::None => None,
        // Counts and sizes are whole and not negative.
        Unit::Count => Some(format!("{bound:.0}")),
        Unit::Number => Some(format!("{bound:?}")),
        Unit::Time => Duration::try_from_secs_f64(bound).ok().map(time),
        Unit::Size => Some(quoted(size_text(bound as u64))),
    };
    file.maybe("at_least", bounds.at_least.and_then(bound)).maybe("at_most", bounds.at_most.and_then(bound));
    match when {
        When::By(by) => file.key("by", time(*by)),
        When::From(from) => file.key("from", time(*from)),
        When::AtEnd => file,
    };
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
