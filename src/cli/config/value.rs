//! What a key takes: how it is read from a file and from a text, what is said when it cannot be, and how it is written.

use crate::reading::{describe, nearest};
use std::fmt;
use toml::de::DeValue;

/// A value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// true or false.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// No limit.
    Unlimited,
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
}

impl Value {
    /// A count as a value.
    pub fn count(count: usize) -> Self {
        // No machine has a wider usize.
        Self::Whole(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// As in a TOML file.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Whole(number) => number.fmt(f),
            Self::Unlimited => f.write_str(&quoted(UNLIMITED)),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Texts(texts) => write!(f, "[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// A text in quotes, in one line whatever is in it: it may stand behind a `#`.
fn quoted(text: &str) -> String {
    let mut line = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if c.is_control() => line.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => line.push(c),
        }
    }
    line + "\""
}

/// Reads a text as it should be written, or says what is wrong with it.
pub type Check = fn(&str) -> Result<String, String>;

/// Reads a number from text; what is wrong with it, in words.
pub type Number = fn(&str) -> Result<u64, String>;

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// true or false.
    Flag,
    /// A whole number within these bounds; a check may say more about one that is not.
    Whole {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
        /// Says more.
        check: Option<Number>,
    },
    /// A whole number within these bounds, or none.
    Limit {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A text.
    Text {
        /// What is wanted, in words.
        wanted: &'static str,
        /// Whether it is that.
        check: Check,
    },
    /// Several texts, in a file as a list, elsewhere with commas between them.
    Texts {
        /// What each is, in words.
        wanted: &'static str,
        /// Whether it is that.
        check: Check,
        /// Most of them.
        most: usize,
    },
}

/// How "no limit" is written.
const UNLIMITED: &str = "unlimited";
/// Words for true and false in variables, as people write them.
const YES: &[&str] = &["true", "yes", "on", "1"];
const NO: &[&str] = &["false", "no", "off", "0"];

impl Shape {
    /// What is wanted, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Whole { least, most, .. } => format!("a whole number, {least} to {most}"),
            Self::Limit { least, most } => format!("a whole number, {least} to {most}, or \"{UNLIMITED}\""),
            Self::Choice(names) => format!("one of {}", names.join(", ")),
            Self::Text { wanted, .. } => (*wanted).to_owned(),
            Self::Texts { wanted, most, .. } => format!("a list of up to {most}, each {wanted}"),
        }
    }

    /// Reads what an argument or a variable says.
    ///
    /// # Errors
    /// What is allowed, and what was probably meant.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let wanted = || format!("wanted: {}", self.words());
        let whole = |least: u64, most: u64| {
            let number = text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
            number.map(Value::Whole).ok_or_else(wanted)
        };
        match self {
            Self::Flag if YES.contains(&text) => Ok(Value::Flag(true)),
            Self::Flag if NO.contains(&text) => Ok(Value::Flag(false)),
            Self::Flag => Err(wanted()),
            Self::Whole { check: Some(check), .. } => check(text).map(Value::Whole),
            Self::Whole { least, most, check: None } => whole(*least, *most),
            Self::Limit { .. } if text == UNLIMITED => Ok(Value::Unlimited),
            Self::Limit { least, most } => whole(*least, *most),
            Self::Choice(names) => match names.iter().find(|name| **name == text) {
                Some(name) => Ok(Value::Text((*name).to_owned())),
                None => Err(match nearest(text, names.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`? allowed: {}", names.join(", ")),
                    None => format!("allowed: {}", names.join(", ")),
                }),
            },
            Self::Text { check, .. } => check(text).map(Value::Text),
            Self::Texts { .. } if text.is_empty() => Ok(Value::Texts(Vec::new())),
            Self::Texts { check, .. } => {
                let texts = text.split(',').map(|part| check(part.trim()).map_err(|why| of_several(part, text, &why)));
                self.bounded(texts.collect::<Result<_, _>>()?)
            }
        }
    }

    /// Reads what a file says.
    ///
    /// # Errors
    /// What was found, what is allowed, and what was probably meant.
    pub fn read_toml(&self, value: &DeValue<'_>) -> Result<Value, String> {
        let wanted = || format!("wanted: {}", self.words());
        match (self, value) {
            (Self::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
            (Self::Whole { .. } | Self::Limit { .. }, DeValue::Integer(_)) => {
                // In the number's own base; as text it gets the same words as elsewhere. A negative one is none of ours.
                let text = crate::reading::whole(value).map_or_else(|| "-1".to_owned(), |number| number.to_string());
                self.read(&text)
            }
            (Self::Limit { .. } | Self::Choice(_) | Self::Text { .. }, DeValue::String(text)) => match self {
                Self::Limit { .. } if text != UNLIMITED => Err(wanted()),
                _ => self.read(text),
            },
            (Self::Texts { check, .. }, DeValue::Array(list)) => {
                let mut texts = Vec::new();
                for entry in list.iter() {
                    let Some(text) = entry.get_ref().as_str() else {
                        return Err(format!("{} is no text; {}", describe(entry.get_ref()), wanted()));
                    };
                    texts.push(check(text).map_err(|why| format!("{text:?}: {why}"))?);
                }
                self.bounded(texts)
            }
            _ => Err(wanted()),
        }
    }

    /// Several texts, if they are not too many; each once.
    pub fn bounded(&self, texts: Vec<String>) -> Result<Value, String> {
        let mut once: Vec<String> = Vec::with_capacity(texts.len());
        for text in texts {
            if !once.contains(&text) {
                once.push(text);
            }
        }
        match self {
            Self::Texts { most, .. } if once.len() > *most => Err(format!("{} are too many: {most} are allowed", once.len())),
            _ => Ok(Value::Texts(once)),
        }
    }
}

/// Says which of several texts is wrong.
fn of_several(part: &str, text: &str, why: &str) -> String {
    if part == text { why.to_owned() } else { format!("{:?}: {why}", part.trim()) }
}
