//! `[topology]`: a kind and its keys.

use crate::cluster::Selection;
use crate::cluster::preset::format::{TOPOLOGY_KEYS, TOPOLOGY_NAMES};
use crate::cluster::preset::names::Names;
use crate::cluster::preset::table::Table;
use crate::cluster::topology::{Place, Region, Topology, islands};
use crate::reading::Complaint;

/// Links of a small world that lead anywhere, unless said: a tenth, where the paths are already short and neighbours still know
/// each other (Watts and Strogatz, figure 2).
const REWIRE: u32 = 100_000;
/// Links between any two regions, unless said: the loss of one does not split them.
const BRIDGES: u32 = 2;
/// Links of a node within its region, unless said.
const REGION_DEGREE: u32 = 4;
/// Children of a tree's node, unless said.
const ARITY: u32 = 2;

pub fn read(table: &Table<'_, '_>, names: &mut Names) -> Option<Topology> {
    let kind = if table.has("kind") {
        table.choice("kind")?
    } else if table.has("edges") {
        "edges"
    } else if table.misspells("kind") || table.misspells("edges") {
        return None;
    } else {
        let complaint = Complaint::new(table.span.clone(), "`kind` is missing in [topology]");
        table.report.add(complaint.note(format!("kind: one of {}", TOPOLOGY_NAMES.join(", "))).follows());
        return None;
    };
    let (_, keys, needed) = TOPOLOGY_KEYS.iter().find(|(name, ..)| *name == kind)?;
    for (key, span) in table.keys().filter(|(key, _)| *key != "kind" && !keys.contains(key)) {
        if TOPOLOGY_KEYS.iter().any(|(_, keys, _)| keys.contains(&key)) {
            let allowed = if keys.is_empty() { "no other key".to_owned() } else { keys.join(", ") };
            let complaint = Complaint::new(span, format!("`{key}` means nothing for a topology of kind {kind:?}"));
            table.report.add(complaint.note(format!("allowed: {allowed}")));
        }
    }
    for key in keys[..*needed].iter().filter(|key| !table.has(key) && !table.misspells(key)) {
        let complaint = Complaint::new(table.value_span("kind"), format!("a topology of kind {kind:?} needs `{key}`"));
        table.report.add(complaint.label(format!("`{key}` is missing")).follows());
    }
    let degree = table.small("degree");
    if let (Some(degree), Some(count)) = (degree, names.count()) {
        check_degree(table, kind, degree, count);
    }
    let read = match kind {
        "line" => Topology::Line,
        "ring" => Topology::Ring,
        "star" => Topology::Star,
        "mesh" => Topology::Mesh { degree },
        "tree" => Topology::Tree { arity: table.small("arity").unwrap_or(ARITY) },
        "grid" => Topology::Grid { width: table.small("width") },
        "random" => Topology::Random { degree: degree? },
        "small-world" => Topology::SmallWorld { degree: degree?, rewire: table.share("rewire").unwrap_or(REWIRE) },
        "scale-free" => Topology::ScaleFree { degree: degree? },
        "regions" => Topology::Regions {
            regions: regions(table, names),
            degree: degree.unwrap_or(REGION_DEGREE),
            bridges: table.small("bridges").unwrap_or(BRIDGES),
        },
        _ => Topology::Edges(edges(table, names)?),
    };
    Some(read)
}

fn check_degree(table: &Table<'_, '_>, kind: &str, degree: u32, count: u32) {
    let complain = |label: String| {
        let what = format!("`degree` is {degree}, which {count} nodes in a topology of kind {kind:?} cannot have");
        table.report.add(Complaint::new(table.value_span("degree"), what).label(label).follows());
    };
    // A region may be smaller than its degree: then all its nodes are linked to each other.
    if kind != "regions" && degree >= count {
        complain(format!("{} at most: a node has that many others", count.saturating_sub(1)));
    } else if kind == "small-world" && degree % 2 == 1 {
        complain("wanted: an even number, half of it to either side".to_owned());
    } else if matches!(kind, "mesh" | "random" | "small-world") && degree < 2 && count > 2 {
        complain("2 at least, or the nodes are not linked together".to_owned());
    } else if matches!(kind, "mesh" | "random") && degree % 2 == 1 && count % 2 == 1 {
        complain("wanted: an even number, as the number of nodes is odd".to_owned());
    }
}

fn regions(table: &Table<'_, '_>, names: &mut Names) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for region in table.tables("region") {
        let place = region.choice("name").and_then(Place::named);
        let (Some(place), Some(nodes)) = (place, names.read(&region, "nodes")) else { continue };
        // Explicit, so that the region's name can stand for it.
        let nodes = match names.count() {
            Some(count) => Selection::of_nodes(nodes.iter(count)),
            None => nodes,
        };
        if let Some(count) = names.count()
            && let Some((other, node)) = regions
                .iter()
                .find_map(|other| nodes.iter(count).find(|node| other.nodes.contains(*node)).map(|node| (other, node)))
        {
            let what = format!("n{node} is in two regions");
            let label = format!("it is in {} already", other.place.name());
            region.report.add(Complaint::new(region.value_span("nodes"), what).label(label));
        }
        if !names.add(place.name(), nodes.clone()) {
            let what = format!("the name {} is taken", place.name());
            region.report.add(Complaint::new(region.value_span("name"), what).label("by another region or a group"));
        }
        regions.push(Region { place, nodes });
    }
    if let Some(count) = names.count()
        && table.has("region")
        && let Some(lost) = (0..count).find(|node| !regions.iter().any(|region| region.nodes.contains(*node)))
    {
        let complaint = Complaint::new(table.span.clone(), format!("n{lost} is in no region"));
        table.report.add(complaint.note("each node must be in one: add a [[topology.region]] or widen its nodes").follows());
    }
    regions
}

fn edges(table: &Table<'_, '_>, names: &Names) -> Option<Vec<(u32, u32)>> {
    let value = table.value("edges")?;
    let Some(list) = value.get_ref().as_array() else {
        table.refuse("edges");
        return None;
    };
    let mut edges = Vec::new();
    let mut good = true;
    for pair in list.iter() {
        let ends: Vec<_> = pair.get_ref().as_array().into_iter().flat_map(|ends| ends.iter()).collect();
        let single = |selection: Option<Selection>| match selection {
            Some(Selection::Some(ranges)) => match ranges.as_slice() {
                [range] if range.start() == range.end() => Some(*range.start()),
                _ => None,
            },
            _ => None,
        };
        match ends.as_slice() {
            [a, b] => {
                let (from, to) = (names.read_list(table, a), names.read_list(table, b));
                good &= from.is_some() && to.is_some();
                match (single(from.clone()), single(to.clone())) {
                    (Some(a), Some(b)) if a != b => edges.push((a.min(b), a.max(b))),
                    _ if from.is_some() && to.is_some() => {
                        good = false;
                        let complaint = Complaint::new(pair.span(), "a link has two ends, and each is one node");
                        table.report.add(complaint.label("wanted: two different nodes, as in [\"n0\", \"n1\"]"));
                    }
                    _ => {}
                }
            }
            _ => {
                good = false;
                let complaint = Complaint::new(pair.span(), "this is no link");
                table.report.add(complaint.label("wanted: two nodes, as in [\"n0\", \"n1\"]"));
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    if let Some(count) = names.count().filter(|_| good)
        && let Some(lonely) = islands(&edges, count).get(1)
    {
        let complaint = Complaint::new(table.key_span("edges"), format!("no link leads from n0 to n{lonely}, by any way"));
        table.report.add(complaint.label("these links leave the nodes in islands").follows());
    }
    Some(edges)
}
