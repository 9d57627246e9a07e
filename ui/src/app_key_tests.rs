//! Every action of the table, tried: its key does what its help says.

use super::*;
use crate::model::LinkTweak;
use std::time::Duration;

/// What the help says a command does, tried.
fn does_what_it_says(command: Command) {
    let mut app = app();
    page(&mut app);
    match command {
        Command::Quit => assert_eq!(act(&mut app, command), Some(Intent::Quit)),
        Command::Help => {
            act(&mut app, command);
            assert!(page(&mut app).contains("Esc closes"));
            act(&mut app, command);
            assert!(!page(&mut app).contains("Esc closes"));
        }
        Command::Suspend => assert!(app.is_suspend(&Event::Key(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)))),
        Command::Freeze => {
            act(&mut app, command);
            assert!(page(&mut app).contains("FROZEN"));
            assert!(!app.set_snapshot(Arc::new(fixture::snapshot(fixture::TICK + 60))));
            assert!(page(&mut app).contains("00:03:41"), "the view stands still");
            act(&mut app, command);
            assert!(page(&mut app).contains("00:04:41"), "and then shows the present");
            assert!(!page(&mut app).contains("FROZEN"));
        }
        Command::NextView | Command::PreviousView => {
            act(&mut app, command);
            assert_eq!(app.current, if command == Command::NextView { 1 } else { app.views.len() - 1 });
        }
        Command::Show(digit) => {
            act(&mut app, command);
            assert_eq!(app.tabs[app.current].0, digit);
        }
        Command::Down => {
            act(&mut app, command);
            assert_eq!(app.world.node, 1);
            act(&mut app, Command::Show('2'));
            act(&mut app, command);
            assert_eq!(app.world.node, 2);
        }
        Command::Up => {
            app.world.node = 3;
            act(&mut app, command);
            assert_eq!(app.world.node, 2);
        }
        Command::PageDown | Command::Last => {
            act(&mut app, command);
            assert_eq!(app.world.node, 7);
        }
        Command::PageUp | Command::First => {
            app.world.node = 7;
            act(&mut app, command);
            assert_eq!(app.world.node, 0);
        }
        Command::Right => {
            act(&mut app, command);
            act(&mut app, Command::Enter);
            assert_eq!((app.tabs[app.current].0, app.world.node), ('2', 2), "the first problem is about n2");
            act(&mut app, command);
            assert_eq!(app.world.node, 3);
        }
        Command::Left => {
            act(&mut app, Command::Right);
            act(&mut app, command);
            act(&mut app, Command::Down);
            assert_eq!(app.world.node, 3, "nodes have the keys again, from the one that the first problem was about");
            act(&mut app, Command::Show('3'));
            act(&mut app, command);
            assert_eq!(app.world.node, 2);
        }
        Command::Enter => {
            act(&mut app, command);
            assert_eq!(app.tabs[app.current].0, '2');
            act(&mut app, command);
            assert_eq!(app.tabs[app.current].0, '3');
            act(&mut app, command);
            assert_eq!((app.tabs[app.current].0, app.world.node), ('2', 1), "n0's first peer is n1");
        }
        Command::Back => {
            act(&mut app, Command::Enter);
            act(&mut app, Command::Enter);
            act(&mut app, command);
            assert_eq!(app.tabs[app.current].0, '2');
            act(&mut app, command);
            assert_eq!(app.tabs[app.current].0, '1');
            act(&mut app, command);
            assert_eq!(app.tabs[app.current].0, '1');
            act(&mut app, Command::Help);
            act(&mut app, command);
            assert!(app.help.is_none());
        }
        Command::Topology => {
            act(&mut app, command);
            let alone = page(&mut app);
            assert!(alone.contains("Topology") && !alone.contains("What is wrong"));
            act(&mut app, command);
            assert!(page(&mut app).contains("What is wrong"));
        }
        Command::Metric => {
            for word in ["bandwidth", "rtt", "off"] {
                act(&mut app, command);
                assert!(page(&mut app).contains(&format!("metric: {word}")), "{word}");
            }
        }
        Command::Sort => {
            act(&mut app, command);
            assert!(page(&mut app).contains("sort: state"));
            act(&mut app, Command::First);
            assert_eq!(app.world.node, 2, "the node that is down comes first");
            act(&mut app, Command::Show('3'));
            act(&mut app, command);
            assert!(page(&mut app).contains("sort: state"));
        }
        Command::Reverse => {
            act(&mut app, command);
            act(&mut app, Command::First);
            assert_eq!(app.world.node, 7);
        }
        Command::Filter => {
            act(&mut app, command);
            press(&mut app, "reorgq");
            assert_eq!(page(&mut app).matches("REORG").count(), 0);
            act(&mut app, Command::FilterErase);
            assert!(page(&mut app).contains("REORG"));
            assert!(!page(&mut app).contains("BLOCK"));
        }
        Command::FilterKeep => {
            act(&mut app, Command::Filter);
            press(&mut app, "block");
            act(&mut app, command);
            assert_eq!(app.context(), Context::View('1'));
            assert!(page(&mut app).contains("/block"));
        }
        Command::FilterClear | Command::FilterEmpty => {
            act(&mut app, Command::Filter);
            press(&mut app, "block");
            act(&mut app, command);
            assert_eq!(app.views[0].filter().map(|filter| filter.clone()), Some(String::new()));
            assert_eq!(app.typing, command == Command::FilterEmpty);
        }
        Command::FilterErase => {
            act(&mut app, Command::Filter);
            press(&mut app, "ab");
            act(&mut app, command);
            assert_eq!(app.views[0].filter().map(|filter| filter.clone()), Some("a".to_owned()));
        }
        Command::Follow => {
            act(&mut app, Command::Show('8'));
            assert!(page(&mut app).contains("following"));
            act(&mut app, command);
            let before = page(&mut app);
            assert!(before.contains("held"));
            app.set_snapshot(Arc::new(fixture::snapshot(fixture::TICK + 4)));
            let after = page(&mut app);
            let last = |page: &str| page.lines().nth(34).map(str::to_owned);
            assert_eq!(last(&before), last(&after), "held lines stay where they are");
            act(&mut app, command);
            assert!(page(&mut app).contains("3:45.1"));
        }
        Command::Level => {
            act(&mut app, Command::Show('8'));
            act(&mut app, command);
            act(&mut app, command);
            let shown = page(&mut app);
            assert!(shown.contains("ERROR") && !shown.contains("INFO"), "{shown}");
        }
        Command::EveryNode => {
            act(&mut app, Command::Show('8'));
            act(&mut app, Command::Right);
            assert!(page(&mut app).contains("n0 · debug"));
            act(&mut app, command);
            assert!(page(&mut app).contains("all nodes · debug"));
            act(&mut app, Command::Show('4'));
            act(&mut app, Command::Right);
            assert!(page(&mut app).contains("all kinds · n0"));
            act(&mut app, command);
            assert!(page(&mut app).contains("all kinds · all nodes"));
        }
        Command::OneKind => {
            act(&mut app, Command::Show('4'));
            act(&mut app, command);
            let shown = page(&mut app);
            assert!(shown.contains("BLOCK · all nodes") && !shown.contains("PEERS"), "{shown}");
        }
        Command::Home => {
            app.world.node = 7;
            act(&mut app, command);
            assert_eq!(app.world.node, 0);
            app.set_snapshot(Arc::new(fixture::replay(fixture::TICK)));
            assert_eq!(act(&mut app, command), Some(Intent::Seek(Duration::ZERO)));
        }
        Command::End => {
            act(&mut app, command);
            assert_eq!(app.world.node, 7);
            app.set_snapshot(Arc::new(fixture::replay(fixture::TICK)));
            assert_eq!(act(&mut app, command), Some(Intent::Seek(Duration::from_secs(600))));
        }
        other => harms_or_steers(&mut app, other),
    }
}

