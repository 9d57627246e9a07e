//! The result, as a `node.toml` that gives the same again.

use super::draft::Draft;
use super::keys::{Key, Row, TABLE};
use super::origin::Origin;
use super::value::Value;
use std::path::Path;

const HEAD: &str = "\
# How this node would run, with where each value comes from. Saved as node.toml in the data directory, or named with --config FILE, it
# gives the same again. What is behind a # has no value, or no effect.

";
/// Where comments begin, in columns, unless a line is longer.
const COMMENTS: usize = 36;

/// All keys with their values. `default` is the data directory that a node on this port has.
pub fn print(draft: &Draft, default: Option<&Path>) -> String {
    let mut text = HEAD.to_owned();
    for row in &TABLE {
        let (value, why) = match draft.value(row.key) {
            Some(value) => (Some(shown(row, value)), idle(draft, row)),
            None => (missing(row, default), Some(row.unset)),
        };
        let line = match (value, why) {
            (Some(value), None) => format!("{} = {value}", row.name),
            (Some(value), Some(_)) => format!("# {} = {value}", row.name),
            (None, _) => format!("# {} =", row.name),
        };
        let origin = draft.origin(row.key);
        let comment = match why {
            Some(why) if *origin == Origin::Default => format!("default: {why}"),
            Some(why) => format!("{origin}, and {why}"),
            None => origin.to_string(),
        };
        text.push_str(&format!("{line:COMMENTS$}  # {}\n", printable(&comment)));
    }
    text
}

/// Why a value has no effect.
fn idle(draft: &Draft, row: &Row) -> Option<&'static str> {
    match row.key {
        Key::Tries if !draft.flag(Key::Mine) => Some("nothing is mined"),
        Key::Peers if !draft.flag(Key::Bootstrap) => Some("they are not dialled"),
        Key::DataDir if draft.flag(Key::Ephemeral) => Some("nothing is kept on disk"),
        _ => None,
    }
}

/// What there is where nobody said anything.
fn missing(row: &Row, default: Option<&Path>) -> Option<Value> {
    let folder = default.filter(|_| row.key == Key::DataDir)?;
    Some(Value::Text(folder.to_string_lossy().into_owned()))
}

/// A folder is written so that it is the same one wherever the file is saved.
fn shown(row: &Row, value: &Value) -> Value {
    match value {
        Value::Text(folder) if row.key == Key::DataDir => {
            let whole = std::path::absolute(folder).map(|path| path.to_string_lossy().into_owned());
            Value::Text(whole.unwrap_or_else(|_| folder.clone()))
        }
        value => value.clone(),
    }
}

/// In a comment: a line end would make a key of what follows.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
