//! `rumormill cluster`: a preset's nodes, in this process or each in its own, on any engine.

use super::console::{Console, ConsoleArguments, Watched};
use super::ending::{Ending, Reason};
use super::failure::tell;
use super::gallery::{Desk, Gallery};
use super::verdict::{self, ReportArguments};
use super::{Failure, runtime, signals, values};
use crate::cluster::report::Report;
use crate::cluster::scenario::EngineKind;
use crate::cluster::{
    self, Audience, Blueprint, Conductor, DEFAULT, Engine, Inbox, Plan, Preset, ProcessesEngine, RunFolder, RunSettings,
    SimulationEngine, SocketsEngine, Speed,
};
use crate::net::Workers;
use crate::observe::{self, EngineName, Format, Header, Recorder};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// Run a whole cluster of nodes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ClusterArguments {
    /// A built-in preset's name (see `rumormill preset list`), or the path of a preset file
    #[arg(value_name = "PRESET", default_value = DEFAULT)]
    preset: String,
    /// What runs the nodes, in place of the preset's own: simulation (virtual time, the same each time) or sockets
    #[arg(long, value_name = "ENGINE", value_parser = engine)]
    engine: Option<EngineKind>,
    /// Run each node as a process of its own, so that a kill is a real one; on real sockets only
    #[arg(long)]
    processes: bool,
    /// Seed of keys, links and traffic, in place of the preset's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// End after this time, and say how it came out: exit code 0 if all was as expected, 1 if not
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    duration: Option<Duration>,
    /// How fast virtual time runs: a factor such as 10x, or max [default: 1x on the dashboard, max without]
    #[arg(long, value_name = "SPEED", allow_negative_numbers = true)]
    speed: Option<Speed>,
    /// Record the run into this file; `rumormill replay` plays it again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Leave the nodes running if something did not come out as expected, to look at them
    #[arg(long)]
    keep: bool,
    /// Watch only: no faults by hand
    #[arg(long)]
    readonly: bool,
    #[command(flatten)]
    reports: ReportArguments,
    #[command(flatten)]
    console: ConsoleArguments,
}

const EXAMPLES: &str = "\
Examples:
  rumormill cluster                                      eight nodes in a ring
  rumormill cluster hello                                three nodes on a line
  rumormill cluster hello --headless --duration 30s      lines, and a verdict
  rumormill cluster churn --engine simulation            virtual time: P pauses, . steps, + faster
  rumormill cluster churn --engine simulation --headless  as fast as the machine can
  rumormill cluster churn --record run.jsonl             for `rumormill replay run.jsonl`
  rumormill cluster churn --processes                    a process for each node: kill one and watch
  rumormill cluster my-preset.toml --seed 7 --report report.json --junit report.xml";

fn engine(text: &str) -> Result<EngineKind, String> {
    match text {
        "simulation" => Ok(EngineKind::Simulation),
        "sockets" => Ok(EngineKind::Sockets),
        _ => Err("no engine: choose simulation or sockets".into()),
    }
}

