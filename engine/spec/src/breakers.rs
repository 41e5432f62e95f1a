//! `breakers` in `c360.yaml`: how much one run may change before somebody has to look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Beyond one of these a run stops before anything of it is published, until it is run with `--accept`. Without a
/// limit there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Breakers {
    /// Persons that become part of others, per cent of the persons before
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub merged_percent: Option<f64>,
    /// Persons that come out of others, per cent of the persons before
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub split_percent: Option<f64>,
    /// Persons of whom no record is left, per cent of the persons before
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub erased_percent: Option<f64>,
    /// Rows of a published table that are inserted, updated or deleted, per cent of those that the last epoch shows
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub changed_percent: Option<f64>,
}
