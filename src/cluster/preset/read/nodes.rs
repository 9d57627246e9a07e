//! `[nodes]`: how many, who mines, who runs from the start, groups.

use super::Context;
use crate::cluster::Selection;
use crate::cluster::limits::SIMULATED_TRIES;
use crate::cluster::preset::model::{Group, Mining, Nodes, Settings, TimingName};
use crate::cluster::preset::names::Names;
use crate::cluster::preset::table::Table;
use crate::cluster::scenario::{EngineKind, Fault, TimelineEntry};
use crate::reading::Complaint;
use std::ops::Range;
use std::time::Duration;

/// A group's table, and which nodes it has.
pub struct Drawn<'a, 'i> {
    table: Table<'a, 'i>,
    nodes: Range<u32>,
}

/// How many nodes there are, those in groups too; `None` if that is wrong. And the groups.
pub fn count<'a, 'i>(table: &Table<'a, 'i>, engine: EngineKind) -> (Option<u32>, Vec<Drawn<'a, 'i>>) {
    let tables = table.tables("group");
    let mut known = !table.misspells("count") && !table.misspells("group");
    let first = if table.has("count") {
        table.small("count").unwrap_or_else(|| {
            known = false;
            0
        })
    } else {
        0
    };
    let mut next = first;
    let mut groups = Vec::new();
    for group in tables {
        let size = group.small("count");
        known &= size.is_some();
        let end = next.saturating_add(size.unwrap_or_default());
        groups.push(Drawn { table: group, nodes: next..end });
        next = end;
    }
    if !known {
        return (None, groups);
    }
    let span = if table.has("count") { table.value_span("count") } else { table.span.clone() };
    if next == 0 {
        let complaint = Complaint::new(span, "there are no nodes").label("`count` is wanted: 1 at least").follows();
        table.report.add(complaint);
        return (None, groups);
    }
    let most = engine.max_nodes();
    if next > most {
        let what = format!("{next} nodes, and {} takes {most} at most", engine.words());
        table.report.add(Complaint::new(span, what).note(engine.why_max_nodes()));
    }
    (Some(next), groups)
}

/// Lets groups be named from here on.
pub fn name_groups(table: &Table<'_, '_>, groups: &[Drawn<'_, '_>], names: &mut Names) {
    for group in groups {
        let Some(name) = group.table.text("name") else { continue };
        let reserved = crate::cluster::preset::names::RESERVED.contains(&name);
        if reserved || !names.add(name, Selection::of_nodes(group.nodes.clone())) {
            let what = format!("a group cannot be called {name:?}");
            table.report.add(
                Complaint::new(group.table.value_span("name"), what)
                    .label("wanted: letters, digits, - and _; no name that is taken, and no node's"),
            );
        }
    }
}

/// The nodes. Groups that join later leave an entry on the timeline.
pub fn read(
    table: &Table<'_, '_>,
    context: &Context,
    drawn: Vec<Drawn<'_, '_>>,
    timeline: &mut Vec<TimelineEntry>,
) -> Option<Nodes> {
    let mut mining = table.table("mining").and_then(|mining| read_mining(&mining, context));
    let mut starts = context.names.read_or_all(table, "starts");
    let settings = read_settings(table);
    let count = context.names.count();
    let mut groups = Vec::new();
    for Drawn { table: group, nodes } in drawn {
        match (group.flag("mining"), &mut mining) {
            (Some(true), None) => {
                let what = "a group mines, and nothing says how";
                let note = "add mining = { nodes = \"none\", block_time = \"5s\" } to [nodes]";
                group.report.add(Complaint::new(group.key_span("mining"), what).note(note).follows());
            }
            (Some(mines), Some(mining)) => set(&mut mining.nodes, &nodes, mines, count.unwrap_or_default()),
            (_, None) | (None, _) => {}
        }
        if let Some(at) = group.duration("joins") {
            context.within_run(&group, "joins", at);
            set(&mut starts, &nodes, false, count.unwrap_or_default());
            timeline.push(TimelineEntry { at, fault: Fault::Join(Selection::of_nodes(nodes.clone())), lasts: None });
        }
        let name = group.text("name").unwrap_or_default().to_owned();
        groups.push(Group { name, nodes, settings: read_settings(&group) });
    }
    if let (Some(mining), Some(count)) = (&mining, count)
        && mining.nodes.iter(count).next().is_none()
    {
        let complaint = Complaint::new(table.key_span("mining"), "nobody mines");
        let label = "wanted: somebody in its `nodes`, or a group with mining = true; or leave it out";
        table.report.add(complaint.label(label).follows());
    }
    Some(Nodes { count: count?, mining, starts, settings, groups })
}

/// Puts nodes into a selection, or takes them out. `All` stays as it is while it stays true.
fn set(selection: &mut Selection, nodes: &Range<u32>, within: bool, count: u32) {
    let differs = nodes.clone().any(|node| selection.contains(node) != within);
    if differs {
        *selection =
            Selection::of_nodes((0..count).filter(|node| if nodes.contains(node) { within } else { selection.contains(*node) }));
    }
}

fn read_settings(table: &Table<'_, '_>) -> Settings {
    Settings {
        max_inbound: table.small("max_inbound"),
        max_outbound: table.small("max_outbound"),
        peer_exchange: table.flag("peer_exchange"),
        kademlia: table.flag("kademlia"),
        timing: table.choice("timing").map(|name| if name == "public" { TimingName::Public } else { TimingName::Lab }),
        networks: table.small("networks"),
    }
}

fn read_mining(table: &Table<'_, '_>, context: &Context) -> Option<Mining> {
    table.choice("seal");
    let default_tries = match context.engine {
        EngineKind::Simulation => SIMULATED_TRIES,
        EngineKind::Sockets => crate::node::Mining::DEFAULT_TRIES,
    };
    Some(Mining {
        nodes: context.names.read(table, "nodes").unwrap_or(Selection::All),
        tries_per_second: table.whole("tries_per_second").unwrap_or(default_tries),
        block_time: table.duration("block_time").unwrap_or(Duration::from_secs(5)),
    })
}
