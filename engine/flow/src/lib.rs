//! The rooms of c360 and how a run goes through them.
//!
//! ```text
//! source ─▶ identity ─▶ facts ─▶ profile, feature ─▶ publish
//! ```
//!
//! Rooms meet only in tables. Each first decides, from what its outputs recorded and what its inputs are now, and
//! then applies; `Engine::plan` prints the first, `Engine::run` does both. Nothing here prints, reads the
//! environment or asks for the time.

mod absolute;
mod breaker;
mod by_value;
mod causes;
mod check;
mod clock;
mod conform;
mod cursor;
mod derived;
mod drift;
mod effort;
mod engine;
mod epoch_changes;
mod error;
mod evaluation;
mod expression;
mod facts;
mod feature;
mod features;
mod filters;
mod fingerprint;
mod functions;
mod graph;
mod held;
mod identity;
mod inputs;
mod instant;
mod json;
mod ledger;
mod measures;
mod memory;
mod once;
mod openlineage;
mod output;
mod overview;
mod plan;
mod profile;
mod progress;
mod publish;
mod pushdown;
mod query;
mod query_failure;
mod reason;
mod recipe;
mod rehearsal;
mod report;
mod room;
mod row_changes;
mod row_hash;
mod sample;
mod session;
mod show;
mod slices;
pub mod source;
mod statement;
mod status;
mod stop;
mod touched;
mod training_set;
mod type_name;
mod udf;
mod upkeep;
mod verify;

pub use datafusion;

pub use absolute::absolute;
pub use c360_catalog::Kind;
pub use c360_resolve::evaluate::Evaluation;
pub use check::check;
pub use clock::Clock;
pub use drift::{AskedDrift, CATEGORIES, ColumnDrift, ColumnKind, Drift};
pub use effort::Effort;
pub use engine::{Engine, EngineOptions, RunMode};
pub use epoch_changes::{EpochChanges, TableChanges};
pub use error::{Error, Result, usual_hint};
pub use evaluation::Label;
pub use features::{Feature, Origin};
pub use functions::{Argument, Function, FunctionKind, Functions, Origin as FunctionOrigin};
pub use graph::Selection;
pub use identity::{
    AskedRow, Audit, Bridge, Compare, Decided, Example, Exceeded, Explanation, ImportedModel,
    LikelyPerson, LikelyRecord, ModelFile, ModelOf, ModelView, Preview, Question, RecordName,
    Refused, RuleView, Shared, Sight, SkippedBlocks, Step, TrainedModel, Values, WhyNot,
};
pub use json::Row;
pub use ledger::{JobEntry, LastOutcome, RunEntry};
pub use overview::{
    AliveBin, AudienceSize, AudienceSizes, Audiences, CustomerValue, Decile, EpochRows, EpochShown,
    IdentityHealth, Lifetime, Overlap, Overview, PersonSizes, Publication, RejectReason,
    RevenueBin, RuleLinks, ScoreCell, Segment, Segments, SourceHealth, Standing, Totals,
};
pub use progress::{Progress, Silent};
pub use query::ReadAt;
pub use reason::Reason;
pub use rehearsal::rehearse;
pub use report::{
    Action, EntityCounts, EpochReport, JobReport, Outcome, PersonCounts, Plan, PlannedJob,
    RecordNews, RunReport,
};
pub use sample::Sample;
pub use show::{PersonView, TimelineEntry};
pub use source::{Draft, Freshness};
pub use status::{JobStatus, SourceStatus, Status};
pub use stop::{Ended, Stop};
pub use training_set::Asked as AskedTrainingSet;
pub use type_name::type_name;
pub use upkeep::{TableUpkeep, UpkeepReport};
pub use verify::{Comparison, Mismatch, Verdict, Verification, VerifiedTable, What};
