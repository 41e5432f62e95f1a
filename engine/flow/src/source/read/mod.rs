//! Source files into typed chunks: a stream that gives the same rows in the same order whatever the
//! number of threads. Per file, one blocking thread cuts (text) or decodes (Parquet); the chunks of
//! all files are parsed and typed in parallel, then put back in order and numbered.
//!
//! ```text
//!   file 1 ── cut ──▶ ▢ ▢ ▢ ─┐         ┌─ parse, type ─┐
//!   file 2 ── cut ──▶ ▢ ▢ ▢ ─┼─ order ─┼─ parse, type ─┼─ order ──▶ chunks
//!   file 3 ── cut ──▶ ▢ ▢ ▢ ─┘         └─ parse, type ─┘
//! ```
//!
//! At most a few chunks a thread are in memory at any time.

mod csv;
mod cut;
mod head;
mod input;
mod ndjson;
mod parquet;
mod text;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use c360_catalog::Stores;
use c360_spec::{Compression, Contract, CsvFormat, ExtraColumns, Format, SourceJob};
use datafusion::arrow::array::RecordBatch;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use self::csv::{Dialect, Header};
use self::cut::Records;
use self::input::{Content, Stored};
use super::discover::SourceFile;
use super::reject::Reject;
use super::sink::key::KeyHasher;
use super::typed::Rules;
use crate::error::{Error, Result};

pub use self::head::Head;
pub use self::input::{Fingerprint, fingerprint, open};

/// Chunks of one file that wait for a worker.
const CHUNKS_WAITING: usize = 2;

/// Rows of one file, typed.
#[derive(Debug)]
pub struct Chunk {
    /// The file's place among those that are read
    pub file: usize,
    /// Rows that keep the contract
    pub rows: RecordBatch,
    /// Hashes of their keys; empty without a key
    pub keys: Vec<u128>,
    /// Rows that name what is to be deleted
    pub deletes: RecordBatch,
    /// Rows that break the contract
    pub rejects: Vec<Reject>,
    /// Records read, bad ones included
    pub records: u64,
    /// Line ends read
    pub lines: u64,
    /// Bytes taken from the store
    pub taken: u64,
    /// At the file's end: what was read of it
    pub end: Option<Fingerprint>,
}

/// How the files of a job are read.
#[derive(Debug)]
pub struct Reader {
    pub stores: Stores,
    /// Where files are spooled that are read from their end
    pub spill_dir: Option<PathBuf>,
    pub format: Format,
    pub wanted: Wanted,
    pub rules: Rules,
    pub key: Option<KeyHasher>,
}

/// The columns to take from a file.
#[derive(Debug)]
pub struct Wanted {
    pub names: Vec<String>,
    /// Per name: whether a file may not leave it out
    pub required: Vec<bool>,
    pub refuse_others: bool,
    pub contract: String,
}

impl Wanted {
    pub fn new(rules: &Rules, contract: &Contract) -> Self {
        let names: Vec<String> = rules.wanted().into_iter().map(str::to_owned).collect();
        Self {
            required: (0..names.len())
                .map(|slot| rules.is_required(slot))
                .collect(),
            names,
            refuse_others: contract.extra_columns == ExtraColumns::Reject,
            contract: contract.contract.clone(),
        }
    }

