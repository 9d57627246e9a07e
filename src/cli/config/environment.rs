//! Variables: `RUMORMILL_PORT` and the like. One that begins so and means nothing is refused, since it was meant to mean something.

use super::draft::Draft;
use super::keys::{PREFIX, TABLE};
use super::origin::Origin;
use crate::reading::{describe, nearest};
use std::ffi::OsString;
use std::path::PathBuf;
use toml::de::DeValue;

/// Names the file, as `--config` does.
pub const CONFIG: &str = "RUMORMILL_CONFIG";

/// What variables say of keys, and the file that they name. Those of other programs do not matter.
pub fn read(variables: impl Iterator<Item = (OsString, OsString)>) -> (Draft, Option<PathBuf>) {
    let (mut draft, mut file) = (Draft::default(), None);
    let name = |name: OsString| name.to_string_lossy().into_owned();
    let mut ours: Vec<_> =
        variables.map(|(variable, value)| (name(variable), value)).filter(|(name, _)| name.starts_with(PREFIX)).collect();
    ours.sort();
    for (variable, value) in ours {
        if variable == CONFIG {
            file = Some(PathBuf::from(value)).filter(|path| !path.as_os_str().is_empty());
            if file.is_none() {
                draft.mistakes.push(format!("{CONFIG} is empty: it names a file"));
            }
            continue;
        }
        let Some(row) = TABLE.iter().find(|row| row.variable() == variable) else {
            draft.mistakes.push(unknown(&variable));
            continue;
        };
        let read = match value.to_str() {
            Some(text) => row.shape.read(text.trim()),
            None => Err("it is not UTF-8".to_owned()),
        };
        match read {
            Ok(value) => draft.say(row.key, value, Origin::Environment(variable)),
            Err(why) => {
                let found = describe(&DeValue::String(value.to_string_lossy()));
                draft.mistakes.push(format!("{variable} is {found}: {why}"));
                draft.wrong(row.key);
            }
        }
    }
    (draft, file)
}

fn unknown(variable: &str) -> String {
    let known: Vec<String> = TABLE.iter().map(|row| row.variable()).chain([CONFIG.to_owned()]).collect();
    // All begin alike, which must not make them near.
    let ends = known.iter().filter_map(|known| known.strip_prefix(PREFIX));
    let meant = variable.strip_prefix(PREFIX).and_then(|end| nearest(end, ends.clone()));
    let meant = meant.map_or_else(String::new, |meant| format!("did you mean {PREFIX}{meant}? "));
    let shown = describe(&DeValue::String(variable.into()));
    let shown = shown.trim_matches('"');
    format!("unknown variable {shown}: {meant}after {PREFIX} comes one of {}", ends.collect::<Vec<_>>().join(", "))
}
