//! From a file's text to a [`Preset`], or to all that is wrong with it.

mod expect;
mod links;
mod nodes;
mod timeline;
mod topology;

pub use expect::Unit;

use super::format::PRESET;
use super::model::{Chain, Links, Preset, TrafficRate};
use super::names::Names;
use super::table::Table;
use crate::cluster::PresetError;
use crate::cluster::limits::MAX_BLOCK_TRANSACTIONS;
use crate::cluster::scenario::EngineKind;
use crate::cluster::{Selection, Topology};
use crate::reading::{Complaint, Report, Span};
use std::time::Duration;
use toml::de::DeTable;

/// What the parts of a preset need to know of each other.
struct Context {
    engine: EngineKind,
    duration: Option<Duration>,
    /// No duration is said, as opposed to one that cannot be read.
    endless: bool,
    names: Names,
}

impl Context {
    /// Complains of a moment after the run's end.
    fn within_run(&self, table: &Table<'_, '_>, key: &str, moment: Duration) {
        if let Some(duration) = self.duration.filter(|duration| moment > *duration) {
            let what = format!("`{key}` is after the end of the run");
            let label = format!("the run ends at {}", super::values::duration_text(duration));
            table.report.add(Complaint::new(table.value_span(key), what).label(label));
        }
    }

    /// Complains of a choice of nobody, where somebody is meant.
    fn somebody(&self, table: &Table<'_, '_>, key: &str, nodes: &Selection) {
        if let Some(count) = self.names.count().filter(|count| nodes.size(*count) == 0 && *count > 0) {
            let what = format!("`{key}` names none of the {count} nodes");
            table.report.add(Complaint::new(table.value_span(key), what).label("somebody is wanted"));
        }
    }
}

/// Reads a preset. `name` is what it will be called; `origin` is how errors call its file.
pub fn read(name: &str, origin: &str, text: &str) -> Result<Preset, PresetError> {
    let (document, syntax) = DeTable::parse_recoverable(text);
    let mut report = Report::default();
    let preset = preset(&report, name, document.get_ref());
    report.add_syntax(text, &syntax);
    match preset {
        Some(preset) if report.is_empty() => Ok(preset),
        _ => {
            let (mistakes, report) = report.render(origin, text);
            Err(PresetError::Wrong { name: origin.to_owned(), mistakes, report })
        }
    }
}

/// `None` only where something was complained of.
fn preset(report: &Report, name: &str, document: &DeTable<'_>) -> Option<Preset> {
    let table = Table::open(report, &PRESET, document, 0..0);
    let engine = match table.choice("engine") {
        Some("simulation") => EngineKind::Simulation,
        _ => EngineKind::Sockets,
    };
    let (title, about) = (table.text("title").unwrap_or_default(), table.text("about").unwrap_or_default());
    let seed = table.whole("seed").unwrap_or_default();
    let duration = table.duration("duration");
    let endless = !table.has("duration") && !table.misspells("duration");
    let nodes_table = table.table("nodes");
    let (count, groups) = nodes_table.as_ref().map_or((None, Vec::new()), |table| nodes::count(table, engine));
    let mut names = Names::new(count);
    if let Some(nodes) = &nodes_table {
        nodes::name_groups(nodes, &groups, &mut names);
    }
    // Regions have names that other tables may use, and may themselves name groups.
    let topology = table.table("topology").and_then(|topology| topology::read(&topology, &mut names));
    let adversaries = timeline::adversaries(&table, &names);
    if let Some(count) = count {
        let bad = |node: &u32| adversaries.iter().any(|(who, _)| who.nodes.contains(*node));
        names.add("adversaries", Selection::of_nodes((0..count).filter(bad)));
        names.add("honest", Selection::of_nodes((0..count).filter(|node| !bad(node))));
    }
    let context = Context { engine, duration, endless, names };
    let mut timeline = Vec::new();
    let nodes = nodes_table.and_then(|nodes| nodes::read(&nodes, &context, groups, &mut timeline));
    let chain = table.table("chain").map_or_else(default_chain, |chain| read_chain(&chain, &context));
    let links = table.table("links").map_or_else(Links::default, |links| links::read(&links, &context));
    let traffic = table
        .table("traffic")
        .map(|traffic| TrafficRate { transactions_per_second: traffic.number("transactions_per_second").unwrap_or_default() });
    let drawn = timeline::Drawn::new(topology.as_ref(), seed);
    timeline::read(&table, &context, nodes.as_ref(), &drawn, &mut timeline);
    timeline.sort_by_key(|entry| entry.at);
    let expectations = expect::read(&table, &context, &adversaries);
    let nodes = nodes?;
    let topology = topology.unwrap_or(Topology::Line);
    check_links_drawn(&table, &topology, nodes.count, table.value_span("topology"));
    Some(Preset {
        name: name.to_owned(),
        title: title.to_owned(),
        about: about.to_owned(),
        seed,
        engine,
        duration,
        nodes,
        chain,
        topology,
        links,
        traffic: traffic.unwrap_or_default(),
        timeline,
        adversaries: adversaries.into_iter().map(|(who, _)| who).collect(),
        expectations,
    })
}

fn check_links_drawn(table: &Table<'_, '_>, topology: &Topology, count: u32, span: Span) {
    use crate::cluster::limits::MAX_LINKS;
    if !topology.fits(count) {
        let what = format!("a {} of {count} nodes has up to {} links", topology.name(), topology.most_links(count));
        table
            .report
            .add(Complaint::new(span, what).label(format!("{MAX_LINKS} at most")).note("take fewer nodes or a lower degree"));
    }
}

/// A chain that begins with its genesis.
pub fn default_chain() -> Chain {
    // The bound fits.
    Chain { blocks: 0, nodes: Selection::All, max_transactions: MAX_BLOCK_TRANSACTIONS as u32 }
}

fn read_chain(table: &Table<'_, '_>, context: &Context) -> Chain {
    let nodes = context.names.read_or_all(table, "nodes");
    let chain = Chain {
        blocks: table.small("blocks").unwrap_or_default(),
        max_transactions: table.small("max_transactions").unwrap_or(default_chain().max_transactions),
        nodes,
    };
    if table.has("nodes") && !table.has("blocks") {
        let what = "`nodes` in [chain] says who has the blocks, and there are none";
        table.report.add(Complaint::new(table.key_span("nodes"), what).label("`blocks` is missing").follows());
    }
    context.somebody(table, "nodes", &chain.nodes);
    chain
}
