//! What a worker does to a piece of a file: parse, type, and write down what breaks the contract.
//! Then, in order again, records and lines get their numbers in the file.

use c360_spec::Format;

use super::super::cells::{Cells, Record};
use super::super::reject::Reject;
use super::super::typed::{Numbers, RowFault, TypedRows};
use super::text::TextChunk;
use super::{Chunk, Fingerprint, Piece, PieceContent, Reader, csv, dialect, ndjson, parquet, text};
use crate::error::{Error, Result};

/// Parses and types a piece.
pub fn work(reader: &Reader, piece: Piece) -> Result<Chunk> {
    let place = piece.place;
    match piece.content {
        PieceContent::Text(chunk) => text_chunk(reader, place, chunk),
        PieceContent::Parquet(chunk) => parquet_chunk(reader, place, &piece.file.path, chunk),
        PieceContent::End(fingerprint) => Ok(end(reader, place, fingerprint)),
    }
}

fn end(reader: &Reader, file: usize, fingerprint: Fingerprint) -> Chunk {
    let nothing =
        || datafusion::arrow::array::RecordBatch::new_empty(reader.rules.schema().clone());
    Chunk {
        file,
        rows: nothing(),
        keys: Vec::new(),
        deletes: nothing(),
        rejects: Vec::new(),
        records: 0,
        lines: 0,
        taken: 0,
        end: Some(fingerprint),
    }
}

fn text_chunk(reader: &Reader, file: usize, chunk: TextChunk) -> Result<Chunk> {
    let TextChunk {
        bytes,
        header,
        lines_skipped,
        taken,
    } = chunk;
    let (text, replaced) = text::decode(bytes, reader.format.encoding());
    let (mut cells, numbers) = match (&reader.format, &header) {
        (Format::Csv(format), Some(header)) => {
            (csv::split(text, dialect(format)?, header), Numbers::Exact)
        }
        _ => (ndjson::parse(text, &members(reader)), Numbers::Floats),
    };
    quarantine_replaced(&mut cells, &replaced);
    let typed = reader.rules.type_cells(&cells, numbers);
    let mut rejects = text_rejects(&cells, &typed.faults);
    for reject in &mut rejects {
        reject.line = reject.line.map(|line| line + lines_skipped);
    }
    let records = cells.record_count();
    let lines = cells.lines + lines_skipped;
    Ok(assembled(
        reader, file, typed, rejects, records, lines, taken,
    ))
}

fn parquet_chunk(
    reader: &Reader,
    file: usize,
    name: &str,
    chunk: parquet::ParquetChunk,
) -> Result<Chunk> {
    let typed = reader.rules.type_arrays(chunk.rows, &chunk.columns).map_err(|slot| {
        let column = &reader.wanted.names[slot];
        let found = chunk.columns[slot].as_ref().map(|array| array.data_type().to_string());
        let found = found.unwrap_or_default();
        Error::data(format!("source file {name} holds column {column} as {found}, which the contract's type cannot take"))
            .with_hint(format!("change its type in schemas/{}.yaml", reader.wanted.contract))
    })?;
    let reject = |fault: &RowFault| Reject {
        row: fault.row as u64,
        line: None,
        column: fault.column.clone(),
        reason: fault.reason.clone(),
        text: parquet::row_text(&chunk.columns, &reader.wanted, fault.row),
    };
    let rejects = typed.faults.iter().map(reject).collect();
    Ok(assembled(
        reader,
        file,
        typed,
        rejects,
        chunk.rows as u64,
        0,
        chunk.taken,
    ))
}

fn assembled(
    reader: &Reader,
    file: usize,
    typed: TypedRows,
    rejects: Vec<Reject>,
    records: u64,
    lines: u64,
    taken: u64,
) -> Chunk {
    let keys = reader
        .key
        .as_ref()
        .map(|key| key.hash(&typed.rows))
        .unwrap_or_default();
    Chunk {
        file,
        rows: typed.rows,
        keys,
        deletes: typed.deletes,
        rejects,
        records,
        lines,
        taken,
        end: None,
    }
}

fn members(reader: &Reader) -> ndjson::Members {
    let names = reader.wanted.names.iter().enumerate();
    ndjson::Members {
        columns: names.map(|(slot, name)| (name.clone(), slot)).collect(),
        refuse_others: reader.wanted.refuse_others,
    }
}

/// Records with bytes that are no text are broken, whatever the rest of them says.
fn quarantine_replaced(cells: &mut Cells, replaced: &[usize]) {
    if replaced.is_empty() {
        return;
    }
    let holds = |record: &Record| {
        let (start, end) = (record.span.start as usize, record.span.end as usize);
        let first = replaced.partition_point(|at| *at < start);
        replaced.get(first).is_some_and(|at| *at < end)
    };
    cells.quarantine(holds, "is not text in the declared encoding");
}

/// Rejects of a chunk in the order of its records, with 0-based rows and lines.
fn text_rejects(cells: &Cells, faults: &[RowFault]) -> Vec<Reject> {
    let broken = cells
        .broken
        .iter()
        .map(|broken| (broken.record, None, broken.reason.clone()));
    let bad = faults.iter().map(|fault| {
        (
            cells.records[fault.row],
            fault.column.clone(),
            fault.reason.clone(),
        )
    });
    let mut all: Vec<_> = broken.chain(bad).collect();
    all.sort_by_key(|(record, ..)| record.number);
    let mut line = 0;
    let mut counted = 0;
    let mut rejects = Vec::with_capacity(all.len());
    for (record, column, reason) in all {
        let start = record.span.start as usize;
        line += memchr::memchr_iter(b'\n', &cells.text.as_bytes()[counted..start]).count() as u64;
        counted = start;
        let text = cells.get(record.span).unwrap_or_default().to_owned();
        rejects.push(Reject {
            row: u64::from(record.number),
            line: Some(line),
            column,
            reason,
            text,
        });
    }
    rejects
}

/// Counts through the files, in order.
#[derive(Debug, Default)]
pub struct Numbering {
    file: usize,
    records: u64,
    lines: u64,
}

impl Numbering {
    /// Turns the chunk's own 0-based numbers into the file's 1-based ones.
    pub fn number(&mut self, mut chunk: Chunk) -> Chunk {
        if chunk.file != self.file {
            *self = Self {
                file: chunk.file,
                ..Self::default()
            };
        }
        for reject in &mut chunk.rejects {
            reject.row += self.records + 1;
            reject.line = reject.line.map(|line| line + self.lines + 1);
        }
        self.records += chunk.records;
        self.lines += chunk.lines;
        chunk
    }
}
