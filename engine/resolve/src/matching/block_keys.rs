//! Blocking keys as numbers, from arrays as they are: enough to find whom a change may bring together with whom,
//! without encoding records that it has nothing to do with.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, StringArray};
use rayon::prelude::*;

use super::error::{Error, Result};
use super::expression;
use super::fingerprint::mix;
use super::model::BlockingRule;

/// Each record's key under each blocking rule. Records of one block have one key; two blocks have one key only if two
/// 64-bit hashes are equal by chance, so that keys find all of a block and perhaps more.
#[derive(Debug, Clone, Default)]
pub struct BlockKeys {
    /// Rule by rule, a key a record; None where the record meets nobody.
    rules: Vec<Vec<Option<u64>>>,
}

impl BlockKeys {
    /// # Errors
    /// When a rule names an unknown column.
    pub fn new(rules: &[BlockingRule], arrays: &[(&str, &StringArray)]) -> Result<Self> {
        let keys = rules.iter().map(|rule| keys(rule, arrays));
        Ok(Self {
            rules: keys.collect::<Result<_>>()?,
        })
    }

    /// Which records share a key with one that `touched` holds, and these themselves.
    pub fn neighbours(&self, touched: &[bool]) -> Vec<bool> {
        let mut found = touched.to_vec();
        for keys in &self.rules {
            let own: HashSet<u64> = flagged(keys, touched).collect();
            found.par_iter_mut().zip(keys).for_each(|(found, key)| {
                *found |= key.is_some_and(|key| own.contains(&key));
            });
        }
        found
    }

    /// As `touched`, and the records of blocks that a change brought over their rule's limit, or back under it: these
    /// no longer meet, or meet again. `before` are the keys that the changed records had, `changed` says which have
    /// keys now.
    pub fn crossed(&self, rules: &[BlockingRule], changed: &[bool], before: &Self) -> Vec<bool> {
        let mut touched = changed.to_vec();
        for (at, rule) in rules.iter().enumerate() {
            let Some(most) = rule.records_max else {
                continue;
            };
            let (keys, mut grown) = (&self.rules[at], HashMap::<u64, i64>::new());
            flagged(keys, changed).for_each(|key| *grown.entry(key).or_default() += 1);
            let left = before.rules[at].iter().flatten();
            left.for_each(|key| *grown.entry(*key).or_default() -= 1);
            let sizes = sizes(keys, grown.keys().copied());
            let is_over = |size: i64| size > i64::from(most);
            let crossed = |key: &u64| {
                let now = sizes.get(key).map_or(0, |size| i64::from(*size));
                let by = grown.get(key).copied();
                by.is_some_and(|by| is_over(now) != is_over(now - by))
            };
            touched.par_iter_mut().zip(keys).for_each(|(touched, key)| {
                *touched |= key.as_ref().is_some_and(crossed);
            });
        }
        touched
    }

    /// For each rule, which of the `chosen` records are in a block over its limit.
    pub fn crowded(&self, rules: &[BlockingRule], chosen: &[u32]) -> Vec<Vec<bool>> {
        let crowded = |(rule, keys): (&BlockingRule, &Vec<Option<u64>>)| {
            let key = |record: &u32| keys[*record as usize];
            let Some(most) = rule.records_max else {
                return vec![false; chosen.len()];
            };
            let sizes = sizes(keys, chosen.iter().filter_map(key));
            let is_over = |key: u64| sizes.get(&key).is_some_and(|size| *size > most);
            chosen
                .iter()
                .map(|record| key(record).is_some_and(is_over))
                .collect()
        };
        rules.iter().zip(&self.rules).map(crowded).collect()
    }
}

/// The keys of flagged records.
fn flagged<'a>(keys: &'a [Option<u64>], flags: &'a [bool]) -> impl Iterator<Item = u64> + 'a {
    let flagged = keys.iter().zip(flags).filter(|(_, flag)| **flag);
    flagged.filter_map(|(key, _)| *key)
}

/// How many records have each of these keys.
fn sizes(keys: &[Option<u64>], of: impl Iterator<Item = u64>) -> HashMap<u64, u32> {
    let mut sizes: HashMap<u64, u32> = of.map(|key| (key, 0)).collect();
    for key in keys.iter().flatten() {
        if let Some(size) = sizes.get_mut(key) {
            *size += 1;
        }
    }
    sizes
}

/// One rule's key of each record.
fn keys(rule: &BlockingRule, arrays: &[(&str, &StringArray)]) -> Result<Vec<Option<u64>>> {
    let mut parts = Vec::with_capacity(rule.on.len());
    for expression in &rule.on {
        let columns = expression.columns().into_iter();
        let columns: Vec<&StringArray> = columns
            .map(|name| find(name, arrays))
            .collect::<Result<_>>()?;
        parts.push((expression, columns));
    }
    let except: HashSet<u64> = rule
        .except
        .iter()
        .map(|text| expression::hash(text))
        .collect();
    let key = |record: usize| {
        let mut key = 0;
        for (at, (expression, columns)) in parts.iter().enumerate() {
            let text = |part: usize| {
                let column = columns[part];
                column.is_valid(record).then(|| column.value(record))
            };
            let hash = expression.hash(text)?;
            if at == 0 && except.contains(&hash) {
                return None;
            }
            key = mix(key ^ hash);
        }
        Some(key)
    };
    let records = arrays.first().map_or(0, |(_, array)| array.len());
    let records = (0..records).into_par_iter().with_min_len(1 << 12);
    Ok(records.map(key).collect())
}

fn find<'a>(name: &str, arrays: &[(&str, &'a StringArray)]) -> Result<&'a StringArray> {
    let found = arrays.iter().find(|(known, _)| *known == name);
    let known = || arrays.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    found.map(|(_, array)| *array).ok_or_else(|| Error::Column {
        name: name.into(),
        known: known().join(", "),
    })
}
