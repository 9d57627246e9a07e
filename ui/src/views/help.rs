//! Every key and sign on one page, from the action table.

use crate::{
    action::{self, ACTIONS, Action, Where},
    brush::width,
    glyphs::state_word,
    layout::{self, Size},
    model::NodeState,
    panels::problems::wrap,
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::Scene,
};
use ratatui::{layout::Rect, style::Style};

enum Line {
    Heading(String),
    Words(Vec<(String, Style)>),
}

/// Draws the page, the keys of the view it was opened in first.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect, view: char, scroll: &mut Scroll) {
    let look = if Size::of(scene.buf.area) == Size::Full { Look::Framed } else { Look::Ruled };
    let ascii = scene.glyphs.is_ascii();
    let keys = if ascii { "Up/Down scroll" } else { "↑↓ scroll" };
    let note = format!("{keys} {} Esc closes", scene.glyphs.separator);
    let inside = frame::frame(scene, area, look, "Help", &note, true);
    let theme = scene.theme;
    // Side by side where two columns fit.
    let pages = if inside.width >= 108 { 2 } else { 1 };
    let mut lines = Vec::new();
    let means = scene.world.means;
    let actions = || ACTIONS.iter().filter(|row| means.has(row.needs) && (row.enabled != Where::PopUp || means.faults));
    // What can be done here and not everywhere is what one looks for; then the rest, by place.
    let here = |place: Where| matches!(place, Where::Views(digits) if digits.contains(view));
    let mut places: Vec<Option<Where>> = vec![None, Some(Where::Everywhere)];
    for row in actions().filter(|row| !here(row.enabled)) {
        if !places.contains(&Some(row.enabled)) {
            places.push(Some(row.enabled));
        }
    }
    let keys = actions().map(|row| width(&action::labels(row, ascii))).max().unwrap_or(0) + 3;
    for place in places {
        let mut first = true;
        let belongs = |row: &&Action| place.map_or_else(|| here(row.enabled), |place| row.enabled == place);
        for row in actions().filter(belongs) {
            if std::mem::take(&mut first) {
                let name = match place {
                    None => format!("Here, in {}", super::name_of(view)),
                    Some(Where::Everywhere) => "Everywhere".to_owned(),
                    Some(Where::Filter) => "While a filter is typed".to_owned(),
                    Some(Where::PopUp) => "While a pop-up asks".to_owned(),
                    Some(Where::Views(_)) => format!("In {}", action::place(row, super::name_of)),
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
    for (row, line) in lines[scroll.shown(visible, lines.len())].iter().enumerate() {
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
}
