//! The two lines at the top: what runs, how healthy it is, whether it moves; and the tabs.

use crate::{
    brush::width,
    format, layout,
    model::ClockMode,
    world::{Hit, Scene},
};
use ratatui::{layout::Rect, style::Modifier};
use std::fmt::Write as _;

/// First line. On narrow screens the least telling parts go first: seed, count, the program's own name.
pub(crate) fn status(scene: &mut Scene<'_>, area: Rect, frozen: bool) {
    let (theme, glyphs, snapshot, facts) = (scene.theme, scene.glyphs, scene.snapshot, &scene.world.facts);
    let (sign, health_style) = match facts.health {
        None => (glyphs.ok, theme.ok.add_modifier(Modifier::BOLD)),
        Some(severity) => (glyphs.severity(severity), scene.severity_style(severity)),
    };
    let replay = snapshot.recording.is_some();
    let (sign_of_mode, word) = match snapshot.clock.mode {
        ClockMode::Live if replay => (glyphs.play, "REPLAY"),
        _ if replay => (glyphs.mode(snapshot.clock.mode), "REPLAY"),
        ClockMode::Live => (glyphs.live, "LIVE"),
        ClockMode::Paused => (glyphs.paused, "PAUSED"),
        ClockMode::Ended => (glyphs.ended, "ENDED"),
    };
    let speed = if snapshot.clock.mode == ClockMode::Ended {
        String::new()
    } else {
        format!(" {}", format::speed(snapshot.clock.speed_percent))
    };
    let mode = format!("{sign_of_mode} {word}{speed}");
    let clock = format::clock(snapshot.clock.elapsed);
    let frozen_width = if frozen { 10 } else { 0 };
    let right = width(&mode) + 3 + clock.len() + frozen_width + 1;
    let whole = usize::from(area.width);
    let health = width(&facts.health_text) + 2;

    let mut names = Vec::with_capacity(4);
    let title = if snapshot.title.is_empty() { "rumormill" } else { snapshot.title.as_str() };
    let counted = match snapshot.nodes.len() {
        0 => String::new(),
        1 => format!(" {} 1 node", glyphs.separator),
        count => format!(" {} {} nodes", glyphs.separator, format::exact(count as u64)),
    };
    let seed = snapshot.seed.map(|seed| format!(" {} seed {seed}", glyphs.separator)).unwrap_or_default();
    let long = if snapshot.title.is_empty() { title.to_owned() } else { format!("rumormill {title}") };
    names.push(format!("{long}{counted}{seed}"));
    names.push(format!("{title}{counted}{seed}"));
    names.push(format!("{title}{counted}"));
    names.push(title.to_owned());
    let name = names.into_iter().find(|name| 1 + width(name) + 3 + health + 3 + right <= whole).unwrap_or_default();

    let mut brush = scene.brush(area);
    if !name.is_empty() {
        brush.skip(1).put(&name, theme.title);
        let free = whole - 1 - width(&name) - health - right;
        brush.skip((free / 2).clamp(3, 12));
    }
    brush.put(sign, health_style).put(" ", theme.text).put(&facts.health_text, health_style);
    if brush.room() > right {
        let mode_style = if snapshot.clock.mode == ClockMode::Live { theme.ok } else { theme.warn };
        brush.end_at(right);
        if frozen {
            brush.put(" FROZEN ", theme.select.add_modifier(Modifier::BOLD)).skip(2);
        }
        brush.put(&mode, mode_style).skip(3).put(&clock, theme.title);
    } else if frozen && brush.room() >= 9 {
        brush.skip(1).put(" FROZEN ", theme.select.add_modifier(Modifier::BOLD));
    }
}

/// Second line: the views that exist, and the chain in numbers.
pub(crate) fn tabs(scene: &mut Scene<'_>, area: Rect, views: &[(char, &'static str)], current: char) {
    let (theme, separator) = (scene.theme, scene.glyphs.separator);
    let mut x = area.x.saturating_add(1);
    // Where there is no room for all tabs, the gaps between them go first.
    let whole: usize = views.iter().map(|(_, name)| name.len() + 5).sum();
    let gap = u16::from(whole < usize::from(area.width));
    for &(digit, name) in views {
        let chosen = digit == current;
        let long = name.len() as u16 + 4;
        let place = Rect { x, width: long, height: area.height.min(1), ..area }.intersection(area);
        let (ends, style) = if chosen { (["[", "]"], theme.title) } else { ([" ", " "], theme.label) };
        let mut key = [0_u8; 4];
        scene
            .brush(place)
            .put(ends[0], style)
            .put(digit.encode_utf8(&mut key), style)
            .put(" ", style)
            .put(name, style)
            .put(ends[1], style);
        if chosen {
            scene.select(place);
        }
        scene.hit(place, Hit::Tab(digit));
        x = x.saturating_add(long + gap);
    }
    let (snapshot, facts) = (scene.snapshot, &scene.world.facts);
    let tip = format!("tip {}", facts.best);
    let mut lag = tip.clone();
    let _ = write!(lag, " {separator} max lag {}", format::count(facts.max_lag));
    let mut all = lag.clone();
    let _ = write!(all, " {separator} reorgs {}", format::count(snapshot.totals.reorgs));
    let used = x.saturating_sub(area.x);
    let rest = layout::left(area, used).1;
    let mut brush = scene.brush(rest);
    // The tip is what must be seen to move.
    if let Some(text) = [all, lag, tip].into_iter().find(|text| brush.room() > width(text) + 1) {
        brush.end_at(width(&text) + 1).put(&text, theme.text);
    }
}
