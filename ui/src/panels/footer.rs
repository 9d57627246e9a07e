//! The last line: what the keys do here, from the action table; or the filter while it is typed.

use crate::{
    action::{ACTIONS, Context, Means},
    brush::{clean, width},
    world::Scene,
};
use ratatui::layout::Rect;

/// Shows as many hints as fit; help and quit always stay.
pub(crate) fn keys(scene: &mut Scene<'_>, area: Rect, context: Context, means: Means) {
    let (theme, ascii) = (scene.theme, scene.glyphs.is_ascii());
    let mut hints: Vec<(String, &'static str)> = Vec::new();
    let mut joined = String::new();
    for action in ACTIONS.iter().filter(|action| action.is_enabled(context, means)) {
        let Some(word) = action.hint else { continue };
        if ascii && !joined.is_empty() {
            joined.push('/');
        }
        joined.push_str(&action.keys[0].label(ascii));
        if !word.is_empty() {
            hints.push((std::mem::take(&mut joined), word));
        }
    }
    let long = |hint: &(String, &'static str)| width(&hint.0) + 1 + hint.1.len() + 2;
    let mut room = usize::from(area.width).saturating_sub(1);
    let mut keep = vec![false; hints.len()];
    // The last two first: who is lost must find help and the way out.
    for place in (0..hints.len()).rev().take(2).chain(0..hints.len()) {
        if !keep[place] && long(&hints[place]) <= room + 2 {
            keep[place] = true;
            room = room.saturating_sub(long(&hints[place]));
        }
    }
    let mut brush = scene.brush(area);
    brush.skip(1);
    for (hint, _) in hints.iter().zip(keep).filter(|(_, keep)| *keep) {
        brush.put(&hint.0, theme.title).put(" ", theme.text).put(hint.1, theme.label).skip(2);
    }
}

/// Shows the filter with its cursor, then the keys that end it.
pub(crate) fn filter(scene: &mut Scene<'_>, area: Rect, text: &str, means: Means) {
    let theme = scene.theme;
    let keep = usize::from(area.width).saturating_sub(26).max(8);
    // Of a long filter, the end is what is being typed.
    let mut tail = text;
    while width(tail) > keep {
        let mut signs = tail.chars();
        signs.next();
        tail = signs.as_str();
    }
    let mut brush = scene.brush(area);
    brush.skip(1).put("/", theme.accent).put(tail, theme.title).put(" ", theme.select);
    let used = area.width.saturating_sub(brush.room() as u16);
    let rest = crate::layout::left(area, used + 2).1;
    keys(scene, rest, Context::Filter, means);
}

/// Shows what was done or refused at the reader's wish, then as many keys as fit.
pub(crate) fn notice(scene: &mut Scene<'_>, area: Rect, text: &str, context: Context, means: Means) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let long = width(&clean(text)).min(usize::from(area.width)) as u16;
    // Help and quit stay where there is room for both.
    let (words, rest) = crate::layout::left(area, (long + 6).min(area.width.saturating_sub(18).max(long + 4)));
    scene.brush(words).skip(1).put(glyphs.notice, theme.busy).skip(1).put(text, theme.title);
    keys(scene, rest, context, means);
}
