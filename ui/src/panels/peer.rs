//! Peers as a node sees them: all in short, one in full.

use crate::{
    brush::{clean, width},
    format, layout,
    model::{Direction, Node, NodeState, Peer, PeerState},
    widgets::{
        bar,
        frame::{self, Look},
    },
    world::Scene,
};
use ratatui::layout::Rect;

/// A node parts with a peer of this reputation (protocol, section 11).
const PARTING: f64 = -20.0;
/// Room that a change of reputation wants with the value that it came to; with less, the reason is worth more.
const ROOM_FOR_VALUE: u16 = 50;

/// An id as short as people say it.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Its connections in short.
pub(crate) fn list(scene: &mut Scene<'_>, area: Rect, node: &crate::model::Node, look: Look) {
    let count = node.peers.iter().filter(|peer| peer.direction == Direction::Outbound).count();
    let note = format!(
        "{} of {} {} {count} dialled {} Enter opens",
        node.peers.len(),
        node.max_peers,
        scene.glyphs.separator,
        scene.glyphs.separator
    );
    let inside = frame::frame(scene, area, look, "Peers", &note, false);
    if node.peers.is_empty() {
        frame::empty(scene, inside, if node.state == NodeState::Down { "none: it is down" } else { "none yet" });
        return;
    }
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let names = node.peers.iter().map(|peer| width(&peer.name)).max().unwrap_or(2).clamp(4, 10) + 1;
    let fits = usize::from(inside.height);
    let shown = if node.peers.len() > fits { fits.saturating_sub(1) } else { fits };
    for (line, peer) in node.peers.iter().take(shown).enumerate() {
        let style = match peer.state {
            PeerState::Ready => theme.ok,
            PeerState::Handshaking => theme.busy,
        };
        let mut brush = scene.brush(layout::row(inside, line));
        brush
            .skip(1)
            .put(if peer.state == PeerState::Ready { glyphs.ok } else { glyphs.syncing }, style)
            .skip(1)
            .left(names, &peer.name, theme.text);
        brush.left(4, if peer.direction == Direction::Outbound { "out" } else { "in" }, theme.label).right(
            7,
            &peer.height.to_string(),
            theme.text,
        );
        brush.right(9, &peer.rtt.map_or_else(|| "--".to_owned(), format::millis), theme.text).skip(2);
        reputation(&mut brush, (theme, glyphs), peer.reputation, 10);
    }
    if shown < node.peers.len() {
        let text = format!("{} and {} more", scene.glyphs.ellipsis, node.peers.len() - shown);
        scene.brush(layout::row(inside, shown)).skip(1).put(&text, theme.label);
    }
}

/// A reputation as number and bar; the bar's half is zero.
pub(crate) fn reputation(
    brush: &mut crate::brush::Brush<'_>,
    (theme, glyphs): (&crate::theme::Theme, &crate::glyphs::Glyphs),
    value: f64,
    columns: usize,
) {
    let style = if value <= PARTING {
        theme.bad
    } else if value < 0.0 {
        theme.warn
    } else {
        theme.ok
    };
    brush.right(4, &format!("{value:.0}"), style).skip(1);
    bar::bar(brush, glyphs, columns, value + 100.0, 200.0, style, theme.border);
}

/// The chosen peer: facts on the left, the history of its reputation on the right.
pub(crate) fn detail(scene: &mut Scene<'_>, area: Rect, node: &Node, peer: &Peer, look: Look) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let elapsed = scene.snapshot.clock.elapsed;
    let title = format!("{} as {} sees it", clean(&peer.name), clean(&node.name));
    let note = format!("connection {}", peer.connection);
    let inside = frame::frame(scene, area, look, &title, &note, false);
    let (left, right) = layout::left(inside, if inside.width >= 96 { 50 } else { layout::share(inside.width, 50) });
    let dash = || "--".to_owned();
    let direction = if peer.direction == Direction::Outbound { "dialled by us" } else { "dialled us" };
    let rows: [(&str, String); 11] = [
        ("last asked", peer.last_asked.clone().unwrap_or_else(dash)),
        ("last sent", peer.last_sent.clone().unwrap_or_else(dash)),
        (
            "height",
            format!(
                "{} ({} our tip)",
                peer.height,
                match peer.height.cmp(&node.height) {
                    std::cmp::Ordering::Less => "below",
                    std::cmp::Ordering::Equal => "at",
                    std::cmp::Ordering::Greater => "above",
                }
            ),
        ),
        ("RTT", peer.rtt.map_or_else(dash, format::millis)),
        ("health", peer.health.map_or_else(dash, |health| format!("{health}%"))),
        ("connected", format!("for {}, {direction}", format::duration(elapsed.saturating_sub(peer.since)))),
        ("speaks", format!("{}, protocol {}", if peer.agent.is_empty() { "--" } else { &*peer.agent }, peer.version)),
        ("received", format!("{} in {} messages", format::bytes(peer.bytes.0), format::count(peer.messages.0))),
        ("sent", format!("{} in {} messages", format::bytes(peer.bytes.1), format::count(peer.messages.1))),
        ("outbox", format!("{} waiting, {}", format::count(peer.outbox.0), format::bytes(peer.outbox.1))),
        ("address", peer.address.clone()),
    ];
    for (line, (name, value)) in rows.iter().enumerate() {
        let mut brush = scene.brush(layout::row(left, line));
        brush.skip(1).left(11, name, theme.label).put(value, theme.text);
    }
    // A long id gets a row of its own, in full where it fits.
    scene.brush(layout::row(left, rows.len())).skip(1).left(11, "id", theme.label).put(&peer.id, theme.accent);

    let mut brush = scene.brush(layout::row(right, 0));
    brush.skip(1).put("reputation", theme.label).skip(1);
    reputation(&mut brush, (theme, glyphs), peer.reputation, 22);
    let list = layout::top(right, 1).1;
    if peer.reputation_history.is_empty() {
        frame::empty(scene, list, "no change yet");
        return;
    }
    let with_value = list.width >= ROOM_FOR_VALUE;
    for (line, change) in peer.reputation_history.iter().take(usize::from(list.height)).enumerate() {
        let style = if change.delta < 0.0 { theme.bad } else { theme.ok };
        let mut brush = scene.brush(layout::row(list, line));
        brush.right(8, &format::moment(change.at), theme.label).right(
            if with_value { 7 } else { 6 },
            &signed(change.delta),
            style,
        );
        if with_value {
            brush
                .put(" ", theme.text)
                .put(glyphs.arrow, theme.label)
                .right(5, &format!("{:.0}", change.value), theme.text)
                .skip(1);
        }
        brush.skip(1).put(&change.reason, theme.text);
    }
}

/// A change as it is to be read: `+2`, `-20`; a small one with its tenths, `+0.1`, since a change of nothing would be none.
fn signed(delta: f64) -> String {
    if delta.abs() < 9.95 && (delta - delta.round()).abs() >= 0.05 { format!("{delta:+.1}") } else { format!("{delta:+.0}") }
}

#[cfg(test)]
mod tests {
    use super::signed;

    #[test]
    fn a_small_change_is_not_written_as_none() {
        let texts = [0.1, -0.1, 2.0, -20.0, 0.5, 9.96, -0.25, 12.4].map(signed);
        assert_eq!(texts, ["+0.1", "-0.1", "+2", "-20", "+0.5", "+10", "-0.2", "+12"]);
    }
}
