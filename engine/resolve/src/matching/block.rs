//! Blocking: which records may meet. A rule puts records with equal keys into one block; a pair belongs to the first
//! rule that brings it together, so that none is compared twice.
//!
//! A rule on a list gives a record several keys. Its blocks are laid in layers, so that a record is in one block of a
//! layer at most: a layer is then to the pairs what a rule of one key is, and costs what a rule costs. About as many
//! layers come about as the longest list has elements that others share.

use std::sync::Arc;

use rayon::prelude::*;

use super::columns::{Column, Columns};
use super::elements::Elements;
use super::error::Result;
use super::key::{self, Groups};
use super::model::BlockingRule;
use super::row::Rows;
use crate::cluster::NULL_CODE;

/// The blocks of all rules.
#[derive(Debug)]
pub struct Blocks {
    /// Of each rule a layer; of a rule on a list perhaps more.
    pub(super) layers: Vec<Layer>,
    /// Record by record, the block in each layer. A record that meets nobody has a number of its own, so that two
    /// numbers are equal only where the layer brings the records together.
    keys: Rows,
    left_out: Vec<LargeBlock>,
}

/// Blocks of two records or more, no record in two of them.
#[derive(Debug)]
pub(super) struct Layer {
    /// Records, block after block, ascending in each.
    pub members: Vec<u32>,
    /// Where each block begins in `members`, and the end.
    pub starts: Vec<u32>,
    /// Each record's block.
    numbers: Vec<u32>,
}

/// A block of more records than its rule takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeBlock {
    /// Index of the blocking rule.
    pub rule: usize,
    pub records: u32,
}

/// The upper half of all numbers names records that meet nobody.
const ALONE: u32 = 1 << 31;

impl Blocks {
    /// # Errors
    /// When a rule names an unknown column.
    pub fn new(rules: &[BlockingRule], columns: &Columns) -> Result<Self> {
        Self::build(rules, columns, None)
    }

    /// The blocks of some records out of more: which of their keys are of a block over its rule's limit, nobody can
    /// see here, so `crowded` says it, rule by rule and key by key.
    ///
    /// # Errors
    /// When a rule names an unknown column.
    pub fn among(rules: &[BlockingRule], columns: &Columns, crowded: &[Vec<bool>]) -> Result<Self> {
        Self::build(rules, columns, Some(crowded))
    }

    fn build(
        rules: &[BlockingRule],
        columns: &Columns,
        crowded: Option<&[Vec<bool>]>,
    ) -> Result<Self> {
        let of_rule = |(at, rule): (usize, &BlockingRule)| {
            let crowded = crowded.map(|crowded| crowded[at].as_slice());
            of_rule(at, rule, columns, crowded)
        };
        let built = rules.par_iter().enumerate().map(of_rule);
        let (mut layers, mut left_out) = (Vec::new(), Vec::new());
        for (of_rule, large) in built.collect::<Result<Vec<_>>>()? {
            layers.extend(of_rule);
            left_out.extend(large);
        }
        let fill = |first: usize, rows: &mut [&mut [u32]]| {
            for (at, layer) in layers.iter().enumerate() {
                for (row, number) in rows.iter_mut().zip(&layer.numbers[first..]) {
                    row[at] = *number;
                }
            }
        };
        let keys = Rows::new(columns.records(), layers.len(), fill);
        layers
            .iter_mut()
            .for_each(|layer| layer.numbers = Vec::new());
        Ok(Self {
            layers,
            keys,
            left_out,
        })
    }

    /// Blocks over their rule's limit: nobody was compared on their account.
    pub fn left_out(&self) -> Vec<LargeBlock> {
        self.left_out.clone()
    }

    /// How many pairs the rules bring together; a pair that several rules share counts for each.
    pub fn pairs(&self) -> u64 {
        let pairs = |window: &[u32]| {
            let records = u64::from(window[1] - window[0]);
            records * (records - 1) / 2
        };
        let layers = self.layers.iter();
        layers
            .flat_map(|layer| layer.starts.windows(2).map(pairs))
            .sum()
    }

