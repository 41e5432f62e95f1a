//! Which places edges connect: the sets of two or more, laid one after the other.

use rayon::prelude::*;

use crate::cluster::forest::Forest;

/// Connected places. The set with the earliest place comes first, and each set ascends.
#[derive(Debug)]
pub(super) struct Connected {
    places: Vec<u32>,
    /// Where each set ends.
    ends: Vec<u32>,
}

/// Connects so many places by pairs of them.
pub(super) fn connected(
    count: usize,
    edges: impl ParallelIterator<Item = (u32, u32)>,
) -> Connected {
    let forest = Forest::new(count);
    edges.for_each(|(a, b)| forest.join(a, b));
    let roots = forest.roots();
    let mut sizes = vec![0_u32; count];
    roots.iter().for_each(|root| sizes[*root as usize] += 1);
    // A root is the earliest of its set; where the set's next place goes takes the place of its size.
    let (mut ends, mut end) = (Vec::new(), 0);
    for size in &mut sizes {
        if *size > 1 {
            (*size, end) = (end, end + *size);
            ends.push(end);
        } else {
            *size = ALONE;
        }
    }
    let mut places = vec![0; end as usize];
    for (place, root) in (0..).zip(&roots) {
        let next = &mut sizes[*root as usize];
        if *next != ALONE {
            places[*next as usize] = place;
            *next += 1;
        }
    }
    Connected { places, ends }
}

/// Where a place goes that nothing connects.
const ALONE: u32 = u32::MAX;

impl Connected {
    pub fn each(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let set = &self.places[start..*end as usize];
            start = *end as usize;
            set
        })
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::connected;

    #[test]
    fn sets_come_in_the_order_of_their_earliest_places() {
        let edges = vec![(6, 1), (4, 2), (5, 4)];
        let found = connected(8, edges.into_par_iter());
        let sets: Vec<&[u32]> = found.each().collect();
        assert_eq!(sets, [&[1, 6][..], &[2, 4, 5]]);
    }
}
