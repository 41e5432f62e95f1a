//! An order of rows that are at hand.

use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::Schema;
use datafusion::error::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};

/// By these columns, ascending and nulls first; a column that comes again says nothing more.
pub fn order_by(schema: &Schema, columns: &[&str]) -> Result<Vec<PhysicalSortExpr>> {
    let columns = columns.iter().map(|column| {
        let column = Column::new_with_schema(column, schema)?;
        Ok(PhysicalSortExpr::new(
            Arc::new(column),
            SortOptions::default(),
        ))
    });
    let columns: Vec<PhysicalSortExpr> = columns.collect::<Result<_>>()?;
    Ok(LexOrdering::new(columns).map_or_else(Vec::new, Vec::from))
}