    /// Where the file's columns go. Fails with *data* where the file does not fit the contract.
    fn slots(&self, columns: &[&str], file: &str) -> Result<Header> {
        let place = |column: &&str| self.names.iter().position(|name| name == column);
        let slots: Vec<Option<usize>> = columns.iter().map(place).collect();
        let absent: Vec<usize> = (0..self.names.len())
            .filter(|slot| !slots.contains(&Some(*slot)))
            .collect();
        if let Some(slot) = absent.iter().find(|slot| self.required[**slot]) {
            // What the header says instead may be a row, so it is not shown.
            let one = match columns.len() {
                1 => "; its header is one column, so look at the delimiter of the job's format",
                _ => "",
            };
            return Err(self.misfit(
                file,
                &format!("lacks the required column {}{one}", self.names[*slot]),
            ));
        }
        if let Some((column, other)) = self.otherwise_cased(columns, &slots, &absent) {
            let how = format!("has the column {other} where the contract has {column}");
            return Err(self.misfit(file, &how));
        }
        if let Some(twice) =
            (0..slots.len()).find(|at| slots[*at].is_some() && slots[..*at].contains(&slots[*at]))
        {
            return Err(self.misfit(file, &format!("has the column {} twice", columns[twice])));
        }
        match slots
            .iter()
            .position(Option::is_none)
            .filter(|_| self.refuse_others)
        {
            Some(other) => Err(self.misfit(
                file,
                &format!(
                    "has the column {}, which the contract does not name",
                    columns[other]
                ),
            )),
            None => Ok(Header {
                slots,
                absent,
                columns: self.names.len(),
            }),
        }
    }

    /// A column of the contract that the file lacks, and one of the file that would be it but for upper and lower case.
    fn otherwise_cased<'h>(
        &self,
        columns: &[&'h str],
        slots: &[Option<usize>],
        absent: &[usize],
    ) -> Option<(&str, &'h str)> {
        let others = || columns.iter().zip(slots).filter(|(_, slot)| slot.is_none());
        absent.iter().find_map(|slot| {
            let column = self.names[*slot].as_str();
            let (other, _) = others().find(|(other, _)| other.eq_ignore_ascii_case(column))?;
            Some((column, *other))
        })
    }

    fn misfit(&self, file: &str, how: &str) -> Error {
        Error::data(format!("source file {file} {how}")).with_hint(format!(
            "correct the file, or schemas/{}.yaml",
            self.contract
        ))
    }
}

impl Reader {
    pub fn new(
        stores: &Stores,
        spill_dir: Option<&Path>,
        contract: &Contract,
        job: &SourceJob,
    ) -> Result<Self> {
        let rules = Rules::new(contract, job)?;
        let key = match contract.key.is_empty() {
            true => None,
            false => Some(KeyHasher::new(rules.schema(), &contract.key)?),
        };
        let wanted = Wanted::new(&rules, contract);
        Ok(Self {
            stores: stores.clone(),
            spill_dir: spill_dir.map(Path::to_path_buf),
            format: job.format.clone(),
            wanted,
            rules,
            key,
        })
    }

    /// The chunks of the files, in order.
    pub fn read(
        self: Arc<Self>,
        files: Vec<SourceFile>,
        threads: usize,
    ) -> BoxStream<'static, Result<Chunk>> {
        let starter = Arc::clone(&self);
        let pieces = stream::iter(files.into_iter().enumerate())
            .map(move |(place, file)| start(Arc::clone(&starter), place, file))
            .buffered(threads.clamp(2, 8))
            .flat_map(|started| match started {
                Ok(started) => received(started).boxed(),
                Err(error) => stream::once(async { Err(error) }).boxed(),
            });
        let chunks = pieces.map(move |piece| {
            let reader = Arc::clone(&self);
            async move {
                let piece = piece?;
                let file = piece.file.clone();
                let work = tokio::task::spawn_blocking(move || worker::work(&reader, piece));
                work.await.map_err(|error| stopped(&file.path, error))?
            }
        });
        let mut numbering = worker::Numbering::default();
        chunks
            .buffered(threads + 2)
            .map_ok(move |chunk| numbering.number(chunk))
            .boxed()
    }
}

/// What a file's own thread hands to the workers.
struct Piece {
    place: usize,
    file: Arc<SourceFile>,
    content: PieceContent,
}

enum PieceContent {
    Text(text::TextChunk),
    Parquet(parquet::ParquetChunk),
    End(Fingerprint),
}

/// A file whose thread is at work.
struct Started {
    path: String,
    pieces: mpsc::Receiver<Result<Piece>>,
    thread: JoinHandle<()>,
}

