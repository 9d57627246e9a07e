//! The signs that stand for states, links and bars: Unicode, or ASCII where the terminal may not know them.

use crate::model::{ClockMode, NodeState, Severity, Verdict};
use std::{fmt, str::FromStr};

/// A set of signs by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GlyphSet {
    /// Braille, blocks and geometric signs.
    #[default]
    Unicode,
    /// Nothing outside ASCII.
    Ascii,
}

impl fmt::Display for GlyphSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unicode => "unicode",
            Self::Ascii => "ascii",
        })
    }
}

impl FromStr for GlyphSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "unicode" => Ok(Self::Unicode),
            "ascii" => Ok(Self::Ascii),
            _ => Err(format!("there is no set of signs '{text}'; choose unicode or ascii")),
        }
    }
}

/// A frame's pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub horizontal: &'static str,
    pub vertical: &'static str,
    pub corners: [&'static str; 4],
}

/// One sign for each meaning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyphs {
    pub set: GlyphSet,
    pub ok: &'static str,
    pub syncing: &'static str,
    pub lagging: &'static str,
    pub down: &'static str,
    pub starting: &'static str,
    pub stranger: &'static str,
    pub notice: &'static str,
    pub live: &'static str,
    pub paused: &'static str,
    pub ended: &'static str,
    pub ellipsis: &'static str,
    pub arrow: &'static str,
    /// Has happened, in a timeline.
    pub done: &'static str,
    /// A replay that moves.
    pub play: &'static str,
    /// Around a value that left and right change.
    pub choose: [&'static str; 2],
    /// A tree's pieces: a branch, the last branch, what goes on beside, nothing.
    pub tree: [&'static str; 4],
    /// A scrub bar's line before and after the position, the position, a mark.
    pub scrub: [&'static str; 4],
    pub left: &'static str,
    pub separator: &'static str,
    pub up: &'static str,
    pub down_arrow: &'static str,
    /// A message on its way along a link.
    pub message: &'static str,
    /// Legend of links: plain, cut, hot.
    pub links: [&'static str; 3],
    /// Both ends of a bar, where it needs any.
    pub bar_ends: [&'static str; 2],
    /// A bar's cell when empty, half full, full. Thin, so that bars in neighbouring rows do not melt into one block.
    pub bar: [&'static str; 3],
    /// Heights of a sparkline.
    pub spark: [&'static str; 8],
    pub frame: Frame,
    pub scroll_track: &'static str,
    pub scroll_thumb: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    set: GlyphSet::Unicode,
    ok: "●",
    syncing: "◐",
    lagging: "▲",
    down: "✗",
    starting: "◌",
    stranger: "○",
    notice: "◦",
    live: "●",
    paused: "‖",
    ended: "■",
    ellipsis: "…",
    arrow: "→",
    done: "✓",
    play: "▶",
    choose: ["◂", "▸"],
    tree: ["├─ ", "└─ ", "│  ", "   "],
    scrub: ["━", "─", "●", "┃"],
    left: "◀",
    separator: "·",
    up: "▲",
    down_arrow: "▼",
    message: "•",
    links: ["──", "╌╌", "━━"],
    bar_ends: ["", ""],
    bar: ["─", "╸", "━"],
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    frame: Frame { horizontal: "─", vertical: "│", corners: ["┌", "┐", "└", "┘"] },
    scroll_track: "│",
    scroll_thumb: "┃",
};

const ASCII: Glyphs = Glyphs {
    set: GlyphSet::Ascii,
    ok: "o",
    syncing: "~",
    lagging: "^",
    down: "x",
    starting: ".",
    stranger: "@",
    notice: "-",
    live: "*",
    paused: "=",
    ended: "#",
    ellipsis: "~",
    arrow: ">",
    done: "+",
    play: ">",
    choose: ["<", ">"],
    tree: ["|- ", "`- ", "|  ", "   "],
    scrub: ["=", "-", "O", "!"],
    left: "<",
    separator: "-",
    up: "^",
    down_arrow: "v",
    message: "*",
    links: ["---", "- -", "==="],
    bar_ends: ["[", "]"],
    bar: [" ", "|", "|"],
    spark: ["_", ".", "-", ":", "=", "+", "*", "#"],
    frame: Frame { horizontal: "-", vertical: "|", corners: ["+", "+", "+", "+"] },
    scroll_track: "|",
    scroll_thumb: "#",
};

impl Glyphs {
    pub const fn new(set: GlyphSet) -> Self {
        match set {
            GlyphSet::Unicode => UNICODE,
            GlyphSet::Ascii => ASCII,
        }
    }

    pub fn is_ascii(&self) -> bool {
        self.set == GlyphSet::Ascii
    }

    pub const fn state(&self, state: NodeState) -> &'static str {
        match state {
            NodeState::Starting => self.starting,
            NodeState::Ok => self.ok,
            NodeState::Syncing => self.syncing,
            NodeState::Lagging => self.lagging,
            NodeState::Down => self.down,
        }
    }

    pub const fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Notice => self.notice,
            Severity::Warning => self.lagging,
            Severity::Critical => self.down,
        }
    }

    pub const fn verdict(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Pending => self.starting,
            Verdict::Met => self.ok,
            Verdict::Missed => self.down,
        }
    }

    pub const fn mode(&self, mode: ClockMode) -> &'static str {
        match mode {
            ClockMode::Live => self.live,
            ClockMode::Paused => self.paused,
            ClockMode::Ended => self.ended,
        }
    }
}

/// A state's word, beside its sign.
pub(crate) const fn state_word(state: NodeState) -> &'static str {
    match state {
        NodeState::Starting => "starting",
        NodeState::Ok => "ok",
        NodeState::Syncing => "syncing",
        NodeState::Lagging => "lagging",
        NodeState::Down => "down",
    }
}
