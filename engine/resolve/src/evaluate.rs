//! How well persons agree with the truth, where somebody knows it.
//!
//! Over *pairs* (two records, one person or not): precision, recall, F1. Over *records* (B-cubed; Bagga and Baldwin,
//! 1998): of the records that share a record's person, the share that is of its entity, averaged; and the other way
//! round. Pairs weigh large persons more, B-cubed weighs each record alike.

use std::collections::HashMap;
use std::hash::Hash;

/// The figures. Shares are from 0 to 1; of nothing, the share is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    pub records: u64,
    /// Pairs of records that are one entity.
    pub true_pairs: u64,
    /// Pairs of records that are held to be one person.
    pub found_pairs: u64,
    /// Pairs that are both.
    pub right_pairs: u64,
    pub bcubed_precision: f64,
    pub bcubed_recall: f64,
    pub entities: u64,
    /// Entities whose records are one person's, and all that this person has.
    pub exact_entities: u64,
    /// Persons with records of several entities.
    pub mixed_persons: u64,
}

impl Evaluation {
    /// Judges records, each with its person and its entity.
    pub fn of<P: Hash + Eq, E: Hash + Eq>(records: &[(P, E)]) -> Self {
        let mut persons: HashMap<&P, u64> = HashMap::new();
        let mut entities: HashMap<&E, u64> = HashMap::new();
        let mut cells: HashMap<(&P, &E), u64> = HashMap::new();
        for (person, entity) in records {
            *persons.entry(person).or_default() += 1;
            *entities.entry(entity).or_default() += 1;
            *cells.entry((person, entity)).or_default() += 1;
        }
        let mut entities_of_person: HashMap<&P, u64> = HashMap::new();
        let (mut precision, mut recall, mut exact_entities) = (0.0, 0.0, 0);
        for ((person, entity), count) in &cells {
            let (of_person, of_entity) = (persons[person], entities[entity]);
            // Each of the cell's records shares its person and its entity with all of the cell.
            precision += (count * count) as f64 / of_person as f64;
            recall += (count * count) as f64 / of_entity as f64;
            exact_entities += u64::from(*count == of_person && *count == of_entity);
            *entities_of_person.entry(person).or_default() += 1;
        }
        let count = records.len() as u64;
        Self {
            records: count,
            true_pairs: entities.values().copied().map(pairs).sum(),
            found_pairs: persons.values().copied().map(pairs).sum(),
            right_pairs: cells.values().copied().map(pairs).sum(),
            bcubed_precision: share(precision, count as f64),
            bcubed_recall: share(recall, count as f64),
            entities: entities.len() as u64,
            exact_entities,
            mixed_persons: entities_of_person.values().filter(|of| **of > 1).count() as u64,
        }
    }

    /// Of the pairs that were found, the share that is right.
    pub fn precision(&self) -> f64 {
        share(self.right_pairs as f64, self.found_pairs as f64)
    }

    /// Of the true pairs, the share that was found.
    pub fn recall(&self) -> f64 {
        share(self.right_pairs as f64, self.true_pairs as f64)
    }

    /// The harmonic mean of precision and recall of pairs.
    pub fn f1(&self) -> f64 {
        let both = (self.found_pairs + self.true_pairs) as f64;
        share(2.0 * self.right_pairs as f64, both)
    }
}

fn pairs(records: u64) -> u64 {
    records * records.saturating_sub(1) / 2
}

fn share(part: f64, of: f64) -> f64 {
    if of == 0.0 { 1.0 } else { part / of }
}

#[cfg(test)]
mod tests {
    use super::Evaluation;

    #[test]
    fn a_person_too_many_and_one_too_few() {
        // Ann's third record is missing, Bob and Cid are one person.
        let records = [
            ("p1", "ann"),
            ("p1", "ann"),
            ("p2", "ann"),
            ("p3", "bob"),
            ("p3", "cid"),
            ("p4", "dee"),
        ];
        let found = Evaluation::of(&records);
        assert_eq!(
            (found.true_pairs, found.found_pairs, found.right_pairs),
            (3, 2, 1)
        );
        assert_eq!((found.precision(), found.recall()), (0.5, 1.0 / 3.0));
        assert_eq!(found.f1(), 0.4);
        assert_eq!((found.entities, found.exact_entities), (4, 1));
        assert_eq!(found.mixed_persons, 1);
        assert!((found.bcubed_precision - 5.0 / 6.0).abs() < 1e-12);
        let recall = (2.0 * 2.0 / 3.0 + 1.0 / 3.0 + 3.0) / 6.0;
        assert!((found.bcubed_recall - recall).abs() < 1e-12);
    }

    #[test]
    fn nobody_is_judged_well() {
        let found = Evaluation::of::<&str, &str>(&[]);
        assert_eq!(
            (found.precision(), found.recall(), found.f1()),
            (1.0, 1.0, 1.0)
        );
    }
}
