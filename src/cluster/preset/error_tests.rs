//! How mistakes are shown: each kind with the very text that a person reads.

use super::*;

const GOOD: &str =
    "title = \"T\"\nabout = \"A\"\nseed = 1\nduration = \"2m\"\n\n[nodes]\ncount = 12\n\n[topology]\nkind = \"ring\"\n";

/// All that is said of a text.
fn refused(text: &str) -> (usize, String) {
    match Preset::parse("mine.toml", text) {
        Err(PresetError::Wrong { report, mistakes, name }) => {
            assert_eq!(name, "mine.toml");
            assert_eq!(report.matches("error: ").count(), mistakes, "{report}");
            (mistakes, report)
        }
        other => panic!("not refused as wrong: {other:?}"),
    }
}

/// The one thing that is said when `from` in a good preset becomes `to`: without its lines of place.
fn one(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    let (mistakes, report) = refused(&GOOD.replacen(from, to, 1));
    assert_eq!(mistakes, 1, "{report}");
    short(&report)
}

/// The one thing that is said when this follows a good preset.
fn after(more: &str) -> String {
    let (mistakes, report) = refused(&format!("{GOOD}\n{more}"));
    assert_eq!(mistakes, 1, "{report}");
    short(&report)
}

/// What, what stands under the caret, what is said beside it and below: `what | found | label | note`.
fn short(report: &str) -> String {
    let lines: Vec<&str> = report.lines().collect();
    let what = lines[0].strip_prefix("error: ").unwrap();
    let source = lines[3].split_once(" | ").unwrap().1;
    let below = lines[4].split_once(" | ").unwrap().1;
    let start = below.find('^').unwrap();
    let carets = below[start..].chars().take_while(|c| *c == '^').count();
    let found: String = source.chars().skip(below[..start].chars().count()).take(carets).collect();
    let label = below[start + carets..].trim();
    let note = lines.get(5).map_or("", |line| line.split_once(" = ").unwrap().1);
    [what, &found, label, note].join(" | ").trim_end_matches([' ', '|']).to_owned()
}

#[test]
fn a_mistake_is_shown_with_file_line_column_caret_and_what_was_meant() {
    let (mistakes, report) = refused(&GOOD.replace("count = 12", "\tcuont = 12 # twelve"));
    assert_eq!(mistakes, 1);
    let wanted = "\
error: unknown key `cuont` in [nodes]
 --> mine.toml:7:2
  |
7 | \tcuont = 12 # twelve
  | \t^^^^^ did you mean `count`?
  = allowed: count, mining, starts, max_inbound, max_outbound, peer_exchange, kademlia, timing, networks, group";
    assert_eq!(report, wanted);
    let error = Preset::parse("mine.toml", &GOOD.replace("12", "0")).unwrap_err().to_string();
    assert!(
        error.starts_with("the preset \"mine.toml\" has a mistake:\n\nerror: there are no nodes\n --> mine.toml:7:9\n"),
        "{error}"
    );
}

#[test]
fn keys() {
    assert_eq!(
        one("seed = 1", "seed = 1\nspeed = 3"),
        "unknown key `speed` in the preset | speed | did you mean `seed`? | allowed: title, about, seed, engine, duration, nodes, chain, topology, links, traffic, timeline, adversary, expect"
    );
    assert!(
        one("seed = 1", "seed = 1\nmoonshine = 3").starts_with("unknown key `moonshine` in the preset | moonshine |  | allowed")
    );
    assert_eq!(one("seed = 1\n", ""), "`seed` is missing in the preset | t |  | seed: a whole number, 0 to 18446744073709551615");
    assert_eq!(
        one("seed", "sede"),
        "unknown key `sede` in the preset | sede | did you mean `seed`? | allowed: title, about, seed, engine, duration, nodes, chain, topology, links, traffic, timeline, adversary, expect"
    );
    assert!(
        one("[topology]", "[topolgy]").starts_with("unknown key `topolgy` in the preset | topolgy | did you mean `topology`?")
    );
}

