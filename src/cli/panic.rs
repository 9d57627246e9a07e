//! A fault of our own: the terminal is given back first, then one sentence says what happened and where to report it.

use super::ending::{Ending, Reason};
use super::failure::tell;
use std::panic::PanicHookInfo;

/// Where faults are reported.
const REPORT: &str = "the project's issues (see CONTRIBUTING.md)";

/// Replaces the standard library's message with ours, and ends the run: half of it would go on otherwise, as if all were well. A panic
/// that is caught and dealt with ends nothing: it goes into the log, and whoever caught it says what came of it.
pub fn install_hook(ending: Ending) {
    std::panic::set_hook(Box::new(move |info| {
        if crate::panics::is_contained() {
            return tracing::error!("a panic was caught: {}", cause(info));
        }
        ending.bring(Reason::Fault);
        rumormill_ui::restore_terminal();
        tell(format_args!("{}", sentence(info)));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            tell(format_args!("{}", std::backtrace::Backtrace::force_capture()));
        }
    }));
}

fn sentence(info: &PanicHookInfo<'_>) -> String {
    format!("rumormill met a fault of its own ({}): please report it, with what you did, to {REPORT}", cause(info))
}

/// What was said, and where.
fn cause(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    format!("{what}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::{Panicked, contain};

    const OWN: &str = "cli::panic::tests::in_a_process_of_its_own";

    /// The hook is the whole process's, and other tests panic on purpose.
    #[test]
    fn a_panic_that_is_contained_ends_no_run_and_any_other_does() {
        let program = std::env::current_exe().unwrap();
        let output = std::process::Command::new(program).args([OWN, "--exact", "--ignored", "--nocapture"]).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("1 passed"), "{out}{err}");
        assert_eq!(err.matches("met a fault of its own").count(), 1, "{err}");
        assert!(err.contains("not caught") && !err.contains("caught in time"), "{err}");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn in_a_process_of_its_own() {
        let ending = Ending::new();
        install_hook(ending.clone());
        assert_eq!(contain(|| panic!("caught in time")), Err::<(), _>(Panicked));
        assert_eq!(ending.reason(), None);
        assert!(std::thread::spawn(|| panic!("not caught")).join().is_err());
        assert_eq!(ending.reason(), Some(Reason::Fault));
    }
}
