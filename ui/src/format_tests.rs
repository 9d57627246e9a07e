//! Numbers read well, and never outgrow their columns.

use super::*;

#[test]
fn reads_as_people_write() {
    assert_eq!(bytes(0), "0 B");
    assert_eq!(bytes(999), "999 B");
    assert_eq!(bytes(388_000), "388 KB");
    assert_eq!(bytes(999_600), "1.0 MB");
    assert_eq!(rate(1_234_567), "1.2 MB/s");
    assert_eq!(count(12_400), "12.4k");
    assert_eq!(count(1_240), "1.2k");
    assert_eq!(exact(1_234_567), "1,234,567");
    assert_eq!(exact(999), "999");
    assert_eq!(duration(Duration::from_secs(221)), "3m 41s");
    assert_eq!(clock(Duration::from_secs(221)), "00:03:41");
    assert_eq!(moment(Duration::from_millis(41_250)), "41.2s");
    assert_eq!(moment(Duration::from_millis(221_250)), "3:41.2");
    assert_eq!(millis(Duration::from_micros(400)), "0.4 ms");
    assert_eq!(millis(Duration::from_micros(84_400)), "84 ms");
    assert_eq!(millis(Duration::from_millis(1_250)), "1.2 s");
    assert_eq!(speed(100), "1.0x");
    assert_eq!(speed(25), "0.25x");
    assert_eq!(speed(2000), "20x");
    assert_eq!(speed(crate::model::Clock::FULL_SPEED), "max");
    assert_eq!(minutes(Duration::from_secs(41)), "0:41");
    assert_eq!(minutes(Duration::from_secs(725)), "12:05");
    assert_eq!(minutes(Duration::from_secs(3_723)), "1:02:03");
    assert_eq!(share(200_000), "20%");
    assert_eq!(share(187_300), "18.7%");
    assert_eq!(share(5_000), "0.5%");
    assert_eq!(share(240), "0.02%");
    assert_eq!(share(0), "0%");
    assert_eq!(percent(1, 0), 100);
    assert_eq!(percent(7, 10), 70);
    assert_eq!(percent(u64::MAX, u64::MAX), 100);
}

#[test]
fn columns_hold_any_value() {
    let mut value = 0_u64;
    for step in 0..4000_u64 {
        assert!(count(value).len() <= COUNT_WIDTH, "{value}");
        assert!(bytes(value).len() <= BYTES_WIDTH, "{value}");
        assert!(rate(value).len() <= RATE_WIDTH, "{value}");
        assert!(millis(Duration::from_micros(value.min(9_000_000_000))).len() <= MILLIS_WIDTH, "{value}");
        assert!(duration(Duration::from_secs(value.min(8_000_000))).len() <= DURATION_WIDTH, "{value}");
        value = value + value / 97 + step % 7 + 1;
        if value > 900_000_000_000_000_000 {
            break;
        }
    }
}