    /// Whether any rule brings the two records together.
    pub fn meet(&self, a: u32, b: u32) -> bool {
        let (a, b) = (self.keys_of(a), self.keys_of(b));
        a.iter().zip(b).any(|(a, b)| a == b)
    }

    /// A record's block in each layer.
    #[inline]
    pub(super) fn keys_of(&self, record: u32) -> &[u32] {
        &self.keys.row(record)[..self.layers.len()]
    }
}

/// A rule's blocks in layers, and those that it leaves out. `at` is the rule's index.
fn of_rule(
    at: usize,
    rule: &BlockingRule,
    columns: &Columns,
    crowded: Option<&[bool]>,
) -> Result<(Vec<Layer>, Vec<LargeBlock>)> {
    let groups = groups(rule, columns, crowded)?;
    let most = rule.records_max.filter(|_| crowded.is_none());
    let mut left_out = Vec::new();
    let mut fits = |block: &&[u32]| {
        let records = block.len() as u32;
        let over = most.is_some_and(|most| records > most);
        if over {
            left_out.push(LargeBlock { rule: at, records });
        }
        !over
    };
    let blocks = groups.each();
    let blocks = blocks.filter(|block| block.len() > 1 && fits(block));
    let (first, mut rest) = Layer::lay(blocks, columns.records());
    let mut layers = vec![first];
    while !rest.is_empty() {
        let (layer, still) = Layer::lay(rest.into_iter(), columns.records());
        layers.push(layer);
        rest = still;
    }
    Ok((layers, left_out))
}

/// The records of each key that is not crowded.
fn groups(rule: &BlockingRule, columns: &Columns, crowded: Option<&[bool]>) -> Result<Groups> {
    let parts = rule.on.iter().map(|part| part.evaluate(columns));
    let mut parts = parts.collect::<Result<Vec<_>>>()?;
    let except = |parts: &mut Vec<Arc<Column>>| {
        if let Some(first) = parts.first_mut().filter(|_| !rule.except.is_empty()) {
            *first = without(first, &rule.except).into();
        }
    };
    // Of a list its elements are left out, of anything else the whole.
    let list = rule.list()?;
    if list != Some(0) {
        except(&mut parts);
    }
    let owners = match list {
        Some(list) => Some(Elements::of(&parts[list])?.spread(&mut parts, list)),
        None => None,
    };
    if list == Some(0) {
        except(&mut parts);
    }
    let parts: Vec<&Column> = parts.iter().map(|part| part.as_ref()).collect();
    let count = owners.as_ref().map_or(columns.records(), Vec::len);
    let mut groups = key::groups(&parts, count);
    if let Some(crowded) = crowded {
        groups.retain(|at| !crowded[at as usize]);
    }
    if let Some(owners) = owners {
        groups.rename(|at| owners[at as usize]);
    }
    Ok(groups)
}

impl Layer {
    /// As many of the blocks as do not share a record, the first ones first; and the others.
    fn lay<'k>(blocks: impl Iterator<Item = &'k [u32]>, records: usize) -> (Self, Vec<&'k [u32]>) {
        let mut layer = Self {
            members: Vec::new(),
            starts: vec![0],
            numbers: (0..records as u32).map(|record| ALONE | record).collect(),
        };
        let mut rest = Vec::new();
        for block in blocks {
            let is_taken = |record: &u32| layer.numbers[*record as usize] < ALONE;
            match block.iter().any(is_taken) {
                true => rest.push(block),
                false => layer.add(block),
            }
        }
        (layer, rest)
    }

    fn add(&mut self, block: &[u32]) {
        let number = self.starts.len() as u32;
        for record in block {
            self.numbers[*record as usize] = number;
        }
        self.members.extend_from_slice(block);
        self.starts.push(self.members.len() as u32);
    }
}

/// The column with some values taken for missing.
fn without(column: &Column, except: &[String]) -> Column {
    let find = |text: &String| column.texts().and_then(|texts| texts.find(text));
    let out: Vec<u32> = except.iter().filter_map(find).collect();
    let code = |code: &u32| if out.contains(code) { NULL_CODE } else { *code };
    Column::new(column.codes.iter().map(code).collect(), None)
}