#[test]
fn values() {
    assert_eq!(one("seed = 1", "seed = -1"), "`seed` is -1 | -1 | wanted: a whole number, 0 to 18446744073709551615");
    assert_eq!(one("seed = 1", "seed = \"x\""), "`seed` is \"x\" | \"x\" | wanted: a whole number, 0 to 18446744073709551615");
    assert_eq!(one("title = \"T\"", "title = [1]"), "`title` is a list | [1] | wanted: a text");
    assert_eq!(
        one("2m", "2 moons"),
        "`duration` is \"2 moons\" | \"2 moons\" | wanted: a duration such as \"250ms\" or \"3m\", 1s to 7days"
    );
    assert_eq!(one("\"2m\"", "2"), "`duration` is 2 | 2 | wanted: a duration such as \"250ms\" or \"3m\", 1s to 7days");
    assert_eq!(
        one("seed = 1", "seed = 1\nengine = \"socket\""),
        "`engine` is \"socket\", which is none | \"socket\" | did you mean `sockets`? | allowed: simulation, sockets"
    );
    assert_eq!(one("seed = 1", "seed = 1\nnodes = 3").split(" | ").next().unwrap(), "this is not TOML");
    let mining = |text: &str| one("count = 12", &format!("count = 12\nmining = {{ nodes = \"n0\", {text} }}"));
    assert_eq!(
        mining("block_time = \"1ms\""),
        "`block_time` is \"1ms\" | \"1ms\" | wanted: a duration such as \"250ms\" or \"3m\", 100ms to 1h"
    );
    assert_eq!(
        mining("block_time = \"5s\", seal = \"space\""),
        "`seal` is \"space\", which comes later | \"space\" |  | allowed today: work"
    );
    assert_eq!(
        mining("block_time = \"5s\", tries_per_second = 0"),
        "`tries_per_second` is 0 | 0 | wanted: a whole number, 1 to 10000000"
    );
    assert_eq!(
        after("[traffic]\ntransactions_per_second = nan"),
        "`transactions_per_second` is nan | nan | wanted: a number, 0 to 1000"
    );
    assert_eq!(
        after("[links]\nloss = \"200%\""),
        "`loss` is \"200%\" | \"200%\" | wanted: a share such as \"2%\" or 0.02, 0 to 100%"
    );
    assert_eq!(
        after("[links]\nbandwidth = \"10 MB\""),
        "`bandwidth` is \"10 MB\" | \"10 MB\" | wanted: a bandwidth such as \"10 MB/s\" or \"1 Mbit/s\", 1 kbit/s to 100 Gbit/s"
    );
    assert_eq!(
        after("[links]\nprofile = \"lagy\""),
        "`profile` is \"lagy\", which is none | \"lagy\" | did you mean `laggy`? | allowed: lab, home, laggy, constrained, bad"
    );
    assert_eq!(after("timeline = 3").split(" | ").next().unwrap(), "unknown key `timeline` in [topology]");
    assert_eq!(
        after("[[links.between]]\nfrom = \"n0\"\nto = \"n1\""),
        "nothing is otherwise between these nodes | [[links.between]] |  | wanted: profile, or some of latency, jitter, loss, bandwidth, reorder, duplicate, corrupt, cut"
    );
}

#[test]
fn nodes() {
    assert_eq!(one("count = 12", "count = 12\nstarts = \"n0..n12\""), "there is no n12 | \"n0..n12\" | the last node is n11");
    assert_eq!(
        one("count = 12", "count = 12\nstarts = \"hones\""),
        "\"hones\" names no nodes | \"hones\" | did you mean `honest`? | allowed: all, none, n0 to n11, ranges such as n0..n11, adversaries, honest; several with commas between"
    );
    assert_eq!(
        one("count = 12", "count = 201"),
        "201 nodes, and the sockets engine takes 200 at most | 201 |  | each node has sockets and tasks of its own in this process; engine = \"simulation\" takes more"
    );
    assert_eq!(one("count = 12", "count = 20001"), "`count` is 20001 | 20001 | wanted: a whole number, 0 to 20000");
    assert_eq!(one("count = 12\n", ""), "there are no nodes | [nodes] | `count` is wanted: 1 at least");
    assert_eq!(
        after("[[nodes.group]]\nname = \"n3\"\ncount = 1"),
        "a group cannot be called \"n3\" | \"n3\" | wanted: letters, digits, - and _; no name that is taken, and no node's"
    );
    assert_eq!(
        after("[[nodes.group]]\nname = \"late\"\ncount = 1\njoins = \"3m\""),
        "`joins` is after the end of the run | \"3m\" | the run ends at 2m"
    );
    assert_eq!(
        after("[[nodes.group]]\nname = \"late\"\ncount = 1\nmining = true"),
        "a group mines, and nothing says how | mining |  | add mining = { nodes = \"none\", block_time = \"5s\" } to [nodes]"
    );
}

