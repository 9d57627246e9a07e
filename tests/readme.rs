//! The README says what the program does.

use std::fs;

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

#[test]
fn the_key_table_is_the_dashboard_s_own() {
    let table = rumormill_ui::key_table_markdown();
    assert!(readme().contains(table.trim()), "README's key table should be:\n\n{table}");
}

#[test]
fn the_table_of_keys_is_the_program_s_own() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap();
    let table = rumormill::cli::configuration_table();
    assert!(page.contains(table.trim()), "the table in docs/configuration.md should be:\n\n{table}");
}

#[test]
fn every_preset_and_subcommand_is_named() {
    use clap::CommandFactory;
    let readme = readme();
    for (name, _) in rumormill::cluster::BUILT_IN {
        assert!(readme.contains(&format!("`{name}`")), "README does not name the preset {name}");
    }
    for command in rumormill::cli::Arguments::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(readme.contains(&format!("cargo run -- {}", command.get_name())), "README does not show {}", command.get_name());
    }
}

/// A link to a file of ours leads to one.
#[test]
fn links_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["README.md", "CONTRIBUTING.md", "INVARIANTS.md", "CHANGELOG.md", "docs/architecture.md", "docs/configuration.md"]
    {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', '#', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = root.join(page).parent().unwrap().join(target);
            assert!(path.exists(), "{page} leads to {target}, which is not there");
        }
    }
}

/// INVARIANTS.md points at tests; each must exist.
#[test]
fn invariants_point_at_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("INVARIANTS.md")).unwrap();
    let mut pointers = 0;
    for quoted in text.split('`').skip(1).step_by(2) {
        let Some((file, test)) = quoted.split_once(".rs::").filter(|(file, _)| file.contains('/')) else { continue };
        let source = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_else(|_| panic!("{file}.rs is not there"));
        assert!(source.contains(&format!("fn {test}(")), "{file}.rs has no test {test}");
        pointers += 1;
    }
    assert!(pointers >= 10, "only {pointers} pointers to tests");
}
