use super::*;
use crate::cluster::scenario::LinkChange;

const S: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn base() -> LinkModel {
    LinkModel { latency: 10 * MS, ..Default::default() }
}

/// Four nodes, each linked to each.
fn plan() -> Plan {
    let pairs = (0..4).flat_map(|from| (0..4).filter(move |to| *to != from).map(move |to| (from, to)));
    Plan { count: 4, links: pairs.map(|pair| (pair, base())).collect(), ..Plan::default() }
}

fn started(plan: &Plan) -> Director {
    let mut director = Director::new(plan);
    director.begin(&mut Vec::new());
    director
}

fn change(from: u32, to: u32, change: LinkChange) -> Fault {
    Fault::Link { from: chosen([from]), to: chosen([to]), both_ways: false, change }
}

fn latency(ms: u32) -> LinkChange {
    LinkChange { latency: Some(ms * MS), ..Default::default() }
}

fn loss(parts: u32) -> LinkChange {
    LinkChange { loss: Some(parts), ..Default::default() }
}

fn entry(at: u32, fault: Fault, lasts: Option<u32>) -> TimelineEntry {
    TimelineEntry { at: at * S, fault, lasts: lasts.map(|lasts| lasts * S) }
}

#[test]
fn it_begins_with_the_links_and_then_the_nodes() {
    let mut plan = plan();
    plan.late.insert(3);
    let mut out = Vec::new();
    let mut director = Director::new(&plan);
    director.begin(&mut out);
    assert_eq!(out.len(), 12 + 3);
    assert_eq!(out[0], Action::SetLink { from: 0, to: 1, model: base() });
    assert_eq!(out[12..], [Action::Start(0), Action::Start(1), Action::Start(2)]);
    assert!(director.is_up(2) && !director.is_up(3));
}

#[test]
fn overlapping_changes_add_up_and_ending_one_leaves_the_others() {
    let mut director = started(&plan());
    let mut out = Vec::new();
    director.inject(S, change(0, 1, latency(100)), None, &mut out).unwrap();
    director.inject(S, change(0, 1, loss(200_000)), None, &mut out).unwrap();
    let said = director.inject(S, change(0, 1, latency(300)), None, &mut out).unwrap();
    assert_eq!(said, "fault #3: latency 300ms n0 -> n1");
    let link = |director: &Director| director.links()[&(0, 1)];
    assert_eq!(link(&director), LinkModel { latency: 300 * MS, loss: 200_000, ..base() });
    director.undo(S, Some(3), &mut out).unwrap();
    assert_eq!(link(&director), LinkModel { latency: 100 * MS, loss: 200_000, ..base() });
    director.undo(S, Some(1), &mut out).unwrap();
    assert_eq!(link(&director), LinkModel { loss: 200_000, ..base() });
    out.clear();
    assert_eq!(director.undo(S, None, &mut out).unwrap(), "undid fault #2: loss 20% n0 -> n1");
    assert_eq!(out, [Action::SetLink { from: 0, to: 1, model: base() }]);
    assert_eq!(director.undo(S, None, &mut out), Err(Refusal::Nothing));
    assert_eq!(director.undo(S, Some(2), &mut out), Err(Refusal::NoFault(2)));
    assert_eq!(director.links()[&(1, 0)], base());
}

#[test]
fn a_cut_survives_the_end_of_a_partition_that_also_made_it() {
    let mut director = started(&plan());
    let mut out = Vec::new();
    let cut = LinkChange { cut: Some(true), ..Default::default() };
    director.inject(S, change(0, 2, cut), None, &mut out).unwrap();
    director.inject(S, Fault::Partition { groups: vec![chosen([0, 1])] }, Some(5 * S), &mut out).unwrap();
    assert_eq!(director.cuts().into_iter().collect::<Vec<_>>(), [(0, 2), (0, 3), (1, 2), (1, 3)]);
    director.advance(6 * S, &mut out);
    assert_eq!(director.cuts().into_iter().collect::<Vec<_>>(), [(0, 2)]);
    assert_eq!(director.news(), ["fault #2 is over: partition n0..n1 | rest"]);
}

