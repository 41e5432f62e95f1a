//! One column of a table in two epochs: its values are counted by DataFusion and handed on as they come.

use std::sync::Arc;

use c360_spec::TableName;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{SortExpr, cast};
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;

use super::categories::Categories;
use super::index::Sides;
use super::numbers::Numbers;
use super::{ColumnDrift, Shown};
use crate::error::Result;
use crate::session::Session;

/// What a column's values are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Any numeric type, as doubles.
    Numbers,
    /// Texts and booleans.
    Categories,
}

/// What columns of a type are taken for.
pub fn kind_of(data_type: &DataType) -> Option<ColumnKind> {
    match data_type {
        number if number.is_numeric() => Some(ColumnKind::Numbers),
        DataType::Utf8 | DataType::Boolean => Some(ColumnKind::Categories),
        _ => None,
    }
}

/// How far the column moved. `session` is empty, and the column's own from here on.
pub async fn drift(
    session: &Session,
    shown: &Shown,
    column: String,
    kind: ColumnKind,
    categories: usize,
) -> Result<ColumnDrift> {
    let data_type = match kind {
        ColumnKind::Numbers => DataType::Float64,
        ColumnKind::Categories => DataType::Utf8,
    };
    for (name, table) in ["earlier", "later"].into_iter().zip(&shown.tables) {
        let rows = session.read(table.provider().await?)?;
        let value = cast(ident(&column), data_type.clone()).alias("value");
        let name = TableName::new("drift", name).expect("a plain name");
        session.register(&name, rows.select(vec![value])?.into_view())?;
    }
    let (values, nulls) = counts(session).await?;
    let mut drift = ColumnDrift {
        column,
        kind,
        psi: 0.0,
        ks: None,
        nulls_from: nulls[0],
        nulls_to: nulls[1],
        mean_from: None,
        mean_to: None,
    };
    match kind {
        ColumnKind::Numbers => {
            let found = numbers(session, values).await?.drift(nulls);
            drift.psi = found.psi;
            drift.ks = found.ks;
            [drift.mean_from, drift.mean_to] = found.means;
        }
        ColumnKind::Categories => {
            drift.psi = named(session, categories).await?.psi(nulls);
        }
    }
    Ok(drift)
}

/// Rows with a value and rows without one.
async fn counts(session: &Session) -> Result<(Sides, Sides)> {
    let rows = select(session, "counts", include_str!("counts.sql")).await?;
    let rows = rows.execute_stream().await?;
    let batches: Vec<_> = rows.try_collect().await?;
    let number = |column: usize| {
        let mut rows = batches.iter().filter(|batch| batch.num_rows() > 0);
        let batch = rows
            .next()
            .map(|batch| batch.column(column).as_primitive::<Int64Type>());
        batch.map_or(0, |counts| counts.value(0).unsigned_abs())
    };
    let values = [number(1), number(3)];
    Ok((values, [number(0) - values[0], number(2) - values[1]]))
}

async fn numbers(session: &Session, values: Sides) -> Result<Numbers> {
    let mut numbers = Numbers::new(values);
    let mut rows = counted(session, vec![ident("value").sort(true, false)]).await?;
    while let Some(batch) = rows.try_next().await? {
        let values = batch.column(0).as_primitive::<Float64Type>();
        for (row, value) in values.values().iter().enumerate() {
            numbers.pass(*value, sides(&batch.columns()[1..], row));
        }
    }
    Ok(numbers)
}

async fn named(session: &Session, most: usize) -> Result<Categories> {
    let mut categories = Categories::new(most);
    // The most frequent in both first; of equally frequent ones the least.
    let frequency = ident("earlier") + ident("later");
    let order = vec![
        frequency.sort(false, false),
        ident("value").sort(true, false),
    ];
    let mut rows = counted(session, order).await?;
    while let Some(batch) = rows.try_next().await? {
        for row in 0..batch.num_rows() {
            categories.pass(sides(&batch.columns()[1..], row));
        }
    }
    Ok(categories)
}

/// The counts of both sides in a row.
fn sides(columns: &[Arc<dyn Array>], row: usize) -> Sides {
    let side = |at: usize| columns[at].as_primitive::<Int64Type>().value(row);
    [side(0).unsigned_abs(), side(1).unsigned_abs()]
}

/// The values of the column, in an order.
async fn counted(session: &Session, order: Vec<SortExpr>) -> Result<SendableRecordBatchStream> {
    let values = select(session, "values", include_str!("values.sql")).await?;
    Ok(values.sort(order)?.execute_stream().await?)
}

/// None of the statements asks for the time.
async fn select(session: &Session, name: &str, sql: &str) -> Result<DataFrame> {
    session.select(name, sql, Timestamp::UNIX_EPOCH).await
}
