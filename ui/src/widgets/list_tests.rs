//! What is chosen is always among what is shown.

use super::*;

#[test]
fn the_selected_row_is_shown() {
    let around = |first, chosen, visible, count| Scroll(first).around(chosen, visible, count);
    assert_eq!(around(0, 5, 10, 100), 0..10);
    assert_eq!(around(0, 10, 10, 100), 1..11);
    assert_eq!(around(50, 10, 10, 100), 10..20);
    assert_eq!(around(95, 99, 10, 100), 90..100);
    assert_eq!(around(5, 2, 0, 3), 0..0);
    assert_eq!(around(0, 2, 10, 3), 0..3);
}

#[test]
fn a_list_scrolls_to_its_ends_and_no_further() {
    let mut scroll = Scroll::default();
    for (by, shown) in [(isize::MAX, 90..100), (isize::MAX, 90..100), (-1, 89..99), (isize::MIN, 0..10), (-1, 0..10), (3, 3..13)]
    {
        scroll.step(by);
        assert_eq!(scroll.shown(10, 100), shown);
    }
    scroll.step(isize::MAX);
    scroll.step(isize::MAX);
    scroll.step(isize::MIN);
    assert_eq!(scroll.shown(0, 0), 0..0);
    assert_eq!(scroll.shown(4, 3), 0..3);
}
