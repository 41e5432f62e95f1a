//! How people name a record.

use serde::Serialize;

use crate::error::{Error, Result};

/// A record, named as in `identity.records`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordName {
    pub source: String,
    pub key: String,
}

impl RecordName {
    /// A name as people write it, `source:key`; none where it is not written so.
    pub fn parse(text: &str) -> Option<Self> {
        let (source, key) = text.split_once(':')?;
        Some(Self {
            source: source.to_owned(),
            key: key.to_owned(),
        })
    }
}

/// Fails when both names are of one record.
pub fn check_two(names: [&RecordName; 2]) -> Result<()> {
    match names[0] == names[1] {
        true => Err(Error::invalid("both names are of one record").with_hint("name two records")),
        false => Ok(()),
    }
}
