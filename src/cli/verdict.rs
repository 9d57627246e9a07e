//! The last words of a cluster's run, on standard output and in files.

use super::Failure;
use crate::cluster::report::Report;
use crate::cluster::{Outcome, Standing};
use crate::observe::Format;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What is written when a run is over.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
pub struct ReportArguments {
    /// Write a report as JSON when the run is over
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the expectations as JUnit XML when the run is over
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl ReportArguments {
    /// Finds out before the run whether the files can be written: an hour later would be late.
    pub fn check(&self) -> Result<(), Failure> {
        for (name, path) in [("--report", &self.report), ("--junit", &self.junit)] {
            if let Some(path) = path {
                std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(|error| cannot(name, path, &error))?;
            }
        }
        Ok(())
    }

    /// Writes the files asked for.
    pub fn write(&self, report: &Report<'_>) -> Result<(), Failure> {
        if let Some(path) = &self.report {
            let text = format!("{:#}\n", report.json());
            std::fs::write(path, text).map_err(|error| cannot("--report", path, &error))?;
        }
        if let Some(path) = &self.junit {
            std::fs::write(path, report.junit()).map_err(|error| cannot("--junit", path, &error))?;
        }
        Ok(())
    }
}

fn cannot(name: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("{name} {}: cannot write there: {error}", path.display()))
}

/// Says how a run came out, after its last line. A reader that has left does not miss it.
pub fn print(format: Option<Format>, report: &Report<'_>, least: u64) {
    let mut out = std::io::stdout().lock();
    let standing = &report.outcome.standing;
    let _ = match format {
        Some(Format::Json) => writeln!(out, "{}", json(report, least)),
        _ => writeln!(out, "{}\n{standing}{}", report.text(), beside(report.outcome, least)),
    };
}

/// Where expectations decide, nobody waits for the block that was found in the last moment.
fn beside(outcome: &Outcome, least: u64) -> &'static str {
    let decides = outcome.judged && !outcome.failed(least) && !outcome.standing.agreed_at(least);
    if decides { ", at the last moment; what was expected does not depend on it" } else { "" }
}

fn json(report: &Report<'_>, least: u64) -> Value {
    let standing = &report.outcome.standing;
    let mut verdict = report.json();
    verdict["event"] = "verdict".into();
    verdict["agreed"] = standing.agreed_at(least).into();
    verdict["text"] = standing.to_string().into();
    if let Standing::Agreed { height, tip, .. } = standing {
        verdict["height"] = (*height).into();
        verdict["tip"] = tip.to_string().into();
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::BlockId;
    use crate::cluster::scenario::EngineKind;
    use rumormill_ui::model::ExpectationLine;
    use std::time::Duration;

    #[test]
    fn a_difference_of_the_last_moment_is_said_as_that_where_expectations_were_met() {
        let groups = vec![(BlockId([1; 32]), 24, vec![1, 2]), (BlockId([2; 32]), 25, vec![0])];
        let outcome = |counts: (usize, usize, usize), judged| Outcome {
            engine: EngineKind::Sockets,
            elapsed: Duration::from_secs(20),
            judged,
            lines: vec![ExpectationLine::default(); counts.0 + counts.1 + counts.2],
            counts,
            standing: Standing::Split { groups: groups.clone(), silent: Vec::new() },
            trace_hash: None,
        };
        assert!(beside(&outcome((3, 0, 0), true), 1).contains("last moment"));
        for (counts, judged) in [((0, 0, 0), true), ((3, 1, 0), true), ((3, 0, 1), true), ((3, 0, 0), false)] {
            assert_eq!(beside(&outcome(counts, judged), 1), "", "{counts:?}: it is the verdict, or there is none");
        }
        let agreed = Standing::Agreed { nodes: 3, tip: BlockId([1; 32]), height: 24 };
        assert_eq!(beside(&Outcome { standing: agreed, ..outcome((3, 0, 0), true) }, 1), "");
    }
}