#[test]
fn topologies() {
    let kind = |text: &str| one("kind = \"ring\"", text);
    assert_eq!(
        kind("kind = \"smal-world\"\ndegree = 4"),
        "`kind` is \"smal-world\", which is none | \"smal-world\" | did you mean `small-world`? | allowed: line, ring, star, mesh, tree, grid, random, small-world, scale-free, regions, edges"
    );
    assert_eq!(
        kind("kind = \"ring\"\ndegree = 4"),
        "`degree` means nothing for a topology of kind \"ring\" | degree |  | allowed: no other key"
    );
    assert_eq!(kind("kind = \"random\""), "a topology of kind \"random\" needs `degree` | \"random\" | `degree` is missing");
    assert_eq!(
        kind("kind = \"random\"\ndegree = 12"),
        "`degree` is 12, which 12 nodes in a topology of kind \"random\" cannot have | 12 | 11 at most: a node has that many others"
    );
    assert_eq!(
        kind("kind = \"small-world\"\ndegree = 3"),
        "`degree` is 3, which 12 nodes in a topology of kind \"small-world\" cannot have | 3 | wanted: an even number, half of it to either side"
    );
    assert_eq!(
        kind("edges = [[\"n0\", \"n1\"]]"),
        "no link leads from n0 to n2, by any way | edges | these links leave the nodes in islands"
    );
    assert_eq!(kind("edges = [[\"n0\"]]"), "this is no link | [\"n0\"] | wanted: two nodes, as in [\"n0\", \"n1\"]");
    assert_eq!(
        kind("edges = [[\"n0\", \"n0\"]]"),
        "a link has two ends, and each is one node | [\"n0\", \"n0\"] | wanted: two different nodes, as in [\"n0\", \"n1\"]"
    );
    assert_eq!(
        kind(""),
        "`kind` is missing in [topology] | [topology] |  | kind: one of line, ring, star, mesh, tree, grid, random, small-world, scale-free, regions, edges"
    );
    let region = "[[topology.region]]\nname = \"europe\"\nnodes = \"n0..n5\"\n[[topology.region]]\nname = ";
    assert_eq!(
        kind(&format!("kind = \"regions\"\n{region}\"us-east\"\nnodes = \"n5..n11\"")),
        "n5 is in two regions | \"n5..n11\" | it is in europe already"
    );
    assert_eq!(
        kind(&format!("kind = \"regions\"\n{region}\"us-east\"\nnodes = \"n6..n10\"")),
        "n11 is in no region | [topology] |  | each node must be in one: add a [[topology.region]] or widen its nodes"
    );
    let (_, report) =
        refused(&GOOD.replace("ring", "mesh").replace("seed", "engine = \"simulation\"\nseed").replace("12", "1000"));
    assert!(report.contains("a mesh of 1000 nodes has up to 500000 links") && report.contains("250000 at most"), "{report}");
}