/// What faults and run control say, tried.
fn harms_or_steers(app: &mut App, command: Command) {
    let lasts = Some(Duration::from_secs(30));
    let link = |tweak| Intent::Link { from: 0, to: None, tweak, lasts: Some(Duration::from_secs(60)) };
    let replay = || Arc::new(fixture::replay(fixture::TICK));
    let seek = |seconds| Some(Intent::Seek(Duration::from_secs(seconds)));
    match command {
        Command::Kill
        | Command::FreezeNode
        | Command::Cut
        | Command::Partition
        | Command::Latency
        | Command::Loss
        | Command::Bandwidth => {
            assert_eq!(act(app, command), None, "it asks");
            let wanted = match command {
                Command::Kill => Intent::Kill { node: 0, lasts },
                Command::FreezeNode => Intent::Freeze { node: 0, lasts },
                Command::Cut => link(LinkTweak::Cut),
                Command::Partition => Intent::Partition { group: vec![0], lasts: Some(Duration::from_secs(60)) },
                Command::Latency => link(LinkTweak::Latency(Duration::from_millis(200))),
                Command::Loss => link(LinkTweak::Loss(200_000)),
                _ => link(LinkTweak::Bandwidth(50_000)),
            };
            assert_eq!(act(app, Command::Confirm), Some(wanted));
            assert_eq!(app.context(), Context::View('1'));
        }
        Command::Restart => assert_eq!(act(app, command), Some(Intent::Restart(0))),
        Command::LinkTo => {
            for to in [Some(1), Some(4), Some(7), None] {
                act(app, command);
                assert_eq!(app.world.link_to, to);
            }
            act(app, command);
            assert!(page(app).contains("link n0-n1"));
            act(app, Command::Cut);
            assert!(matches!(act(app, Command::Confirm), Some(Intent::Link { from: 0, to: Some(1), .. })));
            act(app, Command::Back);
            assert_eq!(app.world.link_to, None);
        }
        Command::Mark => {
            act(app, command);
            act(app, Command::Down);
            act(app, command);
            assert!(page(app).contains("2 marked"));
            act(app, command);
            act(app, Command::Partition);
            assert!(matches!(act(app, Command::Confirm), Some(Intent::Partition { group, .. }) if group == [0]));
        }
        Command::Undo => assert_eq!(act(app, command), Some(Intent::Undo(None))),
        Command::UndoChosen => {
            act(app, Command::Show('7'));
            act(app, Command::Down);
            assert_eq!(act(app, command), Some(Intent::Undo(Some(2))));
        }
        Command::ClearFaults => {
            act(app, Command::Show('7'));
            assert_eq!(act(app, command), None, "it asks");
            assert!(page(app).contains("Undo all 2 faults"));
            assert_eq!(act(app, Command::Confirm), Some(Intent::ClearFaults));
        }
        Command::SavePreset => {
            act(app, Command::Show('7'));
            assert_eq!(act(app, command), Some(Intent::SavePreset));
        }
        Command::Connect => {
            app.world.node = 3;
            act(app, Command::Show('3'));
            assert_eq!(act(app, command), None, "it asks");
            assert!(page(app).contains("Connect n3 to a peer"));
            assert_eq!(act(app, Command::Confirm), None, "nothing is typed yet");
            assert!(page(app).contains("type the address first"));
            for sign in "10.0.0.1:80-81x".chars() {
                app.handle(&Event::Key(KeyEvent::new(KeyCode::Char(sign), KeyModifiers::NONE)));
            }
            for _ in 0..4 {
                act(app, Command::EraseDigit);
            }
            assert!(page(app).contains("10.0.0.1:80"));
            assert_eq!(act(app, Command::Confirm), Some(Intent::Connect { node: 3, address: "10.0.0.1:80".into() }));
        }
        Command::Disconnect => {
            act(app, Command::Show('3'));
            assert!(matches!(act(app, command), Some(Intent::Disconnect { node: 0, id }) if id.len() == 64));
        }
        Command::Ban => {
            act(app, Command::Show('3'));
            assert_eq!(act(app, command), None, "it asks");
            assert!(page(app).contains("longer each time"));
            act(app, Command::Less);
            act(app, Command::Confirm).map_or_else(
                || panic!("nothing came of it"),
                |intent| assert!(matches!(intent, Intent::Ban { node: 0, lasts: Some(_), .. }), "{intent:?}"),
            );
        }
        Command::Unban => {
            app.world.node = 3;
            act(app, Command::Show('3'));
            assert_eq!(act(app, command), None);
            assert!(page(app).contains("choose a ban first"));
            act(app, Command::Last);
            assert!(matches!(act(app, command), Some(Intent::Unban { node: 3, id }) if id.len() == 64));
            act(app, Command::Up);
            assert_eq!(act(app, command), None, "a peer is chosen again");
        }
        Command::Pause => assert_eq!(act(app, command), Some(Intent::TogglePause)),
        Command::Step => assert_eq!(act(app, command), Some(Intent::Step)),
        Command::Faster => assert_eq!(act(app, command), Some(Intent::Speed(200))),
        Command::Slower => assert_eq!(act(app, command), Some(Intent::Speed(50))),
        Command::SeekBack | Command::SeekForward | Command::MarkBefore | Command::NextMark => {
            app.set_snapshot(replay());
            let wanted = match command {
                Command::SeekBack => 216,
                Command::SeekForward => 226,
                Command::MarkBefore => 209,
                _ => 262,
            };
            assert_eq!(act(app, command), seek(wanted));
        }
        Command::Confirm
        | Command::Cancel
        | Command::FieldBefore
        | Command::NextField
        | Command::Less
        | Command::More
        | Command::EraseDigit => edits(app, command),
        other => panic!("{other:?} is not tried"),
    }
}

