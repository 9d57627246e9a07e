//! Whole pages compared with what was seen and approved; every key does what its help says; no size and no number of
//! nodes makes drawing fail.

use super::*;
use crate::{action::ACTIONS, fixture, glyphs::GlyphSet, theme::ThemeName};
use ratatui::{
    crossterm::event::{KeyCode, KeyModifiers},
    style::{Color, Modifier},
};
use std::fmt::Write as _;

fn options(theme: ThemeName, glyphs: GlyphSet) -> Options {
    Options { theme, glyphs, mouse: true, readonly: false }
}

fn app_with(theme: ThemeName, glyphs: GlyphSet, snapshot: Snapshot) -> App {
    let mut app = App::new(options(theme, glyphs));
    app.set_snapshot(Arc::new(snapshot));
    app
}

fn app() -> App {
    app_with(ThemeName::Default, GlyphSet::Unicode, fixture::snapshot(fixture::TICK))
}

fn drawn(app: &mut App, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    app.draw_on(buf.area, &mut buf);
    buf
}

fn text(buf: &Buffer) -> String {
    let mut page = String::new();
    for y in 0..buf.area.height {
        let row: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
        page.push_str(row.trim_end());
        page.push('\n');
    }
    page
}

/// One letter a cell: its colour, in upper case when bold, `#` when reversed, `_` when underlined, `'` when dim.
fn styles(buf: &Buffer) -> String {
    let mut page = String::new();
    for y in 0..buf.area.height {
        let row: String = (0..buf.area.width)
            .map(|x| {
                let cell = &buf[(x, y)];
                let letter = match cell.fg {
                    _ if cell.modifier.contains(Modifier::REVERSED) => return '#',
                    Color::Reset if cell.symbol() == " " => return ' ',
                    Color::Reset if cell.modifier.contains(Modifier::UNDERLINED) => '_',
                    Color::Reset if cell.modifier.contains(Modifier::DIM) => '\'',
                    Color::Reset => 't',
                    Color::Red => 'r',
                    Color::Green => 'g',
                    Color::Blue => 'b',
                    Color::Magenta => 'm',
                    Color::Cyan => 'c',
                    Color::DarkGray => '.',
                    other => panic!("{other:?} vanishes on some terminal"),
                };
                if cell.modifier.contains(Modifier::BOLD) { letter.to_ascii_uppercase() } else { letter }
            })
            .collect();
        page.push_str(row.trim_end());
        page.push('\n');
    }
    page
}

/// Presses keys one after the other; a line's end stands for Enter. Answers with the last one's intent.
fn press(app: &mut App, keys: &str) -> Option<Intent> {
    let code = |sign| if sign == '\n' { KeyCode::Enter } else { KeyCode::Char(sign) };
    keys.chars().map(|sign| press_code(app, code(sign))).last().flatten()
}

fn press_code(app: &mut App, code: KeyCode) -> Option<Intent> {
    app.handle(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

#[path = "app_key_tests.rs"]
mod keys;
#[path = "app_marked_tests.rs"]
mod marked;

const SIZES: [(u16, u16); 4] = [(120, 36), (80, 24), (60, 15), (10, 3)];

fn pages(name: &str, keys: &str) {
    for (width, height) in SIZES {
        let mut app = app();
        press(&mut app, keys);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&drawn(&mut app, width, height)));
    }
}

#[test]
fn cluster_pages() {
    pages("cluster", "");
}

#[test]
fn node_pages() {
    pages("node", "jjj2");
}

#[test]
fn peers_pages() {
    pages("peers", "jjjjj3jj");
}

#[test]
fn messages_pages() {
    pages("messages", "4jj");
    pages("trace", "4jjj\n");
}

#[test]
fn faults_pages() {
    pages("faults", "7j");
}

#[test]
fn pop_up_pages() {
    pages("popup_latency", "jjjjjool");
    pages("popup_partition", "vjjvp");
    pages("popup_clear", "7C");
}

