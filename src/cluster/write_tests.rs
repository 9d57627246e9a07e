//! What is written is read again as the same preset.

use super::*;
use crate::cluster::TimingName;
use crate::cluster::preset::BUILT_IN;
use crate::cluster::scenario::{Adversaries, Bounds, EngineKind};
use crate::cluster::{Chain, LinkRule, Links, Place, REGIONS, Region, TrafficRate};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Nodes besides those in the group.
const PLAIN: u32 = 9;
/// Nodes in the group.
const GROUPED: u32 = 3;
/// All nodes.
const COUNT: u32 = PLAIN + GROUPED;
/// The run's length in milliseconds.
const RUN: u64 = 600_000;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", any::<String>()]
}

fn time(least: u64, most: u64) -> impl Strategy<Value = Duration> {
    (least..=most).prop_map(Duration::from_millis)
}

fn some() -> impl Strategy<Value = Selection> {
    prop_oneof![
        Just(Selection::All),
        proptest::collection::vec(0..COUNT, 1..5).prop_map(Selection::of_nodes),
        (0..COUNT).prop_map(|first| Selection::of([first..=COUNT - 1])),
    ]
}

fn change() -> impl Strategy<Value = LinkChange> {
    let share = || option::of(0_u32..=1_000_000);
    let latency = || option::of((0_u64..60_000_000).prop_map(Duration::from_micros));
    (latency(), latency(), share(), option::of(125_u64..12_500_000_000), share(), share(), share()).prop_map(
        |(latency, jitter, loss, bandwidth, reorder, duplicate, corrupt)| LinkChange {
            latency,
            jitter,
            loss,
            bandwidth,
            reorder,
            duplicate,
            corrupt,
            cut: None,
        },
    )
}

/// A change that changes something.
fn cutting() -> impl Strategy<Value = LinkChange> {
    (change(), any::<bool>()).prop_map(|(change, cut)| LinkChange { cut: Some(cut), ..change })
}

fn profiles() -> impl Strategy<Value = Option<Profile>> {
    option::of(select(Profile::ALL.to_vec()))
}

fn topology() -> impl Strategy<Value = Topology> {
    let even = || select(vec![2_u32, 4, 6]);
    prop_oneof![
        Just(Topology::Line),
        Just(Topology::Ring),
        Just(Topology::Star),
        option::of(2_u32..COUNT).prop_map(|degree| Topology::Mesh { degree }),
        (1_u32..9).prop_map(|arity| Topology::Tree { arity }),
        option::of(1_u32..9).prop_map(|width| Topology::Grid { width }),
        (2_u32..COUNT).prop_map(|degree| Topology::Random { degree }),
        (even(), 0_u32..=1_000_000).prop_map(|(degree, rewire)| Topology::SmallWorld { degree, rewire }),
        (1_u32..COUNT).prop_map(|degree| Topology::ScaleFree { degree }),
        (1..COUNT, 0..REGIONS.len() - 1, 1_u32..9, 1_u32..9).prop_map(|(first, place, degree, bridges)| {
            let region =
                |place: usize, nodes| Region { place: Place::named(REGIONS[place]).unwrap(), nodes: Selection::of([nodes]) };
            let regions = vec![region(place, 0..=first - 1), region(place + 1, first..=COUNT - 1)];
            Topology::Regions { regions, degree, bridges }
        }),
        (1..COUNT).prop_map(|last| {
            let mut edges: Vec<_> = (1..COUNT).map(|node| (node - 1, node)).chain([(0, last)]).collect();
            edges.sort_unstable();
            edges.dedup();
            Topology::Edges(edges)
        }),
    ]
}

/// `late` are those that do not run from the start.
fn fault(late: Selection) -> impl Strategy<Value = (Fault, bool)> {
    let undone = prop_oneof![
        (some(), some(), any::<bool>(), cutting()).prop_map(|(from, to, both_ways, change)| Fault::Link {
            from,
            to,
            both_ways,
            change
        }),
        (1..COUNT)
            .prop_map(|cut| Fault::Partition { groups: vec![Selection::of([0..=cut - 1]), Selection::of([cut..=COUNT - 1])] }),
        some().prop_map(Fault::Pause),
        some().prop_map(Fault::Kill),
        some().prop_map(Fault::Leave),
        some().prop_map(Fault::DiskFull),
        (some(), time(1, 86_400_000), any::<bool>()).prop_map(|(nodes, by, back)| Fault::ClockSkew { nodes, by, back }),
    ];
    prop_oneof![
        7 => undone.prop_map(|fault| (fault, true)),
        1 => some().prop_map(|who| (Fault::Restart(who), false)),
        1 => Just((Fault::Join(late), false)),
    ]
}

