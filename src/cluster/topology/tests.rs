//! What every topology promises: the same links from the same seed, all nodes linked together, and its bounds on links of a node.

use super::*;
use crate::cluster::Selection;
use proptest::prelude::*;

fn degrees(edges: &[(u32, u32)], count: u32) -> Vec<u32> {
    let mut degrees = vec![0; count as usize];
    for (a, b) in edges {
        degrees[*a as usize] += 1;
        degrees[*b as usize] += 1;
    }
    degrees
}

fn shifted(count: u32) -> Vec<Region> {
    let third = count / 3;
    let some = |range| Selection::Some(vec![range]);
    let place = |name| Place::named(name).unwrap();
    vec![
        Region { place: place("europe"), nodes: some(0..=third) },
        Region { place: place("us-east"), nodes: some(third + 1..=2 * third) },
        Region { place: place("australia"), nodes: some(2 * third + 1..=count) },
    ]
}

fn any_topology() -> impl Strategy<Value = (Topology, u32)> {
    (0_usize..11, 1_u32..120, 1_u32..9, 0_u32..=1_000_000).prop_map(|(kind, count, number, share)| {
        let topology = match kind {
            0 => Topology::Line,
            1 => Topology::Ring,
            2 => Topology::Star,
            3 => Topology::Mesh { degree: None },
            4 => Topology::Mesh { degree: Some(number) },
            5 => Topology::Tree { arity: number },
            6 => Topology::Grid { width: (number > 4).then_some(number) },
            7 => Topology::Random { degree: number },
            8 => Topology::SmallWorld { degree: number, rewire: share },
            9 => Topology::ScaleFree { degree: number },
            _ => Topology::Regions { regions: shifted(count), degree: number, bridges: 1 + number / 3 },
        };
        (topology, count)
    })
}

proptest! {
    #[test]
    fn all_nodes_are_linked_together_by_the_same_links_each_time((topology, count) in any_topology(), seed: u64) {
        let edges = topology.edges(count, seed);
        prop_assert_eq!(islands(&edges, count), [0]);
        prop_assert!(edges.is_sorted() && edges.iter().all(|(a, b)| a < b && *b < count));
        prop_assert!(edges.windows(2).all(|pair| pair[0] != pair[1]));
        prop_assert_eq!(&edges, &topology.edges(count, seed));
        prop_assert!(edges.len() as u64 <= topology.most_links(count), "{} links", edges.len());
    }

    #[test]
    fn each_node_has_as_many_links_as_promised(count in 12_u32..150, half in 1_u32..5, rewire in 0_u32..=1_000_000, seed: u64) {
        let of = |topology: Topology| degrees(&topology.edges(count, seed), count);
        let degree = 2 * half;
        let circle = of(Topology::Mesh { degree: Some(degree) });
        prop_assert!(circle.iter().all(|d| *d == degree), "{circle:?}");
        let odd = of(Topology::Mesh { degree: Some(degree + 1) });
        prop_assert!(odd.iter().all(|d| (degree + 1..=degree + 2).contains(d)), "{odd:?}");
        let random = of(Topology::Random { degree });
        prop_assert!(random.iter().all(|d| (2..=degree).contains(d)), "{random:?}");
        let small = of(Topology::SmallWorld { degree, rewire });
        prop_assert!(small.iter().all(|d| *d >= half), "{small:?}");
        prop_assert!(small.iter().sum::<u32>() >= count * degree);
        let free = of(Topology::ScaleFree { degree });
        prop_assert!(free.iter().all(|d| *d >= degree), "{free:?}");
        prop_assert_eq!(free.iter().sum::<u32>() / 2, degree * (degree + 1) / 2 + (count - degree - 1) * degree);
        let tree = of(Topology::Tree { arity: degree });
        prop_assert!(tree.iter().all(|d| *d <= degree + 1));
        let grid = of(Topology::Grid { width: None });
        prop_assert!(grid.iter().all(|d| (1..=4).contains(d)));
    }

    #[test]
    fn another_seed_draws_other_links(seed in 0_u64..u64::MAX) {
        for topology in [Topology::Random { degree: 4 }, Topology::SmallWorld { degree: 4, rewire: 500_000 }, Topology::ScaleFree { degree: 2 }] {
            prop_assert_ne!(topology.edges(60, seed), topology.edges(60, seed + 1));
        }
    }
}

#[test]
fn small_ones_by_hand() {
    assert_eq!(Topology::Line.edges(4, 0), [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(Topology::Ring.edges(4, 0), [(0, 1), (0, 3), (1, 2), (2, 3)]);
    assert_eq!(Topology::Ring.edges(2, 0), [(0, 1)]);
    assert_eq!(Topology::Star.edges(4, 0), [(0, 1), (0, 2), (0, 3)]);
    assert_eq!(Topology::Tree { arity: 2 }.edges(6, 0), [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5)]);
    assert_eq!(Topology::Grid { width: None }.edges(4, 0), [(0, 1), (0, 2), (1, 3), (2, 3)]);
    assert_eq!(Topology::Mesh { degree: None }.edges(16, 0).len(), 120);
    assert_eq!(Topology::Edges(vec![(2, 0), (0, 2), (1, 1), (0, 9)]).edges(3, 0), [(0, 2)]);
    for count in [0, 1] {
        for topology in
            [Topology::Line, Topology::Ring, Topology::Star, Topology::Mesh { degree: None }, Topology::Random { degree: 3 }]
        {
            assert_eq!(topology.edges(count, 0), []);
        }
        assert_eq!(Topology::SmallWorld { degree: 4, rewire: 900_000 }.edges(count, 0), []);
        assert_eq!(Topology::ScaleFree { degree: 4 }.edges(count, 0), []);
    }
}

#[test]
fn a_small_world_without_rewiring_is_a_circle_and_rewiring_shortens_it() {
    let circle = Topology::Mesh { degree: Some(4) }.edges(50, 1);
    assert_eq!(Topology::SmallWorld { degree: 4, rewire: 0 }.edges(50, 1), circle);
    let far = |edges: &[(u32, u32)]| edges.iter().filter(|(a, b)| (b - a).min(50 - (b - a)) > 2).count();
    let rewired = far(&Topology::SmallWorld { degree: 4, rewire: 100_000 }.edges(50, 1));
    assert!((3..=25).contains(&rewired), "{rewired} of 100 links lead far at a chance of 10 %");
}

#[test]
fn any_two_regions_are_bridged_and_no_more_than_asked() {
    let topology = Topology::Regions { regions: shifted(60), degree: 4, bridges: 2 };
    let place = |node| topology.region(node).unwrap().place.name();
    let across = topology.edges(60, 3).into_iter().filter(|(a, b)| place(*a) != place(*b)).count();
    assert!((3..=6).contains(&across), "{across} bridges between three regions");
}

#[test]
fn islands_are_found() {
    assert_eq!(islands(&[(0, 1), (2, 3)], 5), [0, 2, 4]);
    assert_eq!(islands(&[(3, 4), (0, 4), (1, 2), (2, 3)], 5), [0]);
}

#[test]
fn a_full_mesh_of_twenty_thousand_is_too_much() {
    assert!(!Topology::Mesh { degree: None }.fits(20_000));
    assert!(Topology::Mesh { degree: None }.fits(200) && Topology::Random { degree: 8 }.fits(20_000));
}
