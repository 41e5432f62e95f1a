//! Who answers for features and what they are for: remarks for readers, which change no figure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Remarks on the features of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Who answers for them
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Raised by whoever changes what they mean
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What they may be used for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}
