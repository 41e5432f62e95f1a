//! `identity.frequencies`: how often values occurred when a model was trained, by their hashes. Values that occurred
//! once are left out.

use std::sync::Arc;

use c360_catalog::Scope;
use c360_resolve::matching::Frequencies;
use datafusion::arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use datafusion::logical_expr::lit;
use datafusion::prelude::ident;

use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::identity::frequencies;
use crate::identity::rows::stream;
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

const KEY: [&str; 3] = ["model", "expression", "value_hash"];

/// Writes the frequencies of the model of this number.
pub async fn write(room: &Room<'_>, number: i64, known: &Frequencies) -> Result<()> {
    let mut counted: Vec<(i64, i32, i64)> = Vec::new();
    for (at, of) in (0..).zip(&known.of) {
        let counts = of.counts.iter();
        counted.extend(counts.map(|(hash, count)| (hash.cast_signed(), at, i64::from(*count))));
    }
    // In the order in which they are looked up.
    counted.sort_unstable();
    let column = |of: fn(&(i64, i32, i64)) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(counted.iter().map(of)))
    };
    let expressions = counted.iter().map(|(_, expression, _)| *expression);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![number; counted.len()])),
        Arc::new(Int32Array::from_iter_values(expressions)),
        column(|(hash, ..)| *hash),
        column(|(.., records)| *records),
    ];
    let kinds = [
        DataType::Int64,
        DataType::Int32,
        DataType::Int64,
        DataType::Int64,
    ];
    let names = KEY.into_iter().chain(["records"]);
    let fields = names
        .zip(kinds)
        .map(|(name, kind)| Field::new(name, kind, false));
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)?;
    let name = frequencies();
    let key = KEY.map(String::from);
    let output = room.output(
        &name,
        &key,
        "one row a value that a model knows to be common",
    );
    let number = Int64Array::from(vec![number]);
    let scope = Scope::Keys {
        columns: vec![KEY[0].into()],
        keys: RecordBatch::try_from_iter([(KEY[0], Arc::new(number) as ArrayRef)])?,
    };
    let before = room.output_table(&name).await?;
    let stamp = room.stamp(&Cursor::default());
    output
        .write(before.as_ref(), scope, stream(rows), stamp)
        .await?;
    Ok(())
}

/// Fills in what was written for the model of this number; of some values only, where hashes are given.
pub async fn read(
    room: &Room<'_>,
    session: &Session,
    number: i64,
    values: Option<&[u64]>,
    known: &mut Frequencies,
) -> Result<()> {
    let table = room.input_table(&frequencies()).await?;
    let mut rows = session
        .read(table.provider().await?)?
        .filter(ident(KEY[0]).eq(lit(number)))?;
    if let Some(values) = values {
        let values = values.iter().map(|hash| hash.cast_signed());
        rows = Touched::of_numbers(KEY[2], values)?.narrow(rows, &[KEY[2]])?;
    }
    let rows = rows.select_columns(&[KEY[1], KEY[2], "records"])?;
    for batch in rows.collect().await? {
        let expressions = batch.column(0).as_primitive::<Int32Type>().values();
        let values = batch.column(1).as_primitive::<Int64Type>().values();
        let records = batch.column(2).as_primitive::<Int64Type>().values();
        for ((expression, value), records) in expressions.iter().zip(values).zip(records) {
            let of = known.of.get_mut(*expression as usize);
            let of = of
                .ok_or_else(|| Error::internal("a model has fewer expressions than frequencies"))?;
            of.counts.insert(value.cast_unsigned(), *records as u32);
        }
    }
    Ok(())
}
