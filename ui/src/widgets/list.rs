//! Lists that may be longer than their place: how far a key moves in one, and which of its rows are shown.

use crate::action::Command;
use std::ops::Range;

/// Rows between two page keys.
const PAGE: isize = 10;

/// How many rows further down (or up) a command goes in a list; `None`: it does something else.
pub(crate) const fn rows(command: Command) -> Option<isize> {
    Some(match command {
        Command::Up => -1,
        Command::Down => 1,
        Command::PageUp => -PAGE,
        Command::PageDown => PAGE,
        Command::First => isize::MIN,
        Command::Last => isize::MAX,
        _ => return None,
    })
}

/// What comes so many after `now`; after the last comes the first.
pub(crate) fn cycle<T: Copy + PartialEq>(all: &[T], now: T, by: usize) -> T {
    let place = all.iter().position(|one| *one == now).unwrap_or(0);
    all.get((place + by) % all.len().max(1)).copied().unwrap_or(now)
}

/// How far a list is scrolled: the first row shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scroll(usize);

impl Scroll {
    /// Further down (or up); drawing holds it to the last useful row.
    pub fn step(&mut self, by: isize) {
        self.0 = if by == isize::MIN { 0 } else { self.0.saturating_add_signed(by) };
    }

    /// Which of `count` rows are shown where `visible` fit.
    pub fn shown(&mut self, visible: usize, count: usize) -> Range<usize> {
        self.0 = self.0.min(count.saturating_sub(visible.max(1)));
        self.0..self.0.saturating_add(visible).min(count)
    }

    /// The same with `chosen` among them, moved as little as possible.
    pub fn around(&mut self, chosen: usize, visible: usize, count: usize) -> Range<usize> {
        let chosen = chosen.min(count.saturating_sub(1));
        let first = self.0.min(count.saturating_sub(visible));
        self.0 = match visible {
            0 => 0,
            _ if chosen < first => chosen,
            _ => first.max((chosen + 1).saturating_sub(visible)),
        };
        self.0..self.0.saturating_add(visible).min(count)
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
