//! What anybody can make a node say, it says now and then, and counts the rest.

use super::Time;
use super::limits::SELDOM;

/// When something was last said, and how often it was not said since.
#[derive(Default)]
pub(super) struct Seldom {
    said: Option<Time>,
    unsaid: u64,
}

impl Seldom {
    /// Whether it is to be said at `now`: what is to be added to it then.
    pub(super) fn say(&mut self, now: Time) -> Option<String> {
        if self.said.is_some_and(|said| now.since(said) < SELDOM) {
            self.unsaid = self.unsaid.saturating_add(1);
            return None;
        }
        self.said = Some(now);
        Some(match std::mem::take(&mut self.unsaid) {
            0 => String::new(),
            more => format!(" (and {more} more like it since the last warning)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_a_minute_with_what_was_left_out() {
        let mut seldom = Seldom::default();
        let begin = Time::from_millis(1_000);
        assert_eq!(seldom.say(begin).as_deref(), Some(""));
        assert!((0..5_000).all(|_| seldom.say(begin).is_none()));
        let later = seldom.say(begin + SELDOM);
        assert!(later.as_ref().is_some_and(|text| text.contains("5000 more")), "{later:?}");
        assert_eq!(seldom.say(begin + SELDOM * 2).as_deref(), Some(""));
    }
}
