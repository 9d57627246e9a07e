//! What a person gets to read who slipped on the command line: one sentence that names the argument and what to do.

mod common;

use common::{Fleet, PATIENCE};
use predicates::prelude::*;
use predicates::str::contains;
use std::net::TcpListener;

/// Runs the binary to its end; refuses to wait for one that runs on.
fn rumormill(arguments: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::from_std(common::rumormill()).args(arguments).timeout(PATIENCE).assert()
}

/// A wrong argument: exit code 2, and all of these words on stderr.
fn refused(arguments: &[&str], words: &[&str]) {
    fails(2, arguments, words);
}

/// Something that this machine does not allow: exit code 1, and all of these words on stderr, in one sentence.
fn not_possible(arguments: &[&str], words: &[&str]) {
    let assert = fails(1, arguments, words);
    let errors = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert_eq!(errors.lines().count(), 1, "more than one sentence: {errors}");
    assert!(errors.starts_with("error: "), "{errors}");
}

fn fails(code: i32, arguments: &[&str], words: &[&str]) -> assert_cmd::assert::Assert {
    let mut assert = rumormill(arguments).code(code).stderr(contains("panicked").not()).stderr(contains("\u{1b}").not());
    for word in words {
        assert = assert.stderr(contains(*word));
    }
    assert
}

#[test]
fn a_wrong_port_is_named() {
    refused(&["node", "65536"], &["65536", "[PORT]", "1 to 65535"]);
    refused(&["node", "-1"], &["-1", "[PORT]", "1 to 65535"]);
    refused(&["node", "http"], &["http", "[PORT]", "not a port"]);
    refused(&["node", "127.0.0.1:8080"], &["[PORT]", "the port to listen on comes first"]);
}

#[test]
fn a_wrong_peer_is_named() {
    refused(&["node", "0", "127.0.0.1"], &["127.0.0.1", "[PEER]", "the port is missing", "host:port"]);
    refused(&["node", "0", "127.0.0.1:8080", "127.0.0.1:99999"], &["127.0.0.1:99999", "[PEER]", "out of range"]);
    refused(&["node", "0", "::1"], &["[PEER]", "[::1]:8080"]);
    refused(&["node", "0", "300.0.0.1:80"], &["300.0.0.1:80", "[PEER]", "no IPv4 address"]);
}

#[test]
fn other_wrong_values_are_named() {
    refused(&["node", "0", "--listen", "127.0.0.1:80"], &["--listen", "first argument"]);
    refused(&["node", "0", "--tries", "0"], &["--tries", "--no-mine"]);
    refused(&["node", "0", "--tries", "10", "--no-mine"], &["--tries", "--no-mine", "cannot be used with"]);
    refused(&["node", "0", "--ephemeral", "--data-dir", "x"], &["--ephemeral", "--data-dir"]);
    refused(&["node", "0", "--name", "a name"], &["--name", "are allowed"]);
    refused(&["node", "0", "--theme", "plaid"], &["--theme", "plaid", "high-contrast"]);
    refused(&["node", "0", "--colour"], &["--colour"]);
    refused(&["cluster", "--duration", "30"], &["--duration", "30s"]);
    refused(&["cluster", "--seed", "x"], &["--seed"]);
    refused(&[], &["Usage"]);
}

#[test]
fn a_wrong_preset_is_shown_with_line_and_caret() {
    refused(&["cluster", "ring-9"], &["PRESET", "ring-9", "hello, ring-8"]);
    refused(&["cluster", "./no/such.toml"], &["PRESET", "./no/such.toml", "cannot read"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let text = "title = \"Mine\"\nabout = \"\"\nseed = 1\nspeed = 3\n\n[nodes]\ncount = 3\n\n[topology]\nkind = \"line\"\n";
    std::fs::write(&path, text).unwrap();
    refused(
        &["cluster", path.to_str().unwrap()],
        &["PRESET", "mine.toml:4:1", "speed = 3", "^^^^^", "unknown key `speed`", "did you mean `seed`?"],
    );
    std::fs::write(&path, text.replace("speed = 3", "").replace("count = 3", "count = 0")).unwrap();
    refused(&["cluster", path.to_str().unwrap()], &["mine.toml:7:9", "count = 0", "^", "1 at least"]);
}

#[test]
fn presets_are_listed_shown_and_checked() {
    rumormill(&["preset", "list"]).code(0).stdout(contains("ring-8").and(contains("Partition and heal")));
    rumormill(&["preset", "schema"]).code(0).stdout(contains("2020-12"));
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.toml"), folder.path().join("bad.toml"));
    let shown = rumormill(&["preset", "show", "partition-heal"]).code(0).get_output().stdout.clone();
    std::fs::write(&good, &shown).unwrap();
    let text = String::from_utf8(shown).unwrap();
    std::fs::write(&bad, text.replace("seed = 42", "sead = 42").replace("\"home\"", "\"hime\"").replace("n6..n11", "n6..n12"))
        .unwrap();
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    rumormill(&["preset", "check", good, "hello"]).code(0).stdout(contains("ok: ").count(2).and(contains("12 nodes")));
    let words = ["has 4 mistakes", "did you mean `seed`?", "did you mean `home`?", "there is no n12", "bad.toml:3:1"];
    fails(2, &["preset", "check", bad, good], &words).stdout(contains("ok: ").count(1));
    refused(&["preset", "show", "ring-9"], &["PRESET", "did you mean \"ring-8\"?"]);
    refused(&["preset", "check"], &["PRESET"]);
    refused(&["preset"], &["Usage", "check"]);
}

#[test]
fn a_wrong_file_is_shown_with_line_and_nearest_name_beside_wrong_variables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.toml");
    std::fs::write(&path, "port = 9000\nmax_inbond = 3\nmax_outbound = 5000\n").unwrap();
    let node = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = common::rumormill();
        command
            .args(["node", "--config", path.to_str().unwrap(), "--print-config"])
            .args(arguments)
            .envs(variables.iter().copied());
        assert_cmd::Command::from_std(command).timeout(PATIENCE).assert().stderr(contains("panicked").not())
    };
    let mut assert = node(&[("RUMORMILL_MIN_PEERS", "9999"), ("RUMORMILL_PROT", "1")], &[]).code(2).stdout("");
    for words in [
        "the configuration has 4 mistakes",
        "node.toml:2:1",
        "max_inbond = 3",
        "^^^^^^^^^^ did you mean `max_inbound`?",
        "node.toml:3:16",
        "^^^^ wanted: a whole number, 0 to 1000",
        "RUMORMILL_MIN_PEERS is \"9999\": wanted: a whole number, 0 to 1000",
        "unknown variable RUMORMILL_PROT: did you mean RUMORMILL_PORT?",
    ] {
        assert = assert.stderr(contains(words));
    }
    node(&[], &["--max-inbound", "1001"]).code(2).stderr(contains("--max-inbound <N>").and(contains("0 to 1000")));
    node(&[], &["--max-inbund", "1"]).code(2).stderr(contains("--max-inbund").and(contains("--max-inbound")));
    refused(&["node", "--config", "/no/such.toml"], &["--config", "/no/such.toml", "no file"]);
    refused(&["node", "--transport", "ssl"], &["--transport", "ssl", "noise, tls, plain"]);
    refused(&["node", "--ephemeral", "--profile", "public", "--transport", "plain"], &["--transport", "--profile", "noise"]);
}