/// Runs the cluster until it is told to end, or has come to its verdict.
pub fn run(arguments: ClusterArguments, ending: Ending) -> Result<ExitCode, Failure> {
    let preset = Preset::find(&arguments.preset).map_err(|error| Failure::Argument(format!("PRESET: {error}")))?;
    // Signals are heard, and sockets served, by the runtime's own threads, while this one conducts.
    let runtime = runtime()?;
    let _inside = runtime.enter();
    signals::listen(ending.clone()).map_err(|error| Failure::Environment(format!("cannot listen for signals: {error}")))?;
    arguments.reports.check()?;

    let kind = arguments.engine.unwrap_or(preset.engine);
    if let Some(why) = preset.refused_by(kind) {
        return Err(Failure::Argument(format!("--engine: {why}")));
    }
    let seed = arguments.seed.unwrap_or(preset.seed);
    if arguments.processes && kind == EngineKind::Simulation {
        let sentence = "--processes: nodes in virtual time share one process; say --engine sockets, or leave --processes out";
        return Err(Failure::Argument(sentence.to_owned()));
    }
    let plan = Plan::of(&preset, seed);
    let mut engine: Box<dyn Engine> = match kind {
        EngineKind::Simulation => Box::new(SimulationEngine::new(&Blueprint::new(&preset, seed, None))),
        EngineKind::Sockets if arguments.processes => Box::new(processes(&preset, seed)?),
        EngineKind::Sockets => {
            let blueprint = Blueprint::new(&preset, seed, Some(super::now().as_millis()));
            Box::new(SocketsEngine::new(blueprint, Workers::new(super::threads()), runtime.handle().clone()))
        }
    };

    let format = arguments.console.format();
    let settings = arguments.settings(&plan, kind, format.is_some());
    let (orders, wishes) = mpsc::channel();
    let order = Arc::new(move |intent| {
        // The run may have ended first.
        let _ = orders.send(intent);
    });
    let desk = Desk::new(engine.start_time(), order, cluster::controls(kind, arguments.readonly));
    let virtual_time = kind == EngineKind::Simulation;
    let names: Vec<String> = (0..plan.count).map(|index| format!("n{index}")).collect();
    let speed_percent = if virtual_time { settings.speed.percent() } else { Speed::REAL.percent() };
    let watched = Watched::new(preset.name.clone(), Some(seed), names.clone()).on(desk.clone(), speed_percent, virtual_time);
    let recorder = arguments.recorder(Header {
        title: preset.name.clone(),
        preset: Some(preset.name.clone()),
        seed: Some(seed),
        engine: if virtual_time { EngineName::Simulation } else { EngineName::Sockets },
        start: engine.start_time(),
        speed_percent,
        nodes: names,
    })?;

    // Events of a run in virtual time come a thousand times faster than anybody reads lines: there they are for programs.
    let shown = format.is_none_or(|format| format == Format::Json) || !virtual_time;
    let inbox = Inbox::default();
    let mut sinks = vec![inbox.sink()];
    sinks.extend(shown.then(|| watched.sink()));
    sinks.extend(recorder.as_ref().map(Recorder::sink));
    engine.set_events(observe::tee(sinks));
    let gallery = Arc::new(Gallery {
        desk: format.is_none().then_some(desk),
        hub: shown.then(|| watched.hub()),
        recorder: Mutex::new(recorder),
        progress: format.is_some() && !shown && std::io::stderr().is_terminal(),
        ending: ending.shared_flag(),
    });
    let console = shown.then(|| Console::open(&arguments.console, watched, ending.clone())).transpose()?;

    let saved = preset.clone();
    let folder = std::env::current_dir().unwrap_or_default();
    let save =
        Box::new(move |director: &cluster::director::Director| cluster::save(&saved, seed, kind, director.by_hand(), &folder));
    let audience: Arc<dyn Audience> = gallery.clone();
    let conductor = Conductor::new(engine.as_mut(), &plan, settings, inbox, audience, save);
    let (outcome, judge, _) = conductor.run(&wishes, ending.flag());
    if outcome.judged {
        ending.bring(Reason::TimeUp);
    }
    engine.stop();
    gallery.finish(engine.start_time() + engine.elapsed());
    if let Some(console) = console {
        console.close();
    }

    let report = Report { name: &preset.name, title: &preset.title, seed, plan: &plan, outcome: &outcome, facts: judge.facts() };
    // A chain on which nobody mines agrees on its genesis; where somebody does, agreement takes a block.
    let least = u64::from(plan.mines);
    if outcome.judged && (arguments.duration.is_some() || format.is_some() || outcome.failed(least)) {
        verdict::print(format, &report, least);
    }
    arguments.reports.write(&report)?;
    let reason = ending.reason().unwrap_or(Reason::TimeUp);
    Ok(if outcome.failed(least) { ExitCode::FAILURE } else { reason.code() })
}

/// A process of this program for each node, their data in a folder of this run. What killed runs left is removed.
fn processes(preset: &Preset, seed: u64) -> Result<ProcessesEngine, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::Environment(format!("--processes: the system does not say where this program is: {error}")))?;
    let folder =
        RunFolder::create(&std::env::temp_dir()).map_err(|error| Failure::Environment(format!("--processes: {error}")))?;
    for path in folder.sweep() {
        tell(format_args!("removed what a run that was killed left at {}", path.display()));
    }
    Ok(ProcessesEngine::new(preset, seed, program, folder))
}

impl ClusterArguments {
    fn settings(&self, plan: &Plan, kind: EngineKind, headless: bool) -> RunSettings {
        let verdict = headless && (kind == EngineKind::Simulation || !plan.expectations.is_empty());
        let duration = self.duration.or(plan.duration).or_else(|| verdict.then(|| plan.natural_duration()));
        RunSettings {
            duration,
            ends: self.duration.is_some() || headless,
            keep: self.keep,
            speed: self.speed.unwrap_or(if headless { Speed::FULL } else { Speed::REAL }),
            readonly: self.readonly,
        }
    }

    fn recorder(&self, header: Header) -> Result<Option<Recorder>, Failure> {
        let Some(path) = &self.record else { return Ok(None) };
        let recorder = Recorder::create(path, &header, |sentence| tell(format_args!("warning: {sentence}")));
        recorder.map(Some).map_err(|error| Failure::Environment(format!("--record {}: {error}", path.display())))
    }
}
