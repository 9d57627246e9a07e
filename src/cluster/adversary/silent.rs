//! Takes everything and says nothing after the handshake.

use super::line::is_handshake;
use super::shell::{Around, Behaviour};
use crate::node::Output;

pub(super) struct Silent;

impl Behaviour for Silent {
    fn on_output(&mut self, _around: &mut Around<'_>, output: Output) -> Option<Output> {
        match &output {
            Output::Send { message, .. } if !is_handshake(message) => None,
            _ => Some(output),
        }
    }
}
