//! What can go wrong in the rooms, sorted by what the reader should do next.

use c360_catalog::Kind;
use c360_catalog::error::has_store_failed;
use c360_spec::TableName;
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::{causes, query_failure};

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error with a kind (what to do) and, where there is one, a hint (how).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lake said no.
    #[error(transparent)]
    Catalog(#[from] c360_catalog::Error),
    /// A room said no.
    #[error("{message}")]
    Problem {
        /// What the reader should do.
        kind: Kind,
        /// What happened, naming the object.
        message: String,
        /// The remedy: the next command or the nearest spelling.
        hint: Option<String>,
        /// The rows that were read before it stopped, where that matters.
        counted: Option<Counted>,
    },
    /// A query failed.
    #[error("{context}")]
    Query {
        /// What was being computed.
        context: String,
        /// Why it failed.
        #[source]
        source: Box<DataFusionError>,
    },
}

/// Rows that were read for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// All of them.
    pub rows_in: u64,
    /// Those that broke their contract.
    pub rows_rejected: u64,
}

impl Error {
    /// A mistake in a spec, a statement or an argument.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::problem(Kind::Invalid, message)
    }

    /// Input or output rows that break a promise.
    pub fn data(message: impl Into<String>) -> Self {
        Self::problem(Kind::Data, message)
    }

    /// Somebody else was faster.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::problem(Kind::Conflict, message)
    }

    /// A fault of c360 itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::problem(Kind::Internal, message)
    }

    fn problem(kind: Kind, message: impl Into<String>) -> Self {
        Self::Problem {
            kind,
            message: message.into(),
            hint: None,
            counted: None,
        }
    }

    /// Adds how many rows were read before it stopped, and how many of them broke their contract.
    #[must_use]
    pub fn having_read(mut self, rows_in: u64, rows_rejected: u64) -> Self {
        if let Self::Problem { counted, .. } = &mut self {
            *counted = Some(Counted {
                rows_in,
                rows_rejected,
            });
        }
        self
    }

    /// The rows that were read before it stopped, as far as it tells.
    pub fn counted(&self) -> Counted {
        match self {
            Self::Problem { counted, .. } => counted.unwrap_or_default(),
            _ => Counted::default(),
        }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_hint(mut self, remedy: impl Into<String>) -> Self {
        if let Self::Problem { hint, .. } = &mut self {
            *hint = Some(remedy.into());
        }
        self
    }

    /// The same, where it is about rows for a table that it does not name.
    pub fn of_table(mut self, table: &TableName) -> Self {
        if let Self::Problem { message, .. } = &mut self {
            *message = format!("rows for {table}: {message}");
        }
        self
    }

    /// What the reader should do next.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Catalog(error) => error.kind(),
            Self::Problem { kind, .. } => *kind,
            Self::Query { source, .. } => query_kind(source),
        }
    }

    /// The remedy, where there is one: its own, else that of its kind.
    pub fn hint(&self) -> Option<String> {
        let own = match self {
            Self::Problem { hint, .. } => hint.clone(),
            Self::Query { source, .. } => query_hint(source),
            Self::Catalog(_) => None,
        };
        own.or_else(|| usual_hint(self.kind()).map(str::to_owned))
    }

    /// Why it came to that, outermost first, without any cell's value.
    pub fn causes(&self) -> Vec<String> {
        causes::of(self)
    }

    /// What happened and why in one line, for whoever reads it later.
    pub fn in_full(&self) -> String {
        let mut told = vec![self.to_string()];
        told.extend(self.causes());
        let lines = told.iter().map(|said| {
            let lines: Vec<&str> = said.lines().map(str::trim).collect();
            lines.join(" ")
        });
        lines.collect::<Vec<_>>().join(": ")
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        Self::Query {
            context: SOME_QUERY.into(),
            source: Box::new(error),
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(error.into())
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

/// What to do about any error of the kind.
pub fn usual_hint(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Conflict => Some("run again: it takes up from what the other run committed"),
        Kind::Internal => {
            Some("this is a fault of c360: please report it with the command and `c360 --version`")
        }
        Kind::Invalid | Kind::Data | Kind::Unavailable => None,
    }
}

/// What is said of a query of which nothing is known.
const SOME_QUERY: &str = "query failed";

impl Error {
    /// The same, where nothing says which query failed: one of this job.
    #[must_use]
    pub fn of_job(self, job: &str) -> Self {
        match self {
            Self::Query { context, source } if context == SOME_QUERY => Self::Query {
                context: format!("a query of job {job} failed"),
                source,
            },
            other => other,
        }
    }
}

/// Names what was being computed when a query failed.
pub trait Context<T> {
    /// Replaces the generic context by `context`.
    fn context(self, context: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for std::result::Result<T, DataFusionError> {
    fn context(self, context: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Query {
            context: context(),
            source: Box::new(source),
        })
    }
}

impl<T> Context<T> for Result<T> {
    fn context(self, context: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| match error {
            Error::Query { source, .. } => Error::Query {
                context: context(),
                source,
            },
            other => other,
        })
    }
}

/// The first `E` among the error and its causes: DataFusion wraps what its providers and streams fail with.
fn cause<E: std::error::Error + 'static>(error: &DataFusionError) -> Option<&E> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What a store said, where a query failed for want of a file.
pub fn store_error(error: &DataFusionError) -> Option<&object_store::Error> {
    cause(error)
}

/// Whether a pattern did not parse that may have come from a row.
pub fn is_regex_of_row(error: &DataFusionError) -> bool {
    cause::<regex::Error>(error).is_some()
}

fn query_kind(error: &DataFusionError) -> Kind {
    if let Some(ours) = cause::<Error>(error) {
        return ours.kind();
    }
    if let Some(lake) = cause::<c360_catalog::Error>(error) {
        return lake.kind();
    }
    if has_store_failed(error) {
        return Kind::Unavailable;
    }
    // of a statement when it is planned, and of a row's value when it is met
    if cause::<regex_syntax::Error>(error).is_some() {
        return Kind::Invalid;
    }
    if is_regex_of_row(error) {
        return Kind::Data;
    }
    match error.find_root() {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Configuration(_)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Diagnostic(..)
        | DataFusionError::Collection(_) => Kind::Invalid,
        DataFusionError::ArrowError(..)
        | DataFusionError::ParquetError(_)
        | DataFusionError::Execution(_) => Kind::Data,
        DataFusionError::ResourcesExhausted(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_) => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

fn query_hint(error: &DataFusionError) -> Option<String> {
    if let Some(ours) = cause::<Error>(error) {
        return ours.hint();
    }
    query_failure::explained(error).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_remedy_of_its_own_has_that_of_its_kind() {
        let lost = Error::from(c360_catalog::Error::conflict("somebody was faster"));
        assert!(
            lost.hint()
                .is_some_and(|hint| hint.starts_with("run again"))
        );
        let own = Error::conflict("somebody was faster").with_hint("plan again");
        assert_eq!(own.hint().as_deref(), Some("plan again"));
        assert_eq!(Error::data("a bad row").hint(), None);
    }
}
