//! The house's rules, held by walking its files: who may know whom, how long a file may be, what the deterministic rooms may not
//! touch, no unsafe code, and a reason beside each dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms of `src/` may use which others. `ui` stands for the dashboard's crate.
///
/// A lower room never knows a higher one: the node knows no driver, the chain no peer, the dashboard nothing of the rest.
const MAY_USE: &[(&str, &[&str])] = &[
    ("chain", &[]),
    ("wire", &["chain"]),
    // What is stored is blocks and state; the store knows no node.
    ("store", &["chain", "panics"]),
    // The store's batches and errors; which store there is, a driver's caller decides.
    ("node", &["chain", "wire", "store"]),
    // How a link behaves; of the node it knows the time.
    ("link", &["node"]),
    ("net", &["node", "chain", "wire", "store", "link", "panics"]),
    ("sim", &["node", "chain", "wire", "store", "link"]),
    // Event and Time are the node's words; the model is the dashboard's. From the store the log takes one thing: how to make a
    // private folder.
    ("observe", &["node", "chain", "store", "ui"]),
    // What is wrong in a text needs no more than the text.
    ("reading", &[]),
    // What is caught is no matter of who caught it.
    ("panics", &[]),
    ("cluster", &["sim", "net", "node", "chain", "wire", "store", "link", "observe", "reading", "ui"]),
    ("cli", &["cluster", "reading", "net", "sim", "node", "chain", "wire", "store", "link", "rpc", "observe", "panics", "ui"]),
];

/// Rooms in which time, randomness and order must come from outside, or a seed would not give one history.
const DETERMINISTIC: &[&str] = &["chain", "wire", "node", "link", "sim"];

/// What the deterministic rooms may not touch, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("Instant::now", "time arrives as an argument"),
    ("SystemTime::now", "time arrives as an argument"),
    ("UNIX_EPOCH.elapsed", "time arrives as an argument"),
    ("HashMap", "its order is random: take a BTreeMap"),
    ("HashSet", "its order is random: take a BTreeSet"),
    ("thread_rng", "randomness comes from the node's seeded generator"),
    ("rand::rng(", "randomness comes from the node's seeded generator"),
    ("getrandom", "randomness comes from the node's seeded generator"),
];

/// Longest file without a reason, in lines.
const LONGEST: usize = 600;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// A source file, its path from the repository's root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// `src/chain/block.rs` is of the room `chain`; `src/main.rs` and `src/lib.rs` are of none.
    fn room(&self) -> Option<&str> {
        let mut parts = self.path.strip_prefix("src/")?.split('/');
        let room = parts.next()?;
        parts.next().map(|_| room)
    }

    fn is_test(&self) -> bool {
        let stem = self.path.trim_end_matches(".rs");
        stem.ends_with("_tests") || stem.ends_with("/tests") || self.path.contains("/tests/")
    }

    /// The code as the compiler sees it outside of tests: without comments, strings and the `#[cfg(test)]` items.
    fn code(&self) -> String {
        if self.is_test() { String::new() } else { without_tests(&without_comments(&self.text)) }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut paths);
    }
    paths.sort();
    let read = |path: PathBuf| Source {
        path: path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    paths.into_iter().map(read).collect()
}

/// Blanks out comments and the contents of strings; keeps the lines.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = string_length(rest) {
            length
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        };
        code.extend(rest[..length].chars().filter(|c| *c == '\n'));
        rest = &rest[length..];
    }
    code
}

/// Length of the string or character literal at the start, if one is there.
fn string_length(text: &str) -> Option<usize> {
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.bytes().take_while(|byte| *byte == b'#').count();
        let body = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(1 + hashes + 1 + body.find(&end).map_or(body.len(), |at| at + end.len()));
    }
    if let Some(character) = text.strip_prefix('\'') {
        // A lifetime has no closing quote near.
        let mut characters = character.char_indices();
        let (_, first) = characters.next()?;
        let closing = if first == '\\' {
            character[2..].find('\'').map(|at| at + 2)
        } else {
            characters.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at)
        };
        return closing.map(|at| at + 2);
    }
    let body = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(at + 2),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Some(text.len())
}

/// Leaves out each item behind `#[cfg(test)]`: to its semicolon, or to the end of its braces.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let mut depth = 0_usize;
        let end = item.char_indices().find_map(|(place, c)| match c {
            '{' => {
                depth += 1;
                None
            }
            '}' => {
                depth -= 1;
                (depth == 0).then_some(place + 1)
            }
            ';' if depth == 0 => Some(place + 1),
            _ => None,
        });
        rest = &item[end.unwrap_or(item.len())..];
    }
    kept.push_str(rest);
    kept
}

