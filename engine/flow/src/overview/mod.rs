//! What there is to tell of a lake: where it stands, what came in, who is who, what customers are worth, what is
//! published and what moved. Reads only.
//!
//! A section has a file, and its statements lie beside it. What a project has no table for, or not the columns, is left
//! out. Nothing here names a person: no person id, no identifier, no original text of a reject.

mod audiences;
mod drift;
mod identity;
mod lake;
mod lifetime;
mod publications;
mod segments;
mod sources;
mod standing;
mod value;

use jiff::Timestamp;
use serde::Serialize;

pub use self::audiences::{AudienceSize, AudienceSizes, Audiences, Overlap};
pub use self::identity::{IdentityHealth, PersonSizes, RuleLinks};
pub use self::lifetime::{AliveBin, Lifetime};
pub use self::publications::{EpochRows, Publication};
pub use self::segments::{ScoreCell, Segment, Segments};
pub use self::sources::{RejectReason, SourceHealth};
pub(crate) use self::standing::standing;
pub use self::standing::{EpochShown, Standing};
pub use self::value::{CustomerValue, Decile, RevenueBin, Totals};
use crate::clock::Clock;
use crate::drift::Drift;
use crate::engine::Engine;
use crate::error::Result;
use lake::Lake;

/// How many epochs are looked back on.
const EPOCHS: u64 = 12;

/// What there is to tell of a lake. Money is in the currency of the orders.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// The project's name.
    pub project: String,
    /// When the figures were read.
    pub made_at: Timestamp,
    /// What `$as_of` is.
    pub as_of: Timestamp,
    /// Tables that the lake holds.
    pub tables: usize,
    /// Epoch and run.
    pub standing: Standing,
    /// Every source of the project, filled or not.
    pub sources: Vec<SourceHealth>,
    /// Who is who; none before the first run, or without an identity job.
    pub identity: Option<IdentityHealth>,
    /// The persons of `customer.rfm`.
    pub segments: Option<Segments>,
    /// The persons of `customer.order_features`.
    pub value: Option<CustomerValue>,
    /// The persons of `customer.lifetime_value`.
    pub lifetime: Option<Lifetime>,
    /// The published tables.
    pub publications: Vec<Publication>,
    /// The members of `customer.audiences`.
    pub audiences: Option<Audiences>,
    /// What moved in each published table since the last epoch that shows other rows of it.
    pub drift: Vec<Drift>,
}

impl Engine {
    /// The figures of the lake as it is now; as `clock` has it, for ages. Costs a pass over each table that is
    /// summed up, and an audit of identity.
    pub async fn overview(&self, clock: &Clock) -> Result<Overview> {
        let lake = Lake::open(self, clock).await?;
        Ok(Overview {
            project: self.project.settings.name.clone(),
            made_at: clock.now,
            as_of: clock.as_of,
            tables: lake.tables.len(),
            standing: standing(self, lake.epochs.last()).await?,
            sources: sources::sources(self, &lake).await?,
            identity: identity::health(self, &lake, clock).await?,
            segments: segments::segments(&lake).await?,
            value: value::value(&lake).await?,
            lifetime: lifetime::lifetime(&lake).await?,
            publications: publications::publications(self, &lake).await?,
            audiences: audiences::audiences(&lake).await?,
            drift: drift::drift(self, &lake).await?,
        })
    }
}
