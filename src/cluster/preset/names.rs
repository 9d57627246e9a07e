//! Names of nodes in a preset: `all`, `none`, `n2`, `n0..n3`, a group's or a region's name, `honest`, `adversaries`; several with
//! commas between.

use super::table::Table;
use crate::cluster::Selection;
use crate::reading::{Complaint, Span, describe, nearest};
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::DeValue;

/// Names that mean something by themselves, and that no group can have.
pub const RESERVED: &[&str] = &["all", "none", "honest", "adversaries"];

/// What names mean in this preset.
#[derive(Debug, Default)]
pub struct Names {
    /// How many nodes there are; `None` while that itself is wrong.
    count: Option<u32>,
    named: Vec<(String, Selection)>,
}

impl Names {
    /// The names of `count` nodes.
    pub fn new(count: Option<u32>) -> Self {
        Self { count, named: Vec::new() }
    }

    /// How many nodes there are, if that is known.
    pub fn count(&self) -> Option<u32> {
        self.count
    }

    /// Adds a name; `false` if it is taken or looks like a node's.
    pub fn add(&mut self, name: &str, nodes: Selection) -> bool {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        let taken = name.parse::<Selection>().is_ok() || self.named.iter().any(|(known, _)| known == name);
        let free = plain && !taken;
        if free {
            self.named.push((name.to_owned(), nodes));
        }
        free
    }

    /// The nodes that a key names. Complains of names that are none, and of nodes that are not there.
    pub fn read(&self, table: &Table<'_, '_>, key: &str) -> Option<Selection> {
        let value = table.value(key)?;
        match value.get_ref().as_str() {
            Some(text) => self.resolve(table, value, text),
            None => {
                table.refuse(key);
                None
            }
        }
    }

    /// The same, where the key must be there if anything is to be made of the table.
    pub fn read_or_all(&self, table: &Table<'_, '_>, key: &str) -> Selection {
        self.read(table, key).unwrap_or(Selection::All)
    }

    /// A list of names, or one name: the nodes of all together.
    pub fn read_list(&self, table: &Table<'_, '_>, value: &Spanned<DeValue<'_>>) -> Option<Selection> {
        let Some(list) = value.get_ref().as_array() else { return self.read_one(table, value) };
        let mut ranges = Vec::new();
        for entry in list.iter() {
            match self.read_one(table, entry)? {
                Selection::All => return Some(Selection::All),
                Selection::Some(more) => ranges.extend(more),
            }
        }
        Some(Selection::of(ranges))
    }

    fn read_one(&self, table: &Table<'_, '_>, value: &Spanned<DeValue<'_>>) -> Option<Selection> {
        if let Some(text) = value.get_ref().as_str() {
            return self.resolve(table, value, text);
        }
        let what = format!("{} names no nodes", describe(value.get_ref()));
        table.report.add(Complaint::new(value.span(), what).note(format!("allowed: {}", self.allowed())));
        None
    }

    fn resolve(&self, table: &Table<'_, '_>, value: &Spanned<DeValue<'_>>, text: &str) -> Option<Selection> {
        if text.trim() == "all" {
            return Some(Selection::All);
        }
        let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
        let mut good = true;
        for part in text.split(',').map(str::trim) {
            match self.part(part, value.span()) {
                Ok(more) => ranges.extend(more),
                Err(complaint) => {
                    table.report.add(complaint);
                    good = false;
                }
            }
        }
        good.then(|| Selection::of(ranges))
    }

    /// What one name stands for, or what is wrong with it.
    fn part(&self, part: &str, span: Span) -> Result<Vec<RangeInclusive<u32>>, Complaint> {
        if let Some((_, Selection::Some(ranges))) = self.named.iter().find(|(name, _)| name == part) {
            return Ok(ranges.clone());
        }
        let Ok(Selection::Some(ranges)) = part.parse::<Selection>() else {
            let complaint = Complaint::new(span, format!("{part:?} names no nodes")).note(format!("allowed: {}", self.allowed()));
            let known = self.named.iter().map(|(name, _)| name.as_str()).chain(RESERVED.iter().copied());
            return Err(match nearest(part, known) {
                Some(meant) => complaint.label(format!("did you mean `{meant}`?")),
                None => complaint,
            });
        };
        let highest = ranges.iter().map(|range| *range.end()).max();
        match (highest, self.count) {
            (Some(highest), Some(count)) if highest >= count => {
                let label = format!("the last node is n{}", count.saturating_sub(1));
                Err(Complaint::new(span, format!("there is no n{highest}")).label(label).follows())
            }
            _ => Ok(ranges),
        }
    }

    /// All that is allowed, in words.
    fn allowed(&self) -> String {
        let mut words = vec!["all".to_owned(), "none".to_owned()];
        match self.count {
            Some(0) => {}
            Some(1) => words.push("n0".to_owned()),
            Some(count) => words.push(format!("n0 to n{0}, ranges such as n0..n{0}", count - 1)),
            None => words.push("n2, ranges such as n0..n3".to_owned()),
        }
        words.extend(self.named.iter().map(|(name, _)| name.clone()));
        format!("{}; several with commas between", words.join(", "))
    }
}
