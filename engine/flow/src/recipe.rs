//! What makes rows of tables: the SELECT in a file, or declared measures, as of one instant or of each label's own. It can
//! be planned in any session that sees the tables, as often as it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use c360_spec::{MeasuresJob, TableName};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use datafusion::prelude::DataFrame;
use jiff::Timestamp;

use crate::error::Result;
use crate::session::{NAMESPACE, Session, analyzed};
use crate::{measures, training_set};

/// Columns by their place in the table.
pub type Columns = BTreeSet<usize>;

/// A query, with the instants that it looks back from.
#[derive(Clone)]
pub struct Recipe(Arc<Makes>);

enum Makes {
    Select {
        file: String,
        sql: String,
        as_of: Timestamp,
    },
    Measures {
        job: MeasuresJob,
        as_of: Timestamp,
    },
    AtLabels {
        job: MeasuresJob,
        labels: Arc<dyn TableProvider>,
    },
}

impl Recipe {
    /// The SELECT of a file.
    pub fn select(file: &str, sql: &str, as_of: Timestamp) -> Self {
        let (file, sql) = (file.to_owned(), sql.to_owned());
        Self(Arc::new(Makes::Select { file, sql, as_of }))
    }

    /// Declared measures.
    pub fn measures(job: &MeasuresJob, as_of: Timestamp) -> Self {
        let job = job.clone();
        Self(Arc::new(Makes::Measures { job, as_of }))
    }

    /// Declared measures at the time of each label.
    pub fn at_labels(job: &MeasuresJob, labels: Arc<dyn TableProvider>) -> Self {
        let job = job.clone();
        Self(Arc::new(Makes::AtLabels { job, labels }))
    }

    /// The rows that it makes of what `session` sees.
    pub async fn rows(&self, session: &Session) -> Result<DataFrame> {
        analyzed(match self.0.as_ref() {
            Makes::Select { file, sql, as_of } => {
                session.select_repeatable(file, sql, *as_of).await?
            }
            Makes::Measures { job, as_of } => measures::rows(session, job, *as_of).await?,
            Makes::AtLabels { job, labels } => {
                training_set::at_labels(session, job, Arc::clone(labels)).await?
            }
        })
    }
}

/// The columns that a plan reads, table by table.
pub fn columns_read(rows: DataFrame) -> Result<BTreeMap<TableName, Columns>> {
    let plan = rows.into_optimized_plan()?;
    let mut read: BTreeMap<TableName, Columns> = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(name) = name(scan)
        {
            read.entry(name).or_default().extend(columns(scan)?);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(read)
}

fn name(scan: &TableScan) -> Option<TableName> {
    let namespace = scan.table_name.schema().unwrap_or(NAMESPACE);
    TableName::new(namespace, scan.table_name.table()).ok()
}

/// Filters may rest on columns that nothing above them asks for.
fn columns(scan: &TableScan) -> datafusion::error::Result<Columns> {
    let schema = scan.source.schema();
    let mut columns: Columns = match &scan.projection {
        Some(projection) => projection.iter().copied().collect(),
        None => (0..schema.fields().len()).collect(),
    };
    for filter in &scan.filters {
        for column in filter.column_refs() {
            columns.insert(schema.index_of(column.name())?);
        }
    }
    Ok(columns)
}
