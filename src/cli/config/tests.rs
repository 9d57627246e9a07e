//! What is said where, which word is the stronger, what is refused, and that the printed result gives the same again.

use super::keys::{Argument, TABLE};
use super::*;
use clap::{Args, Command, FromArgMatches};
use proptest::prelude::*;
use std::path::Path;

fn said(words: &[&str]) -> ConfigArguments {
    let command = ConfigArguments::augment_args(Command::new("node")).no_binary_name(true);
    let matches = command.try_get_matches_from(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    ConfigArguments::from_arg_matches(&matches).unwrap()
}

fn gather_in(place: &Path, words: &[&str], variables: &[(&str, &str)]) -> Result<Configuration, String> {
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Configuration::gather(&said(words), variables, |port| Some(place.join(port.to_string()))).map_err(|failure| {
        assert!(matches!(failure, Failure::Argument(_)), "exit code 2");
        failure.to_string()
    })
}

/// With no file anywhere.
fn gather(words: &[&str], variables: &[(&str, &str)]) -> Result<Configuration, String> {
    gather_in(Path::new("/there/is/no/such/folder"), words, variables)
}

/// With this file, named.
fn with_file(text: &str, words: &[&str], variables: &[(&str, &str)]) -> Result<Configuration, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, text).unwrap();
    let mut all = vec!["--config", path.to_str().unwrap()];
    all.extend(words);
    let result = gather(&all, variables);
    let shown = path.display().to_string();
    result.map_err(|error| error.replace(&shown, "mine.toml"))
}

