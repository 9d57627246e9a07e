//! The one table of what lowers and what raises a reputation: points, and the words that peers and people are told.

use super::reputation::LOWEST;

/// What lowers a reputation. Only what the sender could have known is here; a duplicate costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Offence {
    /// It said that it does not have what it had offered.
    NotFound,
    /// It delivered what was no longer waited for.
    Late,
    /// It never answered.
    Unanswered,
    /// More messages than anybody has a use for.
    Spam,
    /// A signed address whose signature is false, or that is another's where it should be its own.
    InvalidRecord,
    /// A transaction that no state could make valid.
    InvalidTransaction,
    /// A frame that is no message.
    Malformed,
    /// A message that is not allowed at this point.
    OutOfPlace,
    /// Types that we do not know, without end.
    TooManyUnknown,
    /// Headers that do not follow each other.
    UnconnectedHeaders,
    /// Headers without end that are worth next to nothing.
    LowWork,
    /// A header that breaks a rule. Fatal.
    InvalidHeader,
    /// A block that breaks a rule. Fatal.
    InvalidBlock,
}

impl Offence {
    /// Cost in hundredths, and the words for it. One that costs [`LOWEST`] is fatal: it bans at once, however good the name was.
    pub(in crate::node) const fn terms(self) -> (i32, &'static str) {
        match self {
            Self::NotFound => (-100, "did not have what it offered"),
            Self::Late => (-100, "answered late"),
            Self::Unanswered => (-500, "did not answer a request"),
            Self::Spam => (-500, "sent a burst of spam"),
            Self::InvalidRecord => (-1_000, "told an address with a false signature"),
            Self::InvalidTransaction => (-1_000, "sent an invalid transaction"),
            Self::Malformed => (-2_000, "sent a malformed frame"),
            Self::OutOfPlace => (-2_000, "sent a message out of place"),
            Self::TooManyUnknown => (-2_000, "sent too many messages of unknown types"),
            Self::UnconnectedHeaders => (-2_000, "sent headers that do not follow each other"),
            Self::LowWork => (-2_000, "sent headers of low work"),
            Self::InvalidHeader => (LOWEST, "sent an invalid header"),
            Self::InvalidBlock => (LOWEST, "sent an invalid block"),
        }
    }

    /// Whether it bans at once.
    pub(in crate::node) const fn is_fatal(self) -> bool {
        self.terms().0 == LOWEST
    }

    /// Whether the stream is out of step after it, so that it cannot be read on, however good the sender's name.
    pub(in crate::node) const fn ends_the_stream(self) -> bool {
        matches!(self, Self::Malformed | Self::OutOfPlace | Self::TooManyUnknown)
    }
}

/// What raises a reputation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Merit {
    /// First to bring a block that proved valid.
    Block,
    /// First to bring valid transactions: how many.
    Transactions(usize),
}

impl Merit {
    /// Gain in hundredths for each, and the words for it.
    pub(in crate::node) const fn terms(self) -> (i32, &'static str) {
        match self {
            Self::Block => (200, "first to bring a valid block"),
            Self::Transactions(_) => (10, "first to bring valid transactions"),
        }
    }
}

#[cfg(test)]
#[path = "offences_tests.rs"]
mod tests;
