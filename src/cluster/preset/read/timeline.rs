//! `[[timeline]]` and `[[adversary]]`: what is done to nodes and links, and who misbehaves.

use super::{Context, links};
use crate::cluster::limits::MAX_MESHED;
use crate::cluster::preset::format::{LINK_NUMBERS, NODE_FAULTS};
use crate::cluster::preset::model::Nodes;
use crate::cluster::preset::names::Names;
use crate::cluster::preset::table::Table;
use crate::cluster::scenario::{Adversaries, Fault, Misbehaviour, TimelineEntry};
use crate::cluster::{Selection, Topology};
use crate::reading::{Complaint, Span};
use std::cell::OnceCell;

/// The links of a preset's own seed, drawn when somebody asks.
pub struct Drawn<'a> {
    topology: Option<&'a Topology>,
    seed: u64,
    edges: OnceCell<Vec<(u32, u32)>>,
}

impl<'a> Drawn<'a> {
    /// None yet.
    pub fn new(topology: Option<&'a Topology>, seed: u64) -> Self {
        Self { topology, seed, edges: OnceCell::new() }
    }

    /// Whether a link goes from any of these to any of those; `true` where the links cannot be told.
    fn touch(&self, count: u32, from: &Selection, to: &Selection) -> bool {
        let Some(topology) = self.topology.filter(|topology| topology.fits(count)) else { return true };
        let edges = self.edges.get_or_init(|| topology.edges(count, self.seed));
        edges.iter().any(|(a, b)| (from.contains(*a) && to.contains(*b)) || (from.contains(*b) && to.contains(*a)))
    }
}

/// Adds the entries to `timeline`, where the groups' are already.
pub fn read(
    table: &Table<'_, '_>,
    context: &Context,
    nodes: Option<&Nodes>,
    drawn: &Drawn<'_>,
    timeline: &mut Vec<TimelineEntry>,
) {
    for entry in table.tables("timeline") {
        let at = entry.duration("at");
        if let Some(at) = at {
            context.within_run(&entry, "at", at);
        }
        let Some(table) = entry.table("fault") else { continue };
        let fault = fault(&table, context, nodes);
        check_linked(&table, fault.as_ref(), nodes, drawn);
        let lasts = table.duration("for");
        if let (Some(at), Some(lasts), Some(end)) = (at, lasts, context.duration)
            && at <= end
            && !matches!(fault, Some(Fault::Restart(_) | Fault::Join(_)))
            && at.saturating_add(lasts) > end
        {
            let what = "this fault is undone after the end of the run";
            let label = format!("the run ends {} after it begins", crate::cluster::preset::values::duration_text(end - at));
            table.report.add(Complaint::new(table.value_span("for"), what).label(label));
        }
        if let (Some(at), Some(fault)) = (at, fault) {
            timeline.push(TimelineEntry { at, fault, lasts });
        }
    }
}

fn fault(table: &Table<'_, '_>, context: &Context, nodes: Option<&Nodes>) -> Option<Fault> {
    let kinds: Vec<&str> = NODE_FAULTS.iter().copied().filter(|kind| table.has(kind)).collect();
    let numbers = LINK_NUMBERS.iter().any(|number| table.has(number));
    let kind = match (kinds.as_slice(), numbers) {
        ([kind], false) => *kind,
        ([], true) => "link",
        ([], false) if table.has_unknown() => return None,
        ([], false) => {
            let complaint = Complaint::new(table.span.clone(), "nothing happens in this fault");
            let note = format!("wanted: one of {}; or some of {}", NODE_FAULTS.join(", "), LINK_NUMBERS.join(", "));
            table.report.add(complaint.note(note).follows());
            return None;
        }
        (kinds, _) => {
            let first = kinds.first().copied().unwrap_or_default();
            let complaint = Complaint::new(table.key_span(first), "several faults at once");
            table.report.add(complaint.label("wanted: one in each [[timeline]] entry; entries may have the same `at`"));
            return None;
        }
    };
    check_companions(table, kind);
    let somebody = |key: &str| context.names.read(table, key).inspect(|nodes| context.somebody(table, key, nodes));
    let fault = match kind {
        "partition" => {
            check_parted(table, nodes);
            Fault::Partition { groups: partition(table, context)? }
        }
        "pause" => Fault::Pause(somebody(kind)?),
        "kill" => Fault::Kill(somebody(kind)?),
        "restart" => Fault::Restart(somebody(kind)?),
        "join" => Fault::Join(somebody(kind).inspect(|who| check_join(table, who, nodes))?),
        "leave" => Fault::Leave(somebody(kind)?),
        "disk_full" => Fault::DiskFull(somebody(kind)?),
        "clock_skew" => {
            let (skew, nodes) = (table.skew(kind), somebody("nodes"));
            let (by, back) = skew?;
            Fault::ClockSkew { nodes: nodes?, by, back }
        }
        _ => Fault::Link {
            from: context.names.read_or_all(table, "from"),
            to: context.names.read_or_all(table, "to"),
            both_ways: !table.flag("one_way").unwrap_or_default(),
            change: links::change(table, table.flag("cut")),
        },
    };
    Some(fault)
}

