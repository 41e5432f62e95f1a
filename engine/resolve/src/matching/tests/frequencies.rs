//! What a model knows of the rarity of values, against what the records at hand say.

use super::people::people;
use crate::matching::{
    Blocks, Comparison, Frame, Frequencies, Model, Scorer, Training, templates, train,
};

fn comparisons() -> Vec<Comparison> {
    vec![
        templates::name("first", "last"),
        templates::date_of_birth("born"),
        templates::email("mail"),
    ]
}

#[test]
fn frequencies_of_the_same_records_change_nothing_and_of_others_do_not_move() {
    let model = Model {
        blocking: vec![crate::matching::BlockingRule::columns(&["last"])],
        comparisons: comparisons(),
    };
    let (all, _) = people(5, 300);
    let columns = all.columns();
    let frame = Frame::new(&model, &columns).unwrap();
    let blocks = Blocks::new(&model.blocking, &columns).unwrap();
    let training = Training {
        deterministic: model.blocking.clone(),
        recall: 0.8,
        sessions: model.blocking.clone(),
        sample_pairs: 1 << 12,
        households: false,
    };
    let weights = train(&frame, &blocks, &training).unwrap();
    let own = Scorer::new(&frame, &weights).unwrap().pairs(&blocks, -9.0);
    let known = Frequencies::of(&frame).unwrap();
    let json = serde_json::to_string(&known).unwrap();
    assert!(!json.contains("counts"), "counts are kept elsewhere");

    let learnt = Frame::new(&model, &columns)
        .unwrap()
        .with_frequencies(&known)
        .unwrap();
    assert_eq!(
        Scorer::new(&learnt, &weights).unwrap().pairs(&blocks, -9.0),
        own
    );

    // The first half alone: the same pairs weigh the same, since what is rare was learnt from all.
    let mut half = all.clone();
    half.rows.truncate(150);
    let columns = half.columns();
    let frame = Frame::new(&model, &columns)
        .unwrap()
        .with_frequencies(&known)
        .unwrap();
    let scorer = Scorer::new(&frame, &weights).unwrap();
    let inside = own.pairs.iter().filter(|pair| pair.b < 150);
    let mut compared = 0;
    for pair in inside {
        assert_eq!(scorer.weight(pair.a, pair.b), pair.weight, "{pair:?}");
        compared += 1;
    }
    assert!(compared > 10, "{compared} pairs");
}
