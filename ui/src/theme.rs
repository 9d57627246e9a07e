//! What things look like: one style for each meaning, so that a panel never names a colour.
//!
//! Colours are the terminal's own sixteen on its own background. White, black, yellow and bright black are never used for
//! words: each of them vanishes on some common light or dark background.

use ratatui::style::{Color, Modifier, Style};
use std::{fmt, str::FromStr};

/// A theme by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// The terminal's own sixteen colours, readable on dark and light backgrounds.
    #[default]
    Default,
    /// Darker shades for light backgrounds.
    Light,
    /// Bright and bold.
    HighContrast,
    /// Blue against red, never green against red.
    ColourBlind,
    /// No colour at all: bold, underlined, reversed.
    Mono,
}

impl ThemeName {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Default, Self::Light, Self::HighContrast, Self::ColourBlind, Self::Mono];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::ColourBlind => "colour-blind",
            Self::Mono => "mono",
        }
    }
}

impl fmt::Display for ThemeName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for ThemeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_ascii_lowercase().replace("color", "colour");
        Self::ALL.into_iter().find(|theme| theme.name() == wanted).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|theme| theme.name()).collect();
            format!("there is no theme '{text}'; choose one of {}", names.join(", "))
        })
    }
}

/// One style for each meaning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    /// What must be read.
    pub text: Style,
    /// What explains it: column heads, units, times.
    pub label: Style,
    /// Frames.
    pub border: Style,
    /// The name of a panel, the chosen tab.
    pub title: Style,
    /// Names of keys, ids.
    pub accent: Style,
    /// All is well.
    pub ok: Style,
    /// Under way.
    pub busy: Style,
    /// Degraded.
    pub warn: Style,
    /// Broken.
    pub bad: Style,
    /// Bytes received.
    pub inbound: Style,
    /// Bytes sent.
    pub outbound: Style,
    /// A link in a drawing.
    pub link: Style,
    /// A link with much traffic.
    pub hot: Style,
    /// Laid over a chosen row. It takes the colours away, so that the row is one even bar in every terminal.
    pub select: Style,
}

impl Theme {
    pub fn new(name: ThemeName) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let select = Style::new()
            .fg(Color::Reset)
            .bg(Color::Reset)
            .remove_modifier(Modifier::DIM | Modifier::UNDERLINED)
            .add_modifier(Modifier::REVERSED);
        let base = Self {
            text: plain,
            label: dim,
            // A frame may fade: nothing is lost with it.
            border: plain.fg(Color::DarkGray),
            title: bold,
            accent: plain.fg(Color::Cyan),
            ok: plain.fg(Color::Green),
            busy: plain.fg(Color::Cyan),
            warn: bold.fg(Color::Magenta),
            bad: bold.fg(Color::Red),
            inbound: plain.fg(Color::Blue),
            outbound: plain.fg(Color::Green),
            link: plain.fg(Color::Blue),
            hot: bold.fg(Color::Cyan),
            select,
        };
        match name {
            ThemeName::Default => base,
            ThemeName::Light => Self {
                // Green and cyan are pale on white: blue and bold carry more there.
                label: plain,
                accent: plain.fg(Color::Blue),
                ok: bold.fg(Color::Green),
                busy: bold.fg(Color::Blue),
                hot: bold.fg(Color::Blue),
                ..base
            },
            ThemeName::HighContrast => Self {
                label: plain,
                border: plain,
                accent: bold,
                ok: bold.fg(Color::Green),
                busy: bold.fg(Color::Cyan),
                inbound: bold.fg(Color::Cyan),
                outbound: bold.fg(Color::Green),
                link: plain,
                select: select.add_modifier(Modifier::BOLD),
                ..base
            },
            ThemeName::ColourBlind => Self {
                ok: plain.fg(Color::Blue),
                busy: plain.fg(Color::Cyan),
                warn: bold.fg(Color::Magenta),
                bad: bold.fg(Color::Red).add_modifier(Modifier::UNDERLINED),
                outbound: plain.fg(Color::Cyan),
                link: plain,
                ..base
            },
            ThemeName::Mono => Self {
                border: dim,
                accent: bold,
                ok: plain,
                busy: plain,
                warn: bold,
                bad: bold.add_modifier(Modifier::UNDERLINED),
                inbound: plain,
                outbound: bold,
                link: dim,
                hot: bold,
                ..base
            },
        }
    }
}
