//! Every action of the table, tried: its key does what its help says.

use super::*;

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
            assert_eq!(app.world.node, 1, "nodes have the keys again");
            act(&mut app, Command::Show('3'));
            act(&mut app, command);
            assert_eq!(app.world.node, 0);
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
            assert_eq!(app.help, None);
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
        Command::LogNode => {
            act(&mut app, Command::Show('8'));
            act(&mut app, Command::Right);
            assert!(page(&mut app).contains("n0 · debug"));
            act(&mut app, command);
            assert!(page(&mut app).contains("all nodes · debug"));
        }
    }
}

#[test]
fn every_key_does_what_its_help_says() {
    for action in ACTIONS {
        does_what_it_says(action.command);
    }
}
