//! What decides a job's result, as 16 hexadecimal digits: when they change, its table is rebuilt.

use std::collections::BTreeMap;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::{Contract, JobKind};

/// Raised when the meaning of a spec changes under the same text.
const MEANING: &str = "4";

/// Hashes the job with its defaults filled in, its contract and the text of its SQL files, by
/// path. Descriptions, marks of personal information, what is said about features, and how many
/// rejects are put up with, do not change a result.
pub fn fingerprint(
    kind: &JobKind,
    contract: Option<&Contract>,
    sql: &BTreeMap<&str, &str>,
) -> String {
    let contract = contract.map(|contract| without_remarks(serde_json::json!(contract)));
    let sql: BTreeMap<&str, String> = sql
        .iter()
        .map(|(path, text)| (*path, text.replace("\r\n", "\n")))
        .collect();
    let kind = features_without_remarks(serde_json::json!(kind));
    let decisive = serde_json::json!([MEANING, kind, contract, sql]);
    format!("{:016x}", xxh3_64(decisive.to_string().as_bytes()))
}

fn features_without_remarks(mut kind: Value) -> Value {
    let is_features = kind["kind"] == "feature" || kind["kind"] == "measures";
    if let Some(features) = kind.as_object_mut().filter(|_| is_features) {
        features.shift_remove("about");
        features.shift_remove("columns");
    }
    let measures = kind.get_mut("measures").and_then(Value::as_array_mut);
    for measure in measures.into_iter().flatten() {
        if let Some(measure) = measure.as_object_mut() {
            measure.shift_remove("description");
        }
    }
    kind
}

fn without_remarks(mut contract: Value) -> Value {
    if let Some(contract) = contract.as_object_mut() {
        contract.shift_remove("description");
        contract.shift_remove("rejects");
    }
    for column in contract["columns"].as_array_mut().into_iter().flatten() {
        if let Some(column) = column.as_object_mut() {
            column.shift_remove("description");
            column.shift_remove("pii");
        }
    }
    contract
}
