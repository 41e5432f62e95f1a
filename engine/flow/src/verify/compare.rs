//! Two tables, cell for cell: as it is in the lake, and as it was rebuilt.
//!
//! Both are sorted by the table's key and walked side by side, so that memory does not grow with the rows. Rows are a
//! multiset: a table without a key has all of its columns for one.

use std::cmp::Ordering;
use std::sync::Arc;

use c360_catalog::Table;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::binary::comparison_coercion;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::{DataFrame, ident};
use serde::Serialize;
use serde_json::value::RawValue;

use super::sorted::{Cells, Group, Sorted};
use crate::error::{Error, Result};
use crate::json::Row;
use crate::sample::Sample;
use crate::session::Session;

/// What is different between a table and its rebuild.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Comparison {
    /// Rows in the lake that were compared.
    pub rows: u64,
    /// Rows in the lake; more than were compared where only a sample was.
    pub rows_total: u64,
    /// Rows that the lake lacks.
    pub missing: u64,
    /// Rows in the lake that no input makes.
    pub surplus: u64,
    /// Rows in the lake beside others of their key.
    pub doubled: u64,
    /// Rows with other values in the lake.
    pub differing: u64,
    /// The first of them.
    pub mismatches: Vec<Mismatch>,
}

/// A cell or a row that is not what it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Mismatch {
    /// What is wrong.
    pub what: What,
    /// The columns that name the row.
    pub key: Row,
    /// The column, where rows differ in a value.
    pub column: Option<String>,
    /// The value in the lake; none is null.
    pub lake: Option<Box<RawValue>>,
    /// The value that the inputs make; none is null.
    pub rebuilt: Option<Box<RawValue>>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The lake lacks it.
    Missing,
    /// No input makes it.
    Surplus,
    /// There is another one of its key.
    Doubled,
    /// It has another value.
    Differs,
}

impl Comparison {
    /// Whether the tables hold the same rows.
    pub fn is_same(&self) -> bool {
        self.missing + self.surplus + self.doubled + self.differing == 0
    }
}

/// Rows with sampled values of these columns; of none: of those that name a row.
pub type SampledBy<'a> = (Sample, &'a [String]);

/// Compares, naming at most `limit` mismatches. A table that is not there has no rows.
pub async fn compare(
    session: &Session,
    table: Option<&Table>,
    rebuilt: Option<&Table>,
    sampled: Option<SampledBy<'_>>,
    limit: usize,
) -> Result<Comparison> {
    let Some(named_by) = table.or(rebuilt) else {
        return Ok(Comparison::default());
    };
    let columns = columns(table, rebuilt);
    let key = match named_by.key() {
        key if key.is_empty() => columns.iter().map(|field| field.name().clone()).collect(),
        key => key,
    };
    let narrowed = |rows: DataFrame| match sampled {
        None => Ok(rows),
        Some((sample, [])) => rows.filter(sample.holds(&key)),
        Some((sample, by)) => rows.filter(sample.holds(by)),
    };
    let side = async |table| narrowed(rows(session, table, &columns).await?).map_err(Error::from);
    let mut lake = Sorted::new(side(table).await?, &key).await?;
    let mut remade = Sorted::new(side(rebuilt).await?, &key).await?;
    let mut walk = Walk::new(&columns, &key, limit);
    let (mut left, mut right) = (lake.next().await?, remade.next().await?);
    while left.is_some() || right.is_some() {
        let order = match (&left, &right) {
            (Some(left), Some(right)) => left.key.cmp(&right.key),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let here = if order.is_le() { left.take() } else { None };
        let made = if order.is_ge() { right.take() } else { None };
        walk.meet(here, made)?;
        if order.is_le() {
            left = lake.next().await?;
        }
        if order.is_ge() {
            right = remade.next().await?;
        }
    }
    let total = table.filter(|_| sampled.is_some()).map(Table::row_count);
    walk.found.rows_total = total.unwrap_or(walk.found.rows);
    Ok(walk.found)
}

/// The columns of both, in types that hold the values of either.
fn columns(table: Option<&Table>, rebuilt: Option<&Table>) -> Vec<Field> {
    let mut columns: Vec<Field> = Vec::new();
    for table in [table, rebuilt].into_iter().flatten() {
        for field in table.schema().fields() {
            let (name, own) = (field.name(), field.data_type());
            match columns.iter_mut().find(|known| known.name() == name) {
                None => columns.push(Field::new(name, own.clone(), true)),
                Some(known) if known.data_type() == own => {}
                Some(known) => {
                    let both = comparison_coercion(known.data_type(), own);
                    known.set_data_type(both.unwrap_or_else(|| own.clone()));
                }
            }
        }
    }
    columns
}

/// The rows of the table under these columns; those that it lacks are null.
async fn rows(session: &Session, table: Option<&Table>, columns: &[Field]) -> Result<DataFrame> {
    let Some(table) = table else {
        let schema = Schema::new(columns.to_vec());
        return session.rows(RecordBatch::new_empty(Arc::new(schema)));
    };
    let schema = table.schema();
    let select = columns.iter().map(|column| {
        let (name, wanted) = (column.name(), column.data_type());
        match schema.field_with_name(name) {
            Ok(own) if own.data_type() == wanted => Ok(ident(name)),
            Ok(_) => Ok(cast(ident(name), wanted.clone()).alias(name)),
            Err(_) => Ok(nothing(wanted)?.alias(name)),
        }
    });
    let select: Vec<Expr> = select.collect::<Result<_>>()?;
    Ok(session.read(table.provider().await?)?.select(select)?)
}

fn nothing(data_type: &DataType) -> Result<Expr> {
    Ok(lit(ScalarValue::try_from(data_type)?))
}

/// What was met so far.
struct Walk<'a> {
    columns: &'a [Field],
    /// Positions of the columns of the key, and of the others.
    key: Vec<usize>,
    limit: usize,
    found: Comparison,
}

