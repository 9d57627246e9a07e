//! The last words of a cluster's run, on standard output and in files.

use super::Failure;
use crate::cluster::Standing;
use crate::cluster::report::Report;
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
        _ => writeln!(out, "{}\n{standing}", report.text()),
    };
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
