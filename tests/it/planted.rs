//! Corruption of a table: commits that say what the newest one says, so that no run finds anything to do.

use c360_catalog::{Merge, Scope, Stamp, Table, Warehouse};
use datafusion::arrow::compute::cast;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::prelude::SessionContext;

/// Takes away the first row, by its key.
pub async fn lose(warehouse: &Warehouse, name: &str) -> RecordBatch {
    let table = table(warehouse, name).await;
    let row = rows(&table, "SELECT * FROM t", &order(&table)).await;
    merge(&table, &row, Vec::new()).await;
    row
}

/// Puts the first row a second time.
pub async fn double(warehouse: &Warehouse, name: &str) -> RecordBatch {
    let table = table(warehouse, name).await;
    let row = rows(&table, "SELECT * FROM t", &order(&table)).await;
    let mut appender = table.appender();
    appender.write(row.clone()).await.expect("written");
    appender.commit(stamp(&table)).await.expect("committed");
    row
}

/// Gives a column of the first row of `which` another value; both are SQL. Returns the row as it is then.
pub async fn change(
    warehouse: &Warehouse,
    name: &str,
    which: &str,
    column: &str,
    value: &str,
) -> RecordBatch {
    let table = table(warehouse, name).await;
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| match field.name() {
        own if own == column => format!("{value} AS \"{own}\""),
        own => format!("\"{own}\""),
    });
    let columns: Vec<String> = columns.collect();
    let sql = format!("SELECT {} FROM t WHERE {which}", columns.join(", "));
    let row = rows(&table, &sql, &order(&table)).await;
    merge(&table, &row, vec![row.clone()]).await;
    row
}

async fn table(warehouse: &Warehouse, name: &str) -> Table {
    let table = warehouse.table(&name.parse().expect("a name")).await;
    table.expect("the catalog answers").expect("a table")
}

/// The columns of its key; of a table without one, all.
fn order(table: &Table) -> String {
    let key = table.key();
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| field.name());
    let columns = columns.filter(|name| key.is_empty() || key.contains(name));
    let columns: Vec<String> = columns.map(|name| format!("\"{name}\"")).collect();
    columns.join(", ")
}

/// The first row of a query over the table, which it calls `t`.
async fn rows(table: &Table, sql: &str, order: &str) -> RecordBatch {
    let session = SessionContext::new();
    let provider = table.provider().await.expect("a provider");
    session.register_table("t", provider).expect("registered");
    let sql = format!("{sql} ORDER BY {order} LIMIT 1");
    let found = session.sql(&sql).await.expect("a query").collect().await;
    let found = found
        .expect("rows")
        .into_iter()
        .find(|batch| batch.num_rows() == 1);
    let row = found.unwrap_or_else(|| panic!("no row: {sql}"));
    let schema = table.schema();
    let columns = row.columns().iter().zip(schema.fields());
    let columns =
        columns.map(|(column, field)| cast(column, field.data_type()).expect("the table's types"));
    RecordBatch::try_new(schema.clone(), columns.collect()).expect("a row of the table")
}

/// Makes of the row of this key what is given.
async fn merge(table: &Table, row: &RecordBatch, wanted: Vec<RecordBatch>) {
    let key = table.key();
    let at = key
        .iter()
        .map(|it| row.schema().index_of(it).expect("a key column"));
    let scope = Scope::Keys {
        keys: row.project(&at.collect::<Vec<_>>()).expect("a key"),
        columns: key.clone(),
    };
    let merge = Merge {
        key,
        scope,
        rows: wanted,
    };
    let merged = table.merge(merge, stamp(table)).await;
    merged.expect("committed");
}

/// The same as that of the newest commit.
fn stamp(table: &Table) -> Stamp {
    let said = |name: &str| table.summary(name).unwrap_or_default().to_owned();
    Stamp {
        run_id: said("c360.run-id"),
        job: said("c360.job"),
        spec_hash: said("c360.spec-hash"),
        inputs: said("c360.inputs"),
        extra: Default::default(),
    }
}