impl<'a> Walk<'a> {
    fn new(columns: &'a [Field], key: &[String], limit: usize) -> Self {
        let key = (0..columns.len()).filter(|at| key.contains(columns[*at].name()));
        Self {
            columns,
            key: key.collect(),
            limit,
            found: Comparison::default(),
        }
    }

    /// The rows of one key on either side.
    fn meet(&mut self, here: Option<Group>, made: Option<Group>) -> Result<()> {
        let mut here = here.map_or_else(Vec::new, |group| group.rows);
        let mut made = made.map_or_else(Vec::new, |group| group.rows);
        self.found.rows += here.len() as u64;
        let is_made = !made.is_empty();
        made.retain(
            |row| match here.iter().position(|other| other.is_same(row)) {
                Some(same) => {
                    here.swap_remove(same);
                    false
                }
                None => true,
            },
        );
        let mut made = made.into_iter();
        for row in here {
            match made.next() {
                Some(made) => self.differs(&row, &made)?,
                None if is_made => self.doubled(&row)?,
                None => self.surplus(&row)?,
            }
        }
        made.try_for_each(|row| self.missing(&row))
    }

    fn missing(&mut self, row: &Cells) -> Result<()> {
        self.found.missing += 1;
        self.note(What::Missing, row)
    }

    fn surplus(&mut self, row: &Cells) -> Result<()> {
        self.found.surplus += 1;
        self.note(What::Surplus, row)
    }

    fn doubled(&mut self, row: &Cells) -> Result<()> {
        self.found.doubled += 1;
        self.note(What::Doubled, row)
    }

    /// Names each cell that differs.
    fn differs(&mut self, row: &Cells, made: &Cells) -> Result<()> {
        self.found.differing += 1;
        if self.is_full() {
            return Ok(());
        }
        let (key, before) = (row.json(&self.key)?, self.found.mismatches.len());
        for at in (0..self.columns.len()).filter(|at| !self.key.contains(at)) {
            let name = self.columns[at].name();
            let cell = |row: &Cells| Ok::<_, crate::Error>(row.json(&[at])?.remove(name));
            let (lake, rebuilt) = (cell(row)?, cell(made)?);
            if self.is_full() || text(&lake) == text(&rebuilt) {
                continue;
            }
            self.found.mismatches.push(Mismatch {
                what: What::Differs,
                key: key.clone(),
                column: Some(name.clone()),
                lake,
                rebuilt,
            });
        }
        // Such as two numbers that are none, which are written alike.
        if self.found.mismatches.len() == before {
            self.note(What::Differs, row)?;
        }
        Ok(())
    }

    fn note(&mut self, what: What, row: &Cells) -> Result<()> {
        if self.is_full() {
            return Ok(());
        }
        self.found.mismatches.push(Mismatch {
            what,
            key: row.json(&self.key)?,
            column: None,
            lake: None,
            rebuilt: None,
        });
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.found.mismatches.len() >= self.limit
    }
}

fn text(value: &Option<Box<RawValue>>) -> Option<&str> {
    value.as_deref().map(RawValue::get)
}