/// The keys of a pop-up, tried.
fn edits(app: &mut App, command: Command) {
    act(app, Command::Latency);
    assert!(page(app).contains("Latency on all links of n0"));
    match command {
        Command::Cancel => {
            assert_eq!(act(app, command), None);
            assert!(!page(app).contains("Latency on"));
        }
        Command::Confirm => assert!(matches!(act(app, command), Some(Intent::Link { .. }))),
        Command::FieldBefore | Command::NextField => {
            act(app, command);
            press(app, "77");
            assert!(page(app).contains("77 s"));
        }
        Command::Less => {
            act(app, command);
            assert!(page(app).contains("100 ms"));
        }
        Command::More => {
            act(app, command);
            assert!(page(app).contains("500 ms"));
        }
        _ => {
            press(app, "123");
            act(app, command);
            assert!(page(app).contains(" 12 ms"));
        }
    }
}

#[test]
fn every_key_does_what_its_help_says() {
    for action in ACTIONS {
        does_what_it_says(action.command);
    }
}

#[test]
fn a_pop_up_keeps_the_keys() {
    let mut app = app();
    act(&mut app, Command::Kill);
    assert_eq!(press(&mut app, "qP8x"), None, "letters do nothing here");
    assert_eq!(app.tabs[app.current].0, '1');
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(app.handle(&Event::Key(control_c)), Some(Intent::Quit));
}

