//! Panels: each draws one part of a snapshot into a rectangle, and keeps no more than where its list is scrolled to.

pub(crate) mod bandwidth;
pub(crate) mod bans;
pub(crate) mod book;
pub(crate) mod expectations;
pub(crate) mod faults;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod kinds;
pub(crate) mod links;
pub(crate) mod nodes;
pub(crate) mod peer;
pub(crate) mod popup;
pub(crate) mod problems;
pub(crate) mod relays;
pub(crate) mod scrub;
pub(crate) mod timeline;
pub(crate) mod topology;
pub(crate) mod trace;
