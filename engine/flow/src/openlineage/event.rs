//! Events and facets as the OpenLineage specification has them: <https://openlineage.io/spec/2-0-2/OpenLineage.json>,
//! and the facets beside it in the versions named below. Only what c360 fills in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// Who makes the events: a URI, as the specification wants.
const PRODUCER: &str = concat!("urn:c360:", env!("CARGO_PKG_VERSION"));

const RUN_EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// Something that happened to a run of a job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunEvent {
    pub event_type: EventType,
    pub event_time: Timestamp,
    pub run: Run,
    pub job: Job,
    pub inputs: Vec<Dataset>,
    pub outputs: Vec<Dataset>,
    producer: &'static str,
    #[serde(rename = "schemaURL")]
    schema_url: &'static str,
}

impl RunEvent {
    /// An event that tells of no dataset yet.
    pub fn new(event_type: EventType, event_time: Timestamp, run: Run, job: Job) -> Self {
        Self {
            event_type,
            event_time,
            run,
            job,
            inputs: Vec::new(),
            outputs: Vec::new(),
            producer: PRODUCER,
            schema_url: RUN_EVENT,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventType {
    Start,
    Complete,
    Fail,
    Abort,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub run_id: String,
    pub facets: RunFacets,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunFacets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Facet<Parent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Facet<ErrorMessage>>,
    #[serde(rename = "processing_engine", skip_serializing_if = "Option::is_none")]
    pub processing_engine: Option<Facet<ProcessingEngine>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Job {
    pub namespace: String,
    pub name: String,
    pub facets: JobFacets,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobFacets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_type: Option<Facet<JobType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation: Option<Facet<Documentation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<Facet<Sql>>,
}

/// A table or a set of files.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    pub namespace: String,
    pub name: String,
    pub facets: DatasetFacets,
    /// Of outputs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_facets: Option<OutputFacets>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatasetFacets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Facet<Schema>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Facet<Version>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symlinks: Option<Facet<Symlinks>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_lineage: Option<Facet<ColumnLineage>>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputFacets {
    pub output_statistics: Facet<OutputStatistics>,
}

/// A facet with who made it and where it is specified.
#[derive(Debug, Clone, Serialize)]
pub struct Facet<T> {
    #[serde(rename = "_producer")]
    producer: &'static str,
    #[serde(rename = "_schemaURL")]
    schema_url: String,
    #[serde(flatten)]
    content: T,
}

/// What a facet's content is called.
pub trait Specified: Serialize {
    /// The version of its file.
    const VERSION: &'static str;
    /// The name of its file and type.
    const NAME: &'static str;
}

impl<T: Specified> From<T> for Facet<T> {
    fn from(content: T) -> Self {
        let (version, name) = (T::VERSION, T::NAME);
        Self {
            producer: PRODUCER,
            schema_url: format!(
                "https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"
            ),
            content,
        }
    }
}

macro_rules! specified {
    ($($content:ty: $version:literal $name:literal,)*) => {
        $(impl Specified for $content {
            const VERSION: &'static str = $version;
            const NAME: &'static str = $name;
        })*
    };
}

specified! {
    Parent: "1-2-0" "ParentRunFacet",
    ErrorMessage: "1-0-1" "ErrorMessageRunFacet",
    ProcessingEngine: "1-1-1" "ProcessingEngineRunFacet",
    JobType: "2-0-4" "JobTypeJobFacet",
    Documentation: "1-1-0" "DocumentationJobFacet",
    Sql: "1-1-0" "SQLJobFacet",
    Schema: "1-2-0" "SchemaDatasetFacet",
    Version: "1-0-1" "DatasetVersionDatasetFacet",
    Symlinks: "1-0-1" "SymlinksDatasetFacet",
    ColumnLineage: "1-2-0" "ColumnLineageDatasetFacet",
    OutputStatistics: "1-0-2" "OutputStatisticsOutputDatasetFacet",
}

/// The whole run that a job's run is part of.
#[derive(Debug, Clone, Serialize)]
pub struct Parent {
    pub run: RunName,
    pub job: JobName,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunName {
    pub run_id: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct JobName {
    pub namespace: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorMessage {
    pub message: String,
    pub programming_language: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct ProcessingEngine {
    pub name: &'static str,
    pub version: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobType {
    pub processing_type: &'static str,
    pub integration: &'static str,
    pub job_type: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Documentation {
    pub description: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Sql {
    pub query: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Schema {
    pub fields: Vec<SchemaField>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SchemaField {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    pub dataset_version: String,
}

/// Other names of a dataset.
#[derive(Debug, Clone, Serialize)]
pub struct Symlinks {
    pub identifiers: Vec<Symlink>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Symlink {
    pub namespace: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// Of each column the columns that it is made of.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnLineage {
    pub fields: BTreeMap<String, ColumnOrigins>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnOrigins {
    pub input_fields: Vec<InputField>,
}

#[derive(Debug, Clone, Serialize)]
pub struct InputField {
    pub namespace: String,
    pub name: String,
    pub field: String,
}

/// What a snapshot added.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputStatistics {
    pub row_count: u64,
    /// Bytes.
    pub size: u64,
    pub file_count: u64,
}
