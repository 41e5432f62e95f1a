//! Blocking keys against blocks: they bring together the same records, and tell whom a change of others parts.

use arrow::array::StringArray;
use proptest::prelude::*;

use super::naive::Table;
use super::oracle::{rule, table};
use crate::matching::{BlockKeys, BlockingRule, Blocks};

fn arrays(table: &Table) -> Vec<StringArray> {
    let columns = 0..table.names.len();
    let column = |at: usize| table.rows.iter().map(|row| row[at].as_deref()).collect();
    columns.map(column).collect()
}

fn keys(rules: &[BlockingRule], table: &Table) -> BlockKeys {
    let arrays = arrays(table);
    let named: Vec<_> = table.names.iter().copied().zip(&arrays).collect();
    BlockKeys::new(rules, &[named]).unwrap()
}

fn meetings(blocks: &Blocks, records: usize) -> Vec<(u32, u32)> {
    let records = records as u32;
    let pairs = (0..records).flat_map(|a| (a + 1..records).map(move |b| (a, b)));
    pairs.filter(|(a, b)| blocks.meet(*a, *b)).collect()
}

fn rules() -> impl Strategy<Value = Vec<BlockingRule>> {
    proptest::collection::vec(rule(), 1..4)
}

proptest! {
    #[test]
    fn neighbours_are_those_that_blocks_bring_together(table in table(), rules in rules()) {
        let unlimited = |rule: &BlockingRule| BlockingRule { records_max: None, ..rule.clone() };
        let rules: Vec<BlockingRule> = rules.iter().map(unlimited).collect();
        let (keys, columns) = (keys(&rules, &table), table.columns());
        let blocks = Blocks::new(&rules, &columns).unwrap();
        for a in 0..table.rows.len() {
            let touched: Vec<bool> = (0..table.rows.len()).map(|b| a == b).collect();
            let near = keys.neighbours(&touched);
            for (b, near) in near.into_iter().enumerate() {
                prop_assert_eq!(near, a == b || blocks.meet(a as u32, b as u32), "{} and {}", a, b);
            }
        }
    }

    #[test]
    fn crowded_blocks_are_those_over_their_limit(table in table(), rules in rules()) {
        let (keys, columns) = (keys(&rules, &table), table.columns());
        let all: Vec<u32> = (0..table.rows.len() as u32).collect();
        let among = Blocks::among(&rules, &columns, &keys.crowded(&rules, &all)).unwrap();
        let blocks = Blocks::new(&rules, &columns).unwrap();
        prop_assert_eq!(meetings(&among, all.len()), meetings(&blocks, all.len()));
    }

    #[test]
    fn whoever_is_not_touched_meets_the_same_as_before(
        now in table(),
        then in table(),
        changes in proptest::collection::vec(0..3_u8, 16),
        rules in rules(),
    ) {
        // 0: the record stayed; 1: it was another; 2: it was not there.
        let changed: Vec<bool> = (0..now.rows.len()).map(|at| changes[at] > 0).collect();
        let (mut before, mut was) = (now.clone(), now.clone());
        (before.rows, was.rows) = (Vec::new(), Vec::new());
        let mut places = Vec::new();
        for (at, row) in now.rows.iter().enumerate() {
            let old = then.rows.get(at).filter(|_| changes[at] == 1);
            let old = old.cloned().or((changes[at] == 0).then(|| row.clone()));
            places.push(old.as_ref().map(|_| before.rows.len() as u32));
            was.rows.extend(old.iter().filter(|_| changed[at]).cloned());
            before.rows.extend(old);
        }
        (before.sources, was.sources) = (None, None);
        let touched = keys(&rules, &now).crossed(&rules, &changed, &keys(&rules, &was));
        let blocks = Blocks::new(&rules, &now.columns()).unwrap();
        let blocks_before = Blocks::new(&rules, &before.columns()).unwrap();
        for a in 0..now.rows.len() {
            for b in a + 1..now.rows.len() {
                if let (false, false, Some(x), Some(y)) = (touched[a], touched[b], places[a], places[b]) {
                    let met = blocks_before.meet(x, y);
                    prop_assert_eq!(blocks.meet(a as u32, b as u32), met, "{} and {}", a, b);
                }
            }
        }
    }
}
