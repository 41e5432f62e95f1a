//! The commands, one file each. A command's doc comment is its help text.

mod changes;
mod demo;
mod draft;
mod drift;
mod epochs;
mod exit_codes;
mod features;
mod functions;
mod identity;
mod init;
mod link;
mod maintain;
mod plan;
mod report;
mod rollback;
mod run;
mod runs;
mod schema;
mod show;
mod sql;
mod status;
mod tables;
mod training_set;
mod unlink;
mod validate;
mod verify;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt;

/// What c360 can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Init),
    Draft(draft::Draft),
    Validate(validate::Validate),
    Plan(plan::Plan),
    Run(run::Run),
    Runs(runs::Runs),
    Status(status::Status),
    Verify(verify::Verify),
    Sql(sql::Sql),
    Show(show::Show),
    Report(report::Report),
    Features(features::Features),
    Functions(functions::Functions),
    Changes(changes::Changes),
    Epochs(epochs::Epochs),
    Drift(drift::Drift),
    Rollback(rollback::Rollback),
    Identity(identity::Identity),
    Link(link::Link),
    Unlink(unlink::Unlink),
    Tables(tables::Tables),
    TrainingSet(training_set::TrainingSet),
    Maintain(maintain::Maintain),
    Schema(schema::Schema),
    Demo(demo::Demo),
    #[command(name = "exit-codes", hide = true)]
    ExitCodes(exit_codes::ExitCodes),
}

/// Runs the command to its end, or until Ctrl-C.
pub async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        // at the prompt Ctrl-C stops a statement, not the command
        Command::Sql(sql) => sql.run(context).await,
        // a run that is stopped writes that down
        Command::Run(run) => run.run(context).await,
        other => interrupt::until(uninterrupted(other, context)).await,
    }
}

async fn uninterrupted(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Init(init) => init.run(context),
        Command::Draft(draft) => draft.run(context).await,
        Command::Validate(validate) => validate.run(context).await,
        Command::Plan(plan) => plan.run(context).await,
        Command::Run(run) => run.run(context).await,
        Command::Runs(runs) => runs.run(context).await,
        Command::Status(status) => status.run(context).await,
        Command::Verify(verify) => verify.run(context).await,
        Command::Sql(sql) => sql.run(context).await,
        Command::Show(show) => show.run(context).await,
        Command::Report(report) => report.run(context).await,
        Command::Features(features) => features.run(context).await,
        Command::Functions(functions) => functions.run(context),
        Command::Changes(changes) => changes.run(context).await,
        Command::Epochs(epochs) => epochs.run(context).await,
        Command::Drift(drift) => drift.run(context).await,
        Command::Rollback(rollback) => rollback.run(context).await,
        Command::Identity(identity) => identity.run(context).await,
        Command::Link(link) => link.run(context).await,
        Command::Unlink(unlink) => unlink.run(context).await,
        Command::Tables(tables) => tables.run(context).await,
        Command::TrainingSet(set) => set.run(context).await,
        Command::Maintain(maintain) => maintain.run(context).await,
        Command::Schema(schema) => schema.run(context).await,
        Command::Demo(demo) => demo.run(context).await,
        Command::ExitCodes(exit_codes) => exit_codes.run(context),
    }
}
