//! How the dashboard looks and listens: by choice, or as the environment asks.

use crate::{glyphs::GlyphSet, theme::ThemeName};

/// What the caller chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Colours.
    pub theme: ThemeName,
    /// Unicode or ASCII signs.
    pub glyphs: GlyphSet,
    /// Whether clicks and the wheel are listened to. Turned off, the terminal's own selection of text works as ever.
    pub mouse: bool,
    /// Only look: no key injects or undoes a fault or ends a ban.
    pub readonly: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { theme: ThemeName::Default, glyphs: GlyphSet::Unicode, mouse: true, readonly: false }
    }
}

impl Options {
    /// What the environment asks for: `NO_COLOR` (set and not empty) turns colours off, a locale that is not UTF-8 turns
    /// signs outside ASCII off.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mono = filled("NO_COLOR").is_some();
        // The first one that is set decides, as in the C library. Windows has consoles with UTF-8 and no such variable.
        let locale =
            filled("LC_ALL").or_else(|| filled("LC_CTYPE")).or_else(|| filled("LANG")).unwrap_or_default().to_ascii_lowercase();
        let unicode = cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8");
        Self {
            theme: if mono { ThemeName::Mono } else { ThemeName::Default },
            glyphs: if unicode { GlyphSet::Unicode } else { GlyphSet::Ascii },
            mouse: true,
            readonly: false,
        }
    }

    /// Takes colours away where `NO_COLOR` asks for it, whatever was chosen: the terminal layer would drop them anyway, and
    /// the highlight of coloured rows with them.
    #[must_use]
    pub fn without_colour_if_asked(self) -> Self {
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            Self { theme: ThemeName::Mono, ..self }
        } else {
            self
        }
    }
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
