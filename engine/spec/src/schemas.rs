//! JSON Schemas of the three kinds of files. They are what the files are checked against, and
//! what editors complete and underline by.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::{
    Contract, FactsJob, FeatureJob, IdentityJob, MeasuresJob, ProfileJob, PublishJob, Settings,
    SourceJob,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// File name and content of every schema.
pub fn json_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("project.schema.json", project()),
        ("contract.schema.json", contract()),
        ("job.schema.json", job()),
    ]
}

pub(crate) fn project() -> Value {
    generator().into_root_schema_for::<Settings>().to_value()
}

pub(crate) fn contract() -> Value {
    generator().into_root_schema_for::<Contract>().to_value()
}

/// One alternative a kind of job, told apart by `kind`.
pub(crate) fn job() -> Value {
    let mut generator = generator();
    let kinds = vec![
        job_kind::<SourceJob>("source", &mut generator),
        job_kind::<IdentityJob>("identity", &mut generator),
        job_kind::<FactsJob>("facts", &mut generator),
        job_kind::<ProfileJob>("profile", &mut generator),
        job_kind::<FeatureJob>("feature", &mut generator),
        job_kind::<MeasuresJob>("measures", &mut generator),
        job_kind::<PublishJob>("publish", &mut generator),
    ];
    json!({
        "$schema": DIALECT,
        "title": "Job",
        "description": "A job of the project; `kind` says which",
        "oneOf": kinds,
        "$defs": generator.take_definitions(true),
    })
}

/// The schema of the kind's own keys, with those that every job has put before them.
fn job_kind<T: JsonSchema>(kind: &str, generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator).to_value();
    let mut properties = Map::new();
    properties.insert(
        "job".to_owned(),
        json!({
            "description": "Name of the job; equal to the file's stem",
            "type": "string",
            "format": "plain-name",
        }),
    );
    properties.insert("kind".to_owned(), json!({"type": "string", "const": kind}));
    properties.insert(
        "description".to_owned(),
        json!({"type": ["string", "null"]}),
    );
    if let Some(own) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.append(own);
    }
    let mut required = vec![json!("job"), json!("kind")];
    if let Some(own) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.append(own);
    }
    schema["title"] = json!(T::schema_name());
    schema["properties"] = Value::Object(properties);
    schema["required"] = Value::Array(required);
    schema
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}
