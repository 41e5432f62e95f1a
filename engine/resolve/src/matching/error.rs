//! What can be wrong with a model or with the columns that it is to read.

/// A model does not fit the columns, or is not one that this kernel understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A model names a column that was not handed in.
    #[error("unknown column `{name}`; known are {known}")]
    Column { name: String, known: String },
    /// Two columns have different lengths.
    #[error("column `{name}` holds {found} rows where {expected} were expected")]
    Length {
        name: String,
        expected: usize,
        found: usize,
    },
    /// More records or values than 31-bit numbers can name.
    #[error("{rows} rows are more than one run can hold ({max}); split the input")]
    TooMany { rows: usize, max: usize },
    /// A comparison without levels, or whose last level is not the one for everything else.
    #[error("comparison `{name}` must end with the level for everything else")]
    NoElse { name: String },
    /// A term frequency needs a level on which exactly this value is equal.
    #[error(
        "comparison `{name}`: `{of}` has a term frequency, but no level is an exact match on it"
    )]
    NoExactLevel { name: String, of: String },
    /// A parameter that is no probability.
    #[error(
        "comparison `{name}`, level {level}: {what} is {value}; it must be above 0 and at most 1"
    )]
    Probability {
        name: String,
        level: usize,
        what: &'static str,
        value: String,
    },
    /// A weight array of another shape than the model.
    #[error(
        "the weights were trained for another model: {found} comparisons where {expected} were expected"
    )]
    Shape { expected: usize, found: usize },
    /// Agreement patterns that do not fit a 64-bit number.
    #[error(
        "{comparisons} comparisons have more agreement patterns than one run can number; merge some"
    )]
    TooManyPatterns { comparisons: usize },
    /// A distance between texts cannot be measured on a combination of columns.
    #[error("`{of}` combines columns and can only be compared for equality")]
    NoText { of: String },
    /// A blocking rule on two lists.
    #[error("blocking rule `{rule}` takes two lists apart; it can take one")]
    Lists { rule: String },
    /// SQL beyond the forms that Splink's own library writes.
    #[error("`{}`: {reason}", beginning(sql))]
    Sql { sql: String, reason: &'static str },
    /// A Splink model whose setting is missing or beyond reason.
    #[error("{reason}")]
    Import { reason: &'static str },
    /// Where in an imported model the fault is.
    #[error("{place}: {error}")]
    At { place: String, error: Box<Error> },
}

/// Result of a matching kernel.
pub type Result<T> = std::result::Result<T, Error>;

/// As much of a text as fits a message.
fn beginning(text: &str) -> String {
    const CHARACTERS: usize = 200;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
