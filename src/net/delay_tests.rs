//! What comes late is bounded, in order, and its damage its own.

use super::*;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn line(model: LinkModel) -> (Line, Instant) {
    let now = Instant::now();
    (Line::new(model, 1, now), now)
}

fn frame(bytes: usize) -> Bytes {
    Bytes::from(vec![0; bytes])
}

#[tokio::test(start_paused = true)]
async fn it_is_bounded_in_frames_and_bytes() {
    let slow = LinkModel { latency: Duration::from_secs(100), ..Default::default() };
    for (size, most) in [(1, LINE_FRAMES), (1 << 20, LINE_BYTES >> 20)] {
        let (mut line, now) = line(slow);
        let mut taken = 0;
        while line.takes(now) {
            line.carry(frame(size), now);
            taken += 1;
        }
        assert_eq!(taken, most);
        assert_eq!(line.next(now), Some(now + Duration::from_secs(100)));
        let mut out = VecDeque::new();
        assert!(!line.arrived(now + Duration::from_secs(100), usize::MAX, &mut out));
        assert_eq!((out.len(), line.bytes, line.is_empty()), (taken, 0, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_line_takes_the_next_when_it_is_free() {
    let (mut line, now) = line(LinkModel { bandwidth: Some(1_000), ..Default::default() });
    line.carry(frame(1_000), now);
    assert!(!line.takes(now));
    // It takes frames a little ahead, as the runtime's timers are coarse, so that none of its time is lost.
    assert!(line.takes(now + Duration::from_secs(1) - LINE_AHEAD));
    assert_eq!(line.next(now), Some(now + Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn a_corrupted_frame_comes_alone() {
    let (mut line, now) = line(LinkModel { latency: MS, ..Default::default() });
    line.carry(frame(1), now);
    line.set_model(LinkModel { latency: MS, corrupt: crate::link::MILLION, ..Default::default() });
    line.carry(frame(2), now);
    line.set_model(LinkModel::default());
    line.carry(frame(3), now);
    assert!(!line.is_idle(), "what is on its way is not overtaken");
    let mut out = VecDeque::new();
    let mut sizes = Vec::new();
    for corrupted in [false, true, false] {
        assert_eq!(line.arrived(now + MS, 100, &mut out), corrupted);
        sizes.extend(out.drain(..).map(|frame| frame.len()));
    }
    assert_eq!(sizes, [1, 2, 3]);
    assert!(line.is_idle());
}

#[tokio::test(start_paused = true)]
async fn the_largest_numbers_only_wait() {
    let (mut line, now) = line(LinkModel { latency: Duration::MAX, bandwidth: Some(1), ..Default::default() });
    line.carry(frame(1_000_000), now);
    assert_eq!(line.next(now), Some(now + LINE_FARTHEST));
    assert!(!line.arrived(now + Duration::from_secs(1 << 30), 1, &mut VecDeque::new()));
}
