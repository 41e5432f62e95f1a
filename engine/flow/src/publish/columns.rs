//! Columns of tables in an epoch that their readers would miss in the next one.

use c360_catalog::Table;
use datafusion::arrow::datatypes::{DataType, SchemaRef};

use super::epoch::{Pending, shown};
use crate::breaker;
use crate::error::Result;
use crate::room::Room;

/// Fails where a table lost columns that the last epoch shows, or gave them another type; in a run that accepts it, it is
/// a warning.
pub fn check(room: &Room<'_>, pending: &Pending) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for table in &pending.tables {
        let Some(before) = shown(pending.latest.as_ref(), table) else {
            continue;
        };
        let name = table.name();
        let lost = lost(&before, table)?.into_iter();
        told.extend(
            lost.map(|column| format!("column {column} of {name} is gone or has another type")),
        );
    }
    breaker::check(room, told)
}

/// Columns that are not what they were. One that is back is another to the lake, but not to readers.
fn lost(before: &Table, now: &Table) -> Result<Vec<String>> {
    let Some(snapshot) = before.snapshot_id() else {
        return Ok(Vec::new());
    };
    let (then, schema) = (before.schema(), now.schema());
    let mut lost = now.columns_lost_since(snapshot)?;
    lost.retain(|column| type_of(&then, column) != type_of(&schema, column));
    Ok(lost)
}

fn type_of<'a>(schema: &'a SchemaRef, column: &str) -> Option<&'a DataType> {
    let field = schema.field_with_name(column).ok()?;
    Some(field.data_type())
}
