//! Tables that are given to a lake rather than made in it: models and decisions.

use std::collections::BTreeMap;

use c360_catalog::{Evolution, Stamp, Table, TableDefinition, Warehouse};
use c360_spec::TableName;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::prelude::SessionContext;

/// Some tables' rows, to be put into other lakes.
pub struct Copied(Vec<(TableDefinition, Vec<RecordBatch>, BTreeMap<String, String>)>);

impl Copied {
    pub async fn of(warehouse: &Warehouse, names: &[&str]) -> Self {
        let mut copied = Vec::new();
        for name in names {
            let name: TableName = name.parse().expect("a table's name");
            let Some(table) = warehouse.table(&name).await.expect("a catalog") else {
                continue;
            };
            copied.push((definition(&table), rows(&table).await, said(&table)));
        }
        Self(copied)
    }

    pub async fn put(&self, warehouse: &Warehouse) {
        for (definition, rows, said) in &self.0 {
            let table = warehouse
                .create_or_evolve(definition)
                .await
                .expect("a table");
            let mut appender = table.appender();
            for batch in rows {
                let batch = RecordBatch::try_new(table.schema(), batch.columns().to_vec());
                appender.write(batch.expect("rows")).await.expect("written");
            }
            let stamp = Stamp {
                run_id: "copy".into(),
                job: "identity".into(),
                spec_hash: String::new(),
                inputs: "{}".into(),
                extra: said.clone(),
            };
            appender.commit(stamp).await.expect("committed");
        }
    }
}

fn definition(table: &Table) -> TableDefinition {
    let schema = table.schema();
    let plain = |field: &Field| field.clone().with_metadata(Default::default());
    let fields: Vec<Field> = schema.fields().iter().map(|field| plain(field)).collect();
    TableDefinition {
        name: table.name().clone(),
        schema: Schema::new(fields).into(),
        key: table.key(),
        comment: None,
        order: vec![],
        evolution: Evolution::Widen,
    }
}

async fn rows(table: &Table) -> Vec<RecordBatch> {
    let provider = table.provider().await.expect("a provider");
    let session = SessionContext::new();
    let rows = session.read_table(provider).expect("a query").collect();
    rows.await.expect("rows")
}

/// What the stamp of a model says; it counts as one that knew enough to last.
fn said(table: &Table) -> BTreeMap<String, String> {
    let declared = table.summary("c360.matching").map(String::from);
    let mut said: BTreeMap<String, String> = declared
        .map(|declared| ("matching".into(), declared))
        .into_iter()
        .collect();
    said.insert("certain-pairs".into(), "1000".into());
    said
}
