//! `c360 schema`: columns of the tables, and JSON Schemas of the project's files.

use c360_catalog::Table;
use c360_flow::type_name;
use c360_spec::TableName;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::tables;
use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;

/// Show the columns of tables, or the JSON Schema of a project file
#[derive(Debug, Args)]
pub struct Schema {
    /// A table, as namespace.name [default: all tables]
    table: Option<TableName>,
    /// Print the JSON Schema of c360.yaml, of schemas/*.yaml or of jobs/*.yaml, for editors
    #[arg(long, value_enum, conflicts_with = "table")]
    spec: Option<Spec>,
}

/// A kind of project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Spec {
    /// c360.yaml
    Project,
    /// schemas/*.yaml
    Contract,
    /// jobs/*.yaml
    Job,
}

impl Schema {
    /// Prints the schema.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        if let Some(spec) = self.spec {
            return context.console.json(&spec.json_schema()?);
        }
        let engine = context.engine().await?;
        let tables = match &self.table {
            Some(name) => vec![named(engine.warehouse(), name).await?],
            None => tables::all(&engine).await?,
        };
        tables::print(context, &tables, json_of, |wrap| {
            let rows = tables.iter().flat_map(rows).collect();
            grid(
                &["table", "column", "type", "required", "key"],
                &[],
                rows,
                wrap,
            )
        })
    }
}

impl Spec {
    fn json_schema(self) -> Result<Value, Failure> {
        let wanted = match self {
            Self::Project => "project.schema.json",
            Self::Contract => "contract.schema.json",
            Self::Job => "job.schema.json",
        };
        let found = c360_spec::json_schemas()
            .into_iter()
            .find(|(name, _)| AsRef::<str>::as_ref(name) == wanted);
        found.map(|(_, schema)| schema).ok_or_else(|| {
            Failure::new(
                c360_flow::Kind::Internal,
                format!("JSON Schema {wanted} is missing"),
            )
        })
    }
}

async fn named(warehouse: &c360_catalog::Warehouse, name: &TableName) -> Result<Table, Failure> {
    warehouse.table(name).await?.ok_or_else(|| {
        Failure::invalid(format!("no table `{name}`")).hint("`c360 tables` lists what there is")
    })
}

fn rows(table: &Table) -> Vec<Vec<String>> {
    let key = table.key();
    let yes = |is: bool| if is { "yes".to_owned() } else { String::new() };
    let schema = table.schema();
    let row = |field: &arrow::datatypes::FieldRef| {
        vec![
            table.name().to_string(),
            field.name().clone(),
            type_name(field.data_type()),
            yes(!field.is_nullable()),
            yes(key.contains(field.name())),
        ]
    };
    schema.fields().iter().map(row).collect()
}

fn json_of(table: &Table) -> Value {
    let schema = table.schema();
    let columns: Vec<Value> = schema
        .fields()
        .iter()
        .map(|field| {
            json!({
                "name": field.name(),
                "type": type_name(field.data_type()),
                "required": !field.is_nullable(),
            })
        })
        .collect();
    json!({ "table": table.name().to_string(), "key": table.key(), "columns": columns })
}
