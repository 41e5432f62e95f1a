//! Evidence that alone holds a person together: take it away, and the person falls apart.
//!
//! Records and pieces of evidence are the two sorts of nodes of a graph; a shared value is one piece however many
//! records hold it. A piece is a bridge where it is an articulation point of that graph (Hopcroft and Tarjan, 1973):
//!
//! ```text
//!   r1 ── phone ── r2 ── match ── r3 ── card ── r4        match is a bridge: it cuts two records off
//! ```

/// How many records each piece of evidence holds on to: those that are not in the largest part once it is gone.
/// `holds` says which record rests on which evidence, in any order; the answer has one number a piece.
pub fn cut_off(records: usize, evidence: usize, holds: &[(u32, u32)]) -> Vec<u32> {
    let graph = Graph::new(records, evidence, holds);
    let mut walk = Walk {
        entered: vec![0; records + evidence],
        lowest: vec![0; records + evidence],
        below: vec![0; records + evidence],
        parts: vec![Parts::default(); evidence],
        clock: 0,
    };
    let mut cut_off = vec![0; evidence];
    for root in 0..records {
        if walk.entered[root] == 0 {
            let reached = walk.from(&graph, root);
            let all = walk.below[root];
            for piece in reached {
                let Parts { sum, most } = walk.parts[piece];
                cut_off[piece] = all - most.max(all - sum);
            }
        }
    }
    cut_off
}

/// Who is next to whom: node after node, records first.
struct Graph {
    records: usize,
    starts: Vec<usize>,
    next: Vec<usize>,
}

impl Graph {
    fn new(records: usize, evidence: usize, holds: &[(u32, u32)]) -> Self {
        let ends = |(record, piece): &(u32, u32)| [*record as usize, records + *piece as usize];
        let mut starts = vec![0; records + evidence + 1];
        for end in holds.iter().flat_map(ends) {
            starts[end + 1] += 1;
        }
        for node in 0..records + evidence {
            starts[node + 1] += starts[node];
        }
        let mut place = starts.clone();
        let mut next = vec![0; 2 * holds.len()];
        for [record, piece] in holds.iter().map(ends) {
            for (from, to) in [(record, piece), (piece, record)] {
                next[place[from]] = to;
                place[from] += 1;
            }
        }
        Self {
            records,
            starts,
            next,
        }
    }
}

/// The parts that a piece of evidence alone holds to the rest.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    sum: u32,
    most: u32,
}

/// A walk in depth, with what Tarjan's method keeps of each node.
struct Walk {
    /// When the node was entered; 0: never.
    entered: Vec<u32>,
    /// The earliest node that the part below reaches without this node.
    lowest: Vec<u32>,
    /// Records in the part below, the node included.
    below: Vec<u32>,
    parts: Vec<Parts>,
    clock: u32,
}

impl Walk {
    /// Walks all that hangs together with a record; returns the evidence that was met.
    fn from(&mut self, graph: &Graph, root: usize) -> Vec<usize> {
        let mut reached = Vec::new();
        // A node, whence it was entered, and the next neighbour to look at. No recursion: a component may be a chain.
        let mut open = vec![(root, root, graph.starts[root])];
        self.enter(graph, root);
        while let Some((node, parent, at)) = open.last_mut() {
            let (from, came_from) = (*node, *parent);
            if *at < graph.starts[from + 1] {
                let to = graph.next[*at];
                *at += 1;
                if self.entered[to] == 0 {
                    self.enter(graph, to);
                    open.push((to, from, graph.starts[to]));
                } else if to != came_from {
                    self.lowest[from] = self.lowest[from].min(self.entered[to]);
                }
                continue;
            }
            open.pop();
            if from >= graph.records {
                reached.push(from - graph.records);
            }
            if from != root {
                self.leave(graph, from, came_from);
            }
        }
        reached
    }

    fn enter(&mut self, graph: &Graph, node: usize) {
        self.clock += 1;
        self.entered[node] = self.clock;
        self.lowest[node] = self.clock;
        self.below[node] = u32::from(node < graph.records);
    }

    fn leave(&mut self, graph: &Graph, node: usize, parent: usize) {
        let below = self.below[node];
        self.below[parent] += below;
        self.lowest[parent] = self.lowest[parent].min(self.lowest[node]);
        if parent >= graph.records && self.lowest[node] >= self.entered[parent] {
            let parts = &mut self.parts[parent - graph.records];
            parts.sum += below;
            parts.most = parts.most.max(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cut_off;

    /// The slow, obvious way: take each piece away and count what hangs together.
    fn obvious(records: usize, evidence: usize, holds: &[(u32, u32)]) -> Vec<u32> {
        let parts = |without: Option<u32>| {
            let mut of: Vec<usize> = (0..records).collect();
            for _ in 0..records {
                for (a, piece) in holds.iter().filter(|(_, piece)| Some(*piece) != without) {
                    for (b, _) in holds.iter().filter(|(_, other)| other == piece) {
                        let least = of[*a as usize].min(of[*b as usize]);
                        of[*a as usize] = least;
                        of[*b as usize] = least;
                    }
                }
            }
            of
        };
        let whole = parts(None);
        let cut = |piece: u32| {
            let Some((one, _)) = holds.iter().find(|(_, of)| *of == piece) else {
                return 0;
            };
            let left = parts(Some(piece));
            let members = (0..records).filter(|at| whole[*at] == whole[*one as usize]);
            let mut sizes = std::collections::BTreeMap::<usize, u32>::new();
            members.for_each(|at| *sizes.entry(left[at]).or_default() += 1);
            sizes.values().sum::<u32>() - sizes.values().max().unwrap()
        };
        (0..evidence as u32).map(cut).collect()
    }

    #[test]
    fn a_chain_breaks_in_its_middle() {
        let chain = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2)];
        assert_eq!(cut_off(4, 3, &chain), [1, 2, 1]);
    }

    #[test]
    fn evidence_beside_other_evidence_is_no_bridge() {
        assert_eq!(cut_off(2, 2, &[(0, 0), (1, 0), (0, 1), (1, 1)]), [0, 0]);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let count = 200_000;
        let chain: Vec<(u32, u32)> = (0..count).flat_map(|at| [(at, at), (at + 1, at)]).collect();
        let cut = cut_off(count as usize + 1, count as usize, &chain);
        assert_eq!(cut[count as usize / 2], count / 2);
    }

    proptest! {
        #[test]
        fn the_walk_agrees_with_the_obvious_way(
            holds in proptest::collection::btree_set((0..9u32, 0..7u32), 0..24),
        ) {
            let holds: Vec<(u32, u32)> = holds.into_iter().collect();
            prop_assert_eq!(cut_off(9, 7, &holds), obvious(9, 7, &holds));
        }
    }
}
