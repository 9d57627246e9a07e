//! Parses the command line and calls the command: nothing else.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    rumormill::cli::main()
}
