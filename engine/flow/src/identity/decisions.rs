//! `identity.decisions`: what stewards say of two records, the last word on each pair. A pair that is one person is
//! joined whatever the limits say; one that is not is never joined.

use std::sync::Arc;

use c360_catalog::{Scope, Table};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::lit;
use datafusion::prelude::ident;

use super::record_name::{RecordName, check_two};
use super::rows::{PAIR, pair_fields, stream};
use super::{decisions, records};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::instant;
use crate::room::Room;

/// Writes down that two records are the same person, or are not, in place of what was said before.
pub async fn put(room: &Room<'_>, names: [&RecordName; 2], same: bool) -> Result<()> {
    let [a, b] = [names[0].min(names[1]), names[0].max(names[1])];
    check_two(names)?;
    let name = decisions();
    let table = room.output_table(&name).await?;
    let known = room.input_table(&records()).await?;
    for record in [a, b] {
        check_known(room, &known, record).await?;
    }
    let row = row(room, a, b, same)?;
    let key = PAIR.map(String::from);
    let scope = Scope::Keys {
        columns: key.to_vec(),
        keys: row.project(&[0, 1, 2, 3])?,
    };
    let output = room.output(
        &name,
        &key,
        "one row a pair of records that a steward decided about",
    );
    let stamp = room.stamp(&Cursor::default());
    output
        .write(table.as_ref(), scope, stream(row), stamp)
        .await?;
    Ok(())
}

async fn check_known(room: &Room<'_>, records: &Table, record: &RecordName) -> Result<()> {
    let session = room.runtime.session();
    let of_name = ident("source")
        .eq(lit(record.source.as_str()))
        .and(ident("key").eq(lit(record.key.as_str())));
    let found = session.read(records.provider().await?)?.filter(of_name)?;
    if found.count().await? > 0 {
        return Ok(());
    }
    Err(unknown(record))
}

/// The key may be an e-mail address, so it is not repeated.
pub fn unknown(record: &RecordName) -> Error {
    let message = format!("source {} has no record of that key", record.source);
    Error::invalid(message).with_hint("name records as identity.records does: source:key")
}

fn row(room: &Room<'_>, a: &RecordName, b: &RecordName, same: bool) -> Result<RecordBatch> {
    let texts = [&a.source, &a.key, &b.source, &b.key];
    let mut columns: Vec<ArrayRef> = Vec::new();
    for text in texts {
        columns.push(Arc::new(StringArray::from(vec![text.as_str()])));
    }
    columns.push(Arc::new(BooleanArray::from(vec![same])));
    let now = room.clock.now.as_microsecond();
    columns.push(Arc::new(TimestampMicrosecondArray::from(vec![now])));
    let mut fields = pair_fields();
    fields.push(Field::new("same", DataType::Boolean, false));
    let instant = instant::data_type();
    fields.push(Field::new("decided_at", instant, false));
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}
