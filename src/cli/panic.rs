//! A fault of our own: the terminal is given back first, then one sentence says what happened and where to report it.

use super::ending::{Ending, Reason};
use super::failure::tell;
use std::panic::PanicHookInfo;

/// Where faults are reported.
const REPORT: &str = "the project's issues (see CONTRIBUTING.md)";

/// Replaces the standard library's message with ours, and ends the run: half of it would go on otherwise, as if all were well.
pub fn install_hook(ending: Ending) {
    std::panic::set_hook(Box::new(move |info| {
        ending.bring(Reason::Fault);
        rumormill_ui::restore_terminal();
        tell(format_args!("{}", sentence(info)));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            tell(format_args!("{}", std::backtrace::Backtrace::force_capture()));
        }
    }));
}

fn sentence(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    format!("rumormill met a fault of its own ({what}{place}): please report it, with what you did, to {REPORT}")
}
