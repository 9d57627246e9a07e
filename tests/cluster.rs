//! A preset run to its verdict through the binary: what it prints, what it writes, how it ends.

mod common;

use common::rumormill;
use std::path::Path;

const PRESET: &str = r#"
title = "Pair"
about = "For tests."
seed = 5
engine = "simulation"
duration = "30s"

[nodes]
count = 2
mining = { nodes = "n0", tries_per_second = 100, block_time = "1s" }

[topology]
kind = "line"

[[timeline]]
at = "5s"
fault = { kill = "n1", for = "5s" }

[[expect]]
what = "height"
at_least = 3
by = "30s"
"#;

fn run(folder: &Path, preset: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let path = folder.join("pair.toml");
    std::fs::write(&path, preset).unwrap();
    let mut command = rumormill();
    command.arg("cluster").arg(&path).arg("--headless").args(arguments);
    common::run(command)
}

#[test]
fn all_met_ends_with_0_and_the_same_history_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let (report, junit) = (folder.path().join("r.json"), folder.path().join("j.xml"));
    let record = folder.path().join("run.jsonl");
    let files = ["--report", report.to_str().unwrap(), "--junit", junit.to_str().unwrap(), "--record", record.to_str().unwrap()];
    let (code, out, errors) = run(folder.path(), PRESET, &files);
    assert_eq!(code, Some(0), "{out}{errors}");
    assert!(out.starts_with("met: the height of all nodes is at least 3 by 30s ("), "{out}");
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let hash = json["trace_hash"].as_str().unwrap();
    assert!(out.contains(hash), "{out}");
    assert_eq!(
        (json["verdict"].as_str(), json["seed"].as_u64(), json["engine"].as_str()),
        (Some("met"), Some(5), Some("simulation"))
    );
    assert!(std::fs::read_to_string(junit).unwrap().contains("failures=\"0\""));
    let recorded = std::fs::read_to_string(record).unwrap();
    assert!(
        recorded.lines().count() > 50 && recorded.lines().last().unwrap().contains("end"),
        "{} lines",
        recorded.lines().count()
    );

    let (_, again, _) = run(folder.path(), PRESET, &[]);
    assert!(again.contains(hash), "another history: {again}");
    let (_, other, _) = run(folder.path(), PRESET, &["--seed", "6"]);
    assert!(!other.contains(hash));
}

#[test]
fn one_missed_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, errors) = run(folder.path(), &PRESET.replace("at_least = 3", "at_least = 3000"), &[]);
    assert_eq!(code, Some(1), "{out}{errors}");
    assert!(out.starts_with("MISSED: "), "{out}");
}

#[test]
fn what_is_wrong_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = run(folder.path(), &PRESET.replace("kill =", "kil ="), &[]);
    assert_eq!(code, Some(2), "{errors}");
    for (arguments, words) in [(["--engine", "steam"], "choose simulation or sockets"), (["--speed", "fast"], "write a factor")] {
        let (code, _, errors) = run(folder.path(), PRESET, &arguments);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(arguments[0]) && errors.contains(words), "{errors}");
    }
}