#[test]
fn timelines() {
    let fault = |at: &str, text: &str| after(&format!("[[timeline]]\nat = \"{at}\"\nfault = {{ {text} }}"));
    assert_eq!(fault("3m", "kill = \"n3\""), "`at` is after the end of the run | \"3m\" | the run ends at 2m");
    assert_eq!(
        fault("90s", "kill = \"n3\", for = \"60s\""),
        "this fault is undone after the end of the run | \"60s\" | the run ends 30s after it begins"
    );
    assert_eq!(
        fault("1s", "partition = [[\"n0..n5\"], [\"n5..n11\"]]"),
        "n5 is in two groups of the partition | [\"n5..n11\"] | groups have no node in common"
    );
    assert_eq!(
        fault("1s", "partition = [[\"all\"]]"),
        "this partition parts nobody from anybody | [[\"all\"]] | wanted: two groups, or one that is not all nodes"
    );
    assert_eq!(
        fault("1s", "kill = \"n3\", pause = \"n3\""),
        "several faults at once | pause | wanted: one in each [[timeline]] entry; entries may have the same `at`"
    );
    assert_eq!(
        fault("1s", "for = \"3s\""),
        "nothing happens in this fault | { for = \"3s\" } |  | wanted: one of partition, pause, kill, restart, join, leave, disk_full, clock_skew; or some of latency, jitter, loss, bandwidth, reorder, duplicate, corrupt, cut"
    );
    assert!(fault("1s", "kil = \"n3\"").starts_with("unknown key `kil` in the fault | kil | did you mean `kill`?"));
    assert_eq!(
        fault("1s", "join = \"n3\""),
        "n3 runs from the start and cannot join | \"n3\" | leave it out of `starts` in [nodes], or say `restart`"
    );
    assert_eq!(
        fault("1s", "restart = \"n3\", for = \"3s\""),
        "`for` means nothing beside `restart` | for | a restart is not undone: add a `kill`"
    );
    assert_eq!(fault("1s", "clock_skew = \"5m\""), "whose clocks are off is missing | clock_skew | wanted beside it: `nodes`");
    assert_eq!(
        fault("1s", "clock_skew = \"0s\", nodes = \"n1\""),
        "`clock_skew` is \"0s\" | \"0s\" | wanted: a duration such as \"5m\" or \"-5m\", up to 1day, not 0"
    );
    assert_eq!(
        fault("1s", "cut = true, nodes = \"n1\""),
        "`nodes` means nothing beside a change of links | nodes | `from` and `to` say whose links"
    );
    assert_eq!(fault("1s", "kill = \"none\""), "`kill` names none of the 12 nodes | \"none\" | somebody is wanted");
    assert_eq!(
        fault("1s", "kill = 3"),
        "`kill` is 3 | 3 | wanted: nodes such as \"all\", \"n2\", \"n0..n3\", or several with commas between"
    );
}

#[test]
fn adversaries() {
    let adversary = |text: &str| after(&format!("[[adversary]]\nnodes = \"n1\"\n{text}"));
    assert!(adversary("behaviour = \"eclypse\"").starts_with(
        "`behaviour` is \"eclypse\", which is none | \"eclypse\" | did you mean `eclipse`? | allowed: silent, slow"
    ));
    assert_eq!(
        adversary("behaviour = \"spam\""),
        "\"spam\" needs `messages_per_second` | \"spam\" | `messages_per_second` is missing"
    );
    assert_eq!(
        adversary("behaviour = \"silent\"\ndelay = \"1s\""),
        "`delay` means nothing for \"silent\" | delay | it belongs to \"slow\""
    );
    assert_eq!(
        adversary("behaviour = \"silent\"\n[[adversary]]\nnodes = \"n0..n2\"\nbehaviour = \"silent\""),
        "n1 misbehaves twice | \"n0..n2\" | a node has one behaviour"
    );
    assert_eq!(
        adversary("behaviour = \"silent\"\n[[expect]]\nwhat = \"same-tip\"\nnodes = \"n0..n2\""),
        "n1 misbehaves, and is expected to go along with the others (\"same-tip\") | \"n0..n2\" | leave it out, or say \"honest\""
    );
}

