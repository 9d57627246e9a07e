//! Who is linked to whom. Each kind is one function from a number of nodes to a list of edges; to add a kind, add a variant,
//! its function, and a line in [`Topology::edges`].

/// How the nodes are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// The pattern.
    pub kind: Kind,
}

/// A pattern of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Each node linked to the next.
    Line,
    /// A line whose ends are linked.
    Ring,
}

impl Topology {
    /// The links of `count` nodes, as pairs of indices, the smaller first, sorted, none twice.
    pub fn edges(self, count: u32) -> Vec<(u32, u32)> {
        let mut edges = match self.kind {
            Kind::Line => line(count),
            Kind::Ring => ring(count),
        };
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}

fn line(count: u32) -> Vec<(u32, u32)> {
    (1..count).map(|node| (node - 1, node)).collect()
}

fn ring(count: u32) -> Vec<(u32, u32)> {
    let mut edges = line(count);
    if count > 2 {
        edges.push((0, count - 1));
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_two_ends() {
        assert_eq!(Topology { kind: Kind::Line }.edges(4), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(Topology { kind: Kind::Line }.edges(1), []);
        assert_eq!(Topology { kind: Kind::Line }.edges(0), []);
    }

    #[test]
    fn a_ring_closes_and_names_no_link_twice() {
        assert_eq!(Topology { kind: Kind::Ring }.edges(4), [(0, 1), (0, 3), (1, 2), (2, 3)]);
        assert_eq!(Topology { kind: Kind::Ring }.edges(2), [(0, 1)]);
        assert_eq!(Topology { kind: Kind::Ring }.edges(1), []);
    }
}
