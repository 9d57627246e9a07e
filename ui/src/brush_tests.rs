//! Whatever is written stays in its cell.

use super::*;

fn row(buf: &Buffer) -> String {
    buf.content().iter().map(ratatui::buffer::Cell::symbol).collect()
}

#[test]
fn cuts_with_an_ellipsis_and_keeps_columns() {
    let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
    let area = buf.area;
    Brush::new(&mut buf, area, "…").left(5, "abcdefg", Style::new()).right(4, "42", Style::new()).put("xyzzy", Style::new());
    assert_eq!(row(&buf), "abcd…  42xy…");
}

#[test]
fn wide_signs_never_leave_the_cell() {
    let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
    let area = buf.area;
    Brush::new(&mut buf, area, "…").left(4, "漢字漢字", Style::new()).put("ab", Style::new());
    assert_eq!(buf[(4, 0)].symbol(), "a");
}

#[test]
fn harmful_signs_do_not_reach_the_terminal() {
    let mut buf = Buffer::empty(Rect::new(0, 0, 8, 1));
    let area = buf.area;
    Brush::new(&mut buf, area, "…").put("a\u{1b}[31m\u{202e}b\n", Style::new());
    assert_eq!(row(&buf), "a[31mb  ");
}

#[test]
fn outside_the_buffer_is_nothing() {
    let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
    Brush::new(&mut buf, Rect::new(9, 9, 5, 5), "…")
        .put("text", Style::new())
        .right(9, "1", Style::new())
        .end_at(3)
        .column(7)
        .skip(70);
    assert_eq!(row(&buf), "    ");
}
