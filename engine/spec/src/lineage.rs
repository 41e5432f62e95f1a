//! `lineage` in `c360.yaml`: where runs tell OpenLineage events. No key of an endpoint stands here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Connection;

/// Where runs tell what they read and wrote: either a file or an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// A file (relative to the project) that events are appended to, a line of JSON each
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// An `http://` or `https://` endpoint that events are posted to, such as
    /// `https://lineage.example/api/v1/lineage`, or `env:NAME`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Connection>,
    /// The namespace of jobs and tables; default is the project's name
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}
