//! Answers that no honest driver gives often, and the last words.

use super::*;
use crate::chain::{BlockError, ValidationJob, Verdict};

/// The jobs that a node wants done when `message` comes, undone.
fn jobs(stage: &mut Stage, from: u64, message: Message) -> Vec<ValidationJob> {
    let mut out = Vec::new();
    let input = Input::Received { connection: connection(from), message: Arc::new(message), bytes: 100 };
    stage.node.handle(stage.now, input, &mut out);
    let (jobs, rest): (Vec<_>, Vec<_>) = out.into_iter().partition(|output| matches!(output, Output::Validate(_)));
    stage.carry_out(rest);
    jobs.into_iter().filter_map(|job| if let Output::Validate(job) = job { Some(job) } else { None }).collect()
}

#[test]
fn a_check_that_failed_blames_nobody_and_is_tried_again() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    let block = chain_of(&stage, 1).remove(0);
    let found = jobs(&mut stage, 1, Message::NewBlock { block: Arc::clone(&block) });
    let [job] = &found[..] else { panic!("{} jobs", found.len()) };
    let verdict = Verdict { block: Arc::clone(&block), id: job.id, result: Err(BlockError::Unchecked) };
    stage.give(Input::Validated(Arc::new(verdict)));
    assert!(stage.events.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("could not be checked"))));
    assert!(!stage.events.iter().any(|event| matches!(event, Event::BlockInvalid { .. })));
    assert!(!stage.is_banned(1) && stage.reputation(1) >= 0 && !stage.was_closed(1));
    assert_ne!(stage.tip(), block.id());
    // The block itself may be good: from another peer it is taken.
    let found = jobs(&mut stage, 2, Message::NewBlock { block: Arc::clone(&block) });
    let [job] = &found[..] else { panic!("{} jobs", found.len()) };
    stage.give(Input::Validated(Arc::new(job.run())));
    assert_eq!(stage.tip(), block.id());
}

#[test]
fn a_goodbye_does_not_overtake_a_block() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let mut outbox = Outbox::new();
    outbox.push("transactions", 1, Priority::Low).unwrap();
    outbox.push("block", 1, Priority::High).unwrap();
    let mut out = Vec::new();
    stage.node.handle(stage.now, Input::Command(Command::Shutdown), &mut out);
    for output in &out {
        if let Output::Send { message, priority, .. } = output
            && matches!(**message, Message::Goodbye { .. })
        {
            outbox.push("goodbye", 1, *priority).unwrap();
        }
    }
    let order: Vec<_> = std::iter::from_fn(|| outbox.pop()).map(|(what, _)| what).collect();
    assert_eq!(order, ["block", "goodbye", "transactions"]);
}

#[test]
fn who_talks_lives_even_if_its_pong_is_late_but_not_for_ever() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    // One sends something every second and no pong, as on a line on which much waits before it; the other is silent.
    for second in 0..20 {
        stage.wait(SECOND);
        stage.receive(1, Message::Heartbeat);
        assert_eq!(stage.was_closed(2), second >= 5, "{second}");
    }
    assert!(!stage.was_closed(1));
    for _ in 0..60 {
        stage.wait(SECOND);
        stage.receive(1, Message::Heartbeat);
    }
    assert!(stage.was_closed(1), "who never answers is gone in the end");
}

#[test]
fn what_is_asked_for_a_thousand_times_in_one_message_is_given_once() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let (first, second) = (pay(0, 0, 5, 1), pay(1, 0, 5, 1));
    stage.give(Input::Command(Command::Submit(Box::new(first))));
    stage.give(Input::Command(Command::Submit(Box::new(second))));
    stage.take_sent(1);
    let ids = [second.id(), first.id(), TxId([5; 32]), TxId([6; 32])];
    stage.receive(1, Message::GetData { ids: ids.into_iter().cycle().take(1_000).collect() });
    let answer = stage.take_sent(1);
    let [given, missing] = &answer[..] else { panic!("{answer:?}") };
    assert!(matches!(&**given, Message::Transaction { transactions } if transactions[..] == [second, first]), "{given:?}");
    assert!(matches!(&**missing, Message::NotFound { ids } if ids[..] == [Hash256([5; 32]), Hash256([6; 32])]), "{missing:?}");
    // The next message is another question.
    stage.receive(1, Message::GetData { ids: vec![first.id()] });
    assert_eq!(stage.take_sent(1).len(), 1);
}
