//! `c360 report`: the story of a lake as one page.

mod page;
mod section;
mod sections;
mod shapes;

use std::path::{Path, PathBuf};

use c360_flow::Overview;
use clap::Args;

use self::page::page;
use crate::context::Context;
use crate::failure::Failure;
use crate::rows::Destination;

/// Tell the story of the lake on one page of HTML
///
/// The page tells of sources and rejects, who is who, segments, revenue, what each epoch changed, audiences and
/// drift; where the project has no tables for a section, it says so. It loads nothing else, so it can be sent on and
/// printed, and it holds counts and sums only: no person id, no identifier, no text of a rejected row. With --json
/// the same figures are printed instead, and the page is written only where --out says so. Writes nothing to the lake.
#[derive(Debug, Args)]
pub struct Report {
    /// The page's file [default: report.html in the project's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Report {
    /// Writes the page, or prints the figures.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let overview = engine.overview(&clock).await?;
        if let Some(file) = &self.out {
            write(context, &overview, file)?;
        }
        match (context.console.json, &self.out) {
            (true, _) => context.console.json(&overview),
            (false, Some(_)) => Ok(()),
            (false, None) => write(context, &overview, &context.root()?.join("report.html")),
        }
    }
}

fn write(context: &Context, overview: &Overview, file: &Path) -> Result<(), Failure> {
    Destination::put(file, &page(overview)?)?;
    context
        .console
        .remark(&format!("the report is in {}", file.display()));
    Ok(())
}
