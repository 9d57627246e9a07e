//! Panels: each draws one part of a snapshot into a rectangle, and keeps no more than where its list is scrolled to.

pub(crate) mod bandwidth;
pub(crate) mod faults;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod nodes;
pub(crate) mod peer;
pub(crate) mod problems;
pub(crate) mod relays;
pub(crate) mod topology;