#[test]
fn readonly_and_replays_have_no_fault_keys() {
    let readonly = Options { readonly: true, ..options(ThemeName::Default, GlyphSet::Unicode) };
    let mut held = App::new(readonly);
    held.set_snapshot(Arc::new(fixture::snapshot(fixture::TICK)));
    let mut replay = app_with(ThemeName::Default, GlyphSet::Unicode, fixture::replay(fixture::TICK));
    for app in [&mut held, &mut replay] {
        for key in ["x", "r", "z", "c", "p", "l", "d", "b", "u", "7U", "7C", "7e", "3Gn"] {
            assert_eq!(press(app, key), None, "{key}");
            assert_eq!(app.popup, None, "{key}");
        }
        press(app, "1");
        let shown = page(app);
        assert!(!shown.contains("x kill") && !shown.contains("r restarts it"), "{shown}");
        act(app, Command::Help);
        assert!(!page(app).contains("kill -9"));
    }
    let mut able = app();
    let shown = page(&mut able);
    assert!(shown.contains("x kill") && shown.contains("r restarts it"), "{shown}");
}

#[test]
fn a_link_to_a_stranger_is_refused_in_words() {
    let mut snapshot = fixture::alone(fixture::TICK);
    snapshot.controls.faults = true;
    let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, snapshot);
    press(&mut app, "3l");
    assert!(page(&mut app).contains("is not one of the nodes here"));
    press(&mut app, "k");
    assert!(!page(&mut app).contains("is not one of the nodes here"), "gone with the next key");
}