#[test]
fn a_partition_cuts_between_any_groups_and_the_rest_is_one_more() {
    let mut plan = plan();
    plan.timeline = vec![entry(2, Fault::Partition { groups: vec![chosen([0]), chosen([1])] }, None)];
    let mut director = started(&plan);
    director.advance(2 * S, &mut Vec::new());
    assert_eq!(director.cuts().into_iter().collect::<Vec<_>>(), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]);
}

#[test]
fn a_fault_parts_those_too_between_whom_no_link_is_drawn() {
    let mut plan = plan();
    (plan.links, plan.others) = plan.links.into_iter().partition(|((from, to), _)| from.abs_diff(*to) == 1);
    let mut director = started(&plan);
    let mut out = Vec::new();
    director.inject(S, Fault::Partition { groups: vec![chosen([0])] }, None, &mut out).unwrap();
    let parted = |from, to| Action::SetLink { from, to, model: LinkModel { cut: true, ..base() } };
    for pair in [(0, 1), (0, 2), (0, 3), (3, 0)] {
        assert!(out.contains(&parted(pair.0, pair.1)), "somebody may link {pair:?} by hand");
    }
    let cuts = |director: &Director| director.cuts().into_iter().collect::<Vec<_>>();
    assert_eq!(cuts(&director), [(0, 1)], "nobody is shown a link that is not there");
    assert!(director.inject(S, change(0, 2, loss(1)), None, &mut out).is_err());
    assert!(director.met(0, 2) && !director.met(2, 0));
    assert_eq!(cuts(&director), [(0, 1), (0, 2)]);
    assert!(director.inject(S, change(0, 2, loss(1)), None, &mut out).is_ok());
}

#[test]
fn of_many_nodes_a_link_is_parted_once_it_is_known() {
    let mut director = started(&Plan { count: MAX_MESHED + 2, links: [((0, 1), base()), ((1, 0), base())].into(), ..plan() });
    assert!(director.met(0, 301) && !director.met(301, 0));
    let mut out = Vec::new();
    director.inject(S, Fault::Partition { groups: vec![chosen([0])] }, None, &mut out).unwrap();
    assert_eq!(director.cuts().into_iter().collect::<Vec<_>>(), [(0, 1), (0, 301)]);
    assert_eq!(out.len(), 4);
}

#[test]
fn the_timeline_comes_in_its_order_and_expires_on_time() {
    let mut plan = plan();
    plan.timeline = vec![entry(5, Fault::Pause(chosen([2])), Some(3)), entry(2, Fault::Kill(chosen([1])), Some(4))];
    let mut director = started(&plan);
    let mut due = Vec::new();
    let mut out = Vec::new();
    while let Some(at) = director.due() {
        due.push(at);
        director.advance(at, &mut out);
    }
    assert_eq!(due, [2 * S, 5 * S, 6 * S, 8 * S]);
    assert_eq!(out, [Action::Kill(1), Action::Pause(2, true), Action::Start(1), Action::Pause(2, false)]);
}

#[test]
fn late_steps_come_in_the_same_order_as_punctual_ones() {
    let mut plan = Plan { seed: 3, transactions_per_second: 5.0, ..plan() };
    plan.timeline = vec![entry(1, Fault::Kill(chosen([1])), Some(1)), entry(3, change(0, 1, loss(5)), Some(2))];
    let (mut punctual, mut late) = (Vec::new(), Vec::new());
    let mut director = started(&plan);
    while let Some(at) = director.due().filter(|at| *at <= 10 * S) {
        director.advance(at, &mut punctual);
    }
    started(&plan).advance(10 * S, &mut late);
    assert!(punctual.len() > 20);
    assert_eq!(punctual, late);
}

