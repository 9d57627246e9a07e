//! The environment is honoured.

use super::*;

fn with(variables: &[(&str, &str)]) -> Options {
    Options::from_variables(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn no_color_must_be_filled() {
    assert_eq!(with(&[("NO_COLOR", "1")]).theme, ThemeName::Mono);
    assert_eq!(with(&[("NO_COLOR", "")]).theme, ThemeName::Default);
    assert_eq!(with(&[]).theme, ThemeName::Default);
}

#[test]
#[cfg(not(windows))]
fn the_first_locale_set_decides() {
    assert_eq!(with(&[("LANG", "de_DE.UTF-8")]).glyphs, GlyphSet::Unicode);
    assert_eq!(with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).glyphs, GlyphSet::Ascii);
    assert_eq!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]).glyphs, GlyphSet::Unicode);
    assert_eq!(with(&[]).glyphs, GlyphSet::Ascii);
}

#[test]
fn names_are_read_back() {
    for theme in ThemeName::ALL {
        assert_eq!(theme.to_string().parse(), Ok(theme));
    }
    assert_eq!("color-blind".parse(), Ok(ThemeName::ColourBlind));
    assert!("pink".parse::<ThemeName>().is_err_and(|error| error.contains("mono")));
    assert_eq!("ascii".parse(), Ok(GlyphSet::Ascii));
    assert!("emoji".parse::<GlyphSet>().is_err());
}
