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

/// Each record's keys under each blocking rule. Records of one block have one key; two blocks have one key only if two
/// 64-bit hashes are equal by chance, so that keys find all of a block and perhaps more.
#[derive(Debug, Clone, Default)]
pub struct BlockKeys {
    rules: Vec<RuleKeys>,
}

/// The keys of one rule.
#[derive(Debug, Clone)]
struct RuleKeys {
    /// None where a key brings nobody together.
    keys: Vec<Key>,
    /// Where each record's keys end; none where each record has one.
    ends: Option<Vec<u32>>,
}

/// Some of the records: columns by name.
pub type Batch<'a> = Vec<(&'a str, &'a StringArray)>;

impl BlockKeys {
    /// Keys of the records of all batches, one batch after the other.
    ///
    /// # Errors
    /// When a rule names an unknown column, or takes two lists apart.
    pub fn new(rules: &[BlockingRule], batches: &[Batch]) -> Result<Self> {
        let keys = batches.par_iter().map(|batch| keys(rules, batch));
        let keys: Vec<Vec<RuleKeys>> = keys.collect::<Result<_>>()?;
        let of_rule = |rule: usize| RuleKeys::concat(keys.iter().map(|batch| &batch[rule]));
        Ok(Self {
            rules: (0..rules.len()).into_par_iter().map(of_rule).collect(),
        })
    }

    /// How many keys the records have, all rules together.
    pub fn count(&self) -> usize {
        let keys = self.rules.iter().flat_map(|rule| &rule.keys);
        keys.flatten().count()
    }

    /// Each key with its record, as numbers that tell the rules apart.
    pub fn entries(&self) -> impl Iterator<Item = (i64, u32)> {
        let rules = (0..).zip(&self.rules);
        rules.flat_map(|(rule, keys)| {
            let records = 0..keys.records() as u32;
            records.flat_map(move |record| {
                let keys = keys.of(record as usize);
                keys.map(move |key| (mix(key.get() ^ rule).cast_signed(), record))
            })
        })
    }

