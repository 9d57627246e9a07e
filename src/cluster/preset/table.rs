//! Reads one table of the file by its description. Whatever is wrong is told to the report, and the reading goes on.

use super::format::{Key, Record, Shape};
use super::values;
use crate::reading::{Complaint, Report, Span, describe, nearest, number, whole};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its place.
pub type Value<'i> = Spanned<DeValue<'i>>;

/// A table of the file.
pub struct Table<'a, 'i> {
    /// What is wrong goes here.
    pub report: &'a Report,
    /// Where it is: its header or its braces.
    pub span: Span,
    record: &'static Record,
    entries: &'a DeTable<'i>,
}

impl<'a, 'i> Table<'a, 'i> {
    /// Opens it, and complains of unknown and missing keys.
    pub fn open(report: &'a Report, record: &'static Record, entries: &'a DeTable<'i>, span: Span) -> Self {
        for key in entries.keys().filter(|key| record.key(key.get_ref()).is_none()) {
            let what = format!("unknown key `{}` in {}", key.get_ref(), record.name);
            report.add(Complaint::unknown(key.span(), what, key.get_ref(), record.names()));
        }
        let table = Self { report, span, record, entries };
        for key in record.keys.iter().filter(|key| key.required && !table.has(key.name) && !table.misspells(key.name)) {
            let what = format!("`{}` is missing in {}", key.name, record.name);
            report.add(Complaint::new(table.span.clone(), what).note(format!("{}: {}", key.name, key.shape.words())).follows());
        }
        table
    }

    /// Whether some unknown key was probably meant to be this one. (Then it is not missing as well.)
    pub fn misspells(&self, name: &str) -> bool {
        let unknown = self.entries.keys().filter(|key| self.record.key(key.get_ref()).is_none());
        unknown.map(|key| nearest(key.get_ref(), self.record.names())).any(|meant| meant == Some(name))
    }

    /// Whether some key is unknown: then what seems to be missing may be what it was meant to be.
    pub fn has_unknown(&self) -> bool {
        self.entries.keys().any(|key| self.record.key(key.get_ref()).is_none())
    }

