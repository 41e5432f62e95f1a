//! A panic is a fault of c360, reported like any other failure. Its message is not shown, for it may
//! hold values of rows; its place is.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, OnceLock};

use c360_flow::Kind;

use crate::failure::Failure;

/// Does the work; a panic in it becomes an internal failure.
pub fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let place = Arc::new(OnceLock::new());
    let usual = panic::take_hook();
    let seen = Arc::clone(&place);
    panic::set_hook(Box::new(move |panic| {
        // the first is the cause, later ones follow from it
        let _ = seen.set(panic.location().map(ToString::to_string));
    }));
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(usual);
    outcome.unwrap_or_else(|_| {
        let place = place.get().cloned().flatten();
        let place = place.unwrap_or_else(|| "an unknown place".to_owned());
        Err(Failure::new(
            Kind::Internal,
            format!("c360 stopped in {place}"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_keeps_its_message() {
        let failure = caught(|| -> Result<(), Failure> { panic!("a@b.example") });
        let Err(Failure::Error(report)) = failure else {
            panic!("no report");
        };
        assert_eq!(report.kind, Kind::Internal);
        assert!(report.message.contains("panic.rs"), "{}", report.message);
        assert!(!report.message.contains("a@b.example"));
        assert!(report.hint.is_some_and(|hint| hint.contains("report")));
    }
}
