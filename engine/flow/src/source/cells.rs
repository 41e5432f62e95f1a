//! The cells of a chunk of text, column by column: spans into one buffer, so that no cell is ever
//! allocated. Parsers of text formats fill it, `typed` reads it; it knows nothing of types.

/// Where a cell's text lies in the buffer; [`MISSING`] for a cell that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// A cell without a text: a JSON null, or a column that the file does not have.
pub const MISSING: Span = Span {
    start: u32::MAX,
    end: u32::MAX,
};

/// A record's place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// 0-based number in the chunk, broken records included
    pub number: u32,
    /// The record's own text, without its line end
    pub span: Span,
}

/// A record that could not be divided into cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub record: Record,
    pub reason: String,
}

/// The cells of a chunk.
#[derive(Debug, Default)]
pub struct Cells {
    /// The chunk as text, then whatever had to be unescaped
    pub text: String,
    /// One list of spans per wanted column, each as long as `records`
    pub columns: Vec<Vec<Span>>,
    /// Columns that the file does not have; always empty where every record names its own
    pub absent: Vec<usize>,
    /// The records that the columns hold, in order
    pub records: Vec<Record>,
    /// The records that they do not, in order
    pub broken: Vec<Broken>,
    /// Line ends in the chunk
    pub lines: u64,
}

impl Cells {
    /// Empty cells of so many columns over a text.
    pub fn new(text: String, columns: usize) -> Self {
        Self {
            text,
            columns: vec![Vec::new(); columns],
            ..Self::default()
        }
    }

    /// The cell's text, none when it is missing.
    pub fn get(&self, span: Span) -> Option<&str> {
        self.text.get(span.start as usize..span.end as usize)
    }

    /// Records read, broken ones included.
    pub fn record_count(&self) -> u64 {
        (self.records.len() + self.broken.len()) as u64
    }

    /// Takes back the cells of a record that turned out broken.
    pub fn truncate(&mut self, records: usize) {
        for column in &mut self.columns {
            column.truncate(records);
        }
        self.records.truncate(records);
    }

    /// Moves the records for which `is_bad` holds to the broken ones.
    pub fn quarantine(&mut self, is_bad: impl Fn(&Record) -> bool, reason: &str) {
        let bad: Vec<bool> = self.records.iter().map(is_bad).collect();
        for column in &mut self.columns {
            let mut row = bad.iter();
            column.retain(|_| row.next() == Some(&false));
        }
        let moved = self.records.iter().zip(&bad).filter(|(_, bad)| **bad);
        self.broken.extend(moved.map(|(record, _)| Broken {
            record: *record,
            reason: reason.to_owned(),
        }));
        self.broken.sort_by_key(|broken| broken.record.number);
        let mut row = bad.iter();
        self.records.retain(|_| row.next() == Some(&false));
    }
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(end < u32::MAX as usize, "chunks are far smaller than 4 GiB");
        Self {
            start: start as u32,
            end: end as u32,
        }
    }
}
