//! Who is linked to whom. Each kind is one function from a number of nodes (and, where chance has a say, a seed) to a list of edges.
//! To add a kind: a variant, its function, a line in [`Topology::edges`], and its keys in the preset's format.

mod random;
mod regions;
mod regular;

pub use regions::{NAMES as REGIONS, Place, Region};

use super::limits::MAX_LINKS;

/// How the nodes are linked. Everything here is a whole number, so that a seed draws the same network on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Each node linked to the next.
    Line,
    /// A line whose ends are linked.
    Ring,
    /// All linked to n0.
    Star,
    /// Everybody linked to everybody; or, with a degree, each to its nearest on a circle.
    Mesh {
        /// Links of each node; `None`: all others.
        degree: Option<u32>,
    },
    /// n0 is the root, and each node has up to so many children.
    Tree {
        /// Children of a node.
        arity: u32,
    },
    /// Rows and columns, each node linked to its neighbours across and down.
    Grid {
        /// Nodes in a row; `None`: as square as it goes.
        width: Option<u32>,
    },
    /// Random circles through all nodes laid over each other: each node has up to `degree` links.
    Random {
        /// Most links of a node.
        degree: u32,
    },
    /// Watts and Strogatz: a circle of near neighbours, some of whose links lead anywhere instead.
    SmallWorld {
        /// Links of each node before any is rewired; even.
        degree: u32,
        /// Links that lead anywhere, in parts of a million.
        rewire: u32,
    },
    /// Barabási and Albert: each newcomer links to nodes that have many links already.
    ScaleFree {
        /// Links that each newcomer makes.
        degree: u32,
    },
    /// Groups of nodes far from each other: `degree` links at most within a region, `bridges` links between any two.
    Regions {
        /// The regions.
        regions: Vec<Region>,
        /// Most links of a node within its region.
        degree: u32,
        /// Links between any two regions.
        bridges: u32,
    },
    /// These links and no others.
    Edges(Vec<(u32, u32)>),
}

impl Topology {
    /// The links of `count` nodes, as pairs of indices, the smaller first, sorted, none twice, no node linked to itself. The same
    /// seed gives the same links. Every kind but [`Topology::Edges`] links all nodes together, directly or through others.
    ///
    /// Parameters that make no sense for `count` (a degree of 9 among 5 nodes) are bounded, never a panic.
    pub fn edges(&self, count: u32, seed: u64) -> Vec<(u32, u32)> {
        let edges = match self {
            Self::Line => regular::line(count),
            Self::Ring => regular::ring(count),
            Self::Star => regular::tree(count, count.max(1)),
            Self::Mesh { degree: None } => regular::full(count),
            Self::Mesh { degree: Some(degree) } => regular::circle(count, *degree),
            Self::Tree { arity } => regular::tree(count, *arity),
            Self::Grid { width } => regular::grid(count, *width),
            Self::Random { degree } => random::random(count, *degree, seed),
            Self::SmallWorld { degree, rewire } => random::small_world(count, *degree, *rewire, seed),
            Self::ScaleFree { degree } => random::scale_free(count, *degree, seed),
            Self::Regions { regions, degree, bridges } => regions::regions(regions, *degree, *bridges, count, seed),
            Self::Edges(edges) => edges.clone(),
        };
        tidy(edges, count)
    }

    /// Its name in a preset's `kind`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Ring => "ring",
            Self::Star => "star",
            Self::Mesh { .. } => "mesh",
            Self::Tree { .. } => "tree",
            Self::Grid { .. } => "grid",
            Self::Random { .. } => "random",
            Self::SmallWorld { .. } => "small-world",
            Self::ScaleFree { .. } => "scale-free",
            Self::Regions { .. } => "regions",
            Self::Edges(_) => "edges",
        }
    }

    /// The region of a node, where there are regions.
    pub fn region(&self, node: u32) -> Option<&Region> {
        match self {
            Self::Regions { regions, .. } => regions.iter().find(|region| region.nodes.contains(node)),
            _ => None,
        }
    }

    /// At most so many links, without drawing them: compared with [`MAX_LINKS`] before any memory is taken.
    pub(super) fn most_links(&self, count: u32) -> u64 {
        let count = u64::from(count);
        let each = match self {
            Self::Line | Self::Ring | Self::Star | Self::Tree { .. } => 1,
            Self::Mesh { degree: None } => count,
            Self::Grid { .. } => 2,
            Self::Mesh { degree: Some(degree) } | Self::Random { degree } | Self::ScaleFree { degree } => u64::from(*degree),
            // A link for each island that is joined again comes on top of half the degree.
            Self::SmallWorld { degree, .. } => u64::from(*degree).max(2),
            Self::Regions { regions, degree, bridges } => {
                let pairs = (regions.len() as u64).pow(2) / 2;
                return count.saturating_mul(u64::from(*degree)).saturating_add(pairs.saturating_mul(u64::from(*bridges)));
            }
            Self::Edges(edges) => return edges.len() as u64,
        };
        let links = count.saturating_mul(each);
        if matches!(self, Self::Mesh { degree: None }) { links / 2 } else { links }
    }

    /// Whether its links are few enough to be drawn.
    pub(super) fn fits(&self, count: u32) -> bool {
        self.most_links(count) <= MAX_LINKS
    }
}

/// Smaller index first, sorted, none twice, none from a node to itself or to one that is not there.
fn tidy(mut edges: Vec<(u32, u32)>, count: u32) -> Vec<(u32, u32)> {
    for edge in &mut edges {
        *edge = (edge.0.min(edge.1), edge.0.max(edge.1));
    }
    edges.retain(|(a, b)| a != b && *b < count);
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The lowest node of each island of linked nodes, in order; a single one when all are linked together.
pub(super) fn islands(edges: &[(u32, u32)], count: u32) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..count).collect();
    fn root(parent: &mut [u32], mut node: u32) -> u32 {
        while parent[node as usize] != node {
            parent[node as usize] = parent[parent[node as usize] as usize];
            node = parent[node as usize];
        }
        node
    }
    for (a, b) in edges.iter().copied().filter(|(a, b)| *a < count && *b < count) {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        parent[a.max(b) as usize] = a.min(b);
    }
    (0..count).filter(|node| parent[*node as usize] == *node).collect()
}

#[cfg(test)]
mod tests;
