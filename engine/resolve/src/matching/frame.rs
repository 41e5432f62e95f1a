//! A model's comparisons, compiled against the columns of a run.
//!
//! Each expression that the model mentions becomes a *field*. A record's codes of all fields lie side by side, so
//! that a comparison touches one or two cache lines a record. Conditions become tests on those codes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::columns::{Column, Columns};
use super::condition::Condition;
use super::error::{Error, Result};
use super::expression::Expression;
use super::form;
use super::frequencies::{Frequencies, Occurrences};
use super::measure::{Kind, Measure, Memo};
use super::model::{Model, TermFrequency};
use super::pattern::Radix;
use crate::cluster::NULL_CODE;

/// Everything that comparing two records needs, weights apart.
#[derive(Debug)]
pub struct Frame<'a> {
    pub(super) model: &'a Model,
    pub(super) columns: &'a Columns,
    pub(super) fields: Vec<Arc<Column>>,
    names: HashMap<Expression, usize>,
    /// Codes of all fields, record by record.
    rows: Vec<u32>,
    measures: Vec<Measure>,
    /// For a pair of fields: the second field's code of each value of the first.
    crossings: Vec<Vec<u32>>,
    /// For a field: whether a code is no date.
    undated: Vec<Vec<bool>>,
    pub(super) tests: Vec<Vec<Test>>,
    /// What a trained model knows of a field's values; where it knows nothing, the records at hand tell.
    occurrences: HashMap<usize, Occurrences>,
}

/// A condition on codes.
#[derive(Debug)]
pub(super) enum Test {
    Missing(usize),
    NoDate {
        field: usize,
        undated: usize,
    },
    Equal(usize),
    Crossed {
        first: usize,
        second: usize,
        crossing: usize,
    },
    Class {
        measure: usize,
        min: u8,
    },
    All(Vec<Test>),
    Any(Vec<Test>),
    Otherwise,
}

/// What one thread remembers between pairs.
#[derive(Debug)]
pub(super) struct Memory {
    memos: Vec<Memo>,
}

impl<'a> Frame<'a> {
    /// Compiles the model's comparisons. Costs a pass over each column's distinct values, and one over the records.
    ///
    /// # Errors
    /// When the model names unknown columns or asks what cannot be answered.
    pub fn new(model: &'a Model, columns: &'a Columns) -> Result<Self> {
        let mut frame = Self {
            model,
            columns,
            fields: Vec::new(),
            names: HashMap::new(),
            rows: Vec::new(),
            measures: Vec::new(),
            crossings: Vec::new(),
            undated: Vec::new(),
            tests: Vec::new(),
            occurrences: HashMap::new(),
        };
        for comparison in &model.comparisons {
            let last = comparison.levels.last();
            if !last.is_some_and(|level| level.when == Condition::Otherwise) {
                let name = comparison.name.clone();
                return Err(Error::NoElse { name });
            }
            for level in &comparison.levels {
                frame.prepare(&level.when)?;
                if let Some(frequency) = &level.term_frequency {
                    frame.field(&frequency.of)?;
                }
            }
        }
        for comparison in &model.comparisons {
            let tests = comparison
                .levels
                .iter()
                .map(|level| frame.compile(&level.when));
            let tests = tests.collect::<Result<_>>()?;
            frame.tests.push(tests);
        }
        frame.pack();
        Ok(frame)
    }

    /// Takes the rarity of values from what a model learnt, not from the records at hand.
    ///
    /// # Errors
    /// When a column is not there.
    pub fn with_frequencies(mut self, known: &Frequencies) -> Result<Self> {
        let mut occurrences = HashMap::new();
        for (field, expression) in self.rare_fields() {
            let column = &self.fields[field];
            let by_code = known.by_code(expression, column, self.columns)?;
            occurrences.extend(by_code.map(|by_code| (field, by_code)));
        }
        self.occurrences = occurrences;
        Ok(self)
    }

    /// How often each of a field's values occurs.
    pub(super) fn occurrences(&self, field: usize) -> Occurrences {
        let column = &self.fields[field];
        let counted = || Occurrences {
            present: column.present() as f64,
            counts: column.counts.clone(),
        };
        self.occurrences
            .get(&field)
            .cloned()
            .unwrap_or_else(counted)
    }

