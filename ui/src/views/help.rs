//! Every key and sign on one page, from the action table.

use crate::{
    action::{self, ACTIONS, Where},
    brush::width,
    glyphs::state_word,
    layout::{self, Size},
    model::NodeState,
    panels::problems::wrap,
    widgets::frame::{self, Look},
    world::Scene,
};
use ratatui::{layout::Rect, style::Style};

enum Line {
    Heading(String),
    Words(Vec<(String, Style)>),
}

/// Draws the page from line `offset` on, the keys of the view it was opened in first; returns the last useful offset.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect, view: char, offset: usize) -> usize {
    let look = if Size::of(scene.buf.area) == Size::Full { Look::Framed } else { Look::Ruled };
    let ascii = scene.glyphs.is_ascii();
    let scroll = if ascii { "Up/Down scroll" } else { "↑↓ scroll" };
    let note = format!("{scroll} {} Esc closes", scene.glyphs.separator);
    let inside = frame::frame(scene, area, look, "Help", &note, true);
    let theme = scene.theme;
    // Side by side where two columns fit.
    let pages = if inside.width >= 108 { 2 } else { 1 };
    let mut lines = Vec::new();
    let mut places: Vec<Where> = Vec::new();
    let means = scene.world.means;
    let actions = || ACTIONS.iter().filter(|row| means.has(row.needs) && (row.enabled != Where::PopUp || means.faults));
    for row in actions() {
        if !places.contains(&row.enabled) {
            places.push(row.enabled);
        }
    }
    // What can be done here and not everywhere is what one looks for.
    places.sort_by_key(|place| match place {
        Where::Views(digits) if digits.contains(view) => 0,
        Where::Everywhere => 1,
        _ => 2,
    });
    let keys = actions().map(|row| width(&action::labels(row, ascii))).max().unwrap_or(0) + 3;
    for place in places {
        let mut first = true;
        for row in actions().filter(|row| row.enabled == place) {
            if std::mem::take(&mut first) {
                let name = match place {
                    Where::Everywhere => "Everywhere".to_owned(),
                    Where::Filter => "While a filter is typed".to_owned(),
                    Where::PopUp => "While a pop-up asks".to_owned(),
                    Where::Views(_) => format!("In {}", action::place(row, super::name_of)),
                };
                lines.push(Line::Heading(name));
            }
            let labels = action::labels(row, ascii);
            let pad = " ".repeat(keys - width(&labels));
            // Long sentences go on below themselves.
            let columns = usize::from(inside.width / pages).saturating_sub(keys + 4);
            for (part, words) in wrap(row.help, columns.max(12)).into_iter().enumerate() {
                let head = if part == 0 { format!("{labels}{pad}") } else { " ".repeat(keys) };
                lines.push(Line::Words(vec![(head, theme.accent), (words.to_owned(), theme.text)]));
            }
        }
    }
    lines.push(Line::Heading("Signs".to_owned()));
    let mut states = Vec::new();
    for state in [NodeState::Ok, NodeState::Syncing, NodeState::Lagging, NodeState::Down, NodeState::Starting] {
        states.push((scene.glyphs.state(state).to_owned(), scene.state_style(state)));
        states.push((format!(" {}   ", state_word(state)), theme.text));
    }
    lines.push(Line::Words(states));
    lines.push(Line::Words(vec![("rep: mean of what a node's peers think of it, -100..100".to_owned(), theme.label)]));

    let height = usize::from(inside.height);
    let visible = height * usize::from(pages);
    let last = lines.len().saturating_sub(visible);
    for (row, line) in lines.iter().skip(offset.min(last)).take(visible).enumerate() {
        let (first, second) = layout::left(inside, inside.width / pages);
        let column = if row < height { first } else { second };
        let mut brush = scene.brush(layout::row(column, row % height.max(1)));
        match line {
            Line::Heading(name) => {
                brush.skip(1).put(name, theme.title);
            }
            Line::Words(words) => {
                brush.skip(3);
                for (text, style) in words {
                    brush.put(text, *style);
                }
            }
        }
    }
    last
}
