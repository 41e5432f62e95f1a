//! The model in use and all records, for those who ask what it holds of some.

use c360_catalog::Table;
use c360_spec::{IdentityJob, Matching};

use super::compared::Compared;
use super::model::{self, CurrentModel};
use crate::error::{Error, Result};
use crate::identity::decisions::unknown;
use crate::identity::{RecordName, models, records};
use crate::room::Room;

/// Fails when the newest model was trained for another `matching`.
pub fn check(room: &Room<'_>, matching: &Matching, models: &Table) -> Result<()> {
    if model::is_current(models, matching) {
        return Ok(());
    }
    let message = "matching changed since the model was trained";
    let remedy = format!("train one for it first: c360 run {}", room.job.name);
    Err(Error::invalid(message).with_hint(remedy))
}

/// The model, and the records as it sees them.
pub struct InUse {
    pub current: CurrentModel,
    pub compared: Compared,
}

impl InUse {
    /// Fails when the newest model was trained for another `matching`.
    pub async fn load(room: &Room<'_>, job: &IdentityJob, matching: &Matching) -> Result<Self> {
        let inputs = room.input_tables(&[records(), models()]).await?;
        let session = room.runtime.session().with_tables(&inputs).await?;
        check(room, matching, &inputs[1])?;
        let current = model::current(room, &session, &inputs[1]).await?;
        let compared = Compared::load(&session, job, &current.model).await?;
        Ok(Self { current, compared })
    }

    /// The row of a record.
    pub fn row(&self, wanted: &RecordName) -> Result<u32> {
        let (source, key) = self.compared.names()?;
        let mut names = source.iter().zip(key);
        let found = names.position(|(source, key)| {
            source == Some(wanted.source.as_str()) && key == Some(wanted.key.as_str())
        });
        let row = found.ok_or_else(|| unknown(wanted))?;
        Ok(row as u32)
    }
}
