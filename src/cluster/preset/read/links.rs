//! `[links]`: profiles, numbers, and what is otherwise between some nodes.

use super::Context;
use crate::cluster::Profile;
use crate::cluster::preset::format::LINK_NUMBERS;
use crate::cluster::preset::model::{LinkRule, Links};
use crate::cluster::preset::table::Table;
use crate::cluster::scenario::LinkChange;
use crate::reading::Complaint;

pub fn read(table: &Table<'_, '_>, context: &Context) -> Links {
    Links {
        profile: profile(table),
        change: change(table, None),
        between: table.tables("between").iter().map(|rule| between(rule, context)).collect(),
    }
}

fn between(table: &Table<'_, '_>, context: &Context) -> LinkRule {
    let rule = LinkRule {
        from: context.names.read_or_all(table, "from"),
        to: context.names.read_or_all(table, "to"),
        both_ways: !table.flag("one_way").unwrap_or_default(),
        profile: profile(table),
        change: change(table, table.flag("cut")),
    };
    if !table.has_unknown() && !table.has("profile") && !LINK_NUMBERS.iter().any(|name| table.has(name)) {
        let complaint = Complaint::new(table.span.clone(), "nothing is otherwise between these nodes");
        table.report.add(complaint.note(format!("wanted: profile, or some of {}", LINK_NUMBERS.join(", "))).follows());
    }
    rule
}

fn profile(table: &Table<'_, '_>) -> Option<Profile> {
    table.choice("profile").and_then(Profile::named)
}

/// The numbers that a table changes.
pub fn change(table: &Table<'_, '_>, cut: Option<bool>) -> LinkChange {
    LinkChange {
        latency: table.duration("latency"),
        jitter: table.duration("jitter"),
        loss: table.share("loss"),
        bandwidth: table.bandwidth("bandwidth"),
        reorder: table.share("reorder"),
        duplicate: table.share("duplicate"),
        corrupt: table.share("corrupt"),
        cut,
    }
}
