//! The dashboard on made-up numbers, for looking at it: `cargo run -p rumormill-ui --example demo -- [--ascii] [--alone]
//! [--theme NAME] [--nodes COUNT] [--start TICK]`.

#![forbid(unsafe_code)]

use rumormill_ui::{GlyphSet, Options, diagnosis, model};
use std::{
    error::Error,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

#[path = "../src/fixture.rs"]
#[allow(dead_code)]
mod fixture;

/// Snapshots a second, as a cluster in this process would make them.
const STEP: Duration = Duration::from_millis(250);

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut options = Options::from_environment();
    let mut alone = false;
    let mut nodes = 8;
    let mut start = fixture::TICK;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--ascii" => options.glyphs = GlyphSet::Ascii,
            "--unicode" => options.glyphs = GlyphSet::Unicode,
            "--alone" => alone = true,
            "--theme" => options.theme = value()?.parse()?,
            "--nodes" => nodes = value()?.parse()?,
            "--start" => start = value()?.parse()?,
            _ => return Err(format!("what is {argument}?").into()),
        }
    }
    let begin = Instant::now();
    let mut shown = None;
    let latest = move || {
        let step = begin.elapsed().as_millis() / STEP.as_millis();
        if shown == Some(step) {
            return None;
        }
        shown = Some(step);
        let elapsed = begin.elapsed();
        let tick = start + elapsed.as_secs();
        let mut snapshot = if alone { fixture::alone(tick) } else { fixture::cluster(nodes, tick) };
        snapshot.clock.elapsed += Duration::from_nanos(u64::from(elapsed.subsec_nanos()));
        Some(Arc::new(snapshot))
    };
    let stop = AtomicBool::new(false);
    // A real run raises SIGTSTP here; that needs a call which this crate does not make.
    rumormill_ui::run(options, latest, &stop, |_| {}, || {})?;
    // Keeps the import that the fixture reads through in use.
    let _ = diagnosis::diagnose(&model::Snapshot::default());
    Ok(())
}
