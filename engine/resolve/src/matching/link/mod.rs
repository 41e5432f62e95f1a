//! From scored pairs to clusters: average linkage inside each connected component.
//!
//! Reachability chains: A~B and B~C make A and C one person, whatever speaks against it. Here two clusters join as
//! long as their records, each compared with each, are on average more likely one person than not. Pairs that no
//! blocking rule brought together are scored as well, so that absence of a pair is never taken for evidence.
//!
//! ```text
//!   A ──12── B ──3── C        A–C scored: −9        joined AB: 12; then C: (3 − 9) / 2 < 0, so C stays out
//! ```
//!
//! A pure function of each component's content, as `cluster` demands: records are taken in anchor order, and ties go
//! to the earlier ones.

mod component;
mod connected;
mod means;

use rayon::prelude::*;

pub(super) use self::component::Component;
pub use self::component::Components;
use self::means::Means;
use super::model::Trained;
use super::score::{Pair, Scorer};

/// How clusters are made. Weights are logarithms (base 2) of odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkRules {
    /// Pairs of at least this weight connect a component.
    pub threshold: f64,
    /// Clusters join while the mean weight between them is at least this. At 0, one person is as likely as two.
    pub mean_min: f64,
    /// One pair weighs no more, for or against: no single comparison outvotes all others.
    pub weight_max: f64,
    /// A component of more records is taken apart at a higher threshold first. Comparing each with each costs the
    /// square of this.
    pub component_max: usize,
}

impl LinkRules {
    /// The rules that a model was trained under.
    pub fn of(trained: &Trained) -> Self {
        match &trained.correction {
            Some(_) => Self::with_labels(),
            None => Self::default(),
        }
    }

    /// With labels a pair that is most likely two persons is worth a look all the same: what its neighbours say may
    /// make up for it.
    pub fn with_labels() -> Self {
        Self {
            threshold: -5.0,
            ..Self::default()
        }
    }
}

impl Default for LinkRules {
    fn default() -> Self {
        Self {
            threshold: -2.0,
            mean_min: 0.0,
            weight_max: 20.0,
            component_max: 200,
        }
    }
}

/// The clusters. Records are named by their row numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Linkage {
    /// The earliest record of each record's cluster.
    pub cluster: Vec<u32>,
    /// The earliest record of each record's component: of all that likely pairs connect it with. What becomes of a
    /// record hangs on these, and on no other.
    pub component: Vec<u32>,
    /// The joins that made the clusters: the earliest records of both sides, and the mean weight between the sides.
    pub joins: Vec<Pair>,
}

/// Clusters the records of each component, by these weights.
pub fn link(scorer: &Scorer, components: &Components) -> Linkage {
    let all: Vec<usize> = (0..components.len()).collect();
    link_some(scorer, components, &all)
}

/// The same, of some of the components: the records of all others are alone.
pub(super) fn link_some(scorer: &Scorer, components: &Components, some: &[usize]) -> Linkage {
    let join = |some: &[usize]| {
        let (mut joins, mut weights) = (Vec::new(), Vec::new());
        for at in some {
            let of = components.at(*at);
            join(&of, components, scorer, &mut weights, &mut joins);
        }
        joins
    };
    let joins: Vec<Vec<Pair>> = some.par_chunks(TOGETHER).map(join).collect();
    let joins = joins.concat();
    Linkage {
        cluster: clusters(&components.order, &joins),
        component: components.earliest.clone(),
        joins,
    }
}

/// So many components are joined together; most hold a few records.
const TOGETHER: usize = 1 << 10;

/// Adds the joins inside one component, in the order in which they are made. `weights` is room for its weights.
fn join(
    of: &Component,
    all: &Components,
    scorer: &Scorer,
    weights: &mut Vec<f64>,
    joins: &mut Vec<Pair>,
) {
    let (records, most) = (of.records, all.rules.weight_max);
    let pair = |(a, b, weight): (usize, usize, f64)| Pair {
        a: records[a],
        b: records[b],
        weight,
    };
    if of.certain {
        joins.extend((1..records.len()).map(|b| pair((0, b, most))));
        return;
    }
    scorer.weigh(of, all, weights);
    let mut weights = weights.iter().map(|weight| weight.clamp(-most, most));
    if records.len() == 2 {
        // Most components.
        let one = weights.next().filter(|mean| *mean >= all.rules.mean_min);
        joins.extend(one.map(|mean| pair((0, 1, mean))));
        return;
    }
    let means = Means::new(records.len(), weights);
    joins.extend(means.join_while(all.rules.mean_min).into_iter().map(pair));
}

/// The earliest record of each record's cluster. `order` holds the records in anchor order; a join's first record is
/// the earlier one.
fn clusters(order: &[u32], joins: &[Pair]) -> Vec<u32> {
    let mut earliest: Vec<u32> = (0..order.len() as u32).collect();
    for join in joins {
        earliest[join.b as usize] = join.a;
    }
    for record in order {
        // Earlier records are settled already.
        earliest[*record as usize] = earliest[earliest[*record as usize] as usize];
    }
    earliest
}
