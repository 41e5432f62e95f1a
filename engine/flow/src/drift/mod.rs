//! How far the columns of a published table moved from one epoch to another. The report tells of it, and `c360 drift`.
//!
//! What is compared are rows as two epochs show them, each column by itself: of numbers the population stability index
//! over the deciles of the earlier ones and the Kolmogorov–Smirnov distance (`numbers.rs`), of texts and booleans the
//! index over their values (`categories.rs`). Counting is DataFusion's, which spills.

mod categories;
mod column;
mod index;
mod numbers;

use c360_catalog::{Epoch, Table};
use c360_spec::{TableName, spelling};
use serde::Serialize;

pub use column::ColumnKind;
use column::kind_of;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::publish;
use crate::query::ReadAt;

/// How many texts of a column are parts of their own unless it is said otherwise.
pub const CATEGORIES: usize = 50;

/// What is to be compared.
#[derive(Debug, Clone, Copy)]
pub struct AskedDrift<'a> {
    /// A table that epochs show.
    pub table: &'a TableName,
    /// Its columns; none: all numbers, texts and booleans but those of the key.
    pub columns: &'a [String],
    /// The earlier epoch; none: the last one before the other that shows other rows.
    pub from: Option<u64>,
    /// The later epoch; none: the newest.
    pub to: Option<u64>,
    /// How many texts of a column are parts of their own.
    pub categories: usize,
}

/// What moved in a table.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    pub table: String,
    /// The earlier epoch.
    pub from_epoch: u64,
    /// The later epoch.
    pub to_epoch: u64,
    pub rows_from: u64,
    pub rows_to: u64,
    /// The one that moved most first.
    pub columns: Vec<ColumnDrift>,
}

/// How far a column moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDrift {
    pub column: String,
    pub kind: ColumnKind,
    /// Population stability index, from 0 on.
    pub psi: f64,
    /// Kolmogorov–Smirnov distance, from 0 to 1; of numbers that both epochs have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ks: Option<f64>,
    pub nulls_from: u64,
    pub nulls_to: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_from: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_to: Option<f64>,
}

/// A table as two epochs show it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Epochs, the earlier first.
    pub epochs: [u64; 2],
    pub tables: [Table; 2],
}

impl Engine {
    /// How far the columns of a published table moved; none where no earlier epoch shows other rows of it.
    ///
    /// Fails with *invalid* for epochs and columns that there are not.
    pub async fn drift(&self, asked: &AskedDrift<'_>) -> Result<Option<Drift>> {
        let Some(shown) = self.shown(asked).await? else {
            return Ok(None);
        };
        let columns = match asked.columns {
            [] => shown.columns(|kind| kind.is_some()),
            named => shown.named(named)?,
        };
        self.drift_of(&shown, columns, asked.categories)
            .await
            .map(Some)
    }

    /// How far the numbers of a table moved.
    pub(crate) async fn drift_of_numbers(&self, shown: &Shown) -> Result<Drift> {
        let columns = shown.columns(|kind| kind == Some(ColumnKind::Numbers));
        self.drift_of(shown, columns, CATEGORIES).await
    }

    async fn drift_of(
        &self,
        shown: &Shown,
        columns: Vec<(String, ColumnKind)>,
        categories: usize,
    ) -> Result<Drift> {
        let mut drifts = Vec::with_capacity(columns.len());
        for (column, kind) in columns {
            let session = self.runtime.session();
            drifts.push(column::drift(&session, shown, column, kind, categories).await?);
        }
        drifts.sort_by(|a, b| b.psi.total_cmp(&a.psi));
        let [earlier, later] = &shown.tables;
        Ok(Drift {
            table: later.name().to_string(),
            from_epoch: shown.epochs[0],
            to_epoch: shown.epochs[1],
            rows_from: earlier.row_count(),
            rows_to: later.row_count(),
            columns: drifts,
        })
    }

    async fn shown(&self, asked: &AskedDrift<'_>) -> Result<Option<Shown>> {
        let to = match asked.to {
            Some(number) => self.epoch(number).await?,
            None => self.newest_epoch().await?,
        };
        let later = self.table_in(asked.table, &to).await?;
        if let Some(number) = asked.from {
            let earlier = self
                .table_in(asked.table, &self.epoch(number).await?)
                .await?;
            return Ok(Some(Shown {
                epochs: [number, to.number],
                tables: [earlier, later],
            }));
        }
        for number in (1..to.number).rev() {
            let epoch = self.warehouse.epochs().get(number).await?;
            // Upkeep may have removed it.
            let earlier = epoch.and_then(|epoch| publish::shown(Some(&epoch), &later));
            let other = earlier.filter(|table| table.content_id() != later.content_id());
            if let Some(earlier) = other {
                return Ok(Some(Shown {
                    epochs: [number, to.number],
                    tables: [earlier, later],
                }));
            }
        }
        Ok(None)
    }

    async fn newest_epoch(&self) -> Result<Epoch> {
        let latest = self.warehouse.epochs().latest().await?;
        latest.ok_or_else(|| {
            Error::invalid("nothing has been published yet").with_hint("c360 run publishes")
        })
    }

    /// The table as an epoch shows it.
    async fn table_in(&self, name: &TableName, epoch: &Epoch) -> Result<Table> {
        let at = ReadAt::Epoch(epoch.number);
        let tables = self.tables_named(std::slice::from_ref(name), &at).await?;
        let found = tables.into_iter().next();
        found.ok_or_else(|| Error::internal(format!("{name} was not opened")))
    }
}

impl Shown {
    /// Columns of a kind that both have, without those of the key.
    fn columns(&self, wanted: impl Fn(Option<ColumnKind>) -> bool) -> Vec<(String, ColumnKind)> {
        let key = self.tables[1].key();
        let schema = self.tables[1].schema();
        let names = schema.fields().iter().map(|field| field.name());
        let names = names.filter(|name| !key.contains(name));
        let kinds = names.filter_map(|name| {
            let kind = self.kind(name);
            wanted(kind).then_some((name.clone(), kind?))
        });
        kinds.collect()
    }

    /// The columns of these names.
    fn named(&self, names: &[String]) -> Result<Vec<(String, ColumnKind)>> {
        let schema = self.tables[1].schema();
        let known = || schema.fields().iter().map(|field| field.name().as_str());
        let kind = |name: &String| {
            if let Some(kind) = self.kind(name) {
                return Ok((name.clone(), kind));
            }
            let table = self.tables[1].name();
            if known().any(|column| column == name) {
                let message =
                    format!("column {name} of {table} is neither numbers nor texts in both epochs");
                return Err(Error::invalid(message));
            }
            let error = Error::invalid(format!("{table} has no column {name}"));
            Err(match spelling::nearest(name, known()) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint(format!("c360 schema {table} lists them")),
            })
        };
        names.iter().map(kind).collect()
    }

    /// What a column is in both tables; none where it is two things, or neither numbers nor texts.
    fn kind(&self, name: &str) -> Option<ColumnKind> {
        let of = |table: &Table| kind_of(table.schema().field_with_name(name).ok()?.data_type());
        let kinds = [of(&self.tables[0])?, of(&self.tables[1])?];
        (kinds[0] == kinds[1]).then_some(kinds[1])
    }
}
