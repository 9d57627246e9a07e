//! `[[expect]]`: what must come out, between which bounds, when.

use super::Context;
use crate::cluster::Selection;
use crate::cluster::preset::table::Table;
use crate::cluster::preset::values;
use crate::cluster::scenario::{Adversaries, Bounds, Expectation, What, When};
use crate::reading::{Complaint, Span, describe, number, whole};
use toml::de::DeValue;

/// What a bound is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// There is no bound: it holds or it does not.
    None,
    /// A whole number.
    Count,
    /// Any number, also below 0.
    Number,
    /// A duration, in seconds.
    Time,
    /// Bytes.
    Size,
}

impl Unit {
    /// The unit of an expectation's bounds.
    pub fn of(what: &What) -> Self {
        match what {
            What::SameTip | What::Synced | What::TransactionsMined => Self::None,
            What::Height
            | What::Connected
            | What::HonestOutbound
            | What::Bans
            | What::BansOf
            | What::ReorgDepth
            | What::Events { .. } => Self::Count,
            What::Reputation | What::DuplicatesPerDelivery | What::MessagesPerBlock => Self::Number,
            What::BlockPropagation { .. } | What::TransactionPropagation { .. } => Self::Time,
            What::BytesPerBlock | What::Memory => Self::Size,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::None => "no bound",
            Self::Count => "a whole number, as in 3",
            Self::Number => "a number, as in 1.5",
            Self::Time => "a duration, as in \"250ms\" or \"3s\"",
            Self::Size => "a size, as in \"64 MB\" or \"1.5 MiB\"",
        }
    }

    fn read(self, value: &DeValue<'_>) -> Option<f64> {
        match self {
            Self::None => None,
            // Counts are far below 2^53.
            Self::Count => whole(value).filter(|count| *count < 1 << 53).map(|count| count as f64),
            Self::Number => number(value),
            Self::Time => values::duration(value.as_str()?).map(|time| time.as_secs_f64()),
            Self::Size => values::size(value.as_str()?).map(|bytes| bytes as f64),
        }
    }
}

/// All expectations.
pub fn read(table: &Table<'_, '_>, context: &Context, adversaries: &[(Adversaries, Span)]) -> Vec<Expectation> {
    table.tables("expect").iter().filter_map(|entry| expectation(entry, context, adversaries)).collect()
}

fn expectation(table: &Table<'_, '_>, context: &Context, adversaries: &[(Adversaries, Span)]) -> Option<Expectation> {
    let nodes = context.names.read_or_all(table, "nodes");
    context.somebody(table, "nodes", &nodes);
    let when = when(table, context);
    let what = what(table)?;
    let bounds = bounds(table, &what);
    check_honest(table, &what, &nodes, context, adversaries);
    check_whole(table, &what, &nodes);
    Some(Expectation { what, nodes, bounds, when })
}

fn what(table: &Table<'_, '_>) -> Option<What> {
    let name = table.choice("what")?;
    let kind = table.choice("kind");
    if name == "events" && !table.has("kind") && !table.has_unknown() {
        let complaint = Complaint::new(table.value_span("what"), "which events are counted is missing");
        table.report.add(complaint.label("wanted beside it: `kind`").follows());
    } else if name != "events" && table.has("kind") {
        let complaint = Complaint::new(table.key_span("kind"), format!("`kind` means nothing for {name:?}"));
        table.report.add(complaint.label("it belongs to \"events\""));
    }
    Some(match name {
        "height" => What::Height,
        "synced" => What::Synced,
        "connected" => What::Connected,
        "honest-outbound" => What::HonestOutbound,
        "bans" => What::Bans,
        "bans-of" => What::BansOf,
        "reputation" => What::Reputation,
        "block-propagation-p50" => What::BlockPropagation { percentile: 50 },
        "block-propagation-p95" => What::BlockPropagation { percentile: 95 },
        "transaction-propagation-p50" => What::TransactionPropagation { percentile: 50 },
        "transaction-propagation-p95" => What::TransactionPropagation { percentile: 95 },
        "reorg-depth" => What::ReorgDepth,
        "duplicates-per-delivery" => What::DuplicatesPerDelivery,
        "messages-per-block" => What::MessagesPerBlock,
        "bytes-per-block" => What::BytesPerBlock,
        "memory" => What::Memory,
        "events" => What::Events { kind: kind?.to_owned() },
        "transactions-mined" => What::TransactionsMined,
        _ => What::SameTip,
    })
}

