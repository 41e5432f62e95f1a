//! Why an error came about, as it may be shown and kept. The rooms, the lake and what lies below it speak for
//! themselves; what has seen rows (queries and kernels) does not, and its words are replaced by our own.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use tokio::task::JoinError;

use crate::error::Error;
use crate::query_failure::{explained, kernel_failure};

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The causes of `error`, outermost first, without those that say nothing new.
pub fn of(error: &Error) -> Vec<String> {
    let message = error.to_string();
    let mut causes: Vec<String> = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let (said, deeper) = told(cause);
        let last = causes.last().unwrap_or(&message);
        causes.extend(said.filter(|said| !last.contains(said)));
        next = deeper;
    }
    causes
}

/// What a cause says, and the cause to go on at.
fn told(cause: Cause<'_>) -> (Option<String>, Option<Cause<'_>>) {
    if !is_our_own(cause) && carries(cause, is_our_own) {
        return (None, cause.source());
    }
    if let Some(query) = found::<DataFusionError>(cause) {
        return (Some(explained(query).0), None);
    }
    if let Some(kernel) = found::<ArrowError>(cause) {
        return (Some(kernel_failure(kernel)), None);
    }
    // What wraps an error of rows may repeat it, and a panic may say anything.
    let is_telling = !is_our_own(cause) && carries(cause, saw_rows) || cause.is::<JoinError>();
    let said = (!is_telling).then(|| cause.to_string());
    (said, cause.source())
}

/// An error of the rooms or the lake.
fn is_our_own(cause: Cause<'_>) -> bool {
    cause.is::<Error>() || cause.is::<c360_catalog::Error>()
}

fn saw_rows(cause: Cause<'_>) -> bool {
    found::<DataFusionError>(cause).is_some() || found::<ArrowError>(cause).is_some()
}

/// Whether the cause or one of its own is `such`.
fn carries(cause: Cause<'_>, such: fn(Cause<'_>) -> bool) -> bool {
    std::iter::successors(Some(cause), |&cause| cause.source()).any(such)
}

/// The cause as an `E`, also one in a box.
fn found<'a, E: std::error::Error + 'static>(cause: Cause<'a>) -> Option<&'a E> {
    let boxed = || cause.downcast_ref::<Box<E>>().map(Box::as_ref);
    cause.downcast_ref().or_else(boxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad_cast() -> ArrowError {
        ArrowError::CastError("Cannot cast string 'Anna' to value of Int32 type".to_owned())
    }

    #[test]
    fn a_failed_query_tells_why_without_its_values() {
        let query = Error::from(DataFusionError::from(bad_cast())).of_job("ages");
        assert_eq!(
            query.in_full(),
            "a query of job ages failed: a value cannot be cast to Int32"
        );
        let lake = Error::from(c360_catalog::Error::data("no rows came").caused_by(bad_cast()));
        assert_eq!(
            lake.in_full(),
            "no rows came: a value cannot be cast to Int32"
        );
    }

    #[test]
    fn whoever_wraps_an_error_of_rows_is_not_believed() {
        let wrapped = std::io::Error::other(DataFusionError::from(bad_cast()));
        let lake = c360_catalog::Error::data("no rows came").caused_by(wrapped);
        assert_eq!(
            Error::from(lake).causes(),
            ["a value cannot be cast to Int32"]
        );
    }

    #[test]
    fn what_a_query_only_carries_speaks_for_itself() {
        let ours = Error::data("two rows share one key").with_hint("declare another key");
        let carried = DataFusionError::from(ours).context("while rows were read");
        let error = Error::from(carried).of_job("ages");
        assert_eq!(error.causes(), ["two rows share one key"]);
        assert_eq!(error.hint().as_deref(), Some("declare another key"));
    }

    #[test]
    fn what_is_kept_is_one_line_and_says_nothing_twice() {
        let error = c360_catalog::Error::unavailable("no space left\n  on the disk")
            .caused_by(std::io::Error::other("no space left"));
        assert_eq!(Error::from(error).in_full(), "no space left on the disk");
    }
}
