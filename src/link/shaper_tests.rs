//! Delay, order and loss are those of the model, whatever the numbers.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn shaper(model: LinkModel) -> Shaper {
    Shaper::new(model, 7)
}

#[test]
fn a_clear_link_delivers_at_once() {
    let carried = shaper(LinkModel::default()).carry(Time(5), 1 << 20);
    assert_eq!(carried, Carried { sent: Time(5), arrives: Time(5), corrupted: false, lost: 0 });
}

#[test]
fn bandwidth_makes_a_queue_and_latency_a_distance() {
    let mut shaper = shaper(LinkModel { latency: 50 * MS, bandwidth: Some(1_000_000), ..Default::default() });
    let first = shaper.carry(Time(0), 100_000);
    assert_eq!((first.sent, first.arrives), (Time(100_000), Time(150_000)));
    let second = shaper.carry(Time(10), 100_000);
    assert_eq!((second.sent, second.arrives), (Time(200_000), Time(250_000)));
    assert_eq!(shaper.free(), Time(200_000));
}

#[test]
fn nothing_overtakes() {
    let mut shaper = shaper(LinkModel { latency: 10 * MS, jitter: 30 * MS, loss: 100_000, ..Default::default() });
    let mut last = Time(0);
    for n in 0..1_000 {
        let carried = shaper.carry(Time(n * 1_000), 100);
        assert!(carried.arrives >= last);
        last = carried.arrives;
    }
}

#[test]
fn losses_come_as_often_as_said_and_cost_a_timeout() {
    let mut shaper = shaper(LinkModel { latency: 10 * MS, loss: 100_000, ..Default::default() });
    let mut lost = 0;
    for n in 0..10_000u64 {
        let carried = shaper.carry(Time(n * 100_000_000), 100);
        lost += carried.lost;
        if carried.lost == 0 {
            assert_eq!(carried.arrives, Time(n * 100_000_000) + 10 * MS);
        } else {
            assert!(carried.arrives >= Time(n * 100_000_000) + 210 * MS);
        }
    }
    assert!((900..1_250).contains(&lost), "{lost} of 10,000 at 10 %");
}

#[test]
fn of_all_packets_sent_the_share_said_is_lost_however_large_the_messages() {
    for (bytes, messages) in [(100, 40_000u64), (50_000, 1_000), (1_000_000, 60)] {
        for loss in [10_000u32, 200_000, 500_000] {
            let mut shaper = shaper(LinkModel { loss, ..Default::default() });
            let lost: u64 = (0..messages).map(|n| u64::from(shaper.carry(Time(n), bytes).lost)).sum();
            let packets = shaper.packets();
            assert_eq!(packets.lost, lost);
            assert_eq!(packets.sent, messages * (bytes as u64).div_ceil(PACKET) + lost);
            let measured = lost * u64::from(MILLION) / packets.sent;
            let band = u64::from(loss / 10 * 9)..u64::from(loss / 10 * 11);
            assert!(band.contains(&measured), "{measured} of a million instead of {loss}, {bytes} bytes each");
        }
    }
}

#[test]
fn nothing_is_counted_where_nothing_can_be_lost() {
    let mut shaper = shaper(LinkModel { latency: 10 * MS, bandwidth: Some(1_000_000), ..Default::default() });
    shaper.carry(Time(0), 5_000);
    assert_eq!(shaper.packets(), Packets::default());
    shaper.set_model(LinkModel { loss: 1, ..Default::default() });
    shaper.carry(Time(0), 5_000);
    shaper.set_model(LinkModel::default());
    shaper.carry(Time(0), 5_000);
    assert_eq!(shaper.packets(), Packets { sent: 4, lost: 0 });
}

#[test]
fn the_same_seed_has_the_same_chances() {
    let run = |seed| {
        let model = LinkModel { jitter: 30 * MS, loss: 50_000, corrupt: 10_000, ..Default::default() };
        let mut shaper = Shaper::new(model, seed);
        (0..100).map(|n| shaper.carry(Time(n), 5_000)).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn the_largest_numbers_saturate() {
    let model = LinkModel {
        latency: Duration::from_secs(1 << 40),
        jitter: Duration::from_secs(1 << 20),
        loss: MILLION,
        bandwidth: Some(1),
        reorder: MILLION,
        duplicate: MILLION,
        corrupt: MILLION,
        cut: false,
    };
    let carried = shaper(model).carry(Time(u64::MAX - 1), usize::MAX);
    assert_eq!(carried.arrives, Time::MAX);
    assert!(carried.corrupted);
}