fn timeline() -> impl Strategy<Value = Vec<TimelineEntry>> {
    let late = Selection::of([PLAIN..=COUNT - 1]);
    let entry = (time(0, RUN / 2), fault(late), option::of(time(1, RUN / 2)))
        .prop_map(|(at, (fault, undone), lasts)| TimelineEntry { at, fault, lasts: lasts.filter(|_| undone) });
    proptest::collection::vec(entry, 0..6).prop_map(|mut entries| {
        entries.sort_by_key(|entry| entry.at);
        entries
    })
}

fn misbehaviour() -> impl Strategy<Value = Misbehaviour> {
    prop_oneof![
        time(1, 60_000).prop_map(Misbehaviour::Slow),
        (1_u32..100_000).prop_map(Misbehaviour::Spam),
        select(vec![
            Misbehaviour::Silent,
            Misbehaviour::InvalidBlocks,
            Misbehaviour::InvalidTransactions,
            Misbehaviour::HeaderFlood,
            Misbehaviour::Withholding,
            Misbehaviour::Equivocation,
            Misbehaviour::StaleAnnouncer,
            Misbehaviour::SlowLoris,
            Misbehaviour::BanBaiting,
        ]),
    ]
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let what = select(vec![
        What::SameTip,
        What::Height,
        What::Synced,
        What::Bans,
        What::Reputation,
        What::BlockPropagation { percentile: 50 },
        What::TransactionPropagation { percentile: 95 },
        What::DuplicatesPerDelivery,
        What::BytesPerBlock,
        What::Memory,
        What::Events { kind: "reorg".to_owned() },
        What::TransactionsMined,
    ]);
    let when = prop_oneof![Just(When::AtEnd), time(1, RUN).prop_map(When::By), time(0, RUN).prop_map(When::From)];
    (what, some(), 0_u64..1 << 40, option::of(0_u64..1 << 40), when).prop_map(|(what, nodes, least, more, when)| {
        let unit = Unit::of(&what);
        let number = |number: u64| match unit {
            Unit::None => None,
            Unit::Count | Unit::Size => Some(number as f64),
            Unit::Number => Some(number as f64 / 64.0 - 9.5),
            Unit::Time => Some(Duration::from_micros(number).as_secs_f64()),
        };
        let bounds = Bounds { at_least: number(least), at_most: more.and_then(|more| number(least + more)) };
        // Named adversaries are not expected to go along, and what is measured of the whole network names nobody.
        let all = matches!(
            what,
            What::SameTip
                | What::Synced
                | What::Memory
                | What::TransactionsMined
                | What::BlockPropagation { .. }
                | What::TransactionPropagation { .. }
        );
        let nodes = if all { Selection::All } else { nodes };
        Expectation { what, nodes, bounds, when }
    })
}

prop_compose! {
    fn settings()(max_inbound in option::of(0_u32..1_000), max_outbound in option::of(0_u32..1_000), peer_exchange: Option<bool>, kademlia: Option<bool>, public: Option<bool>, networks in option::of(1_u32..1_000)) -> Settings {
        let timing = public.map(|public| if public { TimingName::Public } else { TimingName::Lab });
        Settings { max_inbound, max_outbound, peer_exchange, kademlia, timing, networks }
    }
}

prop_compose! {
    fn nodes_of_all_kinds()(
        mining in option::of((some(), 1_u64..10_000_000, time(100, 3_600_000))),
        settings in settings(),
        own in settings(),
        name in "[a-m][a-z0-9_-]{0,9}",
        starts in prop_oneof![Just(Selection::of([0..=PLAIN - 1])), Just(Selection::of([2..=PLAIN - 1])), Just(Selection::Some(Vec::new()))],
    ) -> Nodes {
        // Not a name with a meaning of its own, nor a region's.
        let name = format!("g-{name}");
        Nodes {
            count: COUNT,
            mining: mining.map(|(nodes, tries_per_second, block_time)| Mining { nodes, tries_per_second, block_time }),
            starts,
            settings,
            groups: vec![Group { name, nodes: PLAIN..COUNT, settings: own }],
        }
    }
}

