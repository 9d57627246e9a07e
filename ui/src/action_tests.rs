//! The table holds together: no key means two things at once, and every action can be found.

use super::*;

const CONTEXTS: [Context; 9] = [
    Context::View('1'),
    Context::View('2'),
    Context::View('3'),
    Context::View('4'),
    Context::View('7'),
    Context::View('8'),
    Context::Help,
    Context::Filter,
    Context::PopUp,
];

#[test]
fn no_key_means_two_things() {
    for context in CONTEXTS {
        let mut seen: Vec<(Key, &str)> = Vec::new();
        for action in ACTIONS.iter().filter(|action| action.is_enabled(context, Means::ALL)) {
            for key in action.keys {
                if let Some((_, other)) = seen.iter().find(|(known, _)| known == key) {
                    panic!("{} is both '{other}' and '{}' in {context:?}", key.label(true), action.name);
                }
                seen.push((*key, action.name));
            }
        }
    }
}

#[test]
fn every_key_finds_its_action() {
    for context in CONTEXTS {
        for action in ACTIONS.iter().filter(|action| action.is_enabled(context, Means::ALL)) {
            for key in action.keys {
                let held = if key.control { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                assert_eq!(command(&KeyEvent::new(key.code, held), context, Means::ALL), Some(action.command), "{}", action.name);
            }
        }
    }
}

#[test]
fn every_view_has_a_key_and_every_key_a_view() {
    for view in crate::views::all() {
        let digit = view.digit();
        assert!(
            ACTIONS.iter().any(|action| action.command == Command::Show(digit) && action.name == view.name()),
            "{}",
            view.name()
        );
    }
    for action in ACTIONS {
        if let Command::Show(digit) = action.command {
            assert_eq!(crate::views::name_of(digit), action.name);
        }
    }
}

#[test]
fn every_action_explains_itself() {
    for action in ACTIONS {
        assert!(!action.keys.is_empty(), "{}", action.name);
        assert!(action.help.len() > 10 && !action.help.ends_with('.'), "{}", action.help);
    }
}

#[test]
fn ascii_labels_are_ascii() {
    for action in ACTIONS {
        assert!(labels(action, true).is_ascii(), "{}", action.name);
    }
}

#[test]
fn readme_table() {
    insta::assert_snapshot!(key_table_markdown());
}

#[test]
fn keys_are_off_where_nothing_can_be_asked() {
    for action in ACTIONS.iter().filter(|action| action.needs != Needs::Nothing) {
        for context in CONTEXTS {
            assert!(!action.is_enabled(context, Means::default()), "{}", action.name);
        }
    }
    let mut snapshot = Snapshot::default();
    snapshot.controls.faults = true;
    let faults = |snapshot: &Snapshot, readonly| Means::of(snapshot, readonly).faults;
    assert!(faults(&snapshot, false));
    assert!(!faults(&snapshot, true));
    snapshot.recording = Some(crate::model::Recording::default());
    assert!(!faults(&snapshot, false), "a replay is over");
    snapshot.controls.peers = true;
    assert!(!Means::of(&snapshot, false).peers);
    snapshot.recording = None;
    assert!(Means::of(&snapshot, false).peers);
    assert!(!Means::of(&snapshot, true).peers);
}
