//! Which records the model holds to be likely the same as one that is not among them.

use std::sync::Arc;

use c360_catalog::Table;
use c360_resolve::matching::{BlockKeys, Frame, Frequencies, LinkRules, Pair, Scorer};
use c360_spec::IdentityJob;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;

use super::compared::{Compared, compared, rows};
use super::prepared::Prepared;
use super::{block_index, failed, frequencies, model};
use crate::conform::conform;
use crate::error::Result;
use crate::identity::RecordName;
use crate::identity::affected::RECORD;
use crate::identity::rows::whole;
use crate::room::Room;
use crate::session::Session;

/// The likely ones, each with the weight of the pair: a logarithm (base 2) of odds. `session` sees the records and
/// their blocks; `asked` is one row like theirs. Costs what shares a blocking key with it.
pub async fn likely(
    room: &Room<'_>,
    job: &IdentityJob,
    session: &Session,
    models: &Table,
    asked: &RecordBatch,
) -> Result<Vec<(RecordName, f64)>> {
    let (number, mut current) = model::uncounted(session, models).await?;
    let all = rows(session, job, &current.model).await?;
    let asked = conform(asked, &Arc::new(all.schema().as_arrow().clone()))?;
    let rules = &current.model.blocking;
    let keys = BlockKeys::new(rules, &[compared(&asked)?]).map_err(failed)?;
    let near = block_index::sharing(session, &keys).await?;
    let near = whole(near.narrow(all, &RECORD)?).await?;
    let near = concat_batches(&asked.schema(), [&asked, &near])?;

    // The first is the one that is asked about. Every record of its blocks is at hand, so that their sizes are known.
    let keys = BlockKeys::new(rules, &[compared(&near)?]).map_err(failed)?;
    let positions: Vec<u32> = (0..near.num_rows() as u32).collect();
    let crowded = keys.crowded(rules, &positions);
    let compared = Compared::of(job, near)?;
    let frame = Frame::new(&current.model, &compared.columns).map_err(failed)?;
    let values = Frequencies::asked(&frame).map_err(failed)?;
    let known = &mut current.frequencies;
    frequencies::read(room, session, number, Some(&values), known).await?;
    let Prepared { frame, blocks } = Prepared::among(&compared, &current, &crowded)?;
    let scorer = Scorer::new(&frame, &current.trained.weights).map_err(failed)?;
    let threshold = LinkRules::of(&current.trained).threshold;
    let (source, key) = compared.names()?;
    let named = |pair: &Pair| {
        let other = pair.a.max(pair.b) as usize;
        let record = RecordName {
            source: source.value(other).to_owned(),
            key: key.value(other).to_owned(),
        };
        (record, pair.weight)
    };
    let is_asked: Vec<bool> = positions.iter().map(|position| *position == 0).collect();
    let pairs = scorer.pairs_touching(&blocks, threshold, &is_asked);
    Ok(pairs.iter().map(named).collect())
}