fn bounds(table: &Table<'_, '_>, what: &What) -> Bounds {
    let unit = Unit::of(what);
    let bound = |key: &str| {
        let value = table.value(key)?;
        let read = unit.read(value.get_ref());
        if read.is_none() {
            let found = describe(value.get_ref());
            table.report.add(match unit {
                Unit::None => Complaint::new(table.key_span(key), format!("`{key}` means nothing for {:?}", what.name()))
                    .label("it holds or it does not"),
                unit => Complaint::new(value.span(), format!("`{key}` is {found}")).label(format!(
                    "wanted for {:?}: {}",
                    what.name(),
                    unit.words()
                )),
            });
        }
        read
    };
    let bounds = Bounds { at_least: bound("at_least"), at_most: bound("at_most") };
    if unit != Unit::None && !table.has_unknown() && !table.has("at_least") && !table.has("at_most") {
        let complaint = Complaint::new(table.value_span("what"), format!("{:?} has no bound", what.name()));
        table.report.add(complaint.label(format!("wanted: at_least or at_most, {}", unit.words())).follows());
    }
    if let (Some(least), Some(most)) = (bounds.at_least, bounds.at_most)
        && least > most
    {
        let complaint = Complaint::new(table.value_span("at_least"), "`at_least` is more than `at_most`");
        table.report.add(complaint.label("nothing can be both"));
    }
    bounds
}

fn when(table: &Table<'_, '_>, context: &Context) -> When {
    let (by, from) = (table.duration("by"), table.duration("from"));
    if table.has("by") && table.has("from") {
        let complaint = Complaint::new(table.key_span("from"), "`by` and `from` together");
        table.report.add(complaint.label("wanted: one of them; at some moment up to `by`, or at every moment from `from`"));
    }
    for (key, moment) in [("by", by), ("from", from)] {
        if let Some(moment) = moment {
            context.within_run(table, key, moment);
        }
    }
    if !table.has("by") && !table.misspells("by") && context.endless {
        let complaint = Complaint::new(table.span.clone(), "this is judged at the end of a run that has none");
        table.report.add(complaint.note("give the preset a `duration`, or this expectation a `by`").follows());
    }
    match (by, from) {
        (Some(by), _) => When::By(by),
        (None, Some(from)) => When::From(from),
        (None, None) => When::AtEnd,
    }
}

/// Who misbehaves is not expected to agree with the rest.
fn check_honest(table: &Table<'_, '_>, what: &What, nodes: &Selection, context: &Context, adversaries: &[(Adversaries, Span)]) {
    if *nodes == Selection::All || !matches!(what, What::SameTip | What::Synced) {
        return;
    }
    let named = context
        .names
        .count()
        .and_then(|count| nodes.iter(count).find(|node| adversaries.iter().any(|(who, _)| who.nodes.contains(*node))));
    if let Some(node) = named {
        let what = format!("n{node} misbehaves, and is expected to go along with the others ({:?})", what.name());
        table.report.add(Complaint::new(table.value_span("nodes"), what).label("leave it out, or say \"honest\""));
    }
}

/// What is measured of the whole network has no nodes to choose.
fn check_whole(table: &Table<'_, '_>, what: &What, nodes: &Selection) {
    let whole = matches!(
        what,
        What::BlockPropagation { .. } | What::TransactionPropagation { .. } | What::Memory | What::TransactionsMined
    );
    if whole && *nodes != Selection::All {
        let complaint = Complaint::new(table.key_span("nodes"), format!("`nodes` means nothing for {:?}", what.name()));
        table.report.add(complaint.label("it is measured over the whole network: leave it out"));
    }
}
