//! Log lines on stderr. Each that is written during a run names the run, and the job where it is one's: in JSON as
//! `run_id` and `job` of `span`. `C360_LOG` takes the filter language of `tracing` for those who need it.

use tracing_subscriber::EnvFilter;

use crate::arguments::{Global, LogFormat};

/// Starts logging; later calls change nothing.
pub fn start(global: &Global) {
    let level = match global.verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    // other libraries' lines may hold values of rows, so they speak only when asked by name
    let usual = format!("error,c360_cli={level},c360_flow={level},c360_catalog={level}");
    let filter = EnvFilter::try_from_env("C360_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    let _ = match global.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().with_span_list(false).try_init(),
    };
}