#[test]
fn expectations() {
    let expect = |text: &str| after(&format!("[[expect]]\n{text}"));
    assert_eq!(expect("what = \"same-tip\"\nby = \"121s\""), "`by` is after the end of the run | \"121s\" | the run ends at 2m");
    assert_eq!(
        expect("what = \"same-tip\"\nat_most = 3"),
        "`at_most` means nothing for \"same-tip\" | at_most | it holds or it does not"
    );
    assert_eq!(
        expect("what = \"memory\"\nat_most = \"3s\""),
        "`at_most` is \"3s\" | \"3s\" | wanted for \"memory\": a size, as in \"64 MB\" or \"1.5 MiB\""
    );
    assert_eq!(
        expect("what = \"block-propagation-p50\"\nat_most = 300"),
        "`at_most` is 300 | 300 | wanted for \"block-propagation-p50\": a duration, as in \"250ms\" or \"3s\""
    );
    assert_eq!(expect("what = \"bans\"\nat_most = 0.5"), "`at_most` is 0.5 | 0.5 | wanted for \"bans\": a whole number, as in 3");
    assert_eq!(
        expect("what = \"bans\""),
        "\"bans\" has no bound | \"bans\" | wanted: at_least or at_most, a whole number, as in 3"
    );
    assert_eq!(
        expect("what = \"bans\"\nat_least = 3\nat_most = 2"),
        "`at_least` is more than `at_most` | 3 | nothing can be both"
    );
    assert_eq!(
        expect("what = \"events\"\nat_most = 0"),
        "which events are counted is missing | \"events\" | wanted beside it: `kind`"
    );
    assert!(
        expect("what = \"events\"\nkind = \"baned\"\nat_most = 0")
            .starts_with("`kind` is \"baned\", which is none | \"baned\" | did you mean `banned`?")
    );
    assert!(
        expect("what = \"sametip\"").starts_with("`what` is \"sametip\", which is none | \"sametip\" | did you mean `same-tip`?")
    );
    assert_eq!(
        expect("what = \"same-tip\"\nby = \"1m\"\nfrom = \"1m\""),
        "`by` and `from` together | from | wanted: one of them; at some moment up to `by`, or at every moment from `from`"
    );
    let (_, report) = refused(&format!("{}\n[[expect]]\nwhat = \"synced\"", GOOD.replace("duration = \"2m\"\n", "")));
    assert_eq!(
        short(&report),
        "this is judged at the end of a run that has none | [[expect]] |  | give the preset a `duration`, or this expectation a `by`"
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = GOOD.replace("seed = 1", "seed = 1.5").replace("2m", "2x").replace("12", "0").replace("ring", "rnig");
    let (mistakes, report) = refused(&format!(
        "{text}\n[links]\nloss = 2\njitter = \"x\"\n[[timeline]]\nat = \"1s\"\nfault = 3\n[[expect]]\nwho = 3\n"
    ));
    let places: Vec<&str> = report.lines().filter_map(|line| line.trim().strip_prefix("--> mine.toml:")).collect();
    assert_eq!(places, ["3:8", "4:12", "7:9", "10:8", "13:8", "14:10", "17:9", "18:1", "19:1"]);
    assert_eq!(mistakes, 9);
}

#[test]
fn of_what_is_not_toml_all_errors_are_told_and_nothing_that_only_follows() {
    let text = GOOD.replace("seed = 1", "seed = = 1").replace("kind = \"ring\"", "kind = \"ring\"\nspeed = 3\n[links");
    let (_, report) = refused(&text);
    assert!(report.contains("mine.toml:3:8") && report.contains("this is not TOML"), "{report}");
    assert!(report.contains("unknown key `speed`") && report.matches("this is not TOML").count() >= 2, "{report}");
    assert!(!report.contains("missing"), "{report}");
}

#[test]
fn a_stranger_s_file_draws_nothing_on_the_terminal_and_breaks_nothing() {
    let (_, report) = refused(&format!("{GOOD}\n\"\\u001b[2J\" = \"{}\"", "x".repeat(10_000)));
    assert!(!report.contains('\u{1b}') && report.lines().all(|line| line.chars().count() < 300), "{report}");
    let (_, report) = refused(&GOOD.replace("\"T\"", "\"日本\", x = 1"));
    assert!(report.contains("mine.toml:1:"), "{report}");
    for text in
        ["", "\u{feff}", "=", "[", "nodes = 3", "[[nodes]]", "[nodes]\ncount = 99999999999999999999999", "a.b.c = 1", "\r\n"]
    {
        refused(text);
    }
}

proptest::proptest! {
    /// Broken anywhere, a file is refused or read, and never a panic.
    #[test]
    fn a_broken_file_is_refused_in_peace(which in 0..BUILT_IN.len(), at: proptest::sample::Index, cut in 0_usize..30, put in "[\\[\\]{}=\"a-z0-9,. \n-]{0,8}") {
        let text: Vec<char> = BUILT_IN[which].1.chars().collect();
        let at = at.index(text.len());
        let broken: String = text[..at].iter().copied().chain(put.chars()).chain(text[(at + cut).min(text.len())..].iter().copied()).collect();
        if let Err(PresetError::Wrong { mistakes, report, .. }) = Preset::parse("mine.toml", &broken) {
            proptest::prop_assert!(mistakes > 0 && report.contains("--> mine.toml:"));
        }
    }
}

#[test]
fn a_name_that_is_nothing_lists_the_presets_and_the_one_meant() {
    let error = Preset::find("ring-9").unwrap_err().to_string();
    assert!(error.contains("ring-9") && error.contains("did you mean \"ring-8\"?") && error.contains("hello, ring-8"), "{error}");
    let error = Preset::find("./nowhere/ring-9.toml").unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("nowhere"), "{error}");
}

