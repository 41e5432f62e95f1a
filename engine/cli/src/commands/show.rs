//! `c360 show`: everything known about one person.

use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::summary;

/// Show a person: profile, identifiers, where each value came from, timeline
#[derive(Debug, Args)]
pub struct Show {
    /// A person id, also one that was merged away, a record as source:key, or any identifier: e-mail,
    /// phone, card, account
    #[arg(value_name = "PERSON|RECORD|IDENTIFIER")]
    who: String,
    /// Entries of the timeline to show, newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    timeline: usize,
}

impl Show {
    /// Prints the person.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let Some(person) = engine.show(&self.who).await? else {
            return Err(Failure::invalid("nobody has this person id, record or identifier")
                .hint("look for others with `c360 sql -c 'SELECT * FROM identity.identifiers LIMIT 10'`"));
        };
        if context.console.json {
            return context.console.json(&person);
        }
        context.console.text(&summary::person(
            &person,
            self.timeline,
            context.console.stdout_is_terminal,
        ))
    }
}
