//! Blocking keys as numbers, from arrays as they are: enough to find whom a change may bring together with whom,
//! without encoding records that it has nothing to do with.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;

use arrow::array::{Array, StringArray};
use rayon::prelude::*;

use super::error::{Error, Result};
use super::expression::{Expression, hash};
use super::fingerprint::mix;
use super::model::BlockingRule;

/// A key; half the room of any number or none.
type Key = Option<NonZeroU64>;

/// Each record's key under each blocking rule. Records of one block have one key; two blocks have one key only if two
/// 64-bit hashes are equal by chance, so that keys find all of a block and perhaps more.
#[derive(Debug, Clone, Default)]
pub struct BlockKeys {
    /// Rule by rule, a key a record; None where the record meets nobody.
    rules: Vec<Vec<Key>>,
}

/// Some of the records: columns by name.
pub type Batch<'a> = Vec<(&'a str, &'a StringArray)>;

impl BlockKeys {
    /// Keys of the records of all batches, one batch after the other.
    ///
    /// # Errors
    /// When a rule names an unknown column.
    pub fn new(rules: &[BlockingRule], batches: &[Batch]) -> Result<Self> {
        let keys = batches.par_iter().map(|batch| keys(rules, batch));
        let keys: Vec<Vec<Vec<Key>>> = keys.collect::<Result<_>>()?;
        let of_rule = |rule: usize| {
            let batches: Vec<&[Key]> = keys.iter().map(|batch| batch[rule].as_slice()).collect();
            batches.concat()
        };
        Ok(Self {
            rules: (0..rules.len()).into_par_iter().map(of_rule).collect(),
        })
    }

    /// How many keys the records have, all rules together.
    pub fn count(&self) -> usize {
        let keys = self.rules.iter().flatten();
        keys.flatten().count()
    }

    /// Each key with its record, as numbers that tell the rules apart.
    pub fn entries(&self) -> impl Iterator<Item = (i64, u32)> {
        let rules = (0..).zip(&self.rules);
        rules.flat_map(|(rule, keys)| {
            let keys = (0..).zip(keys);
            keys.filter_map(move |(record, key)| {
                let key = mix(key.as_ref()?.get() ^ rule);
                Some((key.cast_signed(), record))
            })
        })
    }

    /// Which records share a key with one that `touched` holds, and these themselves.
    pub fn neighbours(&self, touched: &[bool]) -> Vec<bool> {
        let mut found = touched.to_vec();
        for keys in &self.rules {
            let own: HashSet<NonZeroU64> = flagged(keys, touched).collect();
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
            let (keys, mut grown) = (&self.rules[at], HashMap::<NonZeroU64, i64>::new());
            flagged(keys, changed).for_each(|key| *grown.entry(key).or_default() += 1);
            let left = before.rules[at].iter().flatten();
            left.for_each(|key| *grown.entry(*key).or_default() -= 1);
            let sizes = sizes(keys, grown.keys().copied());
            let is_over = |size: i64| size > i64::from(most);
            let crossed = |key: &NonZeroU64| {
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
        let crowded = |(rule, keys): (&BlockingRule, &Vec<Key>)| {
            let key = |record: &u32| keys[*record as usize];
            let Some(most) = rule.records_max else {
                return vec![false; chosen.len()];
            };
            let sizes = sizes(keys, chosen.iter().filter_map(key));
            let is_over = |key: NonZeroU64| sizes.get(&key).is_some_and(|size| *size > most);
            chosen
                .iter()
                .map(|record| key(record).is_some_and(is_over))
                .collect()
        };
        rules.iter().zip(&self.rules).map(crowded).collect()
    }
}

/// The keys of flagged records.
fn flagged<'a>(keys: &'a [Key], flags: &'a [bool]) -> impl Iterator<Item = NonZeroU64> + 'a {
    let flagged = keys.iter().zip(flags).filter(|(_, flag)| **flag);
    flagged.filter_map(|(key, _)| *key)
}

/// How many records have each of these keys.
fn sizes(keys: &[Key], of: impl Iterator<Item = NonZeroU64>) -> HashMap<NonZeroU64, u32> {
    let mut sizes: HashMap<NonZeroU64, u32> = of.map(|key| (key, 0)).collect();
    for key in keys.iter().flatten() {
        if let Some(size) = sizes.get_mut(key) {
            *size += 1;
        }
    }
    sizes
}

/// Rule by rule, the key of each record. What several rules ask of a record is worked out once.
fn keys(rules: &[BlockingRule], batch: &Batch) -> Result<Vec<Vec<Key>>> {
    let mut known: Vec<(&Expression, Vec<Option<u64>>)> = Vec::new();
    for expression in rules.iter().flat_map(|rule| &rule.on) {
        if known.iter().all(|(other, _)| *other != expression) {
            known.push((expression, hashes(expression, batch)?));
        }
    }
    let of = |rule: &BlockingRule| {
        let asked = |expression: &Expression| known.iter().find(|(other, _)| *other == expression);
        let parts = rule.on.iter().filter_map(asked);
        let parts: Vec<&[Option<u64>]> = parts.map(|(_, hashes)| hashes.as_slice()).collect();
        let except: HashSet<u64> = rule.except.iter().map(|text| hash(text)).collect();
        let records = batch.first().map_or(0, |(_, array)| array.len());
        (0..records)
            .map(|record| key(&parts, &except, record))
            .collect()
    };
    Ok(rules.iter().map(of).collect())
}

/// The key that the hashes of a record's parts make.
fn key(parts: &[&[Option<u64>]], except: &HashSet<u64>, record: usize) -> Key {
    let mut key = 0;
    for (at, hashes) in parts.iter().enumerate() {
        let hash = hashes[record]?;
        if at == 0 && except.contains(&hash) {
            return None;
        }
        key = mix(key ^ hash);
    }
    Some(NonZeroU64::new(key).unwrap_or(NonZeroU64::MIN))
}

/// An expression's number for each record.
fn hashes(expression: &Expression, batch: &Batch) -> Result<Vec<Option<u64>>> {
    let columns = expression.columns().into_iter();
    let columns: Vec<&StringArray> = columns
        .map(|name| find(name, batch))
        .collect::<Result<_>>()?;
    let text = |record: usize, part: usize| {
        let column = columns[part];
        column.is_valid(record).then(|| column.value(record))
    };
    let records = columns.first().map_or(0, |column| column.len());
    let hash = |record: usize| expression.hash(|part| text(record, part));
    Ok((0..records).map(hash).collect())
}

fn find<'a>(name: &str, batch: &Batch<'a>) -> Result<&'a StringArray> {
    let found = batch.iter().find(|(known, _)| *known == name);
    let known = || batch.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    found.map(|(_, array)| *array).ok_or_else(|| Error::Column {
        name: name.into(),
        known: known().join(", "),
    })
}
