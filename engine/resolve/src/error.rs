//! What can be wrong with the arrays that a caller hands in.

/// A kernel was given arrays that do not fit together. Always a caller's mistake, never the data's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two columns of one input have different lengths.
    #[error("column {column} holds {found} rows where {expected} were expected")]
    Length {
        column: &'static str,
        expected: usize,
        found: usize,
    },
    /// A row names something (a record, a kind, a source, an attribute) that is not there.
    #[error("column {column} names number {found}, but only {count} exist")]
    OutOfRange {
        column: &'static str,
        found: u64,
        count: usize,
    },
    /// Codes are 32 bits wide.
    #[error("{rows} rows of {column} are more than one call can hold ({max}); split the input")]
    TooMany {
        column: &'static str,
        rows: usize,
        max: usize,
    },
    /// A scored link's weight is not a number.
    #[error("scored link {row} has a weight that is not a number")]
    Weight { row: usize },
    /// A normaliser, or the region of one, that does not exist.
    #[error(
        "unknown normaliser `{found}`; known are email, phone, name, handle, postcode, text and none"
    )]
    Normalizer { found: String },
    /// A region that the phone metadata does not know.
    #[error(
        "unknown phone region `{found}`; give a two-letter ISO 3166 country code such as AU or GB"
    )]
    Region { found: String },
    /// A column of an Arrow type that the kernel does not handle.
    #[error("column {column} has type {found}; {expected} was expected")]
    Type {
        column: &'static str,
        found: String,
        expected: &'static str,
    },
}

/// Result of a kernel.
pub type Result<T> = std::result::Result<T, Error>;

/// Fails unless the column holds as many rows as the others.
pub(crate) fn same_length(column: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Length {
        column,
        expected,
        found,
    })
}

/// Fails unless every number is below `count`.
pub(crate) fn within(
    column: &'static str,
    count: usize,
    numbers: impl IntoIterator<Item = u64>,
) -> Result<()> {
    match numbers.into_iter().find(|n| *n >= count as u64) {
        None => Ok(()),
        Some(found) => Err(Error::OutOfRange {
            column,
            found,
            count,
        }),
    }
}

/// Fails when there are more rows than a 32-bit code can number (the last code means null).
pub(crate) fn codable(column: &'static str, rows: usize) -> Result<()> {
    let max = u32::MAX as usize - 1;
    if rows <= max {
        return Ok(());
    }
    Err(Error::TooMany { column, rows, max })
}
