//! Which keys a change touches, and how a query is narrowed to them.
//!
//! A computation *by* a column is a function of the rows that share a value of it, input by input. So what has to
//! be computed anew after a change is the set of values found in the changed rows, before and after.

use std::collections::BTreeSet;
use std::sync::Arc;

use c360_catalog::{KeySet, Place, Scope, Table, among};
use c360_spec::TableName;
use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, StringArray, UInt64Array,
};
use datafusion::arrow::compute::{
    cast, concat_batches, filter_record_batch, partition, sort, take,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::binary::comparison_coercion;
use datafusion::logical_expr::{Expr, ExprSchemable, lit};
use datafusion::prelude::{DataFrame, ident};

use crate::error::{Error, Result};
use crate::identity::RecordName;
use crate::session::Session;

/// The rows of `table` that differ between the snapshot `since` and the pinned one, before and after alike.
pub async fn changed_rows(
    session: &Session,
    table: &Table,
    since: Option<i64>,
) -> Result<Option<DataFrame>> {
    let changes = table.changes(since).await?;
    if changes.is_empty {
        return Ok(None);
    }
    let added = session.read(changes.added)?;
    let removed = session.read(changes.removed)?;
    Ok(Some(added.union(removed)?))
}

/// The rows that a change concerns: those of what was touched, or all.
pub fn scope(touched: Option<&Touched>) -> Scope {
    touched.map_or(Scope::Whole, Touched::scope)
}

/// An expression and the values that it is held against, in one type, as a join would compare them: inputs that are
/// joined by a column may have it in different types.
fn comparable(frame: &DataFrame, asked: Expr, values: &ArrayRef) -> Result<(Expr, ArrayRef)> {
    let known = values.data_type();
    let own = asked.get_type(frame.schema())?;
    if own == *known {
        return Ok((asked, values.clone()));
    }
    let common = comparison_coercion(&own, known).ok_or_else(|| {
        Error::invalid(format!(
            "{asked} is {own} in one table and {known} in another"
        ))
        .with_hint("give it one type")
    })?;
    let asked = asked.cast_to(&common, frame.schema())?;
    Ok((asked, cast(values, &common)?))
}

/// Combinations of values, held in memory under the names of `columns`.
#[derive(Debug, Clone)]
pub struct Touched {
    columns: Vec<String>,
    values: Option<RecordBatch>,
    place: Option<Place>,
}

impl Touched {
    /// Nothing yet.
    pub fn none(columns: &[&str]) -> Self {
        Self {
            columns: columns.iter().map(ToString::to_string).collect(),
            values: None,
            place: None,
        }
    }

    /// Records, by source and key.
    pub fn of_records(names: &BTreeSet<RecordName>) -> Result<Self> {
        let texts = |text: fn(&RecordName) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(names.iter().map(text)))
        };
        let columns = ["source", "key"];
        let fields = columns.map(|name| Field::new(name, DataType::Utf8, false));
        let rows = vec![texts(|name| &name.source), texts(|name| &name.key)];
        let mut touched = Self::none(&columns);
        touched.append(vec![RecordBatch::try_new(
            Arc::new(Schema::new(fields.to_vec())),
            rows,
        )?])?;
        Ok(touched)
    }

    /// Numbers, in one column.
    pub fn of_numbers(column: &str, numbers: impl Iterator<Item = i64>) -> Result<Self> {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        let mut touched = Self::none(&[column]);
        touched.append(vec![RecordBatch::try_from_iter([(column, numbers)])?])?;
        Ok(touched)
    }

    /// Adds the distinct values of `expressions`, one a column of this set, over `rows`. Combinations with a null
    /// are left out: a null names nothing.
    pub async fn add(&mut self, rows: DataFrame, expressions: Vec<Expr>) -> Result<()> {
        let named: Vec<Expr> = expressions
            .into_iter()
            .zip(&self.columns)
            .map(|(expression, column)| expression.alias(column))
            .collect();
        let mut rows = rows.select(named)?;
        for column in &self.columns {
            rows = rows.filter(ident(column).is_not_null())?;
        }
        self.append(rows.distinct()?.collect().await?)
    }

    /// Adds the values in the columns of the same names, which hold no null.
    pub fn add_rows(&mut self, rows: &RecordBatch) -> Result<()> {
        let schema = rows.schema();
        let columns = self.columns.iter().map(|column| schema.index_of(column));
        let columns: Vec<usize> = columns.collect::<std::result::Result<_, _>>()?;
        self.append(vec![rows.project(&columns)?])
    }

    /// Adds the values of another set with the same columns.
    pub fn extend(&mut self, other: &Touched) -> Result<()> {
        self.append(other.values.iter().cloned().collect())
    }

    fn append(&mut self, batches: Vec<RecordBatch>) -> Result<()> {
        let mut all: Vec<RecordBatch> = self.values.take().into_iter().collect();
        all.extend(batches.into_iter().filter(|batch| batch.num_rows() > 0));
        if let Some(first) = all.first() {
            let schema = first.schema();
            self.values = Some(concat_batches(&schema, &all)?);
        }
        Ok(())
    }

    /// The values of this set's one column in sets of `size`, ascending, each value once.
    pub fn chunks(&self, size: usize) -> Result<Vec<Self>> {
        let Some(values) = &self.values else {
            return Ok(Vec::new());
        };
        let sorted = sort(values.column(0), None)?;
        let firsts = partition(std::slice::from_ref(&sorted))?
            .ranges()
            .into_iter();
        let firsts: UInt64Array = firsts.map(|equal| equal.start as u64).collect();
        let distinct = take(&sorted, &firsts, None)?;
        let distinct = RecordBatch::try_new(values.schema(), vec![distinct])?;
        let starts = (0..distinct.num_rows()).step_by(size);
        let chunks = starts.map(|start| Self {
            columns: self.columns.clone(),
            values: Some(distinct.slice(start, size.min(distinct.num_rows() - start))),
            place: None,
        });
        Ok(chunks.collect())
    }

    /// How many combinations there are, repeated ones included.
    pub fn count(&self) -> usize {
        self.values.as_ref().map_or(0, RecordBatch::num_rows)
    }

    /// True when nothing was touched.
    pub fn is_empty(&self) -> bool {
        self.values.is_none()
    }

    /// The values of the other columns where the text in `column` is `value`.
    pub fn of(&self, column: &str, value: &str) -> Result<Self> {
        let names = self.columns.iter().map(String::as_str);
        let others: Vec<&str> = names.filter(|name| *name != column).collect();
        let mut of_value = Self::none(&others);
        if let Some(values) = &self.values {
            let texts = values.column_by_name(column);
            let texts = texts.and_then(|texts| texts.as_string_opt::<i32>());
            let texts = texts.ok_or_else(|| Error::internal(format!("{column} is no text")))?;
            let same: BooleanArray = texts.iter().map(|text| Some(text == Some(value))).collect();
            of_value.add_rows(&filter_record_batch(values, &same)?)?;
        }
        Ok(of_value)
    }

    /// The same values under other column names.
    pub fn renamed(&self, columns: &[&str]) -> Self {
        let mut renamed = Self::none(columns);
        renamed.values = self.values.as_ref().and_then(|values| {
            let fields: Vec<Field> = values
                .schema()
                .fields()
                .iter()
                .zip(columns)
                .map(|(field, name)| field.as_ref().clone().with_name(*name))
                .collect();
            RecordBatch::try_new(Arc::new(Schema::new(fields)), values.columns().to_vec()).ok()
        });
        renamed
    }

    /// The rows of `frame` whose `columns` are among the values.
    pub fn narrow(&self, frame: DataFrame, columns: &[&str]) -> Result<DataFrame> {
        if self.is_empty() {
            return Ok(frame.limit(0, Some(0))?);
        }
        let columns = columns.iter().map(|column| ident(*column)).collect();
        let is_held = self.holds(&frame, columns)?;
        Ok(frame.filter(is_held)?)
    }

    /// Whether the values hold what `asked`, expressions over `frame`, come to in a row.
    pub fn holds(&self, frame: &DataFrame, asked: Vec<Expr>) -> Result<Expr> {
        let Some(values) = &self.values else {
            return Ok(lit(false));
        };
        let pairs = asked.into_iter().zip(values.columns());
        let pairs = pairs.map(|(asked, values)| comparable(frame, asked, values));
        let (asked, keys) = pairs.collect::<Result<(Vec<_>, Vec<_>)>>()?;
        Ok(among(asked, KeySet::new(keys)?)?)
    }

    /// The values, to look others up in.
    pub fn keys(&self) -> Result<KeySet> {
        Ok(KeySet::new(self.values().columns().to_vec())?)
    }

    /// Shows only the rows of `table` whose `column` is touched, to whatever is planned in `session` from here on.
    pub async fn overlay(&self, session: &Session, table: &TableName, column: &str) -> Result<()> {
        let frame = session.table(table).await?;
        let narrowed = self.narrow(frame, &[column])?;
        session.register(table, narrowed.into_view())
    }

    /// The same, where the rows that a merge finds are known to hold one of the values of `place`, which has one column,
    /// or with `nulls` nothing there.
    #[must_use]
    pub fn lying_at(self, place: &Touched, nulls: bool) -> Self {
        let place = Place {
            column: place.columns[0].clone(),
            values: Arc::clone(place.values().column(0)),
            nulls,
        };
        Self {
            place: Some(place),
            ..self
        }
    }

    /// The scope of a merge: rows whose columns of the same names hold one of the values.
    pub fn scope(&self) -> Scope {
        let (columns, keys) = (self.columns.clone(), self.values());
        match self.place.clone() {
            None => Scope::Keys { columns, keys },
            Some(place) => Scope::KeysAt {
                columns,
                keys,
                place,
            },
        }
    }

    fn values(&self) -> RecordBatch {
        let field = |column: &String| Field::new(column, DataType::Utf8, true);
        let fields = || self.columns.iter().map(field).collect::<Vec<_>>();
        let nothing = || RecordBatch::new_empty(Arc::new(Schema::new(fields())));
        self.values.clone().unwrap_or_else(nothing)
    }
}
