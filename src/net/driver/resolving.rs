//! Looking names up for the node.

use super::Driver;
use super::connecting::stopped;
use crate::net::limits::PENDING_LOOKUPS;
use crate::node::Input;
use std::sync::Arc;

impl Driver {
    pub(super) fn resolve(&mut self, name: String) {
        self.lookups += 1;
        if self.lookups > PENDING_LOOKUPS {
            let addresses = Err("too many look-ups under way".to_owned());
            return self.answer(Input::Resolved { name, addresses });
        }
        let common = Arc::clone(&self.common);
        let answers = self.answers.clone();
        let names = self.names.clone();
        self.tasks.spawn(async move {
            let found = tokio::select! {
                biased;
                found = common.switches.while_running(names.look_up(&name)) => found,
                () = stopped(&common.stopping) => return,
            };
            let addresses = found.map_err(|error| error.to_string());
            let _ = answers.send(Input::Resolved { name, addresses });
        });
    }
}