#[test]
fn a_notice_passes() {
    let mut app = app();
    let said = |tick| {
        let mut snapshot = fixture::snapshot(tick);
        snapshot.notice = Some((Duration::from_secs(221), "n2 killed for 30 s (fault #3)".into()));
        Arc::new(snapshot)
    };
    app.set_snapshot(said(221));
    let shown = page(&mut app);
    let last = shown.lines().last().expect("a footer");
    assert!(last.contains("n2 killed for 30 s (fault #3)") && last.contains("q quit"), "{last}");
    for tick in 222..250 {
        app.set_snapshot(said(tick));
    }
    assert!(!page(&mut app).contains("n2 killed for 30 s"));
}

#[test]
fn the_chosen_message_rests_under_the_eye() {
    let mut app = app();
    press(&mut app, "4jjjjjjjjjj");
    let chosen = |page: &str| {
        let found = page.lines().enumerate().find(|(_, line)| line.starts_with("│>"));
        found.map(|(row, line)| (row, line.chars().take(60).collect::<String>())).expect("a chosen row")
    };
    let before = chosen(&page(&mut app));
    let mut newer = fixture::snapshot(fixture::TICK);
    for seconds in 1..=4 {
        let relay = crate::model::Relay { at: Duration::from_secs(fixture::TICK + seconds), ..newer.relays[0].clone() };
        newer.relays.insert(0, relay);
    }
    app.set_snapshot(Arc::new(newer.clone()));
    assert_eq!(chosen(&page(&mut app)), before, "four newer ones came, and it rests");
    // One that leaves the bounded list gives way to its neighbour.
    newer.relays.truncate(8);
    app.set_snapshot(Arc::new(newer));
    assert_eq!(chosen(&page(&mut app)).0, 10);
    // Back on the top row, the newest is always chosen.
    act(&mut app, Command::First);
    app.set_snapshot(Arc::new(fixture::snapshot(fixture::TICK + 9)));
    assert_eq!(chosen(&page(&mut app)).0, 3);
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut app = app();
    press(&mut app, "7");
    page(&mut app);
    let wheel = |app: &mut App, column: u16, row: u16| {
        app.handle(&Event::Mouse(MouseEvent { kind: MouseEventKind::ScrollDown, column, row, modifiers: KeyModifiers::NONE }));
    };
    let before = page(&mut app);
    let links = before.lines().position(|line| line.contains("Links")).expect("the links") as u16;
    wheel(&mut app, 90, links + 2);
    let after = page(&mut app);
    assert_ne!(before, after);
    assert_eq!(app.world.fault, None, "the faults stay where they are");
    press(&mut app, "1");
    page(&mut app);
    let wrong = page(&mut app).lines().position(|line| line.contains("What is wrong")).expect("the panel") as u16;
    wheel(&mut app, 70, wrong + 1);
    let name = format!(" n{} ", app.world.node);
    let marked = page(&mut app).lines().any(|line| line.split('│').any(|row| row.starts_with('>') && row.contains(&name)));
    assert!(marked && app.world.node != 0, "what is marked is what keys act on");
}