    /// The expressions whose values' rarity is weighed, with their fields.
    pub(super) fn rare_fields(&self) -> BTreeMap<usize, &'a Expression> {
        let levels = self.model.comparisons.iter().flat_map(|of| &of.levels);
        let rare = levels.filter_map(|level| level.term_frequency.as_ref());
        let field =
            |frequency: &'a TermFrequency| Some((self.field_of(&frequency.of)?, &frequency.of));
        rare.filter_map(field).collect()
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.columns.records()
    }

    /// The first level of a comparison that holds for two records.
    pub(super) fn level(&self, comparison: usize, a: &[u32], b: &[u32], memory: &mut Memory) -> u8 {
        let tests = &self.tests[comparison];
        let holds = tests.iter().position(|test| self.holds(test, a, b, memory));
        holds.unwrap_or(tests.len() - 1) as u8
    }

    /// The levels of all comparisons.
    pub(super) fn levels(&self, a: u32, b: u32, memory: &mut Memory, levels: &mut [u8]) {
        let (a, b) = (self.row(a), self.row(b));
        for (comparison, level) in levels.iter_mut().enumerate() {
            *level = self.level(comparison, a, b, memory);
        }
    }

    /// Numbers for the model's agreement patterns.
    ///
    /// # Errors
    /// When there are more than 64 bits can number.
    pub(super) fn radix(&self) -> Result<Radix> {
        let comparisons = self.model.comparisons.iter();
        Radix::new(comparisons.map(|comparison| comparison.levels.len()))
    }

    pub(super) fn row(&self, record: u32) -> &[u32] {
        let width = self.fields.len();
        &self.rows[record as usize * width..][..width]
    }

    pub(super) fn memory(&self) -> Memory {
        let memos = self.measures.iter().map(|_| Memo::new()).collect();
        Memory { memos }
    }

    /// The field of an expression that the model mentions.
    pub(super) fn field_of(&self, expression: &Expression) -> Option<usize> {
        self.names.get(expression).copied()
    }

    /// Whether a test holds for two records, given by their codes. Equality is asked far more often than all else, so
    /// it is answered without a call.
    #[inline]
    pub(super) fn holds(&self, test: &Test, a: &[u32], b: &[u32], memory: &mut Memory) -> bool {
        match test {
            Test::Missing(field) => a[*field] == NULL_CODE || b[*field] == NULL_CODE,
            Test::Equal(field) => a[*field] == b[*field] && a[*field] != NULL_CODE,
            Test::Otherwise => true,
            _ => self.holds_beyond_equality(test, a, b, memory),
        }
    }

    fn holds_beyond_equality(
        &self,
        test: &Test,
        a: &[u32],
        b: &[u32],
        memory: &mut Memory,
    ) -> bool {
        match test {
            Test::NoDate { field, undated } => {
                let none = |code: u32| code == NULL_CODE || self.undated[*undated][code as usize];
                none(a[*field]) || none(b[*field])
            }
            Test::Crossed {
                first,
                second,
                crossing,
            } => {
                let other = &self.crossings[*crossing];
                let equal = |one: u32, two: u32| {
                    one != NULL_CODE && two != NULL_CODE && other[one as usize] == two
                };
                equal(a[*first], b[*second]) && equal(b[*first], a[*second])
            }
            Test::Class { measure, min } => {
                let (of, memo) = (&self.measures[*measure], &mut memory.memos[*measure]);
                of.class(&self.fields[of.field], a[of.field], b[of.field], memo) >= *min
            }
            Test::All(parts) => parts.iter().all(|part| self.holds(part, a, b, memory)),
            Test::Any(parts) => parts.iter().any(|part| self.holds(part, a, b, memory)),
            Test::Missing(_) | Test::Equal(_) | Test::Otherwise => self.holds(test, a, b, memory),
        }
    }

    /// Whether a test costs a few instructions only.
    pub(super) fn cheap(&self, test: &Test) -> bool {
        match test {
            Test::Class { measure, .. } => self.measures[*measure].kind.cheap(),
            Test::All(parts) | Test::Any(parts) => parts.iter().all(|part| self.cheap(part)),
            _ => true,
        }
    }

    fn field(&mut self, expression: &Expression) -> Result<usize> {
        if let Some(field) = self.field_of(expression) {
            return Ok(field);
        }
        self.fields.push(expression.evaluate(self.columns)?);
        let field = self.fields.len() - 1;
        self.names.insert(expression.clone(), field);
        Ok(field)
    }

    /// Makes the fields and measures of a condition, so that all thresholds are known before any is compiled.
    fn prepare(&mut self, condition: &Condition) -> Result<()> {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().try_for_each(|part| self.prepare(part))?;
            }
            Condition::Otherwise => {}
            Condition::Crossed(first, second) => {
                self.field(&Expression::column(first))?;
                self.field(&Expression::column(second))?;
            }
            Condition::Missing(of) | Condition::NoDate(of) | Condition::Equal(of) => {
                self.field(of)?;
            }
            _ => {
                let (kind, of, threshold) = measured(condition);
                let at = self.measure(kind, of)?;
                self.measures[at].ask(threshold);
            }
        }
        Ok(())
    }

    fn measure(&mut self, kind: Kind, of: &Expression) -> Result<usize> {
        let field = self.field(of)?;
        let same = |measure: &Measure| measure.kind == kind && measure.field == field;
        if let Some(at) = self.measures.iter().position(same) {
            return Ok(at);
        }
        let measure = Measure::new(kind, field, &self.fields[field], &of.to_string())?;
        self.measures.push(measure);
        Ok(self.measures.len() - 1)
    }

    fn compile(&mut self, condition: &Condition) -> Result<Test> {
        let test = match condition {
            Condition::All(parts) => Test::All(self.compile_all(parts)?),
            Condition::Any(parts) => Test::Any(self.compile_all(parts)?),
            Condition::Otherwise => Test::Otherwise,
            Condition::Missing(of) => Test::Missing(self.field(of)?),
            Condition::Equal(of) => Test::Equal(self.field(of)?),
            Condition::NoDate(of) => {
                let field = self.field(of)?;
                let column = &self.fields[field];
                let dates = form::each(column, form::date);
                self.undated
                    .push(dates.iter().map(Option::is_none).collect());
                let undated = self.undated.len() - 1;
                Test::NoDate { field, undated }
            }
            Condition::Crossed(first, second) => {
                let first = self.field(&Expression::column(first))?;
                let second = self.field(&Expression::column(second))?;
                self.crossings
                    .push(crossing(&self.fields[first], &self.fields[second]));
                let crossing = self.crossings.len() - 1;
                Test::Crossed {
                    first,
                    second,
                    crossing,
                }
            }
            _ => {
                let (kind, of, threshold) = measured(condition);
                let measure = self.measure(kind, of)?;
                let min = self.measures[measure].class_of(threshold);
                Test::Class { measure, min }
            }
        };
        Ok(test)
    }

    fn compile_all(&mut self, parts: &[Condition]) -> Result<Vec<Test>> {
        parts.iter().map(|part| self.compile(part)).collect()
    }

    /// Lays the codes of each record side by side.
    fn pack(&mut self) {
        let width = self.fields.len();
        let mut rows = vec![NULL_CODE; width * self.records()];
        let fields = &self.fields;
        let chunk = 1 << 12;
        rows.par_chunks_mut((width * chunk).max(1))
            .enumerate()
            .for_each(|(at, rows)| {
                for (field, column) in fields.iter().enumerate() {
                    let codes = &column.codes[at * chunk..];
                    for (row, code) in rows.chunks_exact_mut(width).zip(codes) {
                        row[field] = *code;
                    }
                }
            });
        self.rows = rows;
    }
}