#[test]
fn a_restart_ends_what_kept_a_node_down() {
    let mut director = started(&plan());
    let mut out = Vec::new();
    director.inject(S, Fault::Kill(chosen([1, 2])), Some(10 * S), &mut out).unwrap();
    assert_eq!(director.inject(S, Fault::Kill(chosen([1])), None, &mut out), Err(Refusal::Down(1)));
    director.inject(2 * S, Fault::Restart(chosen([1])), None, &mut out).unwrap();
    assert_eq!(out, [Action::Kill(1), Action::Kill(2), Action::Start(1)]);
    assert_eq!(director.active().len(), 1, "n2 is still down");
    director.inject(3 * S, Fault::Restart(chosen([2])), None, &mut out).unwrap();
    assert!(director.active().is_empty());
    out.clear();
    director.inject(4 * S, Fault::Restart(chosen([2])), None, &mut out).unwrap();
    assert_eq!(out, [Action::Kill(2), Action::Start(2)], "one that runs is killed first");
    director.advance(20 * S, &mut out);
    assert_eq!(out.len(), 2, "the kill's end found nothing to do");
}

#[test]
fn joining_for_a_time_ends_with_a_goodbye() {
    let mut plan = plan();
    plan.late.insert(3);
    plan.timeline = vec![entry(1, Fault::Join(chosen([3])), Some(2)), entry(5, Fault::Leave(chosen([0])), Some(1))];
    let mut director = started(&plan);
    let mut out = Vec::new();
    director.advance(10 * S, &mut out);
    assert_eq!(out, [Action::Start(3), Action::Leave(3), Action::Leave(0), Action::Start(0)]);
}

#[test]
fn a_node_that_starts_again_is_told_what_still_holds() {
    let mut director = started(&plan());
    let mut out = Vec::new();
    director.inject(S, Fault::ClockSkew { nodes: chosen([1]), by: 90 * S, back: true }, None, &mut out).unwrap();
    director.inject(S, Fault::Pause(chosen([1])), None, &mut out).unwrap();
    director.inject(S, Fault::DiskFull(chosen([1])), Some(S), &mut out).unwrap();
    out.clear();
    director.inject(S, Fault::Restart(chosen([1])), None, &mut out).unwrap();
    assert_eq!(out, [Action::Kill(1), Action::Start(1), Action::Pause(1, true), Action::SkewClock(1, -90_000)]);
    out.clear();
    assert_eq!(director.clear(2 * S, &mut out), 3);
    assert_eq!(out, [Action::DiskFull(1, false), Action::Pause(1, false), Action::SkewClock(1, 0)]);
}

#[test]
fn freezing_twice_lets_go() {
    let mut director = started(&plan());
    let mut out = Vec::new();
    assert_eq!(director.toggle_pause(S, 2, Some(30 * S), &mut out).unwrap(), "fault #1: pause n2 for 30s");
    assert_eq!(director.toggle_pause(4 * S, 2, Some(30 * S), &mut out).unwrap(), "undid fault #1: pause n2");
    assert_eq!(out, [Action::Pause(2, true), Action::Pause(2, false)]);
    assert_eq!(director.by_hand(), [TimelineEntry { at: S, fault: Fault::Pause(chosen([2])), lasts: Some(3 * S) }]);
}

#[test]
fn whom_the_scenario_stands_still_no_hand_stands_still_again() {
    let mut plan = plan();
    plan.timeline = vec![entry(1, Fault::Pause(Selection::All), Some(9))];
    let mut director = started(&plan);
    let mut out = Vec::new();
    director.toggle_pause(Duration::ZERO, 3, None, &mut out).unwrap();
    director.advance(S, &mut out);
    let refused = director.toggle_pause(2 * S, 2, None, &mut out).unwrap_err();
    assert_eq!(refused.to_string(), "n2 stands still by fault #2 of the scenario: undo that one");
    assert_eq!(director.by_hand().len(), 1, "nothing of it is saved");
    assert_eq!(director.toggle_pause(2 * S, 3, None, &mut out).unwrap(), "undid fault #1: pause n3");
    director.advance(10 * S, &mut out);
    assert!(director.active().is_empty() && director.toggle_pause(11 * S, 2, None, &mut out).is_ok());
}

