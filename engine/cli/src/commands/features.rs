//! `c360 features`: what is known of a person, and where it comes from.

use c360_flow::{Feature, Origin};
use c360_spec::Project;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;

/// List the features: what each tells, who answers for it, and which columns of the sources it is made of
///
/// Types and origins are known where the tables are there. What only decides which rows count is no origin.
#[derive(Debug, Args)]
pub struct Features {
    /// The jobs whose features to list [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
}

impl Features {
    /// Prints the features.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let known: Vec<&str> = of_features(engine.project()).collect();
        for job in &self.jobs {
            if !known.contains(&job.as_str()) {
                let message = format!("no job `{job}` makes features");
                return Err(Failure::invalid(message).hint("c360 features lists them all"));
            }
        }
        let mut features = engine.features(&clock).await?;
        features.retain(|feature| self.jobs.is_empty() || self.jobs.contains(&feature.job));
        let console = &context.console;
        if console.json {
            return console.json(&features);
        }
        if known.is_empty() {
            console.note("the project has no job of kind `feature` or `measures`");
            return Ok(());
        }
        if features.is_empty() {
            console.note("nothing is known of them before their tables are there: c360 run");
            return Ok(());
        }
        let headers = [
            "feature", "type", "tells", "owner", "version", "purpose", "from",
        ];
        let rows = features.iter().map(row).collect();
        console.text(&grid(&headers, &[], rows, console.stdout_is_terminal))
    }
}

/// The jobs that make features.
fn of_features(project: &Project) -> impl Iterator<Item = &str> {
    let jobs = project.jobs.values();
    let makes = jobs.filter(|job| job.kind.features().is_some());
    makes.map(|job| job.name.as_str())
}

fn row(feature: &Feature) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let from = feature.from.iter();
    let from: Vec<String> = from
        .map(|Origin { table, column }| format!("{table}.{column}"))
        .collect();
    vec![
        format!("{}.{}", feature.table, feature.column),
        text(&feature.kind),
        text(&feature.description),
        text(&feature.about.owner),
        text(&feature.about.version),
        text(&feature.about.purpose),
        from.join(", "),
    ]
}