prop_compose! {
    fn preset()(
        (title, about, seed, simulated) in (text(), text(), any::<u64>(), any::<bool>()),
        nodes in nodes_of_all_kinds(),
        (blocks, holders, max_transactions) in (0_u32..1_000_000, some(), 1_u32..=10_000),
        topology in topology(),
        links in (profiles(), change()),
        between in proptest::collection::vec((some(), some(), any::<bool>(), profiles(), cutting()), 0..3),
        rate in prop_oneof![Just(0.0), 0.0..1_000.0_f64],
        timeline in timeline(),
        adversary in option::of(((0..COUNT).prop_map(|node| Selection::of_nodes([node])), misbehaviour())),
        expectations in proptest::collection::vec(expectation(), 0..5),
    ) -> Preset {
        let rule = |(from, to, both_ways, profile, change)| LinkRule { from, to, both_ways, profile, change };
        let mut preset = Preset {
            name: "mine".to_owned(),
            title,
            about,
            seed,
            engine: if simulated { EngineKind::Simulation } else { EngineKind::Sockets },
            duration: Some(Duration::from_millis(RUN)),
            nodes,
            chain: Chain { blocks, nodes: holders, max_transactions },
            topology,
            links: Links { profile: links.0, change: links.1, between: between.into_iter().map(rule).collect() },
            traffic: TrafficRate { transactions_per_second: rate },
            timeline,
            adversaries: adversary.into_iter().map(|(nodes, misbehaviour)| Adversaries { nodes, misbehaviour }).collect(),
            expectations,
        };
        // Where nodes stay with their links, others cannot change.
        let (edges, seeking) = (preset.edges(seed), preset.nodes.seek_peers());
        preset.timeline.retain(|entry| {
            let Fault::Link { from, to, .. } = &entry.fault else { return true };
            let joins = |a: u32, b: u32| from.contains(a) && to.contains(b);
            seeking || edges.iter().any(|(a, b)| joins(*a, *b) || joins(*b, *a))
        });
        preset
    }
}

proptest! {
    #[test]
    fn any_preset_is_read_as_it_was_written(preset in preset()) {
        let text = preset.to_toml();
        let read = Preset::parse("mine", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&read, &preset, "{}", text);
        // A seed past 2^63 is a number to our reader, and none to TOML's own tables.
        if let Ok(table) = text.parse::<toml::Table>() {
            let faults = crate::cluster::schema::tests::faults(&crate::cluster::schema(), &serde_json::to_value(table).unwrap());
            prop_assert!(faults.is_empty(), "{:?}\n{}", faults, text);
        }
    }
}

#[test]
fn built_in_presets_are_read_as_they_are_written() {
    for (name, _) in BUILT_IN {
        let preset = Preset::find(name).unwrap();
        let text = preset.to_toml();
        assert_eq!(Preset::parse(name, &text).unwrap_or_else(|error| panic!("{error}\n{text}")), preset);
    }
}

#[test]
fn it_is_written_as_people_write() {
    let wanted = r#"title = "Partition and heal"
about = "Two halves mine apart for a minute, then meet: one tip, nobody banned. Watch two tips grow, and the shorter branch go."
seed = 42
engine = "simulation"
duration = "3m"

[nodes]
count = 12
mining = { nodes = "n0..n3, n6..n8", seal = "work", block_time = "5s", tries_per_second = 50 }

[topology]
kind = "small-world"
degree = 4
rewire = "10%"

[links]
profile = "home"

[[links.between]]
from = "n0..n5"
to = "n6..n11"
latency = "80ms"

[traffic]
transactions_per_second = 5.0

[[timeline]]
at = "30s"
fault = { partition = [["n0..n5"], ["n6..n11"]], for = "1m" }
"#;
    let text = Preset::find("partition-heal").unwrap().to_toml();
    assert!(text.starts_with(wanted), "{text}");
}
