//! A gateway's news, handed to the node.

use super::Driver;
use crate::net::mapping::{News, Wish};
use crate::node::{Event, Input};
use tokio::sync::mpsc;

impl Driver {
    /// Begins to ask for a way in from outside, if that is wished for, in a task of its own.
    #[cfg(feature = "upnp")]
    pub(super) fn map(&mut self, wish: Option<Wish>) -> Option<mpsc::UnboundedReceiver<News>> {
        let wish = wish?;
        let common = std::sync::Arc::clone(&self.common);
        // Bounded by its pace: one at each attempt, at most.
        let (sender, news) = mpsc::unbounded_channel();
        self.tasks.spawn(async move {
            wish.keep(sender, &common.switches, super::connecting::stopped(&common.stopping)).await;
        });
        Some(news)
    }

    /// Without the feature no wish gets here.
    #[cfg(not(feature = "upnp"))]
    pub(super) fn map(&mut self, _: Option<Wish>) -> Option<mpsc::UnboundedReceiver<News>> {
        None
    }

    pub(super) fn mapped(&mut self, news: News) {
        self.look();
        match news {
            News::Mapped(address) => self.feed(Input::Mapped { address }),
            News::Lost => self.feed(Input::Unmapped),
            News::Failed(why) => {
                let text = format!("not reachable from outside by UPnP: {why}; it is tried again, and the node goes on without");
                self.emit(Event::Warning { text });
            }
        }
    }
}