    /// The description of a key of this table.
    fn key(&self, name: &str) -> Option<&'static Key> {
        let key = self.record.key(name);
        debug_assert!(key.is_some(), "{} has no key {name}", self.record.name);
        key
    }

    /// The value as written.
    pub fn value(&self, name: &str) -> Option<&'a Value<'i>> {
        debug_assert!(self.record.key(name).is_some(), "{} has no key {name}", self.record.name);
        self.entries.get(name)
    }

    /// Whether the key is there.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Where the key's name is written; the table's own place if it is not.
    pub fn key_span(&self, name: &str) -> Span {
        self.entries.get_key_value(name).map_or_else(|| self.span.clone(), |(key, _)| key.span())
    }

    /// Where the key's value is written; the table's own place if it is not.
    pub fn value_span(&self, name: &str) -> Span {
        self.value(name).map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// The keys that are written, with their places.
    pub fn keys(&self) -> impl Iterator<Item = (&'a str, Span)> {
        self.entries.keys().map(|key| (key.get_ref().as_ref(), key.span()))
    }

    /// Complains of a value that is not what its key takes.
    pub fn refuse(&self, name: &str) {
        if let (Some(key), Some(value)) = (self.record.key(name), self.value(name)) {
            let what = format!("`{name}` is {}", describe(value.get_ref()));
            self.report.add(Complaint::new(value.span(), what).label(format!("wanted: {}", key.shape.words())));
        }
    }

    /// The value of `name` as `read` makes it of what is written; complains where it makes nothing.
    fn take<T>(&self, name: &str, read: impl FnOnce(&'a DeValue<'i>, &'static Shape) -> Option<T>) -> Option<T> {
        let taken = read(self.value(name)?.get_ref(), &self.key(name)?.shape);
        if taken.is_none() {
            self.refuse(name);
        }
        taken
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.take(name, |value, _| value.as_str())
    }

    /// true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.take(name, |value, _| value.as_bool())
    }

    /// A whole number within its bounds.
    pub fn whole(&self, name: &str) -> Option<u64> {
        self.take(name, |value, shape| match shape {
            Shape::Whole(least, most) => whole(value).filter(|number| (least..=most).contains(&number)),
            _ => None,
        })
    }

    /// The same, for bounds that fit.
    pub fn small(&self, name: &str) -> Option<u32> {
        self.whole(name).and_then(|number| u32::try_from(number).ok())
    }

    /// A number within its bounds.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.take(name, |value, shape| match shape {
            Shape::Number(least, most) => number(value).filter(|number| (least..=most).contains(&number)),
            _ => None,
        })
    }

    /// A duration within its bounds.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        self.take(name, |value, shape| match shape {
            Shape::Duration(least, most) => values::duration(value.as_str()?).filter(|time| (least..=most).contains(&time)),
            _ => None,
        })
    }

    /// A duration and whether it has a minus.
    pub fn skew(&self, name: &str) -> Option<(Duration, bool)> {
        self.take(name, |value, shape| {
            let Shape::Skew(most) = shape else { return None };
            let text = value.as_str()?.trim();
            let (text, back) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
            values::duration(text).filter(|time| (Duration::from_nanos(1)..=*most).contains(time)).map(|time| (time, back))
        })
    }

    /// A share in parts of a million.
    pub fn share(&self, name: &str) -> Option<u32> {
        self.take(name, |value, _| match value.as_str() {
            Some(text) => values::share(text),
            None => values::share_of(number(value)?),
        })
    }

    /// Bytes a second.
    pub fn bandwidth(&self, name: &str) -> Option<u64> {
        use crate::cluster::limits::{MAX_BANDWIDTH, MIN_BANDWIDTH};
        self.take(name, |value, _| {
            values::bandwidth(value.as_str()?).filter(|rate| (MIN_BANDWIDTH..=MAX_BANDWIDTH).contains(rate))
        })
    }

    /// One of the names that its key takes.
    pub fn choice(&self, name: &str) -> Option<&'static str> {
        let Shape::Choice(names, later) = self.key(name)?.shape else { return None };
        let found = self.text(name)?;
        let chosen = names.iter().find(|known| **known == found).copied();
        if chosen.is_none() {
            let span = self.value_span(name);
            self.report.add(if later.contains(&found) {
                Complaint::new(span, format!("`{name}` is {found:?}, which comes later"))
                    .note(format!("allowed today: {}", names.join(", ")))
            } else {
                Complaint::unknown(span, format!("`{name}` is {found:?}, which is none"), found, names.iter().copied())
            });
        }
        chosen
    }

    /// A table in this one.
    pub fn table(&self, name: &str) -> Option<Table<'a, 'i>> {
        let Shape::Table(record) = self.key(name)?.shape else { return None };
        let span = self.value(name)?.span();
        self.take(name, |value, _| value.as_table()).map(|entries| Table::open(self.report, record, entries, span))
    }

    /// Tables in this one.
    pub fn tables(&self, name: &str) -> Vec<Table<'a, 'i>> {
        let Some(Key { shape: Shape::Tables(record), .. }) = self.key(name) else { return Vec::new() };
        let mut tables = Vec::new();
        for value in self.take(name, |value, _| value.as_array()).into_iter().flat_map(|list| list.iter()) {
            match value.get_ref().as_table() {
                Some(entries) => tables.push(Table::open(self.report, record, entries, value.span())),
                None => {
                    let what = format!("`{name}` has {} in its list", describe(value.get_ref()));
                    self.report.add(Complaint::new(value.span(), what).label(format!("wanted: a table, as in {}", record.name)));
                }
            }
        }
        tables
    }
}

impl Shape {
    /// What is wanted, in words.
    pub fn words(&self) -> String {
        let time = |time: &Duration| values::duration_text(*time);
        match self {
            Self::Text => "a text".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole(least, most) => format!("a whole number, {least} to {most}"),
            Self::Number(least, most) => format!("a number, {least} to {most}"),
            Self::Duration(least, most) => format!("a duration such as \"250ms\" or \"3m\", {} to {}", time(least), time(most)),
            Self::Skew(most) => format!("a duration such as \"5m\" or \"-5m\", up to {}, not 0", time(most)),
            Self::Share => "a share such as \"2%\" or 0.02, 0 to 100%".to_owned(),
            Self::Bandwidth => "a bandwidth such as \"10 MB/s\" or \"1 Mbit/s\", 1 kbit/s to 100 Gbit/s".to_owned(),
            Self::Nodes => "nodes such as \"all\", \"n2\", \"n0..n3\", or several with commas between".to_owned(),
            Self::Choice(names, _) => format!("one of {}", names.join(", ")),
            Self::Bound => "a number, a duration or a size, as `what` has it".to_owned(),
            Self::Groups => "groups of nodes such as [[\"n0..n5\"], [\"n6\", \"n8\"]]".to_owned(),
            Self::Edges => "pairs of nodes such as [[\"n0\", \"n1\"], [\"n1\", \"n2\"]]".to_owned(),
            Self::Table(record) => format!("a table with {}", record.names().collect::<Vec<_>>().join(", ")),
            Self::Tables(record) => format!("a list of tables, each a {}", record.name),
        }
    }
}
