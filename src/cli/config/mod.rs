//! How `rumormill node` is configured: by `node.toml`, variables and arguments, each stronger than the one before.
//!
//! | File | Its story |
//! |---|---|
//! | `keys` | the one table of all that can be said |
//! | `value`, `profile` | what a key takes, read and written; where a node lives |
//! | `file`, `environment`, `arguments` | the three places in which it is said |
//! | `origin`, `draft` | where a value comes from; what was said, the strongest word on top |
//! | `settings` | whether the values go together, and what a node makes of them |
//! | `print`, `table` | the result as a file; the table of keys for the documentation |

mod arguments;
mod draft;
mod environment;
mod file;
mod keys;
mod origin;
mod print;
mod profile;
mod settings;
mod table;
mod value;

pub use arguments::ConfigArguments;
pub use profile::Profile;
pub use settings::{Place, Settings};
pub use table::configuration_table;

use super::Failure;
use draft::Draft;
use file::File;
use keys::Key;
use origin::Origin;
use std::ffi::OsString;
use std::path::PathBuf;
use value::Value;

/// A configuration without mistakes.
#[derive(Debug)]
pub struct Configuration {
    draft: Draft,
    /// How the node is to run.
    pub settings: Settings,
    /// The data directory of a node on its port, if the platform has one.
    default: Option<PathBuf>,
}

impl Configuration {
    /// Gathers all that was said. `variables` are the environment's; `place` is the data directory of a node on a port.
    ///
    /// # Errors
    /// All that is wrong, wherever it was said, at once.
    pub fn gather(
        arguments: &ConfigArguments,
        variables: impl Iterator<Item = (OsString, OsString)>,
        place: impl Fn(u16) -> Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let (mut above, named) = environment::read(variables);
        above.overrule(&arguments.draft);
        let named = match (&arguments.file, &named) {
            (Some(path), _) => Some((path, "--config")),
            (None, named) => named.as_ref().map(|path| (path, environment::CONFIG)),
        };
        let read = match named {
            Some((path, word)) => {
                let read = File::open(path).and_then(|read| read.ok_or_else(|| format!("there is no file {}", path.display())));
                read.map(Some).map_err(|why| format!("{word}: {why}"))
            }
            None => {
                let read = data_folder(&above, &place).map(|folder| File::open(&folder.join(file::NAME)));
                read.transpose().map(|read| read.flatten().map(|(file, draft)| found(file, draft)))
            }
        };
        let (file, mut draft) = match read {
            Ok(Some((file, draft))) => (Some(file), draft),
            Ok(None) => Default::default(),
            Err(why) => {
                above.mistakes.push(why);
                Default::default()
            }
        };
        draft.overrule(&above);
        let settings = Settings::settle(&mut draft, file.as_ref());
        if let Some(mistakes) = all_mistakes(&draft.mistakes, file) {
            return Err(Failure::Argument(mistakes));
        }
        let default = place(settings.listen.port());
        Ok(Self { draft, settings, default })
    }

    /// As a `node.toml` that gives the same again.
    pub fn print(&self) -> String {
        print::print(&self.draft, self.default.as_deref())
    }
}

/// The data directory that variables and arguments give: where `node.toml` is looked for.
fn data_folder(above: &Draft, place: &impl Fn(u16) -> Option<PathBuf>) -> Option<PathBuf> {
    if above.is_wrong(&[Key::Port, Key::DataDir, Key::Ephemeral]) || above.flag(Key::Ephemeral) {
        return None;
    }
    match above.text(Key::DataDir) {
        Some(folder) => Some(folder.into()),
        None => {
            let mut filled = Draft::default();
            filled.overrule(above);
            filled.fill(Profile::default());
            place(filled.whole(Key::Port).and_then(|port| u16::try_from(port).ok())?)
        }
    }
}

/// A file that was found in the data directory: that is where the node's data is, whatever port the file says.
fn found(file: File, mut draft: Draft) -> (File, Draft) {
    let same = |folder: &str| std::path::absolute(folder).ok() == std::path::absolute(file.folder()).ok();
    match draft.text(Key::DataDir) {
        Some(folder) if !same(folder) => {
            let what = format!("`data_dir` names another folder than {}, in which this file was found", file.folder().display());
            draft.complain(Key::DataDir, &what, "leave it out, or name this file with --config", Some(&file));
        }
        Some(_) => {}
        None if draft.is_wrong(&[Key::DataDir]) || draft.flag(Key::Ephemeral) => {}
        None => {
            let origin = Origin::Found(file::shown(&file.path).into());
            draft.say(Key::DataDir, Value::Text(file.folder().to_string_lossy().into_owned()), origin);
        }
    }
    (file, draft)
}

/// All mistakes, if there are any: those in the file in its order, then the others.
fn all_mistakes(sentences: &[String], file: Option<File>) -> Option<String> {
    let (in_file, report) = match file {
        Some(File { path, text, report, .. }) => report.render(&file::shown(&path), &text),
        None => (0, String::new()),
    };
    let count = match in_file + sentences.len() {
        0 => return None,
        1 if in_file == 0 => return sentences.first().cloned(),
        1 => "a mistake".to_owned(),
        several => format!("{several} mistakes"),
    };
    let sentences = sentences.iter().map(|sentence| format!("error: {sentence}"));
    let parts: Vec<String> = Some(report).filter(|_| in_file > 0).into_iter().chain(sentences).collect();
    Some(format!("the configuration has {count}:\n\n{}", parts.join("\n\n")))
}

#[cfg(test)]
mod tests;
