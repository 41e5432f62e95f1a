//! Ctrl-C: the command is dropped where it stands. Commits are atomic, so nothing half-done can be
//! seen afterwards. A run is asked instead, and writes down that it was.

use std::future::Future;
use std::time::Duration;

use crate::exit::INTERRUPTED;
use crate::failure::Failure;

/// Work that does not let go for so long after Ctrl-C is left behind with the process.
const GRACE: Duration = Duration::from_secs(2);

/// A run writes to the ledger and tells lineage before it ends.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs the work until it is done or Ctrl-C is pressed.
pub async fn until<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        () = pressed() => {
            // for work that keeps this thread busy when it is dropped
            leave_after(GRACE);
            Err(Failure::Interrupted)
        }
    }
}

/// Ends when Ctrl-C is pressed or the process is told to terminate, as schedulers do. Whoever asked has so long for its
/// last words.
pub fn asked_to_stop() -> impl Future<Output = ()> {
    let (tell, told) = tokio::sync::oneshot::channel();
    // Watched beside the work, which may keep its own thread busy.
    tokio::spawn(async move {
        tokio::select! {
            () = pressed() => {}
            () = terminated() => {}
        }
        leave_after(LAST_WORDS);
        // whoever asked may be done already
        let _ = tell.send(());
    });
    async {
        if told.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn leave_after(grace: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(grace);
        std::process::exit(i32::from(INTERRUPTED));
    });
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// Ends when Ctrl-C is pressed, and never where that cannot be known.
pub async fn pressed() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