#[test]
fn replay_pages() {
    for (width, height) in SIZES {
        let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, fixture::replay(fixture::TICK));
        insta::assert_snapshot!(format!("replay_{width}x{height}"), text(&drawn(&mut app, width, height)));
    }
    let mut torn = fixture::replay(fixture::TICK);
    torn.clock.mode = crate::model::ClockMode::Paused;
    if let Some(recording) = &mut torn.recording {
        recording.torn = true;
    }
    let mut app = app_with(ThemeName::Default, GlyphSet::Ascii, torn);
    insta::assert_snapshot!("replay_torn_ascii_80x24", text(&drawn(&mut app, 80, 24)));
}

#[test]
fn logs_pages() {
    pages("logs", "8");
}

#[test]
fn help_pages() {
    pages("help", "?");
}

#[test]
fn starting_pages() {
    for (width, height) in SIZES {
        let mut app = App::new(Options::default());
        insta::assert_snapshot!(format!("starting_{width}x{height}"), text(&drawn(&mut app, width, height)));
    }
}

#[test]
fn topology_page() {
    let mut app = app();
    press(&mut app, "tm");
    insta::assert_snapshot!("topology_80x24", text(&drawn(&mut app, 80, 24)));
}

#[test]
fn a_single_node_stands_in_the_middle() {
    let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, fixture::alone(fixture::TICK));
    insta::assert_snapshot!("alone_120x36", text(&drawn(&mut app, 120, 36)));
    // Its peers have no name but their ids.
    press(&mut app, "3");
    insta::assert_snapshot!("alone_peers_120x36", text(&drawn(&mut app, 120, 36)));
}

#[test]
fn thousand_nodes_page() {
    let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, fixture::cluster(1000, fixture::TICK));
    press(&mut app, "G");
    insta::assert_snapshot!("thousand_120x36", text(&drawn(&mut app, 120, 36)));
}

#[test]
fn colours() {
    insta::assert_snapshot!("cluster_styles_120x36", styles(&drawn(&mut app(), 120, 36)));
    insta::assert_snapshot!("cluster_styles_80x24", styles(&drawn(&mut app(), 80, 24)));
    for (name, keys) in [("messages", "4jj"), ("trace", "4jjj\n"), ("faults", "7j"), ("popup", "jjjjjool")] {
        for (theme, sort) in [(ThemeName::Default, "styles"), (ThemeName::Mono, "mono_styles")] {
            let mut app = app_with(theme, GlyphSet::Unicode, fixture::snapshot(fixture::TICK));
            press(&mut app, keys);
            insta::assert_snapshot!(format!("{name}_{sort}_120x36"), styles(&drawn(&mut app, 120, 36)));
        }
        let mut app = app_with(ThemeName::Default, GlyphSet::Ascii, fixture::snapshot(fixture::TICK));
        press(&mut app, keys);
        insta::assert_snapshot!(format!("{name}_ascii_80x24"), text(&drawn(&mut app, 80, 24)));
    }
}

#[test]
fn mono_sets_modifiers_only_and_shows_the_selection() {
    for keys in ["", "2", "3", "4", "4jj\n", "7", "8", "?", "t", "vx", "lo"] {
        let mut app = app_with(ThemeName::Mono, GlyphSet::Unicode, fixture::snapshot(fixture::TICK));
        press(&mut app, keys);
        for (width, height) in SIZES {
            let buf = drawn(&mut app, width, height);
            assert!(buf.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "{keys}");
        }
    }
    let mut app = app_with(ThemeName::Mono, GlyphSet::Unicode, fixture::snapshot(fixture::TICK));
    insta::assert_snapshot!("cluster_mono_styles_80x24", styles(&drawn(&mut app, 80, 24)));
}

#[test]
fn a_chosen_row_is_one_even_bar_in_every_theme() {
    for theme in ThemeName::ALL {
        let mut app = app_with(theme, GlyphSet::Unicode, fixture::snapshot(fixture::TICK));
        press(&mut app, "jj");
        let buf = drawn(&mut app, 80, 24);
        let row = (0..24).find(|y| buf[(0, *y)].symbol() == ">").expect("a mark");
        assert!(
            (0..80).all(|x| buf[(x, row)].modifier.contains(Modifier::REVERSED) && buf[(x, row)].fg == Color::Reset),
            "{theme}"
        );
    }
}

