//! What a job reads and writes, as datasets: tables by their names in the project's namespace, and by where they lie;
//! files by the globs that find them.

use std::collections::BTreeMap;

use c360_catalog::Table;
use c360_spec::{Job, JobKind, SourceJob, TableName};

use super::event::{
    ColumnLineage, ColumnOrigins, Dataset, DatasetFacets, InputField, OutputFacets,
    OutputStatistics, Schema, SchemaField, Symlink, Symlinks, Version,
};
use crate::clock::Clock;
use crate::cursor::{Cursor, recorded};
use crate::engine::Engine;
use crate::error::Result;
use crate::{features, graph};

/// The datasets of a job's run.
pub struct Datasets {
    pub inputs: Vec<Dataset>,
    /// The main one first.
    pub outputs: Vec<Dataset>,
}

/// Reads metadata of the tables that the job reads and writes, as far as they are there.
pub async fn of_job(
    engine: &Engine,
    job: &Job,
    namespace: &str,
    clock: &Clock,
) -> Result<Datasets> {
    let read = tables(engine, &graph::inputs(&engine.project, job)?).await?;
    let written = tables(engine, &job.output_tables()).await?;
    let made_from = recorded(written.first()).map(|(_, cursor)| cursor);
    let inputs: Vec<Dataset> = match &job.kind {
        JobKind::Source(source) => files(&engine.project.settings.data, source),
        _ => {
            let tables = read.iter();
            tables
                .map(|table| input(table, made_from.as_ref(), namespace))
                .collect()
        }
    };
    let mut outputs: Vec<Dataset> = written
        .iter()
        .map(|table| output(table, namespace, clock))
        .collect();
    if let (Some(main), Some(table)) = (outputs.first_mut(), written.first()) {
        let columns = match &job.kind {
            JobKind::Source(_) => of_files(table, &inputs),
            _ => made_of(engine, job, (read.as_slice(), table), namespace, clock).await,
        };
        let facet = (!columns.is_empty()).then(|| ColumnLineage { fields: columns }.into());
        main.facets.column_lineage = facet;
    }
    Ok(Datasets { inputs, outputs })
}

async fn tables(engine: &Engine, names: &[TableName]) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for name in names {
        tables.extend(engine.warehouse.table(name).await?);
    }
    Ok(tables)
}

/// A table as it was read, as far as that is on record.
fn input(table: &Table, made_from: Option<&Cursor>, namespace: &str) -> Dataset {
    let mut dataset = dataset(table, namespace);
    let read = made_from.and_then(|cursor| cursor.since(table));
    dataset.facets.version = read.map(version);
    dataset
}

/// A table as it is now, and what the run added to it.
fn output(table: &Table, namespace: &str, clock: &Clock) -> Dataset {
    let mut dataset = dataset(table, namespace);
    dataset.facets.version = table.snapshot_id().map(version);
    let number = |property: &str| {
        let text = table.summary(property);
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let is_ours = table.summary("c360.run-id") == Some(&clock.run_id);
    dataset.output_facets = is_ours.then(|| OutputFacets {
        output_statistics: OutputStatistics {
            row_count: number("added-records"),
            size: number("added-files-size"),
            file_count: number("added-data-files"),
        }
        .into(),
    });
    dataset
}

fn dataset(table: &Table, namespace: &str) -> Dataset {
    let schema = table.schema();
    let fields = schema.fields().iter().map(|field| SchemaField {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
    });
    let fields = fields.collect();
    let metadata = table.metadata_location();
    let folder = metadata
        .rsplit_once("/metadata/")
        .map_or(metadata, |(folder, _)| folder);
    let (place, path) = located(folder);
    Dataset {
        namespace: namespace.to_owned(),
        name: table.name().to_string(),
        facets: DatasetFacets {
            schema: Some(Schema { fields }.into()),
            symlinks: Some(symlinks(place, path).into()),
            ..DatasetFacets::default()
        },
        output_facets: None,
    }
}

fn symlinks(namespace: String, name: String) -> Symlinks {
    let kind = "LOCATION";
    Symlinks {
        identifiers: vec![Symlink {
            namespace,
            name,
            kind,
        }],
    }
}

fn version(snapshot_id: i64) -> super::event::Facet<Version> {
    Version {
        dataset_version: snapshot_id.to_string(),
    }
    .into()
}

/// A dataset for each glob: files come and go, the glob stays.
fn files(data: &str, source: &SourceJob) -> Vec<Dataset> {
    let globs = source.files.iter();
    globs
        .map(|glob| {
            let is_whole = glob.starts_with('/') || glob.contains("://");
            let location = match is_whole {
                true => glob.clone(),
                false => format!(
                    "{}/{}",
                    data.trim_end_matches('/'),
                    glob.trim_start_matches("./")
                ),
            };
            let (namespace, name) = located(&location);
            Dataset {
                namespace,
                name,
                facets: DatasetFacets::default(),
                output_facets: None,
            }
        })
        .collect()
}

/// A column of the table is the column of that name in the files.
fn of_files(table: &Table, files: &[Dataset]) -> BTreeMap<String, ColumnOrigins> {
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| {
        let input_fields = files.iter().map(|file| InputField {
            namespace: file.namespace.clone(),
            name: file.name.clone(),
            field: field.name().clone(),
        });
        let input_fields = input_fields.collect();
        (field.name().clone(), ColumnOrigins { input_fields })
    });
    columns.collect()
}

/// Of each column of the job's main table the columns that it is made of, where that is known.
async fn made_of(
    engine: &Engine,
    job: &Job,
    (read, written): (&[Table], &Table),
    namespace: &str,
    clock: &Clock,
) -> BTreeMap<String, ColumnOrigins> {
    let known = features::made_of(engine, job, read, written, clock).await;
    let known = known.unwrap_or_else(|error| {
        tracing::debug!(
            error = error.in_full(),
            "of which columns the table is made is not known"
        );
        Vec::new()
    });
    let columns = known.into_iter().map(|(column, origins)| {
        let input_fields = origins.into_iter().map(|origin| InputField {
            namespace: namespace.to_owned(),
            name: origin.table,
            field: origin.column,
        });
        let input_fields = input_fields.collect();
        (column, ColumnOrigins { input_fields })
    });
    columns.collect()
}

/// The namespace and name of a place, as OpenLineage names files: `file` and a path, or `s3://bucket` and a key.
fn located(location: &str) -> (String, String) {
    match location.split_once("://") {
        None => ("file".to_owned(), location.to_owned()),
        Some(("file", path)) => ("file".to_owned(), path.to_owned()),
        Some((scheme, rest)) => {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            (format!("{scheme}://{bucket}"), key.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_the_specification_names_them() {
        let check = |location: &str, namespace: &str, name: &str| {
            assert_eq!(located(location), (namespace.to_owned(), name.to_owned()));
        };
        check("/data/people*.csv", "file", "/data/people*.csv");
        check("file:///lake/raw/people", "file", "/lake/raw/people");
        check("s3://shop/landing/a.csv", "s3://shop", "landing/a.csv");
        check("s3://shop", "s3://shop", "");
    }
}
