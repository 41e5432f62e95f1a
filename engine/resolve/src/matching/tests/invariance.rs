//! Neither the order of records nor the number of threads changes a result.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::naive::Table;
use super::people::{Draw, people};
use crate::matching::pattern::NO_PATTERN;
use crate::matching::{
    BlockingRule, Blocks, Components, Frame, LinkRules, Model, ScoredPairs, Scorer, Trained,
    Training, link, templates, train, train_inside,
};

fn model() -> Model {
    let rules = [
        &["first", "last"][..],
        &["born"],
        &["mail"],
        &["last", "town"],
    ];
    Model {
        blocking: rules.map(BlockingRule::columns).to_vec(),
        comparisons: vec![
            templates::name("first", "last"),
            templates::date_of_birth("born"),
            templates::email("mail"),
            templates::exact("street"),
            templates::exact("town"),
        ],
    }
}

/// Few enough pairs that some are left out, by fingerprint.
fn training() -> Training {
    Training {
        deterministic: vec![BlockingRule::columns(&["mail"])],
        recall: 0.7,
        sessions: vec![
            BlockingRule::columns(&["born"]),
            BlockingRule::columns(&["first", "last"]),
        ],
        sample_pairs: 200,
        households: true,
    }
}

/// All that comes out, with records named by their keys; weights to the last bit.
#[derive(Debug, PartialEq)]
struct Outcome {
    trained: Trained,
    pairs: BTreeSet<(usize, usize, u64)>,
    clusters: BTreeSet<BTreeSet<usize>>,
}

/// Runs on the table's records in another order; `keys` holds the row that stands at each place.
fn outcome(table: &Table, keys: &[usize], threads: usize) -> Outcome {
    let rows = keys.iter().map(|key| table.rows[*key].clone()).collect();
    let table = Table {
        rows,
        ..table.clone()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(|| run(&table, keys))
}

fn run(table: &Table, keys: &[usize]) -> Outcome {
    let (model, columns) = (model(), table.columns());
    let frame = Frame::new(&model, &columns).unwrap();
    let blocks = Blocks::new(&model.blocking, &columns).unwrap();
    let place: Vec<u32> = keys.iter().map(|key| *key as u32).collect();
    let rules = LinkRules {
        component_max: 12,
        ..LinkRules::default()
    };
    let weights = train(&frame, &blocks, &training()).unwrap();
    let scorer = Scorer::new(&frame, &weights).unwrap();
    let pairs = scorer.pairs(&blocks, rules.threshold);
    let components = Components::new(&frame, &pairs, &place, &rules).unwrap();
    let unknown = pairs.patterns.iter().map(|_| NO_PATTERN).collect();
    let unscored = ScoredPairs {
        patterns: unknown,
        ..pairs.clone()
    };
    let compared = Components::new(&frame, &unscored, &place, &rules).unwrap();
    assert_eq!(
        patterns(&components),
        patterns(&compared),
        "scoring finds what comparing finds"
    );
    let inside = train_inside(&scorer, &components, &weights);
    let trained = Trained {
        weights,
        inside,
        correction: None,
    };
    let linkage = link(&scorer.inside(&trained).unwrap(), &components);
    let named = pairs.pairs.iter().map(|pair| {
        let (a, b) = (keys[pair.a as usize], keys[pair.b as usize]);
        (a.min(b), a.max(b), pair.weight.to_bits())
    });
    let mut clusters = vec![BTreeSet::new(); keys.len()];
    for (record, first) in linkage.cluster.iter().enumerate() {
        clusters[*first as usize].insert(keys[record]);
    }
    let pairs = named.collect();
    let clusters = clusters
        .into_iter()
        .filter(|cluster| !cluster.is_empty())
        .collect();
    Outcome {
        trained,
        pairs,
        clusters,
    }
}

fn patterns(components: &Components) -> Vec<Option<u64>> {
    let each = components.each();
    each.flat_map(|of| of.patterns().collect::<Vec<_>>())
        .collect()
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut draw = Draw(seed);
    let mut order: Vec<usize> = (0..count).collect();
    (1..count).for_each(|at| order.swap(at, draw.below(at + 1)));
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn order_and_threads_do_not_matter(seed in any::<u64>(), order in any::<u64>()) {
        let (table, _) = people(seed, 120);
        let count = table.rows.len();
        let expected = outcome(&table, &(0..count).collect::<Vec<_>>(), 1);
        prop_assert!(expected.clusters.len() < count, "some records are one person");
        for threads in [1, 2, 7] {
            let found = outcome(&table, &shuffled(count, order), threads);
            prop_assert_eq!(&found, &expected, "{} threads", threads);
        }
    }
}
