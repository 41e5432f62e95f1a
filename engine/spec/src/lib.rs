//! What the author of a project wrote: settings, contracts and jobs, read from YAML text into
//! checked types, with every problem of a project reported at once.
//!
//! Pure: no Arrow, no files, no clock, no environment. Texts come in through [`Project::parse`],
//! environment variables through the lookup function that it is handed.

mod breakers;
mod checks;
pub mod contract;
pub mod data_type;
mod document;
mod fingerprint;
mod formats;
pub mod job;
mod lineage;
pub mod literal;
pub mod problems;
pub mod project;
mod schemas;
mod secrets;
pub mod settings;
mod shape;
pub mod spelling;
pub mod table_name;
mod upkeep;
mod yaml;

pub use breakers::Breakers;
pub use contract::{Booleans, Column, Contract, ExtraColumns, RejectLimits};
pub use data_type::DataType;
pub use job::{
    About, Aggregate, BlockingRule, Check, Comparison, Compression, CsvFormat, Encoding, Entity,
    FactsJob, FeatureJob, Features, FieldRule, Format, Guard, IdentifierLimit, IdentifierRule,
    IdentityJob, Job, JobKind, Length, Matching, Measure, MeasuresJob, Mode, NdjsonFormat,
    Nicknames, Normalize, OperationColumn, PersonReference, ProfileJob, ProfileSource, PublishJob,
    RecordSource, Rule, Separator, Severity, Sound, SourceJob, Window,
};
pub use lineage::Lineage;
pub use literal::Literal;
pub use problems::{Problem, Problems};
pub use project::{Project, SourceFile};
pub use schemas::json_schemas;
pub use settings::{Connection, MemoryLimit, S3Settings, Settings, WarehouseSettings};
pub use table_name::TableName;
pub use upkeep::Upkeep;
