//! Topologies without chance.

/// Each node linked to the next.
pub fn line(count: u32) -> Vec<(u32, u32)> {
    (1..count).map(|node| (node - 1, node)).collect()
}

/// A line whose ends are linked.
pub fn ring(count: u32) -> Vec<(u32, u32)> {
    circle(count, 2)
}

/// Everybody linked to everybody.
pub fn full(count: u32) -> Vec<(u32, u32)> {
    (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect()
}

/// Each node linked to its `degree / 2` nearest on either side of a circle, and, if the degree is odd, to the one across. (Of an odd
/// number of nodes one has nobody across; it gets a link more.)
pub fn circle(count: u32, degree: u32) -> Vec<(u32, u32)> {
    let degree = degree.clamp(2, count.saturating_sub(1).max(2));
    let mut edges = Vec::new();
    for node in 0..count {
        edges.extend((1..=degree / 2).map(|step| (node, (node + step) % count)));
    }
    if degree % 2 == 1 {
        let across = count / 2;
        edges.extend((0..count.div_ceil(2)).map(|node| (node, (node + across) % count)));
    }
    edges
}

/// Each node's parent is found by dividing its index: n0 is the root.
pub fn tree(count: u32, arity: u32) -> Vec<(u32, u32)> {
    let arity = arity.max(1);
    (1..count).map(|node| ((node - 1) / arity, node)).collect()
}

/// Rows of `width` nodes; the last one may be shorter.
pub fn grid(count: u32, width: Option<u32>) -> Vec<(u32, u32)> {
    let square = count.isqrt() + u32::from(count.isqrt().pow(2) < count);
    let width = width.unwrap_or(square).max(1);
    let mut edges = Vec::new();
    for node in 0..count {
        if node % width > 0 {
            edges.push((node - 1, node));
        }
        if node >= width {
            edges.push((node - width, node));
        }
    }
    edges
}
