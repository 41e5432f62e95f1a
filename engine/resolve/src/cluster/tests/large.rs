//! Inputs large enough for several chunks of rows and buckets of values.

use super::columns::{Columns, DAY_MICROSECONDS, SOURCES};
use super::example::{empty, guarded, people};
use crate::cluster::*;

/// Enough rows for several chunks and buckets: 30,000 records, each row repeated.
fn large(shift: u32) -> Columns {
    let case = empty(people(&[Some(1); 100]), guarded());
    let mut columns = Columns::of(&case, SOURCES.to_vec(), 1);
    let records = 30_000u32;
    columns.source = (0..records).map(|r| (r % 3) as u16).collect();
    columns.key = (0..records)
        .map(|r| Some(format!("key of the record {}", r * 7919 % records)))
        .collect();
    columns.first_seen_at = (0..records)
        .map(|r| i64::from(r * 31 % 1000) * DAY_MICROSECONDS)
        .collect();
    columns.attributes = vec![
        (0..records)
            .map(|r| if r % 11 == 0 { r % 2 } else { NULL_CODE })
            .collect(),
    ];
    let rows = (0..records * 20).map(|row| {
        let record = (row.wrapping_mul(7) + shift) % records;
        let kind = (record / 5 % 2) as u16;
        (
            record,
            kind,
            if record.is_multiple_of(97) {
                12_345_678
            } else {
                record / 4 * 500 + record % 2
            },
        )
    });
    (columns.record, columns.kind, columns.value) =
        rows.fold((vec![], vec![], vec![]), |mut all, row| {
            all.0.push(row.0);
            all.1.push(row.1);
            all.2.push(row.2);
            all
        });
    columns
}

#[test]
fn large_inputs_agree_with_plain_spreading() {
    let columns = large(0);
    let mut rules = guarded();
    rules.kinds.push(KindRule::default());
    let found = columns.resolve(&rules, None);
    let names = |r: usize| {
        (
            columns.first_seen_at[r],
            SOURCES[r % 3],
            columns.key.value(r),
        )
    };
    let mut label: Vec<usize> = (0..columns.source.len()).collect();
    loop {
        let mut least = std::collections::HashMap::new();
        let rows = columns
            .record
            .iter()
            .zip(columns.kind.iter().zip(&columns.value));
        for (record, value) in rows.clone() {
            let mine = label[*record as usize];
            let best = least.entry(value).or_insert(mine);
            *best = std::cmp::min_by_key(*best, mine, |r| names(*r));
        }
        let mut changed = false;
        for (record, value) in rows {
            let mine = &mut label[*record as usize];
            let best = std::cmp::min_by_key(*mine, least[&value], |r| names(*r));
            changed |= best != *mine;
            *mine = best;
        }
        if !changed {
            break;
        }
    }
    let component: Vec<usize> = found.component.iter().map(|r| *r as usize).collect();
    assert_eq!(component, label);
    assert_ne!(found.person, found.component, "guards bind");
}

#[test]
fn large_inputs_do_not_depend_on_rows_or_threads() {
    let mut rules = guarded();
    rules.kinds.push(KindRule {
        max_per_person: Some(2),
        ..KindRule::default()
    });
    let expected = large(0).resolve(&rules, None);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let found = pool.install(|| large(12_345).resolve(&rules, None));
        assert_eq!(found, expected, "{threads} threads");
    }
}
