//! Pieces never overlap and never leave the whole.

use super::*;

#[test]
fn pieces_fill_the_whole() {
    for rows in 0..40 {
        let area = Rect::new(3, 2, 20, 30);
        let (upper, lower) = top(area, rows);
        assert_eq!(upper.height + lower.height, 30);
        assert_eq!(upper.bottom(), lower.y);
        let (upper, lower) = bottom(area, rows);
        assert_eq!(upper.height + lower.height, 30);
        assert_eq!(lower.height, rows.min(30));
        let (near, far) = left(area, rows);
        assert_eq!(near.width + far.width, 20);
        assert_eq!(near.right(), far.x);
        assert_eq!(row(area, usize::from(rows)).height, u16::from(rows < 30));
    }
}

#[test]
fn sizes() {
    assert_eq!(Size::of(Rect::new(0, 0, 120, 36)), Size::Full);
    assert_eq!(Size::of(Rect::new(0, 0, 80, 24)), Size::Compact);
    assert_eq!(Size::of(Rect::new(0, 0, 60, 15)), Size::Compact);
    assert_eq!(Size::of(Rect::new(0, 0, 59, 15)), Size::Tiny);
    assert_eq!(Size::of(Rect::new(0, 0, 60, 14)), Size::Tiny);
}
