//! A model holds for each direction and connection by itself.

use super::*;
use std::time::Duration;

const SLOW: LinkModel = LinkModel {
    latency: Duration::from_millis(50),
    jitter: Duration::ZERO,
    loss: 0,
    bandwidth: None,
    reorder: 0,
    duplicate: 0,
    corrupt: 0,
    cut: false,
};

fn shaping(own: u8) -> Shaping {
    Shaping::new(5, Address([own; 32]), Arc::default())
}

#[tokio::test]
async fn a_model_holds_for_connections_that_are_up_and_for_those_to_come() {
    let shaping = shaping(1);
    let (near, far) = (Address([2; 32]), Address([3; 32]));
    let up = shaping.admit(near).unwrap();
    assert!(!up.is_reshaped());
    shaping.set(near, SLOW);
    assert!(up.is_reshaped());
    assert_eq!(up.take_model(), SLOW);
    assert_eq!(shaping.admit(near).unwrap().take_model(), SLOW);
    assert!(!shaping.admit(far).unwrap().is_reshaped());
    shaping.set(near, LinkModel { cut: true, ..SLOW });
    assert!(shaping.admit(near).is_none() && shaping.admit(far).is_some());
    shaping.set(near, LinkModel::default());
    assert_eq!(up.take_model(), LinkModel::default());
    assert!(!shaping.admit(near).unwrap().is_reshaped());
    assert!(shaping.state().models.is_empty() && shaping.state().links.len() <= 2, "nothing is kept for links that have gone");
}

#[tokio::test]
async fn each_direction_and_each_connection_has_chances_of_its_own() {
    let (one, two) = (Address([1; 32]), Address([2; 32]));
    let run = || {
        let (there, back) = (shaping(1), shaping(2));
        there.set(two, SLOW);
        back.set(one, SLOW);
        [there.admit(two), back.admit(one), there.admit(two)].map(|link| link.unwrap().seed())
    };
    let seeds = run();
    assert_eq!(seeds, run());
    assert!(seeds[0] != seeds[1] && seeds[0] != seeds[2]);
}