#[test]
fn the_printed_configuration_says_where_from_and_can_be_saved_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let path = folder.path().join("node.toml");
    std::fs::write(&path, "port = 0\nname = \"bob\"\nmax_inbound = 7\n").unwrap();
    let mut command = common::rumormill();
    command
        .args(["node", "--data-dir", data, "--print-config", "--no-mine", "--max-outbound", "5"])
        .env("RUMORMILL_MIN_PEERS", "2");
    let assert = assert_cmd::Command::from_std(command).timeout(PATIENCE).assert().code(0).stderr("");
    let printed = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let line = |key: &str| printed.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key}: {printed}"));
    for (key, value, origin) in [
        ("name", "= \"bob\"", "node.toml:2"),
        ("max_inbound", "= 7", "node.toml:3"),
        ("min_peers", "= 2", "# RUMORMILL_MIN_PEERS"),
        ("max_outbound", "= 5", "# --max-outbound"),
        ("mine", "= false", "# --no-mine"),
        ("data_dir", data, "# --data-dir"),
        ("transport", "= \"noise\"", "# default"),
    ] {
        assert!(line(key).contains(value) && line(key).ends_with(origin), "{}", line(key));
    }
    assert!(!folder.path().join("identity.key").exists(), "printing makes nothing");
    std::fs::write(&path, &printed).unwrap();
    let mut fleet = Fleet::new();
    let node = fleet.start(&["--data-dir", data]);
    assert!(!fleet.known[node].address.is_empty());
    assert!(folder.path().join("identity.key").exists());
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    not_possible(&["node", &port, "--ephemeral", "--headless"], &["PORT", &format!("127.0.0.1:{port}"), "another port"]);
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    // An address for documentation (RFC 5737): no machine has it.
    not_possible(&["node", "0", "--listen", "192.0.2.1", "--ephemeral", "--headless"], &["--listen", "192.0.2.1"]);
}

#[test]
fn a_host_name_that_does_not_resolve_is_named() {
    // A name that is reserved to be no one's (RFC 6761).
    not_possible(
        &["node", "0", "nobody.invalid:8080", "--ephemeral", "--headless"],
        &["PEER nobody.invalid:8080", "does not resolve", "check its spelling"],
    );
}

#[test]
fn a_data_directory_that_cannot_be_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    // Below a file: not even root may create that.
    let below = file.join("data");
    not_possible(&["node", "0", "--headless", "--data-dir", below.to_str().unwrap()], &["--data-dir", "file", "cannot write"]);
}

#[test]
fn a_data_directory_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let mut fleet = Fleet::new();
    fleet.start(&["0", "--data-dir", folder, "--no-mine"]);
    not_possible(&["node", "0", "--headless", "--data-dir", folder], &["--data-dir", folder, "another"]);
}

#[test]
fn a_data_directory_of_another_chain_is_named() {
    use rumormill::{chain::ChainSpec, store::DiskStore};
    let folder = tempfile::tempdir().unwrap();
    let lab = ChainSpec::lab();
    drop(DiskStore::open(folder.path(), &ChainSpec { reward: lab.reward + 1, ..lab }).unwrap());
    let folder = folder.path().to_str().unwrap();
    not_possible(&["node", "0", "--headless", "--data-dir", folder], &["--data-dir", folder, "genesis", "another"]);
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["node", "--help"], &["cluster", "--help"]] {
        rumormill(arguments)
            .code(0)
            .stdout(contains("Examples").and(contains("rumormill node").or(contains("rumormill cluster"))));
    }
    rumormill(&["--version"]).code(0).stdout(contains(env!("CARGO_PKG_VERSION")));
}