/// Complains of keys that mean nothing beside this kind of fault, and of one that is missing.
fn check_companions(table: &Table<'_, '_>, kind: &str) {
    let allowed: &[&str] = match kind {
        "link" => &["from", "to", "one_way", "for"],
        "clock_skew" => &["nodes", "for"],
        "restart" | "join" => &[],
        _ => &["for"],
    };
    for (key, span) in table.keys().filter(|(key, _)| ["from", "to", "one_way", "nodes", "for"].contains(key)) {
        if allowed.contains(&key) {
            continue;
        }
        let what = match kind {
            "link" => format!("`{key}` means nothing beside a change of links"),
            kind => format!("`{key}` means nothing beside `{kind}`"),
        };
        let label = match (kind, key) {
            ("restart", "for") => "a restart is not undone: add a `kill`",
            ("join", "for") => "a join is not undone: add a `leave`",
            ("link", _) => "`from` and `to` say whose links",
            _ => "leave it out",
        };
        table.report.add(Complaint::new(span, what).label(label));
    }
    if kind == "clock_skew" && !table.has("nodes") && !table.has_unknown() {
        let complaint = Complaint::new(table.key_span(kind), "whose clocks are off is missing");
        table.report.add(complaint.label("wanted beside it: `nodes`").follows());
    }
}

fn partition(table: &Table<'_, '_>, context: &Context) -> Option<Vec<Selection>> {
    let value = table.value("partition")?;
    let Some(list) = value.get_ref().as_array() else {
        table.refuse("partition");
        return None;
    };
    let mut groups: Vec<(Selection, Span)> = Vec::new();
    let mut good = true;
    for group in list.iter() {
        let Some(nodes) = context.names.read_list(table, group) else {
            good = false;
            continue;
        };
        if let Some(count) = context.names.count() {
            let both = |(other, _): &(Selection, Span)| nodes.iter(count).find(|node| other.contains(*node));
            if let Some(node) = groups.iter().find_map(both) {
                let complaint = Complaint::new(group.span(), format!("n{node} is in two groups of the partition"));
                table.report.add(complaint.label("groups have no node in common"));
            }
            if nodes.size(count) == 0 {
                table.report.add(Complaint::new(group.span(), "a group of the partition has no nodes"));
            }
        }
        groups.push((nodes, group.span()));
    }
    if let Some(count) = context.names.count().filter(|_| good)
        && (groups.is_empty() || groups.iter().any(|(nodes, _)| nodes.size(count) == count))
    {
        let complaint = Complaint::new(value.span(), "this partition parts nobody from anybody");
        table.report.add(complaint.label("wanted: two groups, or one that is not all nodes").follows());
    }
    good.then(|| groups.into_iter().map(|(nodes, _)| nodes).collect())
}

/// Where nodes stay with the links that are drawn, nothing can be done to others.
fn check_linked(table: &Table<'_, '_>, fault: Option<&Fault>, nodes: Option<&Nodes>, drawn: &Drawn<'_>) {
    let (Some(Fault::Link { from, to, .. }), Some(nodes)) = (fault, nodes) else { return };
    if nodes.seek_peers() || drawn.touch(nodes.count, from, to) {
        return;
    }
    let span = ["to", "from"].into_iter().find(|key| table.has(key)).map(|key| table.value_span(key));
    let complaint = Complaint::new(span.unwrap_or_else(|| table.span.clone()), format!("no link goes from {from} to {to}"));
    table.report.add(complaint.label("wanted: nodes that the topology links").follows());
}

