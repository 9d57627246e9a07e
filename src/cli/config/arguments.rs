//! The arguments of `rumormill node` that are its configuration, made from the table of keys.

use super::draft::Draft;
use super::keys::{Argument, Row, TABLE};
use super::origin::Origin;
use super::profile::Profile;
use super::value::{Shape, Value};
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use std::path::PathBuf;

/// What the command line says.
#[derive(Debug, Default)]
pub struct ConfigArguments {
    pub(super) draft: Draft,
    /// The file, if it is named.
    pub(super) file: Option<PathBuf>,
    /// Only show the result.
    pub print: bool,
}

const FILE: &str = "config";
const PRINT: &str = "print-config";

impl clap::Args for ConfigArguments {
    fn augment_args(command: Command) -> Command {
        let command = TABLE.iter().fold(command, |command, row| command.args(arguments(row)));
        command
            .arg(
                Arg::new(FILE)
                    .long(FILE)
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("Read this file [default: node.toml in the data directory, if it is there; or RUMORMILL_CONFIG]"),
            )
            .arg(
                Arg::new(PRINT)
                    .long(PRINT)
                    .action(ArgAction::SetTrue)
                    .help("Print the resulting configuration as a node.toml, with where each value comes from, and end"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// One argument, or a switch and its opposite.
fn arguments(row: &'static Row) -> Vec<Arg> {
    let help = format!("{} [default: {}]", row.about, row.default_words());
    let arg = Arg::new(row.name).help(help).value_parser(move |text: &str| row.shape.read(text));
    let arg = match row.shape {
        Shape::Texts { .. } => arg.action(ArgAction::Append),
        _ => arg.action(ArgAction::Set),
    };
    match row.argument {
        // A slip such as -1 for a number is a wrong value, and no unknown option.
        Argument::Place(place) => {
            let several = matches!(row.shape, Shape::Texts { .. });
            let arg = arg.value_name(place).allow_negative_numbers(!several);
            vec![if several { arg.num_args(0..) } else { arg }]
        }
        Argument::Long(long, value) => {
            let number = matches!(row.shape, Shape::Whole { .. } | Shape::Limit { .. });
            vec![arg.long(long).value_name(value).allow_negative_numbers(number)]
        }
        Argument::Switch([yes, no], help) => {
            let default = (row.default)(Profile::default()) == Some(Value::Flag(true));
            // The one that says what is so anyway only matters against a file or a variable: it is not shown.
            let switch = |name, other, is: bool| {
                let arg = Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
                arg.hide(is == default).overrides_with(other)
            };
            vec![switch(yes, no, true), switch(no, yes, false)]
        }
    }
}

impl FromArgMatches for ConfigArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut read = Self::default();
        read.update_from_arg_matches(matches)?;
        Ok(read)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for row in &TABLE {
            if let Some(value) = said(row, matches)? {
                let origin = Origin::Argument(row.said(&value));
                self.draft.say(row.key, value, origin);
            }
        }
        self.file = matches.get_one(FILE).cloned().or(self.file.take());
        self.print |= matches.get_flag(PRINT);
        Ok(())
    }
}

/// What was said of a key, if anything.
fn said(row: &Row, matches: &ArgMatches) -> Result<Option<Value>, clap::Error> {
    if let Argument::Switch([yes, no], _) = row.argument {
        return Ok(match (matches.get_flag(yes), matches.get_flag(no)) {
            (true, _) => Some(Value::Flag(true)),
            (_, true) => Some(Value::Flag(false)),
            _ => None,
        });
    }
    let Shape::Texts { .. } = row.shape else { return Ok(matches.get_one(row.name).cloned()) };
    let Some(parts) = matches.get_many::<Value>(row.name) else { return Ok(None) };
    let texts = parts.flat_map(|part| match part {
        Value::Texts(texts) => texts.clone(),
        _ => Vec::new(),
    });
    let wrong = |why: String| {
        clap::Error::raw(clap::error::ErrorKind::TooManyValues, format!("{}: {why}\n", row.said(&Value::Flag(true))))
    };
    row.shape.bounded(texts.collect()).map(Some).map_err(wrong)
}
