//! Keys pressed quickly add up, and nothing leaves the recording.

use super::*;
use crate::fixture;

fn at(seconds: u64) -> Option<Intent> {
    Some(Intent::Seek(Duration::from_secs(seconds)))
}

#[test]
fn speeds_go_up_and_down() {
    let mut snapshot = fixture::snapshot(fixture::TICK);
    let mut steering = Steering::default();
    assert_eq!(steering.speed(&snapshot, true), Some(Intent::Speed(200)));
    assert_eq!(steering.speed(&snapshot, true), Some(Intent::Speed(500)), "before the first shows");
    snapshot.clock.speed_percent = 100;
    (0..SOON).for_each(|_| steering.shown());
    assert_eq!(steering.speed(&snapshot, false), Some(Intent::Speed(50)), "it was refused: from what is");
    let mut steering = Steering::default();
    let all: Vec<_> = std::iter::from_fn(|| steering.speed(&snapshot, true)).collect();
    assert_eq!(all.last(), Some(&Intent::Speed(Clock::FULL_SPEED)));
    let all: Vec<_> = std::iter::from_fn(|| steering.speed(&snapshot, false)).collect();
    assert_eq!(all.last(), Some(&Intent::Speed(10)));
    // One that is none of ours goes to the next of ours.
    snapshot.clock.speed_percent = 130;
    assert_eq!(Steering::default().speed(&snapshot, true), Some(Intent::Speed(200)));
}

#[test]
fn seeking_adds_up_and_stays_inside() {
    let mut snapshot = fixture::replay(221);
    let mut steering = Steering::default();
    assert_eq!(steering.seek(&snapshot, true), at(226));
    assert_eq!(steering.seek(&snapshot, true), at(231));
    assert_eq!(steering.seek(&snapshot, false), at(226));
    snapshot.clock.elapsed = Duration::from_secs(598);
    assert_eq!(Steering::default().seek(&snapshot, true), at(600));
    snapshot.clock.elapsed = Duration::from_secs(2);
    assert_eq!(Steering::default().seek(&snapshot, false), at(0));
    assert_eq!(Steering::default().seek(&fixture::snapshot(221), true), None);
}

#[test]
fn marks() {
    let snapshot = fixture::replay(221);
    let mut steering = Steering::default();
    assert_eq!(steering.mark(&snapshot, true), at(262));
    assert_eq!(steering.mark(&snapshot, true), at(269));
    assert_eq!(steering.mark(&snapshot, false), at(262));
    assert_eq!(Steering::default().mark(&snapshot, false), at(209));
    let mut late = snapshot.clone();
    late.clock.elapsed = Duration::from_secs(599);
    assert_eq!(Steering::default().mark(&late, true), None);
    // Half a second after a mark, back means the one before it.
    late.clock.elapsed = Duration::from_millis(209_500);
    assert_eq!(Steering::default().mark(&late, false), at(202));
}