#[test]
fn the_table_has_every_key_once_in_their_order() {
    for (place, row) in TABLE.iter().enumerate() {
        assert_eq!(row.key as usize, place, "{}", row.name);
        assert!(std::ptr::eq(row.key.row(), row));
        assert_eq!(TABLE.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
        assert!(row.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        for profile in Profile::ALL {
            let default = (row.default)(profile);
            assert_eq!(default.is_none(), !row.unset.is_empty(), "{}: a value, or words for none", row.name);
            // A default is itself something that may be said.
            if let Some(default) = default {
                let line = format!("{} = {default}\n", row.name);
                let read = with_file(&line, &[], &[]).unwrap();
                assert_eq!(read.draft.value(row.key), Some(&default), "{line}");
            }
        }
    }
}

#[test]
fn of_file_variable_and_argument_the_later_is_the_stronger() {
    let file = "max_inbound = 10\n\nmax_outbound = 11\nmin_peers = 4\n";
    let variables = [("RUMORMILL_MAX_INBOUND", "20"), ("RUMORMILL_MAX_OUTBOUND", "21"), ("HOME", "/root")];
    let read = with_file(file, &["--max-inbound", "30"], &variables).unwrap();
    let settings = &read.settings;
    assert_eq!((settings.max_inbound, settings.max_outbound, settings.min_peers), (30, 21, 4));
    let printed = read.print();
    let line = |key: &str| printed.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("max_inbound").ends_with("# --max-inbound"), "{printed}");
    assert!(line("max_outbound").ends_with("# RUMORMILL_MAX_OUTBOUND"), "{printed}");
    assert!(line("min_peers").ends_with("mine.toml:4"), "{printed}");
    assert!(line("listen").ends_with("# default"), "{printed}");
    assert!(line("max_per_ip").ends_with("# profile lab"), "{printed}");
}

#[test]
fn a_profile_brings_its_own_defaults_which_any_word_overrules() {
    use crate::node::{AddressScope, Timing};
    let public = gather(&["--profile", "public"], &[]).unwrap();
    let node = public.settings.node(Vec::new());
    assert_eq!((node.timing, node.address_scope, node.max_per_ip), (Timing::PUBLIC, AddressScope::Routable, Some(4)));
    assert!(public.settings.warnings().iter().any(|warning| warning.contains("--listen 0.0.0.0")));
    let lab = gather(&[], &[]).unwrap();
    let node = lab.settings.node(Vec::new());
    assert_eq!((node.timing, node.address_scope, node.max_per_ip), (Timing::LAB, AddressScope::Any, None));
    assert!(lab.settings.warnings().is_empty());
    let own = with_file("profile = \"public\"\nmax_per_ip = \"unlimited\"\nlisten = \"0.0.0.0\"", &[], &[]).unwrap();
    assert_eq!(own.settings.max_per_ip, None);
    assert!(own.settings.warnings().is_empty());
}

#[test]
fn every_argument_reaches_the_node() {
    let words = "--mine --tries 7 --data-dir /d --name alice --dns-seed a.example --dns-seed b.example:1,c.example --no-peer-exchange \
                 --no-kademlia --listen 0.0.0.0 --upnp --max-inbound 5 --max-outbound 6 --min-peers 2 --max-per-ip 3 --transport plain \
                 9000 127.0.0.1:1 127.0.0.1:2,127.0.0.1:1";
    let words: Vec<&str> = words.split_whitespace().collect();
    let settings = gather(&words, &[]).unwrap().settings;
    assert_eq!(settings.listen, "0.0.0.0:9000".parse().unwrap());
    assert_eq!(settings.peers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.1:1", "127.0.0.1:2"]);
    assert_eq!((settings.home.clone(), settings.name.as_deref()), (Place::Folder("/d".into()), Some("alice")));
    assert_eq!((settings.upnp, settings.transport), (true, crate::net::Transport::Plain));
    let node = settings.node(Vec::new());
    assert_eq!(node.mining.map(|mining| mining.tries_per_second), Some(7));
    assert_eq!(node.discovery.dns_seeds, ["a.example", "b.example:1", "c.example"]);
    assert!(!node.discovery.exchange && !node.discovery.kademlia);
    assert_eq!((node.max_inbound, node.max_outbound, node.min_peers, node.max_per_ip), (5, 6, 2, Some(3)));
    assert_eq!(gather(&["--no-mine"], &[]).unwrap().settings.node(Vec::new()).mining, None);
}

#[test]
fn each_way_to_find_others_can_be_turned_off_in_each_place() {
    let discovery = |file: &str, words: &[&str], variables: &[(&str, &str)]| {
        let discovery = with_file(file, words, variables).unwrap().settings.node(Vec::new()).discovery;
        (discovery.bootstrap, discovery.exchange, discovery.kademlia)
    };
    assert_eq!(discovery("", &[], &[]), (true, true, true));
    assert_eq!(discovery("", &["--no-bootstrap"], &[]), (false, true, true));
    assert_eq!(discovery("bootstrap = false", &["--no-peer-exchange"], &[("RUMORMILL_KADEMLIA", "off")]), (false, false, false));
    assert_eq!(discovery("kademlia = false", &["--bootstrap"], &[("RUMORMILL_BOOTSTRAP", "off")]), (true, true, false));
    // Peers that a weaker place names are let be, and not even looked up.
    let off = with_file("peers = [\"no-such-host.invalid:1\"]", &["--no-bootstrap"], &[]).unwrap();
    assert_eq!(off.settings.peers, []);
    let printed = off.print();
    let line = |key: &str| printed.lines().find(|line| line.trim_start_matches("# ").starts_with(key)).unwrap().to_owned();
    assert!(line("bootstrap").starts_with("bootstrap = false") && line("bootstrap").ends_with("# --no-bootstrap"), "{printed}");
    assert!(line("peers").starts_with("# peers") && line("peers").ends_with("and they are not dialled"), "{printed}");
}

#[test]
fn a_switch_overrules_a_file_both_ways_and_the_last_one_counts() {
    let file = "mine = false\nephemeral = true\n";
    let settings = with_file(file, &["--mine", "--no-ephemeral"], &[]).unwrap().settings;
    assert!(settings.mining.is_some() && settings.home == Place::Default);
    assert!(gather(&["--no-mine", "--mine"], &[]).unwrap().settings.mining.is_some());
    assert!(gather(&["--mine", "--no-mine"], &[]).unwrap().settings.mining.is_none());
}

#[test]
fn all_mistakes_of_file_and_variables_are_told_at_once() {
    let file = "max_inbond = 3\nport = 70000\nlisten = 5\npeers = [\"127.0.0.1:1\", \"here\"]\ntransport = \"nois\"\nmine = 1\n";
    let variables = [("RUMORMILL_MAX_OUTBOUND", "-1"), ("RUMORMILL_DNS_SEED", "x"), ("RUMORMILL_UPNP", "perhaps")];
    let error = with_file(file, &[], &variables).unwrap_err();
    let wanted = [
        "the configuration has 9 mistakes:",
        "error: unknown key `max_inbond`\n --> mine.toml:1:1",
        "did you mean `max_inbound`?",
        "error: `port` is 70000\n --> mine.toml:2:8",
        "choose a port from 1 to 65535",
        "`listen` is 5\n --> mine.toml:3:10",
        "\"here\": the port is missing",
        "did you mean `noise`? allowed: noise, tls, plain",
        "`mine` is 1\n --> mine.toml:6:8",
        "wanted: true or false",
        "error: RUMORMILL_MAX_OUTBOUND is \"-1\": wanted: a whole number, 0 to 1000",
        "error: unknown variable RUMORMILL_DNS_SEED: did you mean RUMORMILL_DNS_SEEDS?",
        "error: RUMORMILL_UPNP is \"perhaps\": wanted: true or false",
    ];
    for words in wanted {
        assert!(error.contains(words), "{words:?} is not in:\n{error}");
    }
    assert_eq!(error.matches("error: ").count(), 9, "{error}");
}

#[test]
fn what_is_no_toml_is_told_alone_and_hostile_files_break_nothing() {
    let error = with_file("port = = 3\nmine = false\ntries = 4\n", &[], &[]).unwrap_err();
    assert!(error.contains("this is not TOML") && error.contains("mine.toml:1"), "{error}");
    let mad = [
        "\u{feff}port = 70000",
        "port = 99999999999999999999999",
        "[port]\nx = 1",
        "port = -5",
        "peers = [[1]]",
        "\u{1b}[2J = 1",
    ];
    for text in mad {
        let error = with_file(text, &[], &[]).unwrap_err();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
    assert_eq!(with_file("\u{feff}port = 7000", &[], &[]).unwrap().settings.listen.port(), 7_000);
    let many: Vec<String> = (1..=101).map(|port| format!("127.0.0.1:{port}")).collect();
    let error = with_file(&format!("peers = {many:?}"), &[], &[]).unwrap_err();
    assert!(error.contains("101 are too many: 100 are allowed"), "{error}");
    let error = with_file(&format!("# {}", "x".repeat(300_000)), &[], &[]).unwrap_err();
    assert!(error.starts_with("--config: cannot read mine.toml: it is longer"), "{error}");
}

#[test]
fn values_that_do_not_go_together_are_refused_with_the_remedy() {
    let refused = |file: &str, words: &[&str], variables: &[(&str, &str)], wanted: &[&str]| {
        let error = with_file(file, words, variables).map(|good| good.print()).unwrap_err();
        for word in wanted {
            assert!(error.contains(word), "{word:?} is not in:\n{error}");
        }
    };
    refused("", &["--no-mine", "--tries", "5"], &[], &["--tries cannot be used with --no-mine"]);
    refused("mine = false\ntries = 5", &[], &[], &["mine.toml:2:1", "or say --mine"]);
    refused("mine = false", &["--tries", "5"], &[], &["--tries cannot be used with mine = false (mine.toml:1)"]);
    refused("", &["--ephemeral"], &[("RUMORMILL_EPHEMERAL", "yes"), ("RUMORMILL_PORT", "x")], &["RUMORMILL_PORT"]);
    refused("peers = [\"127.0.0.1:1\"]\nbootstrap = false", &[], &[], &["mine.toml:1:1", "not dialled", "or say --bootstrap"]);
    refused("", &["--no-bootstrap", "1", "127.0.0.1:1"], &[], &["PEER cannot be used with --no-bootstrap"]);
    refused(
        "",
        &["--data-dir", "x"],
        &[("RUMORMILL_EPHEMERAL", "1")],
        &["--data-dir cannot be used with RUMORMILL_EPHEMERAL=true"],
    );
    refused(
        "profile = \"public\"",
        &["--transport", "plain"],
        &[],
        &["--transport cannot be used", "noise or tls", "--profile lab"],
    );
    refused("upnp = true", &[], &[], &["mine.toml:1:1", "listen = \"127.0.0.1\"", "--listen 0.0.0.0"]);
    refused("min_peers = 9\nmax_inbound = 3", &[], &[("RUMORMILL_MAX_OUTBOUND", "5")], &["mine.toml:1:1", "allow 8 together"]);
    // A weaker word gives way.
    assert!(with_file("tries = 5", &["--no-mine"], &[]).is_ok());
    assert!(with_file("data_dir = \"x\"", &["--ephemeral"], &[]).is_ok());
    // Nobody asked for three peers here.
    assert_eq!(gather(&["--max-inbound", "1", "--max-outbound", "1"], &[]).unwrap().settings.min_peers, 2);
}

#[test]
fn the_file_in_the_data_directory_is_read_and_a_named_one_comes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("9000");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("node.toml"), "name = \"found\"\nport = 9001\n").unwrap();
    let read = gather_in(folder.path(), &["9000"], &[]).unwrap();
    assert_eq!(read.settings.name.as_deref(), Some("found"));
    assert_eq!(read.settings.home, Place::Folder(home.clone()));
    assert_eq!(read.settings.listen.port(), 9_000, "the argument is the stronger");
    assert_eq!(gather_in(folder.path(), &[], &[("RUMORMILL_PORT", "9000")]).unwrap().settings.name.as_deref(), Some("found"));
    let by_folder = gather_in(Path::new("/nowhere"), &["--data-dir", home.to_str().unwrap()], &[]).unwrap();
    assert_eq!((by_folder.settings.listen.port(), by_folder.settings.name.as_deref()), (9_001, Some("found")));
    assert_eq!(
        gather_in(folder.path(), &["9000", "--ephemeral"], &[]).unwrap().settings.name,
        None,
        "nothing on disk is looked at"
    );

    let named = folder.path().join("named.toml");
    std::fs::write(&named, "name = \"named\"\ndata_dir = \"data\"\n").unwrap();
    let variables = [("RUMORMILL_CONFIG", named.to_str().unwrap())];
    let read = gather_in(folder.path(), &["9000"], &variables).unwrap();
    assert_eq!(read.settings.name.as_deref(), Some("named"));
    assert_eq!(read.settings.home, Place::Folder(folder.path().join("data")), "relative to the file");
    for (words, variables, wanted) in [
        (&["--config", "/no/such.toml"][..], &variables[..], "--config: there is no file /no/such.toml"),
        (&[], &[("RUMORMILL_CONFIG", "/no/such.toml")], "RUMORMILL_CONFIG: there is no file"),
        (&[], &[("RUMORMILL_CONFIG", "")], "RUMORMILL_CONFIG is empty"),
    ] {
        let error = gather(words, variables).unwrap_err();
        assert!(error.contains(wanted), "{error}");
    }
    std::fs::write(home.join("node.toml"), "data_dir = \"../elsewhere\"\n").unwrap();
    let error = gather_in(folder.path(), &["9000"], &[]).unwrap_err();
    assert!(error.contains("node.toml:1:1") && error.contains("names another folder"), "{error}");
}

/// Something that may be said of each key, and the place in which it is said.
fn anything() -> impl Strategy<Value = Vec<(usize, String, u8)>> {
    let of = |texts: &[&str]| prop::sample::select(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).boxed();
    let texts: Vec<_> = TABLE
        .iter()
        .map(|row| match row.key {
            Key::Profile => of(&["lab", "public"]),
            Key::Port => (0..=u16::MAX).prop_map(|port| port.to_string()).boxed(),
            Key::Peers => of(&["", "127.0.0.1:1", "[::1]:80,host-1.example:9", "10.0.0.1:65535,10.0.0.2:1,a:1"]),
            Key::Listen => of(&["127.0.0.1", "0.0.0.0", "::", "::1", "192.168.1.2"]),
            Key::Transport => of(&["noise", "tls", "plain"]),
            Key::Tries => (1..=super::super::values::MAX_TRIES).prop_map(|tries| tries.to_string()).boxed(),
            Key::DataDir => of(&["/tmp/a place", "/tmp/\"quoted\"", "/tmp/ümlaut\\x", "/tmp/line\nend # x", "/"]),
            Key::Name => of(&["alice", "a-b_c.d", "0"]),
            Key::DnsSeeds => of(&["", "seed.example.org", "a.example:1,b.example"]),
            Key::MaxInbound | Key::MaxOutbound | Key::MinPeers => (0..=1_000_u64).prop_map(|count| count.to_string()).boxed(),
            Key::MaxPerIp => of(&["unlimited", "1", "1000"]),
            Key::Mine | Key::Ephemeral | Key::Bootstrap | Key::PeerExchange | Key::Kademlia | Key::Upnp => of(&["true", "false"]),
        })
        .collect();
    let places = prop::collection::vec(0_u8..5, TABLE.len());
    (texts, places).prop_map(|(texts, places)| {
        texts.into_iter().zip(places).enumerate().map(|(row, (text, place))| (row, text, place)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Printed, read and printed again: the same settings, and from the second time on the same text.
    #[test]
    fn what_is_printed_gives_the_same_again(said in anything()) {
        let (mut file, mut variables, mut words, mut places) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, text, place) in &said {
            let row = &TABLE[*row];
            let value = row.shape.read(text).unwrap();
            match (place, row.argument) {
                (1, _) => file.push_str(&format!("{} = {value}\n", row.name)),
                (2, _) => variables.push((row.variable(), text.clone())),
                // No word stands for an empty list there.
                (3, _) if text.is_empty() => {}
                (3, Argument::Place(_)) => places.push(text.clone()),
                (3, Argument::Long(..)) => words.extend([row.said(&value), text.clone()]),
                (3, Argument::Switch(..)) => words.push(row.said(&value)),
                _ => {}
            }
        }
        // Peers by their place come after a port.
        if places.first().is_some_and(|first| first.contains(':')) {
            places.insert(0, "8080".to_owned());
        }
        words.extend(places);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let first = match with_file(&file, &words, &variables) {
            Ok(first) => first,
            Err(error) => {
                prop_assert!(error.contains("cannot be used with") || error.contains("than there may be"), "{}", error);
                return Ok(());
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        let again = |text: &str| {
            std::fs::write(&path, text).unwrap();
            gather(&["--config", path.to_str().unwrap()], &[])
        };
        let second = again(&first.print()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&first.settings, &second.settings);
        let third = again(&second.print()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&second.settings, &third.settings);
        // What has no effect is not kept; from then on nothing changes any more.
        let fourth = again(&third.print()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(third.print(), fourth.print());
    }

    #[test]
    fn no_file_and_no_variable_makes_it_panic(text: String, name in "[A-Z_]{0,20}", value: String) {
        let _ = File::parse(Path::new("x"), text);
        let variable = (OsString::from(format!("RUMORMILL_{name}")), OsString::from(value.replace('\0', "")));
        let _ = environment::read([variable].into_iter());
    }
}
