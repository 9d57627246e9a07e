//! Whom a node banned, peers and addresses: why, and for how long still.

use super::peer::short;
use crate::{
    brush::clean,
    format, layout,
    model::Node,
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::{Hit, Scene},
};
use ratatui::layout::Rect;

/// `chosen` is the place of the chosen ban.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect, node: &Node, look: Look, chosen: Option<usize>) {
    let theme = scene.theme;
    let separator = scene.glyphs.separator;
    let note = if scene.world.means.peers && !node.bans.is_empty() { "n unbans" } else { "" };
    let title = match node.bans.len() {
        0 => format!("Banned by {}", clean(&node.name)),
        count => format!("Banned by {} {separator} {count}", clean(&node.name)),
    };
    let inside = frame::frame(scene, area, look, &title, note, chosen.is_some());
    if node.bans.is_empty() {
        frame::empty(scene, inside, "nobody");
        return;
    }
    let elapsed = scene.snapshot.clock.elapsed;
    let fits = usize::from(inside.height);
    // The last row says what is missing, unless the chosen one would be among that.
    let first = Scroll::default().around(chosen.unwrap_or(0), fits, node.bans.len()).start;
    let more = node.bans.len() - first > fits && chosen.is_none();
    let shown = if more { fits.saturating_sub(1) } else { fits };
    // Strangers have no name but their id, and addresses are their own.
    let named = node.bans.iter().any(|ban| ban.name != ban.id && ban.name != short(&ban.id));
    for (line, (place, ban)) in node.bans.iter().enumerate().skip(first).take(shown).enumerate() {
        let left = format!("{} left", format::duration(ban.until.saturating_sub(elapsed)));
        let (glyph, style) = (scene.glyphs.down, theme.bad);
        let at = layout::row(inside, line);
        let is_chosen = chosen == Some(place);
        let mut brush = scene.brush(at);
        brush
            .put(if is_chosen { ">" } else { " " }, theme.title)
            .put(glyph, style)
            .skip(1)
            .left(if named { 11 } else { 16 }, &ban.name, theme.text)
            .left(if named { 9 } else { 0 }, if ban.name == ban.id { "" } else { short(&ban.id) }, theme.accent)
            .right(13, &left, theme.label)
            .skip(2)
            .put(&ban.reason, theme.text);
        if is_chosen {
            scene.select(at);
        }
        scene.hit(at, Hit::Row(place));
    }
    if more {
        let text = format!("{} and {} more", scene.glyphs.ellipsis, node.bans.len() - shown);
        scene.brush(layout::row(inside, shown)).skip(1).put(&text, theme.label);
    }
}