#[test]
fn no_colour_that_vanishes() {
    for theme in ThemeName::ALL {
        for keys in ["", "2", "3", "4", "4\n", "7", "8", "?", "t", "ovl"] {
            let mut app = app_with(theme, GlyphSet::Unicode, fixture::snapshot(fixture::TICK));
            press(&mut app, keys);
            // Refuses white, black and yellow itself.
            styles(&drawn(&mut app, 120, 36));
        }
    }
}

#[test]
fn ascii_is_ascii() {
    for keys in ["", "2", "3", "4", "4jj\n", "7", "8", "?", "t", "tm", "jjj2", "jjj3", "x", "d", "7C"] {
        for (width, height) in SIZES {
            let mut app = app_with(ThemeName::Default, GlyphSet::Ascii, fixture::snapshot(fixture::TICK));
            press(&mut app, keys);
            let page = text(&drawn(&mut app, width, height));
            assert!(page.is_ascii(), "{keys}: {page}");
        }
    }
    for (width, height) in [(120, 36), (80, 24)] {
        let mut app = app_with(ThemeName::Mono, GlyphSet::Ascii, fixture::snapshot(fixture::TICK));
        insta::assert_snapshot!(format!("cluster_ascii_{width}x{height}"), text(&drawn(&mut app, width, height)));
    }
    assert!(text(&drawn(&mut App::new(options(ThemeName::Default, GlyphSet::Ascii)), 80, 3)).is_ascii());
}

#[test]
fn no_size_panics() {
    let mut worlds = vec![Snapshot::default()];
    worlds.extend([1, 2, 8].map(|count| fixture::cluster(count, fixture::TICK)));
    worlds.push(fixture::alone(fixture::TICK));
    worlds.push(fixture::cluster(1000, fixture::TICK));
    for snapshot in worlds {
        let many = snapshot.nodes.len() > 100;
        // Each of the smallest sizes, where little fits, and samples of those that leave more and more room.
        let sizes = |small: u16, step, most| (1..=small).chain((small + 1..=most).step_by(step));
        let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, snapshot);
        for keys in ["1", "t", "t2", "3", "4", "4\n", "7", "8", "?", "?8/abc", "1x", "l"] {
            press(&mut app, keys);
            let (widths, heights) = if many { ((1, 17), (1, 7)) } else { ((12, 8), (8, 5)) };
            for width in sizes(widths.0, widths.1, 130) {
                for height in sizes(heights.0, heights.1, 40) {
                    drawn(&mut app, width, height);
                }
            }
            drawn(&mut app, 300, 100);
            drawn(&mut app, 1, 1);
            press_code(&mut app, KeyCode::Esc);
        }
    }
}

#[test]
fn hostile_names_stay_in_their_cells() {
    let mut snapshot = fixture::snapshot(fixture::TICK);
    for node in &mut snapshot.nodes {
        node.name = "\u{1b}[2J漢字漢字漢字漢字漢字\u{202e}".into();
        node.id = "ü".into();
        node.tip = "漢字漢字漢".into();
        node.height = u64::MAX;
        node.lag = u64::MAX;
        for peer in &mut node.peers {
            peer.agent = "\n\r\t\u{7}".repeat(9);
            peer.id = "é".repeat(3);
            peer.reputation = f64::NAN;
        }
        for block in &mut node.blocks {
            block.id = "漢字漢".into();
        }
    }
    for relay in &mut snapshot.relays {
        relay.id = "aé漢".into();
        relay.path = vec!["漢字".repeat(9); 30];
    }
    snapshot.problems = crate::diagnosis::diagnose(&snapshot);
    let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, snapshot);
    for keys in ["1", "t", "t2", "3", "4", "4\n", "7", "8", "1x", "l"] {
        press(&mut app, keys);
        for (width, height) in [(120, 36), (80, 24), (61, 15), (12, 4)] {
            let page = text(&drawn(&mut app, width, height));
            assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
        }
    }
}