/// The measure behind a condition on a distance. Callers have dealt with all other conditions.
fn measured(condition: &Condition) -> (Kind, &Expression, f64) {
    match condition {
        Condition::JaroWinkler { of, min } => (Kind::JaroWinkler, of, *min),
        Condition::Jaro { of, min } => (Kind::Jaro, of, *min),
        Condition::Levenshtein { of, max } => (Kind::Levenshtein, of, f64::from(*max)),
        Condition::DamerauLevenshtein { of, max } => (Kind::Damerau, of, f64::from(*max)),
        Condition::DaysApart { of, max } => (Kind::Days, of, f64::from(*max)),
        Condition::DayMonthSwapped(of) => (Kind::DayMonth, of, 1.0),
        Condition::Initial(of) => (Kind::Initial, of, 1.0),
        Condition::Overlap { of, min } => (Kind::Overlap, of, f64::from(*min)),
        Condition::Apart { of, max } => (Kind::Apart, of, *max),
        Condition::Near { of, km } => (Kind::Near, of, *km),
        _ => unreachable!("the condition measures nothing"),
    }
}

/// For each code of the first column, the second column's code of the same text.
fn crossing(first: &Column, second: &Column) -> Vec<u32> {
    let find = |code: u32| {
        let text = first.text(code)?;
        second.texts()?.find(text)
    };
    let codes = 0..first.distinct() as u32;
    codes.map(|code| find(code).unwrap_or(NULL_CODE)).collect()
}
