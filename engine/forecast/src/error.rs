//! What can be wrong with numbers that a caller hands in, and why customers may have no model.

/// A number that no customer, model or horizon can have. Names the number, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {must}")]
pub struct Impossible {
    pub name: &'static str,
    pub must: &'static str,
}

/// Customers of whom no model can be fitted. No mistake: a young shop has such customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("{customers} customers are too few for a model; at least {min} are needed")]
    TooFew { customers: u64, min: u64 },
    #[error("no customer ordered a second time, so there is no pace to learn")]
    NobodyCameBack,
    /// The climb to the likeliest parameters did not end.
    #[error("no parameters were found to be the likeliest for these customers")]
    NoMaximum,
    /// All ages are 0.
    #[error("no time has passed since the customers' first orders")]
    NoTime,
}

/// The number itself where it is above 0 and finite.
pub(crate) fn positive(name: &'static str, number: f64) -> Result<f64, Impossible> {
    let must = "a finite number above 0";
    accept(number.is_finite() && number > 0.0, name, must).map(|()| number)
}

/// The number itself where it is finite and not negative; of the two zeros the positive one.
pub(crate) fn not_negative(name: &'static str, number: f64) -> Result<f64, Impossible> {
    let must = "a finite number, 0 or above";
    accept(number.is_finite() && number >= 0.0, name, must).map(|()| number + 0.0)
}

/// The number as a whole one, where it is one and within `max`.
pub(crate) fn whole(
    name: &'static str,
    number: f64,
    max: u32,
    must: &'static str,
) -> Result<u32, Impossible> {
    let holds = number.fract() == 0.0 && (0.0..=f64::from(max)).contains(&number);
    accept(holds, name, must).map(|()| number as u32)
}

/// Fails unless the condition holds.
pub(crate) fn accept(
    holds: bool,
    name: &'static str,
    must: &'static str,
) -> Result<(), Impossible> {
    if holds {
        return Ok(());
    }
    Err(Impossible { name, must })
}