/// Links that nodes of a large network find by themselves would go around a partition.
fn check_parted(table: &Table<'_, '_>, nodes: Option<&Nodes>) {
    if nodes.is_some_and(|nodes| nodes.count > MAX_MESHED && nodes.seek_peers()) {
        let complaint = Complaint::new(table.key_span("partition"), "nodes that look for peers would go around this partition");
        let note = format!("above {MAX_MESHED} nodes only links of the topology can be parted");
        table.report.add(complaint.label("leave out peer_exchange and kademlia, or take fewer nodes").note(note).follows());
    }
}

/// Who runs from the start cannot join.
fn check_join(table: &Table<'_, '_>, who: &Selection, nodes: Option<&Nodes>) {
    if let Some(nodes) = nodes
        && let Some(running) = who.iter(nodes.count).find(|node| nodes.starts.contains(*node))
    {
        let complaint = Complaint::new(table.value_span("join"), format!("n{running} runs from the start and cannot join"));
        table.report.add(complaint.label("leave it out of `starts` in [nodes], or say `restart`"));
    }
}

/// Who misbehaves, and where that is said.
pub fn adversaries(table: &Table<'_, '_>, names: &Names) -> Vec<(Adversaries, Span)> {
    let mut all: Vec<(Adversaries, Span)> = Vec::new();
    for entry in table.tables("adversary") {
        let (nodes, behaviour) = (names.read(&entry, "nodes"), entry.choice("behaviour"));
        let misbehaviour = behaviour.and_then(|behaviour| misbehaviour(&entry, behaviour));
        let Some(nodes) = nodes else { continue };
        if let Some(count) = names.count() {
            if nodes.size(count) == 0 {
                let what = format!("`nodes` names none of the {count} nodes");
                entry.report.add(Complaint::new(entry.value_span("nodes"), what).label("somebody is wanted"));
            }
            let twice = |(other, _): &(Adversaries, Span)| nodes.iter(count).find(|node| other.nodes.contains(*node));
            if let Some(node) = all.iter().find_map(twice) {
                let complaint = Complaint::new(entry.value_span("nodes"), format!("n{node} misbehaves twice"));
                entry.report.add(complaint.label("a node has one behaviour"));
            }
        }
        // Even without a behaviour it is an adversary: its names must mean the same.
        let misbehaviour = misbehaviour.unwrap_or(Misbehaviour::Silent);
        all.push((Adversaries { nodes, misbehaviour }, entry.value_span("nodes")));
    }
    all
}

fn misbehaviour(table: &Table<'_, '_>, behaviour: &'static str) -> Option<Misbehaviour> {
    for (key, of) in [("delay", "slow"), ("messages_per_second", "spam")] {
        if table.has(key) && behaviour != of {
            let complaint = Complaint::new(table.key_span(key), format!("`{key}` means nothing for {behaviour:?}"));
            table.report.add(complaint.label(format!("it belongs to {of:?}")));
        } else if !table.has(key) && behaviour == of && !table.misspells(key) {
            let complaint = Complaint::new(table.value_span("behaviour"), format!("{behaviour:?} needs `{key}`"));
            table.report.add(complaint.label(format!("`{key}` is missing")).follows());
        }
    }
    Some(match behaviour {
        "slow" => Misbehaviour::Slow(table.duration("delay")?),
        "spam" => Misbehaviour::Spam(table.small("messages_per_second")?),
        "invalid-blocks" => Misbehaviour::InvalidBlocks,
        "invalid-transactions" => Misbehaviour::InvalidTransactions,
        "header-flood" => Misbehaviour::HeaderFlood,
        "withholding" => Misbehaviour::Withholding,
        "equivocation" => Misbehaviour::Equivocation,
        "stale-announcer" => Misbehaviour::StaleAnnouncer,
        "slow-loris" => Misbehaviour::SlowLoris,
        "ban-baiting" => Misbehaviour::BanBaiting,
        "eclipse" => Misbehaviour::Eclipse,
        "sybil" => Misbehaviour::Sybil,
        _ => Misbehaviour::Silent,
    })
}