/// What the thread sends; then an error when it died, lest the file seem to end there.
fn received(started: Started) -> impl stream::Stream<Item = Result<Piece>> {
    let Started {
        path,
        pieces,
        thread,
    } = started;
    let sent = stream::unfold(pieces, |mut pieces| async {
        pieces.recv().await.map(|piece| (piece, pieces))
    });
    let died = stream::once(thread).filter_map(move |joined| {
        let error = joined.err().map(|error| Err(stopped(&path, error)));
        std::future::ready(error)
    });
    sent.chain(died)
}

/// Opens a file and sets its thread to work.
async fn start(reader: Arc<Reader>, place: usize, file: SourceFile) -> Result<Started> {
    let (store, location) = reader.stores.resolve(&file.location)?;
    let stored = open(&store, &location, &file.path).await?;
    let path = file.path.clone();
    let (sender, pieces) = mpsc::channel(CHUNKS_WAITING);
    let thread = tokio::task::spawn_blocking(move || {
        let file = Arc::new(file);
        let send = |content| {
            sender
                .blocking_send(Ok(Piece {
                    place,
                    file: Arc::clone(&file),
                    content,
                }))
                .is_ok()
        };
        match produce(&reader, &file, stored, &send) {
            Ok(Some(fingerprint)) => drop(send(PieceContent::End(fingerprint))),
            Ok(None) => {}
            Err(error) => drop(sender.blocking_send(Err(error))),
        }
    });
    Ok(Started {
        path,
        pieces,
        thread,
    })
}

/// Sends the pieces of one file; none when nobody wants them any more.
fn produce(
    reader: &Reader,
    file: &SourceFile,
    stored: Stored,
    send: &impl Fn(PieceContent) -> bool,
) -> Result<Option<Fingerprint>> {
    let name = &file.path;
    let text = |chunk| send(PieceContent::Text(chunk));
    let read = match &reader.format {
        Format::Csv(format) => {
            let dialect = dialect(format)?;
            let Dialect { delimiter, quote } = dialect;
            let read_header = |record: &str| {
                let fields = csv::fields(record, dialect);
                let names: Vec<&str> = fields.iter().map(|field| field.trim()).collect();
                reader.wanted.slots(&names, name)
            };
            let content = content(stored, name, format.compression);
            let records = Records::Separated { delimiter, quote };
            text::cut(
                content,
                name,
                records,
                format.encoding,
                Some(&read_header),
                text,
            )?
        }
        Format::Ndjson(format) => {
            let content = content(stored, name, format.compression);
            text::cut(content, name, Records::Lines, format.encoding, None, text)?
        }
        Format::Parquet => {
            let (file, fingerprint) = stored.into_file(name, reader.spill_dir.as_deref())?;
            let send = |chunk| send(PieceContent::Parquet(chunk));
            let all = parquet::decode(file, fingerprint.size, name, &reader.wanted, send)?;
            all.then_some(fingerprint)
        }
    };
    match read {
        Some(fingerprint) if fingerprint.size != file.size => Err(Error::conflict(format!(
            "source file {name} changed while it was read"
        ))
        .with_hint("run again once it is complete")),
        read => Ok(read),
    }
}

fn content(stored: Stored, name: &str, compression: Compression) -> Content {
    let gzip = match compression {
        Compression::Auto => name.ends_with(".gz"),
        Compression::None => false,
        Compression::Gzip => true,
    };
    if gzip {
        Content::gzip(stored)
    } else {
        Content::plain(stored)
    }
}

fn dialect(format: &CsvFormat) -> Result<Dialect> {
    let ascii = |character: char, what: &str| {
        u8::try_from(character)
            .ok()
            .filter(u8::is_ascii)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "format.{what} of a source job must be one ASCII character"
                ))
            })
    };
    Ok(Dialect {
        delimiter: ascii(format.delimiter, "delimiter")?,
        quote: ascii(format.quote, "quote")?,
    })
}

/// A panic may repeat what it saw in a row, so it is the cause, of which people are told no more than that it was.
pub fn stopped(file: &str, error: JoinError) -> Error {
    let message = format!("reading source file {file} stopped");
    c360_catalog::Error::internal(message)
        .caused_by(error)
        .into()
}

#[cfg(test)]
mod tests;
