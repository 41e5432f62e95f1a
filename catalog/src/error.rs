//! What can go wrong in the lake, in five kinds that each tell the reader what to do next.
//! Messages name the object (table, column, file, bucket) and never hold a cell's value or a
//! secret; the cause is chained, not repeated.

use std::error::Error as StdError;
use std::fmt;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;

pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync>;

/// What the reader of an error should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Fix the specification or the settings.
    Invalid,
    /// Fix or quarantine the input.
    Data,
    /// Somebody else committed first: run again.
    Conflict,
    /// Something outside is missing, full, locked or down: retry later.
    Unavailable,
    /// A bug: report it.
    Internal,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Invalid => "invalid",
            Kind::Data => "data",
            Kind::Conflict => "conflict",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
        })
    }
}

/// An error of the lake: its kind, a message, and perhaps its cause.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    #[source]
    cause: Option<Cause>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            cause: None,
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    pub fn data(message: impl Into<String>) -> Self {
        Self::new(Kind::Data, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Chains what caused this error.
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Puts what was being done in front; the kind stays.
    pub fn context(self, doing: impl Into<String>) -> Self {
        Self::new(self.kind, doing).caused_by(self)
    }

    pub(crate) fn missing_bucket(object: &str, error: object_store::Error) -> Self {
        Self::invalid(format!(
            "the bucket of `{object}` does not exist: create it or correct the location"
        ))
        .caused_by(error)
    }

    /// The error of the store for one object or folder, named in the message.
    pub(crate) fn store(object: &str, error: object_store::Error) -> Self {
        let message = if is_missing_bucket(&error) {
            return Self::missing_bucket(object, error);
        } else if is_out_of_space(&error) {
            format!("no space left to write `{object}`: free some and run again")
        } else if is_denied(&error) {
            format!(
                "no permission for `{object}`: check the rights of the folder or bucket and the credentials"
            )
        } else if matches!(error, object_store::Error::NotFound { .. }) {
            format!("`{object}` is missing")
        } else {
            format!("`{object}` cannot be reached")
        };
        Self::unavailable(message).caused_by(error)
    }
}

/// Whether the store says that the bucket itself is not there.
pub(crate) fn is_missing_bucket(error: &object_store::Error) -> bool {
    chain(error).any(|cause| cause.to_string().contains("NoSuchBucket"))
}

fn is_denied(error: &object_store::Error) -> bool {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    use std::io::ErrorKind::{NotADirectory, PermissionDenied as Denied, ReadOnlyFilesystem};
    matches!(error, PermissionDenied { .. } | Unauthenticated { .. })
        || io_kind(error).is_some_and(|k| matches!(k, Denied | ReadOnlyFilesystem | NotADirectory))
}

fn is_out_of_space(error: &object_store::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    io_kind(error).is_some_and(|kind| matches!(kind, StorageFull | QuotaExceeded))
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<std::io::ErrorKind> {
    chain(error)
        .find_map(|cause| cause.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind)
}

/// The error and its causes, outermost first.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// The kind of the first of our own or the store's errors among the causes.
fn kind_of(error: &(dyn StdError + 'static)) -> Option<Kind> {
    chain(error).find_map(|cause| {
        if let Some(ours) = cause.downcast_ref::<Error>() {
            return Some(ours.kind);
        }
        let outside = is_of_a_store(cause) || cause.is::<std::io::Error>();
        outside.then_some(Kind::Unavailable)
    })
}

/// Whether a store is among the causes.
pub fn has_store_failed(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(is_of_a_store)
}

fn is_of_a_store(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<object_store::Error>() || cause.downcast_ref().is_some_and(tells_of_a_store)
}

/// Of a footer that cannot be had, DataFusion keeps no cause but its text. What is external to Parquet there is the
/// store, as a rule.
fn tells_of_a_store(error: &ParquetError) -> bool {
    matches!(error, ParquetError::General(text) if text.contains(": External: "))
}

impl From<iceberg::Error> for Error {
    fn from(error: iceberg::Error) -> Self {
        let kind = kind_of(&error).unwrap_or(Kind::Internal);
        Self::new(
            kind,
            "the table's Iceberg metadata cannot be read or written",
        )
        .caused_by(error)
    }
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        let kind = kind_of(&error).unwrap_or(Kind::Data);
        Self::new(kind, "a Parquet file cannot be read or written").caused_by(error)
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        let kind = kind_of(&error).unwrap_or(Kind::Internal);
        Self::new(kind, "rows cannot be brought into the table's form").caused_by(error)
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        let kind = kind_of(&error).unwrap_or(Kind::Internal);
        Self::new(kind, "rows cannot be computed").caused_by(error)
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal("a background task stopped before its end").caused_by(error)
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer_failed(cause: &ParquetError) -> DataFusionError {
        let inner = format!("Failed to fetch metadata for file data/1.parquet: {cause}");
        let inner = DataFusionError::from(ParquetError::General(inner));
        let text = format!("Failed to fetch metadata for file data/1.parquet: {inner}");
        ParquetError::General(text).into()
    }

    #[test]
    fn a_footer_that_cannot_be_had_is_the_stores_fault_and_a_torn_one_the_files() {
        let store = object_store::Error::Generic {
            store: "S3",
            source: "timed out".into(),
        };
        let unreachable = footer_failed(&ParquetError::External(store.into()));
        assert!(has_store_failed(&unreachable), "{unreachable}");
        let torn = footer_failed(&ParquetError::EOF("too short".into()));
        assert!(!has_store_failed(&torn), "{torn}");
    }
}
