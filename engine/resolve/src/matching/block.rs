//! Blocking: which records may meet. A rule puts records with equal keys into one block; a pair belongs to the first
//! rule that brings it together, so that none is compared twice.

use rayon::prelude::*;

use super::columns::{Column, Columns};
use super::error::Result;
use super::key;
use super::model::BlockingRule;
use super::row::Rows;
use crate::cluster::NULL_CODE;

/// The blocks of all rules.
#[derive(Debug)]
pub struct Blocks {
    pub(super) rules: Vec<RuleBlocks>,
    /// Record by record, the block of each rule. A record that meets nobody has a number of its own, so that two
    /// numbers are equal only where the rule brings the records together.
    keys: Rows,
}

/// The blocks of one rule that hold two records or more.
#[derive(Debug, Default)]
pub(super) struct RuleBlocks {
    /// Records, block after block, ascending in each.
    pub members: Vec<u32>,
    /// Where each block begins in `members`, and the end.
    pub starts: Vec<u32>,
    left_out: Vec<LargeBlock>,
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

    /// The blocks of some records out of more: which of them are in a block over its rule's limit, nobody can see
    /// here, so `crowded` says it, rule by rule.
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
            RuleBlocks::new(
                at,
                rule,
                columns,
                crowded.map(|crowded| crowded[at].as_slice()),
            )
        };
        let built = rules.par_iter().enumerate().map(of_rule);
        let built: Result<Vec<(RuleBlocks, Vec<u32>)>> = built.collect();
        let (rules, numbers): (Vec<RuleBlocks>, Vec<Vec<u32>>) = built?.into_iter().unzip();
        let fill = |first: usize, rows: &mut [&mut [u32]]| {
            for (rule, numbers) in numbers.iter().enumerate() {
                for (row, number) in rows.iter_mut().zip(&numbers[first..]) {
                    row[rule] = *number;
                }
            }
        };
        let keys = Rows::new(columns.records(), rules.len(), fill);
        Ok(Self { rules, keys })
    }

    /// Blocks over their rule's limit: nobody was compared on their account.
    pub fn left_out(&self) -> Vec<LargeBlock> {
        let left_out = self
            .rules
            .iter()
            .flat_map(|rule| rule.left_out.iter().copied());
        left_out.collect()
    }

    /// How many pairs the rules bring together; a pair that several rules share counts for each.
    pub fn pairs(&self) -> u64 {
        let pairs = |window: &[u32]| {
            let records = u64::from(window[1] - window[0]);
            records * (records - 1) / 2
        };
        let rules = self.rules.iter();
        rules
            .flat_map(|rule| rule.starts.windows(2).map(pairs))
            .sum()
    }

    /// Whether any rule brings the two records together.
    pub fn meet(&self, a: u32, b: u32) -> bool {
        let (a, b) = (self.keys_of(a), self.keys_of(b));
        a.iter().zip(b).any(|(a, b)| a == b)
    }

    /// A record's block by each rule.
    #[inline]
    pub(super) fn keys_of(&self, record: u32) -> &[u32] {
        &self.keys.row(record)[..self.rules.len()]
    }
}

impl RuleBlocks {
    /// The blocks, and each record's block number.
    fn new(
        at: usize,
        rule: &BlockingRule,
        columns: &Columns,
        crowded: Option<&[bool]>,
    ) -> Result<(Self, Vec<u32>)> {
        let mut parts = Vec::with_capacity(rule.on.len());
        for expression in &rule.on {
            parts.push(expression.evaluate(columns)?);
        }
        if let Some(first) = parts.first_mut().filter(|_| !rule.except.is_empty()) {
            *first = without(first, &rule.except).into();
        }
        let parts: Vec<&Column> = parts.iter().map(|part| part.as_ref()).collect();
        let records = columns.records();
        let mut numbers: Vec<u32> = (0..records as u32).map(|record| ALONE | record).collect();
        let mut blocks = Self::default();
        blocks.starts.push(0);
        let mut sorted = key::sorted(&parts, records);
        let most = match crowded {
            Some(crowded) => {
                sorted.retain(|(_, record)| !crowded[*record as usize]);
                None
            }
            None => rule.records_max,
        };
        for block in sorted.chunk_by(|a, b| a.0 == b.0) {
            blocks.add(at, most, block, &mut numbers);
        }
        Ok((blocks, numbers))
    }

    fn add(&mut self, rule: usize, most: Option<u32>, block: &[(u64, u32)], numbers: &mut [u32]) {
        let records = block.len() as u32;
        if records < 2 {
            return;
        }
        if most.is_some_and(|most| records > most) {
            self.left_out.push(LargeBlock { rule, records });
            return;
        }
        let number = self.starts.len() as u32;
        for (_, record) in block {
            numbers[*record as usize] = number;
            self.members.push(*record);
        }
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
