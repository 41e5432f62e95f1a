//! A model's comparisons, compiled against the columns of a run.
//!
//! Each expression that the model mentions becomes a *field*. A record's codes of all fields lie side by side, so
//! that a comparison touches one or two cache lines a record. Conditions become tests on those codes; most are answered
//! by what the rows have in common (`row`, `case`), the rest by measures.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::case::Cases;
use super::columns::{Column, Columns};
use super::condition::Condition;
use super::error::{Error, Result};
use super::expression::Expression;
use super::form;
use super::frequencies::{Frequencies, Occurrences};
use super::group::{Group, Groups, Sieve};
use super::measure::{Forms, Kind, Measure, Memo};
use super::model::{Model, TermFrequency};
use super::pattern::Radix;
use super::row::Rows;
use super::sheet::Sheet;
use super::test::{Crossing, Test, Undated};

/// Everything that comparing two records needs, weights apart.
#[derive(Debug)]
pub struct Frame<'a> {
    pub(super) model: &'a Model,
    pub(super) columns: &'a Columns,
    pub(super) fields: Vec<Arc<Column>>,
    names: HashMap<Expression, usize>,
    rows: Rows,
    pub(super) measures: Vec<Measure>,
    /// Forms of a field's values that measures look at.
    pub(super) forms: Vec<(usize, Forms)>,
    pub(super) crossings: Vec<Crossing>,
    pub(super) undated: Vec<Undated>,
    pub(super) tests: Vec<Vec<Test>>,
    /// What a trained model knows of a field's values; where it knows nothing, the records at hand tell.
    occurrences: HashMap<usize, Occurrences>,
}

/// What one thread remembers between pairs.
#[derive(Debug)]
pub(super) struct Memory {
    /// The records at hand.
    pub sheet: Sheet,
    pub memos: Vec<Memo>,
    pub cases: Cases,
    /// The pairs at hand.
    pub groups: Groups,
    pub sieve: Sieve,
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
            rows: Rows::default(),
            measures: Vec::new(),
            forms: Vec::new(),
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
        for measure in &mut frame.measures {
            measure.settle(&frame.forms[measure.form].1);
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

    /// The levels of all comparisons of pairs on the sheet, pair after pair: of each, the first that holds.
    pub(super) fn levels(&self, memory: &mut Memory, pairs: &[(u32, u32)], levels: &mut Vec<u8>) {
        let count = self.tests.len();
        levels.resize(pairs.len() * count, 0);
        let (groups, sheet) = (&mut memory.groups, &mut memory.sheet);
        groups.sort(self, sheet, &mut memory.cases, pairs);
        for (case, range) in groups.each() {
            let case = &memory.cases.all[case];
            let origins = &groups.origins[range.clone()];
            for origin in origins {
                levels[*origin as usize * count..][..count].copy_from_slice(&case.levels);
            }
            let mut group = Group {
                frame: self,
                sheet,
                memos: &mut memory.memos,
                sieve: &mut memory.sieve,
                pairs: &groups.pairs[range],
            };
            for open in &case.open {
                group.sieve.open.clear();
                group.sieve.open.extend(0..origins.len() as u32);
                group.settle(open, |_, pair, level| {
                    levels[origins[pair as usize] as usize * count + open.comparison] = level;
                });
            }
        }
    }

    /// Whether what signatures allow by a measure is so, and not only may be.
    pub(super) fn is_told(&self, measure: usize) -> bool {
        let (_, forms) = &self.forms[self.measures[measure].form];
        matches!(forms, Forms::Dates(_))
    }

    /// Numbers for the model's agreement patterns.
    ///
    /// # Errors
    /// When there are more than 64 bits can number.
    pub(super) fn radix(&self) -> Result<Radix> {
        let comparisons = self.model.comparisons.iter();
        Radix::new(comparisons.map(|comparison| comparison.levels.len()))
    }

    #[inline]
    pub(super) fn row(&self, record: u32) -> &[u32] {
        self.rows.row(record)
    }

    pub(super) fn memory(&self) -> Memory {
        Memory {
            sheet: Sheet::new(self),
            memos: self.measures.iter().map(|_| Memo::new()).collect(),
            cases: Cases::default(),
            groups: Groups::default(),
            sieve: Sieve::default(),
        }
    }

    /// The field of an expression that the model mentions.
    pub(super) fn field_of(&self, expression: &Expression) -> Option<usize> {
        self.names.get(expression).copied()
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
        if self.fields[field].texts().is_none() {
            return Err(Error::NoText { of: of.to_string() });
        }
        let serves = |(of, forms): &(usize, Forms)| *of == field && forms.serve(kind);
        let form = self.forms.iter().position(serves).unwrap_or_else(|| {
            let forms = Forms::new(kind, &self.fields[field]);
            self.forms.push((field, forms));
            self.forms.len() - 1
        });
        self.measures.push(Measure::new(kind, field, form));
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
                let codes = dates.iter().map(Option::is_none).collect();
                self.undated.push(Undated { field, codes });
                Test::NoDate(self.undated.len() - 1)
            }
            Condition::Crossed(first, second) => {
                let first = self.field(&Expression::column(first))?;
                let second = self.field(&Expression::column(second))?;
                let crossing = Crossing::new(&self.fields, first, second);
                self.crossings.push(crossing);
                Test::Crossed(self.crossings.len() - 1)
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
        let fields = self.fields.len();
        let lanes = fields + self.crossings.len() + 1;
        let frame = &*self;
        let fill = |first: usize, rows: &mut [&mut [u32]]| {
            for (field, column) in frame.fields.iter().enumerate() {
                for (row, code) in rows.iter_mut().zip(&column.codes[first..]) {
                    row[field] = *code;
                }
            }
            for row in rows {
                for (at, crossing) in frame.crossings.iter().enumerate() {
                    row[fields + at] = crossing.counterpart(row[crossing.first]);
                }
                let last = row.len() - 1;
                row[last] = frame.lacking(&row[..fields]);
            }
        };
        self.rows = Rows::new(self.records(), lanes, fill);
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
        Condition::ApartShare { of, max } => (Kind::ApartShare, of, *max),
        Condition::Near { of, km } => (Kind::Near, of, *km),
        _ => unreachable!("the condition measures nothing"),
    }
}
