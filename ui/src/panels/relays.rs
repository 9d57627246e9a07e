//! Relayed messages: what travelled, on which path, how long it took and how many have it.

use crate::{
    brush::{Brush, clean, width},
    format, layout,
    model::{Relay, RelayKind},
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::Scene,
};
use ratatui::{layout::Rect, style::Style};

#[derive(Default)]
pub(crate) struct Relays {
    /// Only lines that hold this text are shown.
    pub filter: String,
    pub scroll: Scroll,
}

/// All kinds, in the order in which they are offered.
pub(crate) const KINDS: [RelayKind; 7] = [
    RelayKind::Block,
    RelayKind::Transaction,
    RelayKind::Peers,
    RelayKind::Ban,
    RelayKind::Reorg,
    RelayKind::Connect,
    RelayKind::Disconnect,
];

/// A kind's word.
pub(crate) const fn word(kind: RelayKind) -> &'static str {
    match kind {
        RelayKind::Block => "BLOCK",
        RelayKind::Transaction => "TX",
        RelayKind::Peers => "PEERS",
        RelayKind::Ban => "BAN",
        RelayKind::Reorg => "REORG",
        RelayKind::Connect => "JOIN",
        RelayKind::Disconnect => "LEAVE",
    }
}

/// Whether one of the parts of a line holds the text, whatever its case. Nothing is allocated for it.
pub(crate) fn holds(part: &str, wanted: &str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let (part, wanted) = (part.as_bytes(), wanted.as_bytes());
    part.len() >= wanted.len() && part.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}

/// Whether a line holds the text somewhere.
pub(crate) fn matches(relay: &Relay, wanted: &str) -> bool {
    wanted.is_empty()
        || holds(word(relay.kind), wanted)
        || holds(&relay.id, wanted)
        || holds(&relay.note, wanted)
        || relay.path.iter().any(|name| holds(name, wanted))
        || relay.height.is_some_and(|height| holds(&height.to_string(), wanted))
}

impl Relays {
    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let snapshot = scene.snapshot;
        let shown: Vec<&Relay> = snapshot.relays.iter().filter(|relay| matches(relay, &self.filter)).collect();
        let note = if self.filter.is_empty() {
            "/ filter".to_owned()
        } else {
            format!("/{} {} {} of {}", self.filter, scene.glyphs.separator, shown.len(), snapshot.relays.len())
        };
        let inside = frame::frame(scene, area, look, "Relayed messages", &note, active);
        let rows = &shown[self.scroll.shown(inside.height.into(), shown.len())];
        if shown.is_empty() {
            let text = if snapshot.relays.is_empty() {
                "nothing was relayed yet"
            } else {
                "none holds this text; Esc clears the filter"
            };
            frame::empty(scene, inside, text);
            return;
        }
        let path = path_columns(rows, inside.width, scene.glyphs.arrow);
        for (line, relay) in rows.iter().enumerate() {
            draw_line(scene, layout::row(inside, line), relay, path);
        }
    }
}

/// Columns for the paths of these rows: as wide as the widest, so that they stand in one column.
pub(crate) fn path_columns(rows: &[&Relay], room: u16, arrow: &str) -> usize {
    let hops = width(arrow);
    let long =
        |relay: &&Relay| relay.path.iter().map(|name| width(name)).sum::<usize>() + relay.path.len().saturating_sub(1) * hops;
    let seen = rows.iter().map(|relay| seen_columns(relay)).max().unwrap_or(0).max(LEAST_SEEN);
    let rest = BESIDE_PATH + seen;
    rows.iter().map(long).max().unwrap_or(0).min(usize::from(room).saturating_sub(rest)).clamp(8, 40)
}

/// Columns of everything in a row but its path and how many have seen it: moment, kind, height, id, hops, time and ` seen`.
const BESIDE_PATH: usize = 7 + 1 + 6 + 7 + 5 + 1 + 7 + format::MILLIS_WIDTH + 1 + 5;
/// Columns of how many have seen a message, with a blank before, in clusters of up to ninety-nine.
const LEAST_SEEN: usize = 7;

