//! Bars on stderr while a run works: bytes read where files are read, a spinner elsewhere. Only on
//! a terminal.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use c360_flow::{Progress, Silent};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::console::Console;

const BYTES: &str = "{prefix:24} {bar:30} {bytes}/{total_bytes} {elapsed}";
const SPINNER: &str = "{prefix:24} {spinner} {elapsed}";

/// Draws, or says nothing when nobody watches.
pub fn progress(console: &Console) -> Box<dyn Progress> {
    if console.stderr_is_terminal && !console.json {
        Box::new(Bars::default())
    } else {
        Box::new(Silent)
    }
}

#[derive(Default)]
struct Bars {
    screen: MultiProgress,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars {
    fn with<T>(&self, use_bars: impl FnOnce(&mut HashMap<String, ProgressBar>) -> T) -> T {
        use_bars(&mut self.bars.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Bars {
    fn job_started(&self, job: &str, total_bytes: Option<u64>) {
        let (bar, template) = match total_bytes {
            Some(bytes) => (ProgressBar::new(bytes), BYTES),
            None => (ProgressBar::new_spinner(), SPINNER),
        };
        // a job that learns how much there is to read begins again
        self.job_finished(job);
        let bar = self.screen.add(bar);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(job.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.with(|bars| bars.insert(job.to_owned(), bar));
    }

    fn advanced(&self, job: &str, bytes: u64) {
        self.with(|bars| {
            if let Some(bar) = bars.get(job) {
                bar.inc(bytes);
            }
        });
    }

    fn job_finished(&self, job: &str) {
        if let Some(bar) = self.with(|bars| bars.remove(job)) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.with(|bars| bars.drain().for_each(|(_, bar)| bar.finish_and_clear()));
    }
}
