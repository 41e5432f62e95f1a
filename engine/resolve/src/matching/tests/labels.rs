//! What labels teach, on synthetic persons whose truth is known.

use super::naive::Table;
use super::people::{Draw, people};
use crate::evaluate::Evaluation;
use crate::matching::labels::{Label, explain, learn, review};
use crate::matching::{
    BlockingRule, Blocks, Components, Frame, LinkRules, Model, Pair, Scorer, Trained, Training,
    link, templates as t, train, train_inside,
};

fn model() -> Model {
    let rules = [&["first"][..], &["last"], &["born"], &["mail"]];
    Model {
        blocking: rules.map(BlockingRule::columns).to_vec(),
        comparisons: vec![
            t::name("first", "last"),
            t::date_of_birth("born"),
            t::email("mail"),
            t::exact("town"),
        ],
    }
}

fn training() -> Training {
    Training {
        deterministic: vec![BlockingRule::columns(&["first", "last", "born"])],
        recall: 0.7,
        sessions: vec![
            BlockingRule::columns(&["first", "last"]),
            BlockingRule::columns(&["born"]),
        ],
        sample_pairs: 1 << 14,
        households: true,
    }
}

/// Calls `then` with what was trained without labels. Records were seen in the order of their keys.
fn trained<T>(
    table: &Table,
    keys: &[u32],
    then: impl FnOnce(&Scorer, &Components, Trained) -> T,
) -> T {
    let (model, columns, rules) = (model(), table.columns(), LinkRules::with_labels());
    let frame = Frame::new(&model, &columns).unwrap();
    let blocks = Blocks::new(&model.blocking, &columns).unwrap();
    let weights = train(&frame, &blocks, &training()).unwrap();
    let scorer = Scorer::new(&frame, &weights).unwrap();
    let pairs = scorer.pairs(&blocks, rules.threshold);
    let components = Components::new(&frame, &pairs, keys, &rules).unwrap();
    let trained = Trained {
        inside: train_inside(&scorer, &components, &weights),
        weights,
        correction: None,
    };
    then(&scorer, &components, trained)
}

/// Answers from the truth, in rounds.
fn taught(
    scorer: &Scorer,
    components: &Components,
    trained: &mut Trained,
    truth: &[u32],
) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for _ in 0..4 {
        let inside = scorer.inside(trained).unwrap();
        let asked = review(&inside, components, &labels, 40).unwrap();
        let answer = |Pair { a, b, .. }: &Pair| Label {
            a: *a,
            b: *b,
            same: truth[*a as usize] == truth[*b as usize],
        };
        labels.extend(asked.iter().map(answer));
        trained.correction = learn(&inside, components, &labels);
    }
    labels
}

fn keys(table: &Table) -> Vec<u32> {
    (0..table.rows.len() as u32).collect()
}

fn f1(clusters: &[u32], truth: &[u32]) -> f64 {
    let judged: Vec<(u32, u32)> = clusters
        .iter()
        .copied()
        .zip(truth.iter().copied())
        .collect();
    Evaluation::of(&judged).f1()
}

#[test]
fn labels_bring_clusters_nearer_to_the_truth() {
    let (table, truth) = people(11, 2_000);
    trained(&table, &keys(&table), |scorer, components, mut trained| {
        let before = link(&scorer.inside(&trained).unwrap(), components);
        let labels = taught(scorer, components, &mut trained, &truth);
        assert_eq!(labels.len(), 160);
        assert_eq!(trained.correction.as_ref().unwrap().labels, 160);
        let after = link(&scorer.inside(&trained).unwrap(), components);
        let (before, after) = (f1(&before.cluster, &truth), f1(&after.cluster, &truth));
        assert!(after > before, "{before} becomes {after}");
    });
}

#[test]
fn no_pair_is_asked_about_twice() {
    let (table, truth) = people(11, 400);
    trained(&table, &keys(&table), |scorer, components, mut trained| {
        let labels = taught(scorer, components, &mut trained, &truth);
        let mut pairs: Vec<(u32, u32)> = labels.iter().map(|label| (label.a, label.b)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), labels.len());
    });
}

#[test]
fn the_parts_of_a_weight_are_all_of_it() {
    let (table, truth) = people(3, 400);
    trained(&table, &keys(&table), |scorer, components, mut trained| {
        let labels = taught(scorer, components, &mut trained, &truth);
        let inside = scorer.inside(&trained).unwrap();
        let last = labels.last().unwrap();
        let known = &labels[..labels.len() - 1];
        // The only one that nothing is known of comes with its weight.
        let every = review(&inside, components, known, usize::MAX >> 8).unwrap();
        let pair = every
            .iter()
            .find(|pair| (pair.a, pair.b) == (last.a, last.b))
            .unwrap();
        let parts = explain(&inside, components, last.b, last.a).unwrap();
        assert!((parts.sum() - pair.weight).abs() < 1e-9, "{parts:?}");
        assert_ne!(parts.neighbours, 0.0);
    });
}

#[test]
fn the_same_questions_are_asked_and_the_same_is_learnt_in_any_order() {
    let (table, truth) = people(5, 300);
    let learnt = |keys: &[u32]| {
        let rows = keys.iter().map(|key| table.rows[*key as usize].clone());
        let truth: Vec<u32> = keys.iter().map(|key| truth[*key as usize]).collect();
        let table = Table {
            rows: rows.collect(),
            ..table.clone()
        };
        trained(&table, keys, |scorer, components, mut trained| {
            taught(scorer, components, &mut trained, &truth);
            trained
        })
    };
    let mut keys = keys(&table);
    let expected = learnt(&keys);
    let mut draw = Draw(9);
    (1..keys.len()).for_each(|at| keys.swap(at, draw.below(at + 1)));
    assert_eq!(learnt(&keys), expected);
}

#[test]
fn labels_outside_components_teach_nothing() {
    let (table, _) = people(3, 200);
    trained(&table, &keys(&table), |scorer, components, trained| {
        let inside = scorer.inside(&trained).unwrap();
        assert_eq!(learn(&inside, components, &[]), None);
        let (a, b, same) = (0, table.rows.len() as u32 + 1, true);
        assert_eq!(learn(&inside, components, &[Label { a, b, same }]), None);
    });
}