#[test]
fn a_file_is_called_by_its_path_in_errors_and_by_its_stem_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-own.toml");
    std::fs::write(&path, GOOD).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(Preset::find(path).unwrap().name, "my-own");
    std::fs::write(path, GOOD.replace("ring", "rin")).unwrap();
    let error = Preset::find(path).unwrap_err().to_string();
    assert!(error.contains(&format!("--> {path}:10:8")), "{error}");
    std::fs::write(path, "#".repeat(2 << 20)).unwrap();
    assert!(Preset::find(path).unwrap_err().to_string().contains("longer than 1048576 bytes"));
}

#[test]
fn a_partition_that_nodes_would_find_their_way_around_is_refused() {
    let large = |finds: &str| {
        GOOD.replace("count = 12", &format!("count = 301\n{finds}")).replace("seed = 1", "seed = 1\nengine = \"simulation\"")
            + "[[timeline]]\nat = \"1s\"\nfault = { partition = [\"n0\"] }\n"
    };
    assert_eq!(
        Preset::parse("mine.toml", &large("")).map(drop).map_err(|error| error.to_string()),
        Ok(()),
        "links that are drawn can be parted"
    );
    let error = Preset::parse("mine.toml", &large("kademlia = true")).unwrap_err().to_string();
    assert!(error.contains("nodes that look for peers would go around this partition"), "{error}");
}

#[test]
fn what_would_change_nothing_is_refused() {
    let fault = |fault: &str| format!("[[timeline]]\nat = \"1s\"\nfault = {{ {fault} }}");
    // A ring of twelve.
    assert_eq!(
        after(&fault("cut = true, from = \"n0\", to = \"n5..n6\"")),
        "no link goes from n0 to n5..n6 | \"n5..n6\" | wanted: nodes that the topology links"
    );
    assert!(after(&fault("latency = \"1s\", from = \"n3\", to = \"n3\"")).starts_with("no link goes from n3 to n3"));
    for fine in ["from = \"n0\", to = \"n11\"", "from = \"n5\"", "to = \"n5\", one_way = true"] {
        let text = format!("{GOOD}\n{}", fault(&format!("latency = \"1s\", {fine}")));
        assert!(Preset::parse("mine.toml", &text).is_ok(), "{fine}");
    }
    let seeking = GOOD.replace("count = 12", "count = 12\npeer_exchange = true");
    let text = format!("{seeking}\n{}", fault("cut = true, from = \"n0\", to = \"n6\""));
    assert!(Preset::parse("mine.toml", &text).is_ok(), "that link may come up");

    for what in ["\"memory\"\nat_most = \"1 MB\"", "\"block-propagation-p95\"\nat_most = \"1s\"", "\"transactions-mined\""] {
        let said = after(&format!("[[expect]]\nnodes = \"n0\"\nwhat = {what}"));
        assert!(said.starts_with("`nodes` means nothing for "), "{said}");
        let text = format!("{GOOD}\n[[expect]]\nnodes = \"all\"\nwhat = {what}");
        assert!(Preset::parse("mine.toml", &text).is_ok(), "{what}");
    }
}

#[test]
fn a_way_to_mine_takes_somebody_who_does() {
    let mining = "count = 12\nmining = { nodes = \"none\", block_time = \"5s\" }";
    let nobody = "nobody mines | mining | wanted: somebody in its `nodes`, or a group with mining = true; or leave it out";
    assert_eq!(one("count = 12", mining), nobody);
    let group = |mines| format!("{mining}\n[[nodes.group]]\nname = \"more\"\ncount = 1\nmining = {mines}");
    assert_eq!(one("count = 12", &group(false)), nobody);
    let preset = Preset::parse("mine.toml", &GOOD.replace("count = 12", &group(true))).unwrap();
    assert!(crate::cluster::Plan::of(&preset, 1).mines);
}