#[test]
fn what_was_done_by_hand_does_the_same_on_a_timeline() {
    let mut by_hand = started(&plan());
    let mut out = Vec::new();
    by_hand.inject(S, change(0, 1, latency(50)), Some(10 * S), &mut out).unwrap();
    by_hand.inject(2 * S, Fault::Kill(chosen([3])), None, &mut out).unwrap();
    by_hand.undo(5 * S, Some(2), &mut out).unwrap();
    by_hand.inject(6 * S, Fault::Partition { groups: vec![chosen([0, 1])] }, None, &mut out).unwrap();
    by_hand.clear(9 * S, &mut out);

    let mut again = started(&Plan { timeline: by_hand.by_hand().to_vec(), ..plan() });
    let mut repeated = Vec::new();
    again.advance(20 * S, &mut repeated);
    assert_eq!(out, repeated);
    let lines: Vec<_> = by_hand.timeline(20 * S).into_iter().map(|line| line.text).collect();
    assert_eq!(
        lines,
        ["latency 50ms n0 -> n1 for 8s, by hand", "kill n3 for 3s, by hand", "partition n0..n1 | rest for 3s, by hand"]
    );
}

#[test]
fn what_cannot_be_done_is_refused_in_a_sentence() {
    let mut plan = plan();
    plan.links.retain(|(from, to), _| from.abs_diff(*to) == 1);
    let mut director = started(&plan);
    let mut out = Vec::new();
    let no_link = director.inject(S, change(0, 2, loss(1)), None, &mut out).unwrap_err();
    assert_eq!(no_link.to_string(), "no link goes from n0 to n2: choose two nodes that are linked");
    assert_eq!(director.inject(S, Fault::Kill(chosen([9])), None, &mut out), Err(Refusal::NoNode(9)));
    assert!(out.is_empty() && director.by_hand().is_empty());
    for _ in 0..MAX_FAULTS {
        director.inject(S, change(0, 1, loss(1)), None, &mut out).unwrap();
    }
    assert_eq!(director.inject(S, change(0, 1, loss(1)), None, &mut out), Err(Refusal::TooMany));
}

#[test]
fn a_partition_that_would_leak_is_refused() {
    let large = Plan { count: MAX_MESHED + 1, seeks_peers: true, ..plan() };
    let partition = || Fault::Partition { groups: vec![chosen([0])] };
    assert_eq!(started(&large).inject(S, partition(), None, &mut Vec::new()), Err(Refusal::Leaks));
    let drawn = Plan { seeks_peers: false, ..large };
    assert!(started(&drawn).inject(S, partition(), None, &mut Vec::new()).is_ok());
}

#[test]
fn faults_are_short_sentences() {
    let all = LinkChange {
        latency: Some(80 * MS),
        jitter: Some(1_500 * MS),
        loss: Some(5_000),
        bandwidth: Some(1_500_000),
        ..LinkChange::default()
    };
    let fault = Fault::Link { from: chosen([5]), to: Selection::All, both_ways: true, change: all };
    let text = "latency 80ms, jitter 1s 500ms, loss 0.5%, bandwidth 1.5 MB/s n5 <-> all";
    assert_eq!(fault_words(&fault), text);
    let skew = Fault::ClockSkew { nodes: chosen([1, 2, 3, 7]), by: 90 * S, back: false };
    assert_eq!(fault_words(&skew), "clock of n1..n3, n7 1m 30s ahead");
}

#[test]
fn shapes_stand_by_pair_and_direction() {
    let mut director = started(&Plan { links: [((0, 1), base()), ((1, 0), LinkModel::default())].into(), ..plan() });
    director.inject(S, change(1, 0, loss(9)), None, &mut Vec::new()).unwrap();
    let shapes = director.shapes();
    assert_eq!((shapes[&(0, 1)].0.latency, shapes[&(0, 1)].1.loss), (10 * MS, 9));
    assert_eq!(director.faults(S)[0].left, None);
}
