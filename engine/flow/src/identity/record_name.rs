//! How people name a record.

use serde::Serialize;

/// A record, named as in `identity.records`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordName {
    pub source: String,
    pub key: String,
}
