//! Breakers: a run that would change more than the project allows stops and says what it saw. Whoever looked at it and
//! finds it right runs again with `--accept`.

use crate::error::{Error, Result};
use crate::room::Room;

/// How much of something a run would change.
pub struct Share {
    /// `breakers.<name>` in the settings.
    pub limit: (&'static str, Option<f64>),
    /// What happens to how many.
    pub happens: String,
    /// How many.
    pub count: u64,
    /// Out of how many.
    pub of: u64,
}

impl Share {
    /// What is wrong with it, if something is. Where there was nothing before, nothing is too much.
    pub fn excess(&self) -> Option<String> {
        let Self {
            limit: (name, max_percent),
            happens,
            count,
            of,
        } = self;
        let max_percent = (*max_percent)?;
        let percent = *count as f64 * 100.0 / *of as f64;
        (*of > 0 && percent > max_percent).then(|| {
            format!(
                "{happens}, {percent:.1} % of {of}, where breakers.{name} allows {max_percent} %"
            )
        })
    }
}

/// Fails where there are excesses, with all of them; in a run that accepts them they are warnings.
pub fn check(room: &Room<'_>, excesses: Vec<String>) -> Result<Vec<String>> {
    if room.accepts || excesses.is_empty() {
        return Ok(excesses);
    }
    let job = &room.job.name;
    let message = format!(
        "job {job} stopped before it published: {}",
        excesses.join("; ")
    );
    Err(Error::data(message).with_hint(
        "look at what came in since the last run; if it is right, c360 run --accept lets it through",
    ))
}
