//! Pieces that panels are made of; each knows numbers and a place, none knows a node.

pub(crate) mod bar;
pub(crate) mod chart;
pub(crate) mod dots;
pub(crate) mod frame;
pub(crate) mod list;
pub(crate) mod topology;