/// The rooms that this code names: in `use` lines, grouped ones too, and in inline paths.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for start in ["crate::", "rumormill::"] {
        for (at, _) in code.match_indices(start) {
            let standalone = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == ':');
            if standalone {
                used.extend(first_names(&code[at + start.len()..]));
            }
        }
    }
    if code.contains("rumormill_ui") {
        used.insert("ui".to_owned());
    }
    used
}

/// The first names of what follows `crate::`: one, or, in braces, several.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut names = Vec::new();
    let (mut depth, mut start) = (1, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            names.push(name(&group[start..at]));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn nobody_knows_whom_they_may_not_know() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources(&["src"]) {
        let Some(room) = source.room() else { continue };
        let Some(may) = allowed.get(room) else {
            wrong.push(format!("{}: the room {room} is not in MAY_USE", source.path));
            continue;
        };
        for used in rooms_used(&source.code()) {
            let is_room = used == "ui" || allowed.contains_key(used.as_str());
            if is_room && used != room && !may.contains(&used.as_str()) {
                wrong.push(format!("{}: {room} may not know {used}", source.path));
            }
        }
    }
    for source in sources(&["ui/src"]) {
        let code = source.code();
        for (stranger, why) in [("rumormill::", "the node's crate"), ("tokio", "an async runtime"), ("std::net", "a socket")] {
            if code.contains(stranger) {
                wrong.push(format!("{}: the dashboard may not know {why}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn main_only_calls_the_command_line() {
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 20, "src/main.rs does more than parse and call");
}

#[test]
fn files_tell_one_story() {
    let mut wrong = Vec::new();
    for source in sources(&["src", "ui/src", "tests", "ui/tests"]) {
        let lines = source.text.lines().count();
        let excused = LONGER.iter().any(|(path, reason)| *path == source.path && !reason.is_empty());
        if lines > LONGEST && !excused {
            wrong.push(format!("{} has {lines} lines: split it, or list it in LONGER with a reason", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_seed_gives_one_history() {
    let mut wrong = Vec::new();
    for source in sources(&["src"]) {
        if !source.room().is_some_and(|room| DETERMINISTIC.contains(&room)) {
            continue;
        }
        for (number, line) in source.code().lines().enumerate() {
            for (call, why) in FORBIDDEN {
                if line.contains(call) {
                    wrong.push(format!("{}:{}: {call}: {why}", source.path, number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_crate_allows_unsafe_code() {
    for file in ["src/lib.rs", "src/main.rs", "ui/src/lib.rs"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file} does not forbid unsafe code");
    }
    for source in sources(&["src", "ui/src", "tests"]) {
        let code = without_comments(&source.text);
        let unsafe_block = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "unsafe");
        assert!(!unsafe_block, "{} has unsafe code", source.path);
    }
}

#[test]
fn every_dependency_has_a_reason() {
    let mut wrong = Vec::new();
    for file in ["Cargo.toml", "ui/Cargo.toml"] {
        wrong.extend(
            dependencies_without_reason(&fs::read_to_string(root().join(file)).unwrap())
                .iter()
                .map(|name| format!("{file}: {name} has no comment before it")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names of dependencies that no comment line precedes.
fn dependencies_without_reason(manifest: &str) -> Vec<String> {
    let (mut wrong, mut in_dependencies, mut before) = (Vec::new(), false, "");
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies
            && let Some((name, _)) = line.split_once('=')
            && !line.starts_with([' ', '#', ']', '}'])
            && !before.starts_with('#')
        {
            wrong.push(name.trim().to_owned());
        }
        before = line;
    }
    wrong
}

/// The checks above must be able to fail: each is shown what it has to find.
#[test]
fn the_checks_see_what_they_look_for() {
    let names = |code: &str| rooms_used(code).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::node::Event;"), ["node"]);
    assert_eq!(names("use crate::{chain::{Block, Header}, net::{self}, wire};"), ["chain", "net", "wire"]);
    assert_eq!(names("fn f(_: &crate::sim::Clock) -> rumormill_ui::model::End {}"), ["sim", "ui"]);
    assert!(names("pub(crate) fn f() {} my_crate::net::x(); $crate::net::y();").is_empty());

    let text = "let a = \"crate::net\"; // crate::net\nlet b = r#\"crate::\"net\"#; /* crate::net */ let c = '\"'; let d: &'a u8; crate::wire::x();";
    assert_eq!(names(&without_comments(text)), ["wire"]);
    let text = "use crate::chain::X;\n#[cfg(test)]\nmod tests { use crate::net::Y; fn f() {} }\n#[cfg(test)]\n#[path = \"\"]\nmod more;\nuse crate::wire::Z;";
    assert_eq!(names(&without_tests(text)), ["chain", "wire"]);

    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# Why.\na = \"1\"\nb = { version = \"1\" }\n[target.'cfg(unix)'.dependencies]\nc = \"1\"\n[profile.dev]\ndebug = 1\n";
    assert_eq!(dependencies_without_reason(manifest), ["b", "c"]);
}