    /// Which records share a key with one that `touched` holds, and these themselves.
    pub fn neighbours(&self, touched: &[bool]) -> Vec<bool> {
        let mut found = touched.to_vec();
        for keys in &self.rules {
            let own: HashSet<NonZeroU64> = keys.flagged(touched).collect();
            let records = found.par_iter_mut().enumerate();
            records.for_each(|(record, found)| {
                *found |= keys.of(record).any(|key| own.contains(&key));
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
            let came = keys.flagged(changed);
            came.for_each(|key| *grown.entry(key).or_default() += 1);
            let left = before.rules[at].keys.iter().flatten();
            left.for_each(|key| *grown.entry(*key).or_default() -= 1);
            let sizes = keys.sizes(grown.keys().copied());
            let is_over = |size: i64| size > i64::from(most);
            let crossed = |key: NonZeroU64| {
                let now = sizes.get(&key).map_or(0, |size| i64::from(*size));
                let by = grown.get(&key).copied();
                by.is_some_and(|by| is_over(now) != is_over(now - by))
            };
            let records = touched.par_iter_mut().enumerate();
            records.for_each(|(record, touched)| *touched |= keys.of(record).any(crossed));
        }
        touched
    }

    /// For each rule, which keys of the `chosen` records are of a block over its limit: record by record, and of a
    /// rule on a list element by element.
    pub fn crowded(&self, rules: &[BlockingRule], chosen: &[u32]) -> Vec<Vec<bool>> {
        let crowded = |(rule, keys): (&BlockingRule, &RuleKeys)| {
            let chosen = chosen.iter();
            let chosen: Vec<Key> = chosen
                .flat_map(|record| keys.all_of(*record as usize))
                .copied()
                .collect();
            let Some(most) = rule.records_max else {
                return vec![false; chosen.len()];
            };
            let sizes = keys.sizes(chosen.iter().copied().flatten());
            let is_over = |key: NonZeroU64| sizes.get(&key).is_some_and(|size| *size > most);
            chosen
                .into_iter()
                .map(|key| key.is_some_and(is_over))
                .collect()
        };
        rules.iter().zip(&self.rules).map(crowded).collect()
    }
}

impl RuleKeys {
    /// The keys of a batch's records, from the hashes of the rule's parts.
    fn new(rule: &BlockingRule, parts: &[&Hashes], records: usize) -> Result<Self> {
        let except: HashSet<u64> = rule.except.iter().map(|text| hash(text)).collect();
        let Some(list) = rule.list()? else {
            let keys = (0..records).map(|record| key(parts, &except, record, None));
            let keys = keys.collect();
            return Ok(Self { keys, ends: None });
        };
        let (mut keys, mut ends) = (Vec::new(), Vec::with_capacity(records));
        for record in 0..records {
            let elements = parts[list].elements(record).iter();
            keys.extend(elements.map(|element| key(parts, &except, record, Some(*element))));
            ends.push(keys.len() as u32);
        }
        let ends = Some(ends);
        Ok(Self { keys, ends })
    }

    /// Those of all batches, one after the other.
    fn concat<'a>(batches: impl Iterator<Item = &'a Self>) -> Self {
        let (mut keys, mut ends) = (Vec::new(), None::<Vec<u32>>);
        for batch in batches {
            let first = keys.len() as u32;
            keys.extend_from_slice(&batch.keys);
            if let Some(own) = &batch.ends {
                let own = own.iter().map(|end| first + end);
                ends.get_or_insert_default().extend(own);
            }
        }
        Self { keys, ends }
    }

    /// How many records there are.
    fn records(&self) -> usize {
        self.ends.as_ref().map_or(self.keys.len(), Vec::len)
    }

    /// A record's keys, and places of keys that bring nobody together.
    fn all_of(&self, record: usize) -> &[Key] {
        let Some(ends) = &self.ends else {
            return std::slice::from_ref(&self.keys[record]);
        };
        let start = record.checked_sub(1).map_or(0, |before| ends[before]);
        &self.keys[start as usize..ends[record] as usize]
    }

    fn of(&self, record: usize) -> impl Iterator<Item = NonZeroU64> {
        self.all_of(record).iter().copied().flatten()
    }

    /// The keys of flagged records.
    fn flagged(&self, flags: &[bool]) -> impl Iterator<Item = NonZeroU64> {
        let flagged = flags.iter().enumerate().filter(|(_, flag)| **flag);
        flagged.flat_map(|(record, _)| self.of(record))
    }

    /// How many records have each of these keys.
    fn sizes(&self, of: impl Iterator<Item = NonZeroU64>) -> HashMap<NonZeroU64, u32> {
        let mut sizes: HashMap<NonZeroU64, u32> = of.map(|key| (key, 0)).collect();
        for key in self.keys.iter().flatten() {
            if let Some(size) = sizes.get_mut(key) {
                *size += 1;
            }
        }
        sizes
    }
}

/// An expression's numbers, equal for equal values.
enum Hashes {
    /// One a record, where it has a value.
    One(Vec<Option<u64>>),
    /// Of lists, one an element.
    Each(Vec<Vec<u64>>),
}

impl Hashes {
    fn elements(&self, record: usize) -> &[u64] {
        match self {
            Self::One(_) => &[],
            Self::Each(of) => &of[record],
        }
    }
}

/// Rule by rule, the keys of each record. What several rules ask of a record is worked out once.
fn keys(rules: &[BlockingRule], batch: &Batch) -> Result<Vec<RuleKeys>> {
    let mut known: Vec<(&Expression, Hashes)> = Vec::new();
    for expression in rules.iter().flat_map(|rule| &rule.on) {
        if known.iter().all(|(other, _)| *other != expression) {
            known.push((expression, hashes(expression, batch)?));
        }
    }
    let records = batch.first().map_or(0, |(_, array)| array.len());
    let of = |rule: &BlockingRule| {
        let asked = |expression: &Expression| known.iter().find(|(other, _)| *other == expression);
        let parts = rule.on.iter().filter_map(asked);
        let parts: Vec<&Hashes> = parts.map(|(_, hashes)| hashes).collect();
        RuleKeys::new(rule, &parts, records)
    };
    rules.iter().map(of).collect()
}

/// The key that the hashes of a record's parts make; `element` is what it has in place of a list.
fn key(parts: &[&Hashes], except: &HashSet<u64>, record: usize, element: Option<u64>) -> Key {
    let mut key = 0;
    for (at, hashes) in parts.iter().enumerate() {
        let hash = match hashes {
            Hashes::One(of) => of[record]?,
            Hashes::Each(_) => element?,
        };
        if at == 0 && except.contains(&hash) {
            return None;
        }
        key = mix(key ^ hash);
    }
    Some(NonZeroU64::new(key).unwrap_or(NonZeroU64::MIN))
}

/// An expression's numbers for each record.
fn hashes(expression: &Expression, batch: &Batch) -> Result<Hashes> {
    let columns = expression.columns().into_iter();
    let columns: Vec<&StringArray> = columns
        .map(|name| find(name, batch))
        .collect::<Result<_>>()?;
    let text = |record: usize, part: usize| {
        let column = columns[part];
        column.is_valid(record).then(|| column.value(record))
    };
    let records = 0..columns.first().map_or(0, |column| column.len());
    Ok(match expression.is_list() {
        true => Hashes::Each(
            records
                .map(|record| expression.elements(text(record, 0)))
                .collect(),
        ),
        false => Hashes::One(
            records
                .map(|record| expression.hash(|part| text(record, part)))
                .collect(),
        ),
    })
}

fn find<'a>(name: &str, batch: &Batch<'a>) -> Result<&'a StringArray> {
    let found = batch.iter().find(|(known, _)| *known == name);
    let known = || batch.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    found.map(|(_, array)| *array).ok_or_else(|| Error::Column {
        name: name.into(),
        known: known().join(", "),
    })
}
