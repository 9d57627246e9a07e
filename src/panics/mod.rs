//! Panics that are caught and become an error or a second try. The process's panic hook runs before anything is caught, and must know
//! which they are: it would end the run otherwise.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The work panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, is caught by [`contain`]: it is then told by whoever caught it, and ends nothing.
pub fn is_contained() -> bool {
    CONTAINED.get()
}

/// Runs `work`, and turns its panic into an error. What it may leave half done must not be used again: that is for the caller to see to.
///
/// # Errors
/// [`Panicked`].
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(before);
    result.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_is_known_while_it_is_contained_and_no_longer() {
        assert!(!is_contained());
        assert_eq!(contain(|| contain(|| panic!("on purpose")).map(|()| 1)), Ok(Err(Panicked)));
        assert!(contain(|| contain(|| ()).is_ok() && is_contained()).unwrap(), "also after one within");
        assert!(!is_contained());
        let elsewhere = contain(|| std::thread::spawn(is_contained).join().unwrap());
        assert_eq!(elsewhere, Ok(false), "another thread is not");
    }
}
