//! Where tracing's records go: a file of the day, bounded, written by one thread for the whole process. Never the screen.

use super::limits::LOG_FILES;
use super::{Names, words};
use crate::node::Stamped;
use bounded::Bounded;
use rumormill_ui::model::LogLevel;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

mod bounded;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Why there is no log. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error(
        "'{filter}' is no log level: {why}. Give error, warn, info, debug or trace, or a list such as info,rumormill::node=debug"
    )]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
    /// The folder cannot be made, or not be written to.
    #[error("cannot write logs to {}: {why}. Choose another folder, or make this one writable", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// Somebody set up logging before.
    #[error("logging is set up already: set it up once a process")]
    Twice,
}

/// Keeps the log going; what is still in memory is written when it is dropped. Hold it until the process ends.
#[derive(Debug)]
#[must_use = "the log ends when this is dropped"]
pub struct LogGuard {
    _worker: WorkerGuard,
}

/// Sends this process's records to `rumormill.<day>.log` in `folder`, which is made if it is missing; a week of them is kept, and of a day
/// no more than [`super::limits::LOG_BYTES`].
///
/// `level` is a level or a list of `target=level`; without it the environment's `RUST_LOG` counts, and without that `info`. Call it once,
/// before the screen is taken.
pub fn init(folder: &Path, level: Option<&str>) -> Result<LogGuard, LogError> {
    let wanted = match level {
        Some(level) => level.to_owned(),
        None => std::env::var("RUST_LOG").unwrap_or_default(),
    };
    let filter = filter(&wanted)?;
    let (writer, worker) = tracing_appender::non_blocking(Bounded::new(appender(folder)?, written_today(folder), today));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .try_init()
        .map_err(|_| LogError::Twice)?;
    Ok(LogGuard { _worker: worker })
}

fn filter(text: &str) -> Result<EnvFilter, LogError> {
    let text = text.trim();
    let wanted = if text.is_empty() { "info" } else { text };
    EnvFilter::try_new(wanted).map_err(|error| LogError::Filter { filter: text.to_owned(), why: error.to_string() })
}

/// The appender prints to the screen when it cannot open its file, so all that can fail is tried here first.
fn appender(folder: &Path) -> Result<RollingFileAppender, LogError> {
    let failed = |why: String| LogError::Folder { folder: folder.to_owned(), why };
    crate::store::directory::create_private(folder).map_err(|error| failed(error.to_string()))?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("rumormill")
        .filename_suffix("log")
        .max_log_files(LOG_FILES)
        .build(folder)
        .map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            failed(cause.unwrap_or_else(|| error.to_string()))
        })
}

/// Bytes of the folder's logs that were written to since midnight (UTC, as the files are named).
fn written_today(folder: &Path) -> u64 {
    let day = today();
    let logs = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| entry.metadata().ok());
    let of_today = logs.filter(|about| about.is_file() && about.modified().is_ok_and(|at| day_of(at) == day));
    of_today.fold(0, |sum, about| sum.saturating_add(about.len()))
}

/// Days since the Unix epoch.
fn today() -> u64 {
    day_of(SystemTime::now())
}

fn day_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY
}

/// Records an event of a node, under the target `rumormill::event`.
pub fn event(stamped: &Stamped, names: &Names) {
    const TARGET: &str = "rumormill::event";
    let Some((level, _)) = super::words::kind(&stamped.event) else {
        return;
    };
    let enabled = match level {
        LogLevel::Error => tracing::enabled!(target: TARGET, tracing::Level::ERROR),
        LogLevel::Warn => tracing::enabled!(target: TARGET, tracing::Level::WARN),
        LogLevel::Info => tracing::enabled!(target: TARGET, tracing::Level::INFO),
        LogLevel::Debug => tracing::enabled!(target: TARGET, tracing::Level::DEBUG),
        LogLevel::Trace => tracing::enabled!(target: TARGET, tracing::Level::TRACE),
    };
    if !enabled {
        return;
    }
    let who = |connection: crate::node::ConnectionId| format!("connection {}", connection.0);
    let Some(words) = words(&stamped.event, names, &who) else {
        return;
    };
    let (node, room, text) = (names.node(stamped.node), words.target, words.text);
    match level {
        LogLevel::Error => tracing::error!(target: TARGET, %node, room, "{text}"),
        LogLevel::Warn => tracing::warn!(target: TARGET, %node, room, "{text}"),
        LogLevel::Info => tracing::info!(target: TARGET, %node, room, "{text}"),
        LogLevel::Debug => tracing::debug!(target: TARGET, %node, room, "{text}"),
        LogLevel::Trace => tracing::trace!(target: TARGET, %node, room, "{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_made_and_a_file_in_its_place_is_told() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        drop(appender(&folder).unwrap());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        let file = place.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = appender(&file).unwrap_err();
        assert!(matches!(error, LogError::Folder { .. }));
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }

    #[test]
    fn a_run_knows_what_those_before_it_wrote_today() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(written_today(place.path()), 0);
        std::fs::write(place.path().join("rumormill.now.log"), [0; 700]).unwrap();
        let old = std::fs::File::create(place.path().join("rumormill.old.log")).unwrap();
        old.set_len(5_000).unwrap();
        old.set_modified(UNIX_EPOCH).unwrap();
        assert_eq!(written_today(place.path()), 700);
    }

    #[test]
    fn filters_are_levels_or_lists() {
        for good in ["", "debug", "info,rumormill::node=debug"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        let error = filter("rumormill=loud").unwrap_err();
        assert!(error.to_string().contains("rumormill=loud"), "{error}");
    }
}
