//! `c360 unlink`: a steward's word that two records are not the same person.

use c360_flow::RecordName;
use clap::Args;

use super::link::decide;
use crate::arguments::record;
use crate::context::Context;
use crate::failure::Failure;

/// Say that two records are not the same person
///
/// The word is kept in identity.decisions. The next run takes the two apart, by whatever evidence they
/// were joined; profiles, features and what is published follow. `c360 link` of the same records takes
/// its place.
#[derive(Debug, Args)]
pub struct Unlink {
    /// A record, as source:key
    #[arg(value_parser = record)]
    a: RecordName,
    /// Another record, as source:key
    #[arg(value_parser = record)]
    b: RecordName,
}

impl Unlink {
    /// Writes the word down.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        decide(context, [&self.a, &self.b], false).await
    }
}
