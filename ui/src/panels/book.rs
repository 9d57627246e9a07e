//! A node's address book: how many addresses it knows, and what finding and keeping peers has come to.

use crate::{
    brush::width,
    format, layout,
    model::Node,
    widgets::frame::{self, Look},
    world::Scene,
};
use ratatui::layout::Rect;
use std::time::Duration;

/// The book in one line: `120 addresses known, 40 tried`.
pub(crate) fn line(node: &Node) -> String {
    let known = format::exact(u64::from(node.known_addresses));
    format!("{known} addresses known, {} tried", format::exact(u64::from(node.tried_addresses)))
}

/// Draws it: counts that are not zero, in the node's order, in as many columns as fit.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect, node: &Node, look: Look) {
    let theme = scene.theme;
    let inside = frame::frame(scene, area, look, "Address book", &line(node), false);
    let counts: Vec<_> =
        node.connectivity.iter().filter(|(_, count)| *count > 0).map(|(name, count)| told(name, *count)).collect();
    if counts.is_empty() {
        frame::empty(scene, inside, "nothing yet; told every 10 s");
        return;
    }
    let name = counts.iter().map(|(name, _)| width(name)).max().unwrap_or(0).clamp(8, 24);
    let column = name + 9;
    let columns = (usize::from(inside.width) / column).max(1);
    let rows = usize::from(inside.height);
    for (place, (what, count)) in counts.iter().take(columns * rows).enumerate() {
        let (row, at) = (place % rows.max(1), place / rows.max(1));
        let mut brush = scene.brush(layout::row(inside, row));
        brush.skip(at * column + 1).left(name, what, theme.label).right(7, count, theme.text);
    }
}

/// A count in words for its reader; one `in ms` is a time.
fn told(name: &str, count: u64) -> (String, String) {
    match name.strip_suffix(" in ms") {
        Some(name) => (format!("{name}, in all"), format::duration(Duration::from_millis(count))),
        None => (name.to_owned(), format::count(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_time_is_written_as_one() {
        assert_eq!(told("shortage in ms", 11_100), ("shortage, in all".to_owned(), "11 s".to_owned()));
        assert_eq!(told("look-ups", 11_100), ("look-ups".to_owned(), "11.1k".to_owned()));
    }
}
