//! What a pop-up asks before something is done: how much, for how long, or where to.

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
    /// Nor this: a node connects to an address, which is a field's.
    Connect(u32),
    Ban {
        node: u32,
        id: String,
    },
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

/// What the reader may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: &'static str,
    entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Number(Number),
    Text(String),
}

/// One number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    unit: Unit,
    /// `None`: without bound, which only a time can be.
    value: Option<u64>,
    /// What a time without bound is called.
    unbounded: &'static str,
    /// Digits go on from what was typed; the first one replaces a value that was offered.
    typed: bool,
}

/// A text longer than this is a paste gone wrong.
const MOST_TEXT: usize = 64;

impl Number {
    const fn new(unit: Unit, value: u64) -> Self {
        Self { unit, value: Some(value), unbounded: "until undone", typed: false }
    }

    /// The number that counts: what was typed, held to what makes sense.
    fn held(&self) -> Option<u64> {
        let (least, most) = self.unit.bounds();
        self.value.map(|value| value.clamp(least, most))
    }

    fn text(&self) -> String {
        let Some(value) = self.value else { return self.unbounded.to_owned() };
        // What is out of bounds says what counts in its place.
        match self.held() {
            Some(held) if held != value => format!("{}: {} counts", self.words(value), self.words(held)),
            _ => self.words(value),
        }
    }

    fn words(&self, value: u64) -> String {
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

impl Field {
    const fn number(name: &'static str, unit: Unit, value: u64) -> Self {
        Self { name, entry: Entry::Number(Number::new(unit, value)) }
    }

    /// A time; at first, and beyond the longest, it is what `unbounded` says.
    const fn open_time(name: &'static str, unbounded: &'static str) -> Self {
        Self { name, entry: Entry::Number(Number { unit: Unit::Seconds, value: None, unbounded, typed: false }) }
    }

    const fn words(name: &'static str) -> Self {
        Self { name, entry: Entry::Text(String::new()) }
    }

    /// Whether every sign is part of a text here.
    pub const fn is_text(&self) -> bool {
        matches!(self.entry, Entry::Text(_))
    }

    /// As it is shown.
    pub fn text(&self) -> String {
        match &self.entry {
            Entry::Number(number) => number.text(),
            Entry::Text(text) => text.clone(),
        }
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
        let lasts = |seconds| Field::number("lasts", Unit::Seconds, seconds);
        let (meaning, fields) = match &harm {
            Harm::Kill(_) => ("It ends as by kill -9, then starts again on its own store", vec![lasts(30)]),
            Harm::Freeze(_) => ("Its connections stay open, but it answers nothing", vec![lasts(30)]),
            Harm::Partition(_) => ("All links between the two sides are cut; those within stay", vec![lasts(60)]),
            Harm::Clear => ("Whatever was killed or cut comes back", Vec::new()),
            Harm::Connect(_) => {
                ("An address and a port, as in 127.0.0.1:8081; of a cluster also n5", vec![Field::words("address")])
            }
            Harm::Ban { .. } => (
                "It is disconnected, and not taken again until the ban ends",
                vec![Field::open_time("lasts", "longer each time")],
            ),
            Harm::Link { change, .. } => match change {
                Change::Cut => ("Nothing comes through, both ways", vec![lasts(60)]),
                Change::Latency => {
                    ("The delay of each packet, both ways", vec![Field::number("delay", Unit::Milliseconds, 200), lasts(60)])
                }
                Change::Loss => {
                    ("The share of packets that get lost, both ways", vec![Field::number("loss", Unit::Percent, 20), lasts(60)])
                }
                Change::Bandwidth => {
                    ("The most that gets through, each way", vec![Field::number("limit", Unit::Kilobytes, 50), lasts(60)])
                }
            },
        };
        Self { title, meaning, harm, fields, chosen: 0 }
    }

    pub fn step(&mut self, by: isize) {
        let count = self.fields.len().max(1);
        self.chosen = (self.chosen + count).saturating_add_signed(by) % count;
    }

    fn number_here(&mut self) -> Option<&mut Number> {
        match &mut self.fields.get_mut(self.chosen)?.entry {
            Entry::Number(number) => Some(number),
            Entry::Text(_) => None,
        }
    }

    pub fn change(&mut self, up: bool) {
        if let Some(number) = self.number_here() {
            number.change(up);
        }
    }

    /// Whether every sign that is typed is text.
    pub fn takes_text(&self) -> bool {
        self.fields.get(self.chosen).is_some_and(Field::is_text)
    }

    pub fn type_sign(&mut self, sign: char) {
        let Some(field) = self.fields.get_mut(self.chosen) else { return };
        match &mut field.entry {
            Entry::Number(number) => {
                if let Some(digit) = sign.to_digit(10) {
                    number.digit(u64::from(digit));
                }
            }
            Entry::Text(text) => {
                if sign.is_ascii_graphic() && text.len() < MOST_TEXT {
                    text.push(sign);
                }
            }
        }
    }

    pub fn erase(&mut self) {
        match self.fields.get_mut(self.chosen).map(|field| &mut field.entry) {
            Some(Entry::Number(number)) => number.erase(),
            Some(Entry::Text(text)) => {
                text.pop();
            }
            None => {}
        }
    }

    /// What is still missing before it can be done, in words.
    pub fn incomplete(&self) -> Option<String> {
        let empty = self.fields.iter().find(|field| field.is_text() && field.text().is_empty())?;
        Some(format!("type the {} first, or cancel with Esc", empty.name))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.fields.iter().find(|field| field.name == name).and_then(|field| match &field.entry {
            Entry::Number(number) => number.held(),
            Entry::Text(_) => None,
        })
    }

    /// What the reader wants, when Enter is pressed now.
    pub fn intent(&self) -> Intent {
        let lasts = self.number("lasts").map(Duration::from_secs);
        match &self.harm {
            Harm::Kill(node) => Intent::Kill { node: *node, lasts },
            Harm::Freeze(node) => Intent::Freeze { node: *node, lasts },
            Harm::Partition(group) => Intent::Partition { group: group.clone(), lasts },
            Harm::Clear => Intent::ClearFaults,
            Harm::Connect(node) => {
                let address = self.fields.first().map(Field::text).unwrap_or_default();
                Intent::Connect { node: *node, address }
            }
            Harm::Ban { node, id } => Intent::Ban { node: *node, id: id.clone(), lasts },
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
