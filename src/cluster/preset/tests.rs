//! Presets: what is read. How mistakes are shown is in `error_tests`, what is written back in `write_tests`.

use super::*;
use crate::cluster::scenario::*;
use crate::cluster::{Profile, Selection, Topology};
use crate::link::LinkModel;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn read(text: &str) -> Preset {
    Preset::parse("mine", text).unwrap_or_else(|error| panic!("{error}"))
}

/// A small preset with more tables after it.
fn with(more: &str) -> Preset {
    read(&format!(
        "title = \"T\"\nabout = \"A\"\nseed = 1\nduration = \"3m\"\n[nodes]\ncount = 12\n[topology]\nkind = \"ring\"\n{more}"
    ))
}

fn nodes(text: &str) -> Selection {
    text.parse().unwrap()
}

#[test]
fn built_in_presets_are_read_and_expect_something() {
    for (name, _) in BUILT_IN {
        let preset = Preset::find(name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(&preset.name, name);
        assert!(preset.about.len() > 40 && preset.about.ends_with('.'), "{name} does not say what to look at");
        assert!(preset.duration.is_some() && preset.expectations.len() >= 3, "{name} expects too little");
        assert!(preset.expectations.iter().any(|expected| expected.what == What::SameTip), "{name} expects no common tip");
        assert!(preset.nodes.mining.is_some());
        assert_eq!(crate::cluster::topology::islands(&preset.edges(preset.seed), preset.nodes.count), [0]);
    }
}

#[test]
fn the_default_is_eight_nodes_in_a_ring_on_sockets() {
    let preset = Preset::find(DEFAULT).unwrap();
    assert_eq!((preset.nodes.count, &preset.topology, preset.seed), (8, &Topology::Ring, 42));
    assert_eq!(preset.engine, EngineKind::Sockets);
    let mining = preset.nodes.mining.unwrap();
    assert_eq!((mining.nodes.size(8), mining.tries_per_second), (8, 2_000));
}

#[test]
fn what_is_not_said_has_a_default() {
    let preset = with("");
    assert_eq!(
        (preset.engine, preset.nodes.starts.clone(), preset.nodes.mining.clone()),
        (EngineKind::Sockets, Selection::All, None)
    );
    assert_eq!((preset.chain.blocks, preset.chain.max_transactions), (0, 10_000));
    assert!(preset.link(0, 1).is_clear() && preset.timeline.is_empty());
    let simulated = with("[nodes.mining]\nnodes = \"n0\"\nblock_time = \"5s\"\n");
    assert_eq!(simulated.nodes.mining.unwrap().tries_per_second, 2_000);
    let preset = Preset::find("partition-heal").unwrap();
    assert_eq!((preset.engine, preset.nodes.mining.unwrap().tries_per_second), (EngineKind::Simulation, 50));
}

#[test]
fn groups_follow_the_others_and_have_settings_of_their_own() {
    let preset = read(
        "title = \"T\"\nabout = \"A\"\nseed = 1\nduration = \"3m\"\n[topology]\nkind = \"mesh\"\n\
         [nodes]\ncount = 2\nmax_inbound = 9\nmining = { nodes = \"all\", block_time = \"5s\" }\n\
         [[nodes.group]]\nname = \"late\"\ncount = 1\nmining = false\njoins = \"30s\"\n\
         [[nodes.group]]\nname = \"hubs\"\ncount = 2\nmax_inbound = 60\npeer_exchange = true\n\
         [[timeline]]\nat = \"90s\"\nfault = { kill = \"late, n0\" }\n",
    );
    assert_eq!(preset.nodes.count, 5);
    assert_eq!(preset.nodes.mining.as_ref().unwrap().nodes, nodes("n0..n1, n3..n4"));
    assert_eq!(preset.nodes.starts, nodes("n0..n1, n3..n4"));
    assert_eq!(preset.timeline[0], TimelineEntry { at: 30 * SECOND, fault: Fault::Join(nodes("n2")), lasts: None });
    assert_eq!(preset.timeline[1].fault, Fault::Kill(nodes("n0, n2")));
    assert_eq!(preset.group(4).unwrap().name, "hubs");
    assert_eq!((preset.settings(0).max_inbound, preset.settings(0).peer_exchange), (Some(9), None));
    assert_eq!((preset.settings(3).max_inbound, preset.settings(3).peer_exchange), (Some(60), Some(true)));
}

#[test]
fn links_are_a_profile_with_numbers_changed_and_exceptions() {
    let preset = with(
        "[links]\nprofile = \"home\"\nloss = 0.02\nbandwidth = \"1 Mbit/s\"\n\
         [[links.between]]\nfrom = \"n0..n5\"\nto = \"n6..n11\"\nlatency = \"80ms\"\n\
         [[links.between]]\nfrom = \"n0\"\nto = \"n6\"\none_way = true\nprofile = \"bad\"\ncut = true\n",
    );
    let home = LinkModel { loss: 20_000, bandwidth: Some(125_000), ..Profile::Home.model() };
    let far = LinkModel { latency: Duration::from_millis(80), ..home };
    assert_eq!(preset.link(0, 1), home);
    assert_eq!((preset.link(1, 7), preset.link(7, 1)), (far, far));
    assert_eq!(preset.link(0, 6), LinkModel { cut: true, ..Profile::Bad.model() });
    assert_eq!(preset.link(6, 0), far);
}

#[test]
fn regions_bring_their_latencies() {
    let preset = Preset::find("world").unwrap();
    let ms = |from, to| preset.link(from, to).latency.as_millis();
    assert_eq!((ms(0, 1), ms(0, 6), ms(0, 12), ms(18, 30), ms(30, 18)), (5, 35, 47, 177, 177));
    assert_eq!(preset.link(0, 12).loss, 1_000);
}

#[test]
fn every_fault_is_read() {
    let all = [
        (
            "partition = [[\"n0..n5\"], [\"n6\", \"n8\"]], for = \"60s\"",
            Fault::Partition { groups: vec![nodes("n0..n5"), nodes("n6, n8")] },
        ),
        ("partition = [\"n0\"], for = \"60s\"", Fault::Partition { groups: vec![nodes("n0")] }),
        ("pause = \"n1\", for = \"60s\"", Fault::Pause(nodes("n1"))),
        ("kill = \"n3\", for = \"60s\"", Fault::Kill(nodes("n3"))),
        ("leave = \"all\", for = \"60s\"", Fault::Leave(Selection::All)),
        ("disk_full = \"n3\", for = \"60s\"", Fault::DiskFull(nodes("n3"))),
        (
            "clock_skew = \"5m\", nodes = \"n2\", for = \"60s\"",
            Fault::ClockSkew { nodes: nodes("n2"), by: 300 * SECOND, back: false },
        ),
        (
            "clock_skew = \"-5m\", nodes = \"n2\", for = \"60s\"",
            Fault::ClockSkew { nodes: nodes("n2"), by: 300 * SECOND, back: true },
        ),
        (
            "latency = \"200ms\", loss = \"2%\", from = \"n0\", to = \"n1\", one_way = true, for = \"60s\"",
            Fault::Link {
                from: nodes("n0"),
                to: nodes("n1"),
                both_ways: false,
                change: LinkChange { latency: Some(SECOND / 5), loss: Some(20_000), ..LinkChange::default() },
            },
        ),
        (
            "cut = true, for = \"60s\"",
            Fault::Link {
                from: Selection::All,
                to: Selection::All,
                both_ways: true,
                change: LinkChange { cut: Some(true), ..LinkChange::default() },
            },
        ),
    ];
    for (text, fault) in all {
        let preset = with(&format!("[[timeline]]\nat = \"30s\"\nfault = {{ {text} }}\n"));
        assert_eq!(preset.timeline, [TimelineEntry { at: 30 * SECOND, fault, lasts: Some(60 * SECOND) }], "{text}");
    }
    let preset =
        with("[[timeline]]\nat = \"9s\"\nfault = { restart = \"n1\" }\n[[timeline]]\nat = \"5s\"\nfault = { kill = \"n1\" }\n");
    assert_eq!(preset.timeline.iter().map(|entry| entry.at.as_secs()).collect::<Vec<_>>(), [5, 9]);
}

#[test]
fn every_behaviour_and_every_expectation_is_read() {
    for behaviour in format::BEHAVIOURS {
        let more = match *behaviour {
            "slow" => "delay = \"2s\"\n",
            "spam" => "messages_per_second = 7\n",
            _ => "",
        };
        let preset = with(&format!("[[adversary]]\nnodes = \"n4\"\nbehaviour = \"{behaviour}\"\n{more}"));
        assert_eq!(preset.adversaries[0].misbehaviour.name(), *behaviour);
        assert!(preset.misbehaves(4) && !preset.misbehaves(5));
    }
    for what in format::EXPECTATIONS {
        let more = match *what {
            "same-tip" | "synced" | "transactions-mined" => "",
            "events" => "kind = \"reorg\"\nat_most = 4\n",
            "memory" | "bytes-per-block" => "at_most = \"1.5 MiB\"\n",
            "block-propagation-p50" | "block-propagation-p95" | "transaction-propagation-p50" | "transaction-propagation-p95" => {
                "at_most = \"300ms\"\n"
            }
            _ => "at_least = 1\nat_most = 2\n",
        };
        let preset = with(&format!("[[expect]]\nwhat = \"{what}\"\n{more}by = \"1m\"\n"));
        assert_eq!(preset.expectations[0].what.name(), *what);
        assert_eq!(preset.expectations[0].when, When::By(60 * SECOND));
    }
    let bounds = |text: &str| with(&format!("[[expect]]\n{text}\n")).expectations[0].bounds;
    assert_eq!(bounds("what = \"memory\"\nat_most = \"1.5 MiB\"").at_most, Some(1_572_864.0));
    assert_eq!(bounds("what = \"block-propagation-p95\"\nat_most = \"300ms\"").at_most, Some(0.3));
    assert_eq!(bounds("what = \"reputation\"\nat_least = -2.5").at_least, Some(-2.5));
    let when = |text: &str| with(&format!("[[expect]]\nwhat = \"same-tip\"\n{text}\n")).expectations[0].when;
    assert_eq!((when("from = \"2m\""), when("")), (When::From(120 * SECOND), When::AtEnd));
}

#[test]
fn honest_ones_are_those_that_do_not_misbehave() {
    let preset = with(
        "[[adversary]]\nnodes = \"n3, n7\"\nbehaviour = \"silent\"\n[[expect]]\nwhat = \"same-tip\"\nnodes = \"honest\"\n\
         [[expect]]\nwhat = \"bans-of\"\nnodes = \"adversaries\"\nat_least = 1\n",
    );
    assert_eq!(preset.expectations[0].nodes, nodes("n0..n2, n4..n6, n8..n11"));
    assert_eq!(preset.expectations[1].nodes, nodes("n3, n7"));
}

#[test]
fn links_come_from_the_seed_that_runs() {
    let preset = Preset::find("small-world-50").unwrap();
    assert_eq!(preset.edges(7), preset.edges(7));
    assert_ne!(preset.edges(7), preset.edges(8));
}

#[test]
fn an_engine_that_is_too_small_says_so() {
    let thousand = Preset::find("thousand").unwrap();
    assert_eq!(thousand.refused_by(EngineKind::Simulation), None);
    let why = thousand.refused_by(EngineKind::Sockets).unwrap();
    assert!(why.contains("thousand has 1000 nodes") && why.contains("200 at most") && why.contains("simulation"), "{why}");
}

#[test]
fn event_kinds_are_those_of_json_lines() {
    // One of each shape stands for all: the names are the events' own, in kebab case.
    let named = |event: &crate::node::Event| serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned();
    let source = include_str!("../../node/event.rs");
    let body = &source[source.find("pub enum Event {").unwrap()..];
    let body = &body[..body.find("\n}").unwrap()];
    let mut variants: Vec<String> = body
        .lines()
        .filter(|line| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| {
            let name: String = line.trim().chars().take_while(char::is_ascii_alphanumeric).collect();
            name.char_indices().fold(String::new(), |mut kebab, (at, c)| {
                if at > 0 && c.is_ascii_uppercase() {
                    kebab.push('-');
                }
                kebab.push(c.to_ascii_lowercase());
                kebab
            })
        })
        .collect();
    variants.sort();
    let mut known: Vec<_> = format::EVENTS.iter().map(|kind| (*kind).to_owned()).collect();
    known.sort();
    assert_eq!(known, variants);
    assert_eq!(named(&crate::node::Event::Stopped), "stopped");
}

#[test]
fn the_documentation_has_every_key_and_every_name() {
    let page = include_str!("../../../docs/presets.md");
    fn walk(record: &'static format::Record, page: &str) {
        for key in record.keys {
            let shown = page.contains(&format!("`{}`", key.name)) || page.contains(&format!("[{}]", key.name));
            assert!(shown, "docs/presets.md does not have `{}` of {}", key.name, record.name);
            match &key.shape {
                format::Shape::Table(record) | format::Shape::Tables(record) => walk(record, page),
                format::Shape::Choice(names, later) => {
                    for name in names.iter().chain(*later) {
                        assert!(page.contains(&format!("`{name}`")), "docs/presets.md does not have `{name}` of {}", key.name);
                    }
                }
                _ => {}
            }
        }
    }
    walk(&format::PRESET, page);
    for (name, _) in BUILT_IN {
        assert!(page.contains(&format!("`{name}`")), "docs/presets.md does not have the preset `{name}`");
    }
}

#[test]
fn the_documentation_s_example_is_a_preset() {
    let page = include_str!("../../../docs/presets.md");
    let mut blocks = 0;
    for block in page.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        if text.contains("title =") {
            read(text);
        } else {
            // A part: with what it needs around it. Parts are for twelve nodes, of which the last is to join.
            let nodes = if text.contains("[nodes]") { "" } else { "[nodes]\ncount = 12\nstarts = \"n0..n10\"\n" };
            let topology = if text.contains("[topology]") { "" } else { "[topology]\nkind = \"ring\"\n" };
            read(&format!("title = \"T\"\nabout = \"A\"\nseed = 1\nduration = \"10m\"\n{nodes}{topology}{text}"));
        }
        blocks += 1;
    }
    assert!(blocks >= 8, "only {blocks} examples");
}
