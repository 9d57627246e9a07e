//! What the nodes say, by node, level and text.

use super::{Go, View};
use crate::{
    action::Command,
    brush::clean,
    facts, format, layout,
    model::{LogLevel, LogLine, Snapshot},
    panels::relays::holds,
    widgets::frame::{self, Look},
    world::{Scene, World},
};
use ratatui::layout::Rect;

pub(crate) struct Logs {
    /// The least grave lines shown.
    level: LogLevel,
    /// Only the chosen node's lines.
    one_node: bool,
    filter: String,
    /// The newest line shown, as its place among the shown ones counted from the newest; 0 follows.
    back: usize,
    following: bool,
    /// When the newest shown line of the last frame was said, and how many were said at that moment.
    newest: Option<(std::time::Duration, usize)>,
}

impl Default for Logs {
    fn default() -> Self {
        Self { level: LogLevel::Debug, one_node: false, filter: String::new(), back: 0, following: true, newest: None }
    }
}

const fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "ERROR",
        LogLevel::Warn => "WARN",
        LogLevel::Info => "INFO",
        LogLevel::Debug => "DEBUG",
        LogLevel::Trace => "TRACE",
    }
}

/// The level after: from errors alone to everything, and again from the start.
const fn next(level: LogLevel) -> LogLevel {
    match level {
        LogLevel::Error => LogLevel::Warn,
        LogLevel::Warn => LogLevel::Info,
        LogLevel::Info => LogLevel::Debug,
        LogLevel::Debug => LogLevel::Trace,
        LogLevel::Trace => LogLevel::Error,
    }
}

fn name(snapshot: &Snapshot, line: &LogLine) -> String {
    match line
        .node
        .map(|index| facts::node(snapshot, index).map_or_else(|| format!("n{index}"), |node| clean(&node.name).into_owned()))
    {
        Some(name) => name,
        None => "-".to_owned(),
    }
}

impl Logs {
    fn shows(&self, line: &LogLine, node: u32) -> bool {
        line.level <= self.level
            && (!self.one_node || line.node == Some(node))
            && (holds(&line.text, &self.filter) || holds(&line.target, &self.filter))
    }
}

impl View for Logs {
    fn digit(&self) -> char {
        '8'
    }

    fn name(&self) -> &'static str {
        "Logs"
    }

    fn opened(&mut self, from: char, _world: &mut World) {
        // Who looks at one node wants that node's words.
        self.one_node = from != '1';
        self.back = 0;
        self.following = true;
    }

    fn step(&mut self, _world: &mut World, by: isize) {
        // Up means older: further back.
        self.back = self.back.saturating_add_signed(by.saturating_neg());
        self.following = self.back == 0;
    }

    fn act(&mut self, command: Command, world: &mut World) -> Go {
        match command {
            Command::Left | Command::Right => {
                // From all nodes the first step is to the chosen one.
                if self.one_node {
                    world.step(if command == Command::Left { -1 } else { 1 });
                }
                self.one_node = true;
                self.back = 0;
            }
            Command::EveryNode => self.one_node = false,
            Command::Level => self.level = next(self.level),
            Command::Follow => {
                self.following = !self.following;
                if self.following {
                    self.back = 0;
                }
            }
            Command::Back if !self.filter.is_empty() => self.filter.clear(),
            Command::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn filter(&mut self) -> Option<&mut String> {
        Some(&mut self.filter)
    }

    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let snapshot = scene.snapshot;
        let node = scene.world.node;
        let whose = if self.one_node {
            scene.world.chosen().map_or_else(|| "?".to_owned(), |node| clean(&node.name).into_owned())
        } else {
            "all nodes".to_owned()
        };
        let follow = if self.following { "following" } else { "held" };
        let separator = scene.glyphs.separator;
        let filter = if self.filter.is_empty() { String::new() } else { format!(" {separator} /{}", self.filter) };
        let note = format!("{whose} {separator} {} and graver {separator} {follow}{filter}", word(self.level).to_lowercase());
        let look = if layout::Size::of(scene.buf.area) == layout::Size::Full { Look::Framed } else { Look::Ruled };
        let inside = frame::frame(scene, area, look, "Logs", &note, true);
        let shown: Vec<&LogLine> = snapshot.logs.iter().filter(|line| self.shows(line, node)).collect();
        self.hold(&shown);
        if shown.is_empty() {
            let text = if snapshot.logs.is_empty() {
                "nothing was said yet"
            } else {
                "no line fits; v shows more levels, a all nodes, Esc clears the filter"
            };
            frame::empty(scene, inside, text);
            return;
        }
        let visible = usize::from(inside.height);
        self.back = self.back.min(shown.len().saturating_sub(visible));
        let end = shown.len() - self.back;
        let (list, bar) = layout::left(inside, inside.width.saturating_sub(1));
        for (row, line) in shown[end.saturating_sub(visible)..end].iter().enumerate() {
            draw_line(scene, layout::row(list, row), line);
        }
        if shown.len() > visible {
            scroll_bar(scene, bar, end.saturating_sub(visible), visible, shown.len());
        }
    }
}

impl Logs {
    /// When lines are held, new ones push the view further back, so that the text rests under the reader's eye.
    fn hold(&mut self, shown: &[&LogLine]) {
        if !self.following
            && let Some((at, same)) = self.newest
        {
            // Lines are bounded: old ones go, so the count tells nothing. The one that was newest does.
            let newer = shown.iter().rev().take_while(|line| line.at > at).count();
            let equal = shown.iter().rev().skip(newer).take_while(|line| line.at == at).count();
            self.back += newer + equal.saturating_sub(same);
        }
        self.newest = shown.last().map(|line| (line.at, shown.iter().rev().take_while(|other| other.at == line.at).count()));
    }
}

fn draw_line(scene: &mut Scene<'_>, area: Rect, line: &LogLine) {
    let theme = scene.theme;
    let style = match line.level {
        LogLevel::Error => theme.bad,
        LogLevel::Warn => theme.warn,
        LogLevel::Info => theme.ok,
        LogLevel::Debug | LogLevel::Trace => theme.label,
    };
    let text = match line.level {
        LogLevel::Error | LogLevel::Warn => theme.title,
        LogLevel::Info => theme.text,
        LogLevel::Debug | LogLevel::Trace => theme.label,
    };
    let name = name(scene.snapshot, line);
    let mut brush = scene.brush(area);
    brush.right(8, &format::moment(line.at), theme.label).skip(1).left(6, word(line.level), style).left(5, &name, theme.title);
    brush.left(10, &line.target, theme.accent).put(&line.text, text);
}

fn scroll_bar(scene: &mut Scene<'_>, area: Rect, first: usize, visible: usize, count: usize) {
    let height = usize::from(area.height);
    let thumb = (height * visible / count).max(1).min(height);
    let start = (height - thumb) * first / (count - visible).max(1);
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    for row in 0..height {
        let inside = row >= start && row < start + thumb;
        scene.brush(layout::row(area, row)).put(
            if inside { glyphs.scroll_thumb } else { glyphs.scroll_track },
            if inside { theme.accent } else { theme.border },
        );
    }
}
