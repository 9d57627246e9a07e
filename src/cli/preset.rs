//! `rumormill preset`: which presets there are, what they say, and what is wrong with one.

use super::Failure;
use super::failure::tell;
use crate::cluster::{self, BUILT_IN, DEFAULT, Preset, PresetError};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

/// List, show and check presets.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct PresetArguments {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

/// What can be done with presets.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the built-in presets
    #[command(after_help = "Examples:\n  rumormill preset list")]
    List,
    /// Print a preset's TOML, to begin one of your own with
    #[command(after_help = "Examples:\n  rumormill preset show ring-8\n  rumormill preset show partition-heal > mine.toml")]
    Show {
        /// A built-in preset's name, or the path of a preset file
        #[arg(value_name = "PRESET")]
        preset: String,
    },
    /// Say all that is wrong with presets: exit code 0 if nothing is, 2 if anything
    #[command(after_help = "Examples:\n  rumormill preset check mine.toml\n  rumormill preset check presets/*.toml")]
    Check {
        /// Paths of preset files, or built-in presets' names
        #[arg(value_name = "PRESET", required = true)]
        presets: Vec<String>,
    },
    /// Print the JSON schema of preset files, for editors
    #[command(after_help = "Examples:\n  rumormill preset schema > preset.schema.json")]
    Schema,
}

const EXAMPLES: &str = "\
Examples:
  rumormill preset list                                  which there are
  rumormill preset show partition-heal > mine.toml       one to begin with
  rumormill preset check mine.toml                       every mistake, with line and column
  rumormill preset schema > preset.schema.json           for editors that complete and check";

/// Carries it out.
pub fn run(arguments: &PresetArguments) -> Result<ExitCode, Failure> {
    let wrong = |error: PresetError| Failure::Argument(format!("PRESET: {error}"));
    match &arguments.action {
        Action::List => print(&list().map_err(wrong)?),
        Action::Show { preset } => print(&Preset::text(preset).map_err(wrong)?),
        Action::Check { presets } => return Ok(check(presets)),
        Action::Schema => print(&format!("{:#}\n", cluster::schema())),
    }
    Ok(ExitCode::SUCCESS)
}

/// The built-in presets as a table.
fn list() -> Result<String, PresetError> {
    let mut rows = vec![["NAME", "NODES", "ENGINE", "TITLE"].map(str::to_owned)];
    for (name, _) in BUILT_IN {
        let preset = Preset::find(name)?;
        let title = if *name == DEFAULT { format!("{} (the default)", preset.title) } else { preset.title };
        rows.push([(*name).to_owned(), preset.nodes.count.to_string(), preset.engine.name().to_owned(), title]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let (name, nodes, engine) = (width(0), width(1), width(2));
    let mut text = String::new();
    for row in &rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:name$}  {:>nodes$}  {:engine$}  {}", row[0], row[1], row[2], row[3]);
    }
    Ok(text)
}

/// A line for each that is right, all mistakes of each that is not.
fn check(presets: &[String]) -> ExitCode {
    let mut wrong = false;
    for name in presets {
        match Preset::find(name) {
            Ok(preset) => print(&format!("ok: {name}: {}\n", summary(&preset))),
            Err(error) => {
                wrong = true;
                tell(format_args!("error: {error}\n"));
            }
        }
    }
    if wrong { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// What a preset has, in a line.
fn summary(preset: &Preset) -> String {
    let count = |number: usize, one: &str, more: &str| match number {
        0 => String::new(),
        1 => format!(", 1 {one}"),
        number => format!(", {number} {more}"),
    };
    let mut text = format!("{}: {} nodes", preset.title, preset.nodes.count);
    text.push_str(&count(preset.edges(preset.seed).len(), "link", "links"));
    text.push_str(&format!(", {}", preset.engine.name()));
    if let Some(duration) = preset.duration {
        text.push_str(&format!(", {}", humantime::format_duration(duration)));
    }
    text.push_str(&count(preset.timeline.len(), "timeline entry", "timeline entries"));
    text.push_str(&count(preset.adversaries.len(), "adversary", "adversaries"));
    text.push_str(&count(preset.expectations.len(), "expectation", "expectations"));
    text
}

/// To standard output; a reader that has left takes no more, and that is no fault.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_row_for_each_and_says_which_runs_unasked() {
        let list = list().unwrap();
        assert_eq!(list.lines().count(), 1 + BUILT_IN.len());
        assert!(list.contains("ring-8") && list.contains("Ring of eight (the default)"), "{list}");
        let columns: Vec<_> = list.lines().map(|line| line.find("simulation").or(line.find("sockets"))).collect();
        assert!(columns[1..].iter().all(|column| *column == columns[1]), "{list}");
    }

    #[test]
    fn a_summary_counts() {
        let summary = summary(&Preset::find("partition-heal").unwrap());
        assert_eq!(summary, "Partition and heal: 12 nodes, 24 links, simulation, 3m, 1 timeline entry, 5 expectations");
    }
}
