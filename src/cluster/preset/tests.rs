//! Presets: what is read, and how a mistake in one is shown.

use super::*;
use crate::cluster::Kind;

fn hello() -> String {
    BUILT_IN[0].1.to_owned()
}

fn refused(text: &str) -> String {
    match Preset::parse("mine", text) {
        Err(PresetError::Wrong { report, .. }) => report,
        other => panic!("not refused as wrong: {other:?}"),
    }
}

#[test]
fn built_in_presets_are_read() {
    for (name, _) in BUILT_IN {
        let preset = Preset::find(name).unwrap();
        assert_eq!(&preset.name, name);
        assert!(!preset.about.is_empty());
    }
}

#[test]
fn the_default_is_eight_nodes_in_a_ring() {
    let preset = Preset::find(DEFAULT).unwrap();
    assert_eq!((preset.nodes.count, preset.topology.kind, preset.seed), (8, Kind::Ring, 42));
    let mining = preset.nodes.mining.unwrap();
    assert_eq!(mining.nodes.size(8), 8);
}

#[test]
fn an_unknown_key_is_shown_with_its_line_and_a_caret() {
    let report = refused(&hello().replace("count = 3", "count = 3\ncolour = \"red\""));
    assert!(report.contains("line 7"), "{report}");
    assert!(report.contains("^^^^^^"), "{report}");
    assert!(report.contains("colour") && report.contains("count"), "{report}");
}

#[test]
fn a_value_out_of_range_is_shown_with_its_line_and_a_caret() {
    let report = refused(&hello().replace("count = 3", "count = 0"));
    assert!(report.contains("line 6, column 9") && report.contains("        ^") && report.contains("1 to 200"), "{report}");
    let report = refused(&hello().replace("\"n0\"", "\"n0..n3\""));
    assert!(report.contains("there is no n3") && report.contains("the last one is n2"), "{report}");
    let report = refused(&hello().replace("\"4s\"", "\"soon\""));
    assert!(report.contains("no duration") && report.contains("250ms"), "{report}");
    let report = refused(&hello().replace("\"4s\"", "\"1ms\""));
    assert!(report.contains("100ms to 1h"), "{report}");
    let report = refused(&hello().replace("= 0.5", "= -1.0"));
    assert!(report.contains("0 to 1000"), "{report}");
}

#[test]
fn a_missing_key_and_a_wrong_kind_are_named() {
    assert!(refused(&hello().replace("seed = 1", "")).contains("seed"));
    let report = refused(&hello().replace("\"line\"", "\"knot\""));
    assert!(report.contains("knot") && report.contains("ring"), "{report}");
}

#[test]
fn a_name_that_is_nothing_lists_the_presets() {
    let error = Preset::find("ring-9").unwrap_err().to_string();
    assert!(error.contains("ring-9") && error.contains("hello, ring-8"), "{error}");
    let error = Preset::find("./nowhere/ring-9.toml").unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("nowhere"), "{error}");
}

#[test]
fn nodes_are_selected_by_name() {
    let pick =
        |text: &str| text.parse::<Selection>().map(|selection| (0..6).filter(|n| selection.contains(*n)).collect::<Vec<_>>());
    assert_eq!(pick("all").unwrap(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(pick("n1..n3").unwrap(), [1, 2, 3]);
    assert_eq!(pick("n0, n4..n5").unwrap(), [0, 4, 5]);
    for wrong in ["", "3", "n", "n3..n1", "n1..", "x2", "n1,,n2"] {
        assert!(pick(wrong).is_err(), "{wrong:?} was taken");
    }
    assert_eq!("n0,n4..n5".parse::<Selection>().unwrap().to_string(), "n0, n4..n5");
}
