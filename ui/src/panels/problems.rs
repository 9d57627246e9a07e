//! What is wrong: one sentence each, worst first. Enter goes to what a sentence is about.

use crate::{
    brush::{clean, width},
    layout,
    model::{Problem, Subject},
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::{Hit, Scene},
};
use ratatui::layout::Rect;

#[derive(Default)]
pub(crate) struct Problems {
    /// What the chosen one is about, and its words without the numbers in them, which change with time. Others come and go around it.
    chosen: Option<(Subject, String)>,
    /// Where it was when it was chosen: when it is gone, its place stays.
    place: usize,
    scroll: Scroll,
}

/// What a problem is known by from snapshot to snapshot.
fn key(problem: &Problem) -> (Subject, String) {
    (problem.subject, problem.text.chars().filter(|sign| !sign.is_ascii_digit()).collect())
}

/// Cuts a sentence into lines at its blanks; a word longer than a line is cut where it must be.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while width(rest) > columns.max(1) && !rest.is_empty() {
        let mut taken = 0;
        let mut cut = 0;
        let mut blank = None;
        for (at, sign) in rest.char_indices() {
            let mut room = [0_u8; 4];
            taken += width(sign.encode_utf8(&mut room));
            if taken > columns.max(1) + usize::from(sign == ' ') {
                break;
            }
            if sign == ' ' {
                blank = Some(at);
            }
            cut = at + sign.len_utf8();
        }
        let end = blank.filter(|at| *at > 0).unwrap_or(cut).max(rest.chars().next().map_or(1, char::len_utf8));
        lines.push(rest[..end].trim_end());
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest);
    }
    lines
}

impl Problems {
    /// The chosen one's place; `None` if there are none.
    pub fn chosen(&self, problems: &[Problem]) -> Option<usize> {
        let is_it = |problem: &Problem| self.chosen.as_ref().is_some_and(|chosen| key(problem) == *chosen);
        let here = problems.get(self.place).is_some_and(is_it).then_some(self.place);
        here.or_else(|| problems.iter().position(is_it))
            .or_else(|| problems.len().checked_sub(1).map(|last| self.place.min(last)))
    }

    /// Chooses the one at a place, if there is one.
    pub fn choose(&mut self, place: usize, problems: &[Problem]) {
        if let Some(problem) = problems.get(place) {
            (self.chosen, self.place) = (Some(key(problem)), place);
        }
    }

    pub fn step(&mut self, by: isize, problems: &[Problem]) {
        if let Some(place) = self.chosen(problems) {
            self.choose(place.saturating_add_signed(by).min(problems.len() - 1), problems);
        }
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let problems = &scene.snapshot.problems;
        let note = if problems.is_empty() { String::new() } else { problems.len().to_string() };
        let inside = frame::frame(scene, area, look, "What is wrong", &note, active);
        let all: Vec<(usize, &Problem)> = problems.iter().enumerate().collect();
        let chosen = self.chosen(problems).filter(|_| active);
        self.list(scene, inside, &all, chosen, "nothing: every node runs and their tips agree");
    }

    /// The sentences. Those at the top get a second line as long as there is room for all.
    pub fn list(&mut self, scene: &mut Scene<'_>, area: Rect, problems: &[(usize, &Problem)], marked: Option<usize>, none: &str) {
        let rows = usize::from(area.height);
        if rows == 0 {
            return;
        }
        if problems.is_empty() {
            let (glyph, theme) = (scene.glyphs.ok, scene.theme);
            let text = if scene.snapshot.nodes.is_empty() { "" } else { none };
            scene.brush(area).skip(1).put(glyph, theme.ok).skip(1).put(text, theme.text);
            return;
        }
        let fits = problems.len() <= rows;
        let shown = if fits { rows } else { rows - 1 };
        let seen = self.scroll.around(marked.unwrap_or(0), shown, problems.len());
        let columns = usize::from(area.width).saturating_sub(4);
        let mut spare = rows.saturating_sub(problems.len());
        let mut line = 0;
        let theme = scene.theme;
        for (place, (number, problem)) in problems.iter().enumerate().skip(seen.start).take(shown) {
            let text = clean(&problem.text);
            let wrapped = wrap(&text, columns);
            let lines = if wrapped.len() - 1 <= spare { wrapped.len() } else { 1 };
            spare -= lines - 1;
            let start = line;
            let style = scene.severity_style(problem.severity);
            let chosen = Some(place) == marked;
            for (part, words) in wrapped.into_iter().take(lines).enumerate() {
                let words = if lines == 1 { &*text } else { words };
                let (mark, glyph) = match (part, chosen) {
                    (0, true) => (">", scene.glyphs.severity(problem.severity)),
                    (0, false) => (" ", scene.glyphs.severity(problem.severity)),
                    _ => (" ", " "),
                };
                let mut brush = scene.brush(layout::row(area, line));
                brush.put(mark, theme.title).put(glyph, style).put(" ", theme.text).put(words, theme.text);
                line += 1;
            }
            let at = Rect { y: area.y + start as u16, height: (line - start) as u16, ..area };
            if chosen {
                scene.select(at);
            }
            scene.hit(at, Hit::Problem(*number));
        }
        if !fits {
            let more = problems.len() - seen.end;
            let text = if more > 0 {
                format!("{} and {more} more", scene.glyphs.ellipsis)
            } else {
                format!("{} end of {}", scene.glyphs.ellipsis, problems.len())
            };
            scene.brush(layout::row(area, rows - 1)).skip(1).put(&text, theme.label);
        }
    }
}
