//! Ctrl-C: the command is dropped where it stands. Commits are atomic, so nothing half-done can be
//! seen afterwards.

use std::future::Future;
use std::time::Duration;

use crate::exit::INTERRUPTED;
use crate::failure::Failure;

/// Work that does not let go for so long after Ctrl-C is left behind with the process.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the work until it is done or Ctrl-C is pressed.
pub async fn until<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        () = pressed() => {
            // for work that keeps this thread busy when it is dropped
            std::thread::spawn(|| {
                std::thread::sleep(GRACE);
                std::process::exit(i32::from(INTERRUPTED));
            });
            Err(Failure::Interrupted)
        }
    }
}

/// Ends when Ctrl-C is pressed, and never where that cannot be known.
pub async fn pressed() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