/// Presses the first key of an action.
fn act(app: &mut App, command: Command) -> Option<Intent> {
    let context = app.context();
    let action = ACTIONS
        .iter()
        .find(|action| action.command == command && action.is_enabled(context, app.world.means))
        .unwrap_or_else(|| panic!("{command:?} in {context:?}"));
    let key = action.keys[0];
    app.handle(&Event::Key(KeyEvent::new(key.code, if key.control { KeyModifiers::CONTROL } else { KeyModifiers::NONE })))
}

fn page(app: &mut App) -> String {
    text(&drawn(app, 120, 36))
}

#[test]
fn rows_do_not_move_under_the_cursor() {
    let mut app = app();
    press(&mut app, "jjj");
    let row = |page: &str| page.lines().position(|line| line.contains("> n3"));
    let before = row(&page(&mut app));
    app.set_snapshot(Arc::new(fixture::snapshot(fixture::TICK + 31)));
    assert!(before.is_some());
    assert_eq!(row(&page(&mut app)), before);
}

#[test]
fn click_and_wheel() {
    let mut app = app();
    let shown = page(&mut app);
    let click = |app: &mut App, column: u16, row: u16, kind: MouseEventKind| {
        app.handle(&Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    };
    let line = shown.lines().position(|line| line.contains("n5 ●")).expect("n5's row") as u16;
    click(&mut app, 60, line, MouseEventKind::Down(MouseButton::Left));
    assert_eq!(app.world.node, 5);
    click(&mut app, 60, line, MouseEventKind::ScrollUp);
    assert_eq!(app.world.node, 2);
    // A tab.
    page(&mut app);
    click(&mut app, 26, 1, MouseEventKind::Down(MouseButton::Left));
    assert_eq!(app.tabs[app.current].0, '3');
    click(&mut app, 299, 199, MouseEventKind::Down(MouseButton::Left));
}

#[test]
fn paste_goes_into_the_filter_only() {
    let mut app = app();
    app.handle(&Event::Paste("q".into()));
    act(&mut app, Command::Filter);
    app.handle(&Event::Paste("bl\nock\u{1b}".into()));
    assert_eq!(app.views[0].filter().map(|filter| filter.clone()), Some("block".to_owned()));
    app.handle(&Event::Paste("x".repeat(9000)));
    assert_eq!(app.views[0].filter().map(|filter| filter.len()), Some(MOST_FILTER));
}

#[test]
fn released_keys_do_nothing() {
    let mut app = app();
    let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
    key.kind = KeyEventKind::Release;
    assert_eq!(app.handle(&Event::Key(key)), None);
}

#[test]
fn many_problems_are_counted() {
    let mut snapshot = fixture::snapshot(fixture::TICK);
    let one = snapshot.problems[0].clone();
    snapshot.problems = vec![one; 40];
    let mut app = app_with(ThemeName::Default, GlyphSet::Unicode, snapshot);
    let mut shown = page(&mut app);
    assert!(shown.contains("… and 3"), "{shown}");
    act(&mut app, Command::Right);
    act(&mut app, Command::Last);
    shown = page(&mut app);
    assert!(shown.contains("end of 40"), "{shown}");
}

/// How long a frame takes, for those who want to know: `cargo test --release -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement, not a test"]
fn cost_of_a_frame() {
    let mut report = String::new();
    for count in [8, 1000] {
        let snapshot = Arc::new(fixture::cluster(count, fixture::TICK));
        let mut app = App::new(Options::default());
        app.set_snapshot(Arc::clone(&snapshot));
        for keys in ["1", "2", "3", "4", "7", "8"] {
            press(&mut app, keys);
            let mut buf = Buffer::empty(Rect::new(0, 0, 120, 36));
            let begin = std::time::Instant::now();
            for _ in 0..100 {
                app.draw_on(buf.area, &mut buf);
            }
            let _ = writeln!(report, "{count} nodes, view {keys}: {:?} a frame", begin.elapsed() / 100);
        }
        let begin = std::time::Instant::now();
        for _ in 0..20 {
            app.set_snapshot(Arc::clone(&snapshot));
        }
        let _ = writeln!(report, "{count} nodes: {:?} a snapshot", begin.elapsed() / 20);
    }
    println!("{report}");
}
