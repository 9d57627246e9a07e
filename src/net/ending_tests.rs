//! A node's end: nothing that was found or checked is lost, and what could not be stored is told.

use super::*;
use crate::chain::ValidationJob;
use crate::node::{Input, Output, Time};
use crate::store::fixture::{Chain, spec};
use crate::store::{Batch, DiskSwitch, FaultyStore, MemoryStore};
use std::path::PathBuf;
use std::sync::Mutex;

/// A node that wants one thing more when it starts, and notes what it hears.
struct Eager {
    node: Node,
    wish: Arc<Mutex<Option<Output>>>,
    heard: Arc<Mutex<Vec<&'static str>>>,
}

impl Machine for Eager {
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        self.node.start(now, out);
        out.extend(self.wish.lock().unwrap().take());
    }

    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        let name = match &input {
            Input::Validated(_) => Some("validated"),
            Input::Command(Command::Shutdown) => Some("shut down"),
            _ => None,
        };
        self.heard.lock().unwrap().extend(name);
        self.node.handle(now, input, out);
    }

    fn next_deadline(&self) -> Time {
        self.node.next_deadline()
    }

    fn node(&self) -> &Node {
        &self.node
    }
}

/// Starts a node on `store` that wants `wish`, and stops it at once. What became of its store, and what it heard.
async fn run(wish: Output, store: Box<dyn Store>) -> (LastCommit, Vec<&'static str>) {
    let (wish, heard) = (Arc::new(Mutex::new(Some(wish))), Arc::default());
    let (own, noted) = (Arc::clone(&wish), Arc::clone(&heard));
    let wrap: Wrap =
        Arc::new(move |node| Box::new(Eager { node, wish: Arc::clone(&own), heard: Arc::clone(&noted) }) as Box<dyn Machine>);
    let setup = Setup {
        config: Config::default(),
        keys: KeyPair::from_seed([5; 32]),
        transport: Transport::Noise,
        spec: Arc::new(spec()),
        listen: None,
        store,
        addresses: None,
        index: 0,
        seed: 1,
        events: Arc::new(|_| {}),
        workers: Workers::new(1),
        names: Names::system(),
        upnp: None,
        wrap: Some(wrap),
    };
    let last = start(setup).await.unwrap().stop().await;
    let heard = heard.lock().unwrap().clone();
    (last, heard)
}

#[tokio::test]
async fn a_block_that_is_being_validated_is_waited_for() {
    let spec = Arc::new(spec());
    let (_, parent_state) = spec.genesis();
    let block = Chain::new().block();
    let job = ValidationJob { id: block.id(), spec, block, parent_state, check_signatures: true };
    let (last, heard) = run(Output::Validate(job), Box::new(MemoryStore::new())).await;
    assert_eq!(last, LastCommit::Done);
    assert_eq!(heard, ["validated", "shut down"]);
}

#[tokio::test]
async fn a_last_commit_that_fails_is_told() {
    let disk = DiskSwitch::default();
    let store = || FaultyStore::new(MemoryStore::new(), disk.clone(), PathBuf::from("there"));
    let batch: Batch = Chain::new().batch();
    let (last, _) = run(Output::Store(batch.clone()), Box::new(store())).await;
    assert_eq!(last, LastCommit::Done);
    disk.set_full(true);
    let (last, _) = run(Output::Store(batch), Box::new(store())).await;
    assert!(matches!(&last, LastCommit::Failed(why) if why.contains("no space")), "{last:?}");
}
