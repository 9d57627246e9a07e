//! The table of keys as the documentation has it.

use super::keys::{Argument, Row, TABLE};
use std::fmt::Write;

/// All keys as a table in Markdown: `docs/configuration.md` has it word for word.
pub fn configuration_table() -> String {
    let mut text =
        String::from("| Key | Argument | Variable | Takes | Unless said | What it means |\n|---|---|---|---|---|---|\n");
    for row in &TABLE {
        let cells = [row.shape.words(), row.default_words(), row.about.to_owned()].map(|cell| cell.replace('|', "\\|"));
        let [takes, default, about] = cells;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{}` | {} | `{}` | {takes} | {default} | {about} |", row.name, argument(row), row.variable());
    }
    text
}

fn argument(row: &Row) -> String {
    match row.argument {
        Argument::Place(place) => format!("`{place}`"),
        Argument::Long(long, value) => format!("`--{long} {value}`"),
        Argument::Switch([yes, no], _) => format!("`--{yes}`, `--{no}`"),
    }
}
