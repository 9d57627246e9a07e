//! What a pop-up asks before a fault is injected: how much, and for how long.

use crate::{
    format,
    model::{Intent, LinkTweak},
};
use std::time::Duration;

/// What is done when the reader agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    Kill(u32),
    Freeze(u32),
    Partition(Vec<u32>),
    Link {
        from: u32,
        to: Option<u32>,
        change: Change,
    },
    /// No harm at all: all faults are undone.
    Clear,
}

/// What becomes of a link; the amount is a field's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Cut,
    Latency,
    Loss,
    Bandwidth,
}

/// What a field's number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    Percent,
    /// Thousands of bytes a second.
    Kilobytes,
    /// Of the run's clock.
    Seconds,
}

impl Unit {
    /// The values that left and right go through.
    const fn choices(self) -> &'static [u64] {
        match self {
            Self::Milliseconds => &[5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000],
            Self::Percent => &[1, 2, 5, 10, 20, 30, 50, 75, 90, 100],
            Self::Kilobytes => &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000],
            Self::Seconds => &[5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600],
        }
    }

    /// Nothing less makes sense, and nothing more: a minute's delay is a cut, a day is longer than any run.
    const fn bounds(self) -> (u64, u64) {
        match self {
            Self::Milliseconds => (1, 60_000),
            Self::Percent => (1, 100),
            Self::Kilobytes => (1, 1_000_000),
            Self::Seconds => (1, 86_400),
        }
    }
}

/// One number that the reader may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: &'static str,
    pub unit: Unit,
    /// `None`: until undone, which only a time can be.
    value: Option<u64>,
    /// Digits go on from what was typed; the first one replaces a value that was offered.
    typed: bool,
}

impl Field {
    const fn new(name: &'static str, unit: Unit, value: u64) -> Self {
        Self { name, unit, value: Some(value), typed: false }
    }

    /// The number that counts: what was typed, held to what makes sense.
    fn number(&self) -> Option<u64> {
        let (least, most) = self.unit.bounds();
        self.value.map(|value| value.clamp(least, most))
    }

    /// As it is shown.
    pub fn text(&self) -> String {
        let Some(value) = self.value else { return "until undone".to_owned() };
        match self.unit {
            Unit::Milliseconds => format!("{value} ms"),
            Unit::Percent => format!("{value}%"),
            Unit::Kilobytes if self.typed => format!("{value} KB/s"),
            Unit::Kilobytes => format::rate(value.saturating_mul(1000)),
            Unit::Seconds if self.typed || value < 120 => format!("{value} s"),
            Unit::Seconds if value < 3_600 => format!("{} min", value / 60),
            Unit::Seconds => format!("{} h", value / 3_600),
        }
    }

    fn change(&mut self, up: bool) {
        let choices = self.unit.choices();
        self.typed = false;
        self.value = match (self.value, up) {
            (Some(now), true) => match choices.iter().find(|choice| **choice > now) {
                Some(next) => Some(*next),
                None if self.unit == Unit::Seconds => None,
                None => Some(now),
            },
            (Some(now), false) => choices.iter().rev().find(|choice| **choice < now).copied().or(Some(now)),
            (None, true) => None,
            (None, false) => choices.last().copied(),
        };
    }

    fn digit(&mut self, digit: u64) {
        let before = if self.typed { self.value.unwrap_or(0) } else { 0 };
        self.value = Some((before * 10 + digit).min(self.unit.bounds().1));
        self.typed = true;
    }

    fn erase(&mut self) {
        self.value = Some(self.value.unwrap_or(0) / 10);
        self.typed = true;
    }
}

/// A question over the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PopUp {
    /// What is about to be done, and to whom.
    pub title: String,
    /// What that means, in one sentence.
    pub meaning: &'static str,
    harm: Harm,
    pub fields: Vec<Field>,
    /// Place of the field that the keys change.
    pub chosen: usize,
}

impl PopUp {
    /// The question for a fault, with values that one would often choose.
    pub fn new(title: String, harm: Harm) -> Self {
        let lasts = |seconds| Field::new("lasts", Unit::Seconds, seconds);
        let (meaning, fields) = match &harm {
            Harm::Kill(_) => ("It ends as by kill -9, then starts again on its own store", vec![lasts(30)]),
            Harm::Freeze(_) => ("Its connections stay open, but it answers nothing", vec![lasts(30)]),
            Harm::Partition(_) => ("All links between the two sides are cut; those within stay", vec![lasts(60)]),
            Harm::Clear => ("Whatever was killed or cut comes back", Vec::new()),
            Harm::Link { change, .. } => match change {
                Change::Cut => ("Nothing comes through, both ways", vec![lasts(60)]),
                Change::Latency => {
                    ("The delay of each packet, both ways", vec![Field::new("delay", Unit::Milliseconds, 200), lasts(60)])
                }
                Change::Loss => {
                    ("The share of packets that get lost, both ways", vec![Field::new("loss", Unit::Percent, 20), lasts(60)])
                }
                Change::Bandwidth => {
                    ("The most that gets through, each way", vec![Field::new("limit", Unit::Kilobytes, 50), lasts(60)])
                }
            },
        };
        Self { title, meaning, harm, fields, chosen: 0 }
    }

    pub fn step(&mut self, by: isize) {
        let count = self.fields.len().max(1);
        self.chosen = (self.chosen + count).saturating_add_signed(by) % count;
    }

    pub fn change(&mut self, up: bool) {
        if let Some(field) = self.fields.get_mut(self.chosen) {
            field.change(up);
        }
    }

    pub fn type_sign(&mut self, sign: char) {
        if let (Some(field), Some(digit)) = (self.fields.get_mut(self.chosen), sign.to_digit(10)) {
            field.digit(u64::from(digit));
        }
    }

    pub fn erase(&mut self) {
        if let Some(field) = self.fields.get_mut(self.chosen) {
            field.erase();
        }
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.fields.iter().find(|field| field.name == name).and_then(Field::number)
    }

    /// What the reader wants, when Enter is pressed now.
    pub fn intent(&self) -> Intent {
        let lasts = self.number("lasts").map(Duration::from_secs);
        match &self.harm {
            Harm::Kill(node) => Intent::Kill { node: *node, lasts },
            Harm::Freeze(node) => Intent::Freeze { node: *node, lasts },
            Harm::Partition(group) => Intent::Partition { group: group.clone(), lasts },
            Harm::Clear => Intent::ClearFaults,
            Harm::Link { from, to, change } => {
                let tweak = match change {
                    Change::Cut => LinkTweak::Cut,
                    Change::Latency => LinkTweak::Latency(Duration::from_millis(self.number("delay").unwrap_or_default())),
                    // At most 100, so it fits.
                    Change::Loss => LinkTweak::Loss(self.number("loss").unwrap_or_default() as u32 * 10_000),
                    Change::Bandwidth => LinkTweak::Bandwidth(self.number("limit").unwrap_or_default() * 1000),
                };
                Intent::Link { from: *from, to: *to, tweak, lasts }
            }
        }
    }

    /// All in one line, where there is no room for more: `Kill n3: lasts 30 s?`.
    pub fn line(&self) -> String {
        let mut text = self.title.clone();
        for (place, field) in self.fields.iter().enumerate() {
            text.push_str(if place == 0 { ": " } else { ", " });
            text.push_str(field.name);
            text.push(' ');
            text.push_str(&field.text());
        }
        text.push('?');
        text
    }
}

#[cfg(test)]
#[path = "popup_tests.rs"]
mod tests;