/// Columns of how many have seen a message, once all have, with a blank before.
fn seen_columns(relay: &Relay) -> usize {
    relay.seen.1.to_string().len() * 2 + 2
}

/// One message in one row, its path in so many columns.
pub(crate) fn draw_line(scene: &mut Scene<'_>, area: Rect, relay: &Relay, path: usize) {
    let (theme, arrow, ellipsis) = (scene.theme, scene.glyphs.arrow, scene.glyphs.ellipsis);
    let kind = match relay.kind {
        RelayKind::Block => theme.ok,
        RelayKind::Transaction => theme.accent,
        RelayKind::Peers | RelayKind::Connect => theme.text,
        RelayKind::Reorg | RelayKind::Disconnect => theme.warn,
        RelayKind::Ban => theme.bad,
    };
    let mut brush = scene.brush(area);
    brush.right(7, &format::moment(relay.at), theme.label).skip(1).left(6, word(relay.kind), kind);
    let height = relay.height.map(|height| height.to_string()).unwrap_or_default();
    brush.left(if height.len() > 6 { height.len() + 1 } else { 7 }, &height, theme.title);
    brush.left(5, relay.id.get(..4).unwrap_or(&relay.id), theme.label);
    draw_path(&mut brush, &relay.path, path, arrow, ellipsis, theme.text);
    brush.skip(1);
    let travels = matches!(relay.kind, RelayKind::Block | RelayKind::Transaction);
    if travels && relay.path.len() > 1 {
        let hops = relay.path.len() - 1;
        brush.right(2, &hops.to_string(), theme.text).put(if hops == 1 { " hop " } else { " hops" }, theme.label);
        brush.right(format::MILLIS_WIDTH + 1, &format::millis(relay.took), theme.text);
    } else if travels {
        brush.skip(7 + format::MILLIS_WIDTH + 1);
    }
    if travels && relay.seen.1 > 0 {
        let seen = seen_columns(relay);
        let all = relay.seen.0 >= relay.seen.1;
        brush
            .right(seen.max(LEAST_SEEN), &format!("{}/{}", relay.seen.0, relay.seen.1), if all { theme.ok } else { theme.text })
            .put(" seen", theme.label);
    }
    if !relay.note.is_empty() {
        brush
            .skip(usize::from(travels) * 2)
            .put(&relay.note, if relay.kind == RelayKind::Ban { theme.text } else { theme.label });
    }
}

/// Names with arrows between, in a column. Of a path that is too long the middle is left out: where it came from and where it is count.
fn draw_path(brush: &mut Brush<'_>, path: &[String], columns: usize, arrow: &str, ellipsis: &str, style: Style) {
    let room = brush.room();
    let columns = columns.min(room);
    let long = |names: &[String]| {
        names.iter().map(|name| width(&clean(name))).sum::<usize>() + names.len().saturating_sub(1) * width(arrow)
    };
    let mut tail = path.len();
    if long(path) > columns && path.len() > 2 {
        tail = 1;
        // As many of the last names as fit beside the first one and the gap.
        while tail + 1 < path.len() && long(&path[..1]) + 2 * width(arrow) + 1 + long(&path[path.len() - tail - 1..]) <= columns {
            tail += 1;
        }
    }
    let mut used = 0;
    let mut put = |brush: &mut Brush<'_>, text: &str| {
        let fits = width(&clean(text)).min(columns - used);
        brush.left(fits, text, style);
        used += fits;
    };
    if tail < path.len() {
        put(brush, &path[0]);
        put(brush, arrow);
        put(brush, ellipsis);
        for name in &path[path.len() - tail..] {
            put(brush, arrow);
            put(brush, name);
        }
    } else {
        for (place, name) in path.iter().enumerate() {
            if place > 0 {
                put(brush, arrow);
            }
            put(brush, name);
        }
    }
    brush.skip(columns - used);
}
