//! What was said of each key, the strongest word on top, while it is gathered; and what is wrong with it.

use super::file::File;
use super::keys::{Key, TABLE};
use super::origin::Origin;
use super::profile::Profile;
use super::value::Value;
use crate::reading::Complaint;

/// What was said of a key.
#[derive(Clone, Debug, Default)]
enum Said {
    #[default]
    Nothing,
    /// Something that cannot be read, and was complained of.
    Wrong,
    This(Value, Origin),
}

/// All that was said.
#[derive(Debug, Default)]
pub struct Draft {
    said: [Said; TABLE.len()],
    /// What is wrong in variables and arguments, or with several values together, each in a sentence.
    pub mistakes: Vec<String>,
}

impl Draft {
    /// A stronger word than those before.
    pub fn say(&mut self, key: Key, value: Value, origin: Origin) {
        self.said[key as usize] = Said::This(value, origin);
    }

    /// One that cannot be read.
    pub fn wrong(&mut self, key: Key) {
        self.said[key as usize] = Said::Wrong;
    }

    /// Puts what was said in a stronger place on top.
    pub fn overrule(&mut self, stronger: &Self) {
        for (mine, theirs) in self.said.iter_mut().zip(&stronger.said) {
            if !matches!(theirs, Said::Nothing) {
                *mine = theirs.clone();
            }
        }
        self.mistakes.extend(stronger.mistakes.iter().cloned());
    }

    /// Where nothing was said, what goes with this profile.
    pub fn fill(&mut self, profile: Profile) {
        for (row, said) in TABLE.iter().zip(&mut self.said) {
            if let (Said::Nothing, Some(value)) = (&*said, (row.default)(profile)) {
                let everywhere = Profile::ALL.iter().all(|other| (row.default)(*other).as_ref() == Some(&value));
                *said = Said::This(value, if everywhere { Origin::Default } else { Origin::Profile(profile) });
            }
        }
    }

    /// Whether what was said of any of these cannot be read.
    pub fn is_wrong(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| matches!(self.said[*key as usize], Said::Wrong))
    }

    /// Its value.
    pub fn value(&self, key: Key) -> Option<&Value> {
        match &self.said[key as usize] {
            Said::This(value, _) => Some(value),
            _ => None,
        }
    }

    /// Where its value comes from.
    pub fn origin(&self, key: Key) -> &Origin {
        match &self.said[key as usize] {
            Said::This(_, origin) => origin,
            _ => &Origin::Default,
        }
    }

    /// Whether somebody said it, at least as strongly as `other` was said.
    pub fn is_said_against(&self, key: Key, other: Key) -> bool {
        let strength = self.origin(key).strength();
        strength > Origin::Profile(Profile::default()).strength() && strength >= self.origin(other).strength()
    }

    /// A value that is true or false.
    pub fn flag(&self, key: Key) -> bool {
        matches!(self.value(key), Some(Value::Flag(true)))
    }

    /// A number; `None` where there is no limit.
    pub fn whole(&self, key: Key) -> Option<u64> {
        match self.value(key) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// The same as a count.
    pub fn count(&self, key: Key) -> Option<usize> {
        self.whole(key).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// A text.
    pub fn text(&self, key: Key) -> Option<&str> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Several texts.
    pub fn texts(&self, key: Key) -> &[String] {
        match self.value(key) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A key and its value as whoever set it wrote it: `--no-mine`, `RUMORMILL_MINE`, or `mine = false`, with the line of its file.
    pub fn words(&self, key: Key) -> String {
        let row = key.row();
        match (self.value(key), self.origin(key)) {
            (Some(value), Origin::Argument(_)) => row.said(value),
            (Some(value), Origin::Environment(variable)) => format!("{variable}={}", plain(value)),
            (Some(value), Origin::File { path, line, .. }) => format!("{} = {value} ({path}:{line})", row.name),
            (Some(value), _) => format!("{} = {value}", row.name),
            (None, _) => row.name.to_owned(),
        }
    }

    /// Complains of a value that does not go with another: in its file if it comes from there.
    pub fn complain(&mut self, key: Key, what: &str, remedy: &str, file: Option<&File>) {
        match (self.origin(key), file) {
            (Origin::File { span, .. }, Some(file)) => {
                file.report.add(Complaint::new(span.clone(), what).label(remedy).follows());
            }
            _ => self.mistakes.push(format!("{what}: {remedy}")),
        }
    }
}

/// A value as a variable has it.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Texts(texts) => texts.join(","),
        Value::Unlimited => "unlimited".to_owned(),
        value => value.to_string(),
    }
}
