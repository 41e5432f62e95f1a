//! What a file says of its columns before its rows are read: in which format it is, what its columns are called, and of
//! typed formats which types they have.

use std::cell::RefCell;
use std::path::Path;

use c360_catalog::Stores;
use c360_spec::{Column, Compression, CsvFormat, DataType, Encoding, Format, NdjsonFormat};
use datafusion::arrow::datatypes::DataType as Arrow;
use encoding_rs::mem;
use serde_json::{Map, Value};

use super::csv::{self, Dialect, Header};
use super::cut::Records;
use super::input::{self, Stored};
use super::{SourceFile, content, parquet, stopped, text};
use crate::error::{Error, Result};

/// What may stand between values; of several that divide a header alike, the first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
const QUOTE: char = '"';

/// A file's format and columns.
#[derive(Debug, PartialEq)]
pub struct Head {
    pub format: Format,
    /// Those of text formats are strings.
    pub columns: Vec<Column>,
    /// Columns of types that no contract has.
    pub left_out: Vec<String>,
}

impl Head {
    /// Looks at the file, whose format goes by the ending of its name.
    ///
    /// Fails with *data* where it cannot be read in that format.
    pub async fn of(stores: &Stores, spill_dir: Option<&Path>, file: &SourceFile) -> Result<Self> {
        let (store, location) = stores.resolve(&file.location)?;
        let stored = input::open(&store, &location, &file.path).await?;
        let (path, spill_dir) = (file.path.clone(), spill_dir.map(Path::to_path_buf));
        let looked =
            tokio::task::spawn_blocking(move || look(stored, &path, spill_dir.as_deref())).await;
        looked.map_err(|error| stopped(&file.path, error))?
    }
}

fn look(stored: Stored, path: &str, spill_dir: Option<&Path>) -> Result<Head> {
    let name = path.trim_end_matches(".gz");
    let ends_in = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends_in(&[".parquet"]) {
        return typed(stored, path, spill_dir);
    }
    match ends_in(&[".ndjson", ".jsonl", ".json"]) {
        true => objects(stored, path),
        false => separated(stored, path),
    }
}

fn typed(stored: Stored, path: &str, spill_dir: Option<&Path>) -> Result<Head> {
    let (file, _) = stored.into_file(path, spill_dir)?;
    let mut head = Head {
        format: Format::Parquet,
        columns: Vec::new(),
        left_out: Vec::new(),
    };
    for field in parquet::schema(file, path)?.fields() {
        match type_of(field.data_type()) {
            Some(data_type) => head.columns.push(Column::new(field.name(), data_type)),
            None => head.left_out.push(field.name().clone()),
        }
    }
    Ok(head)
}

/// The contract's type that takes all values of an Arrow type.
fn type_of(arrow: &Arrow) -> Option<DataType> {
    Some(match arrow {
        Arrow::Boolean => DataType::Boolean,
        Arrow::Int8 | Arrow::Int16 | Arrow::Int32 | Arrow::UInt8 | Arrow::UInt16 => DataType::Int,
        Arrow::Int64 | Arrow::UInt32 => DataType::Long,
        Arrow::UInt64 => DataType::Decimal {
            precision: 20,
            scale: 0,
        },
        Arrow::Float16 | Arrow::Float32 => DataType::Float,
        Arrow::Float64 => DataType::Double,
        Arrow::Decimal32(precision, scale)
        | Arrow::Decimal64(precision, scale)
        | Arrow::Decimal128(precision, scale) => DataType::Decimal {
            precision: *precision,
            scale: u8::try_from(*scale).ok()?,
        },
        Arrow::Date32 | Arrow::Date64 => DataType::Date,
        Arrow::Timestamp(_, None) => DataType::Timestamp,
        Arrow::Timestamp(_, Some(_)) => DataType::Timestamptz,
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::String,
        Arrow::Dictionary(_, values) => type_of(values)?,
        _ => return None,
    })
}

fn separated(stored: Stored, path: &str) -> Result<Head> {
    let record = RefCell::new(String::new());
    let remember = |header: &str| {
        *record.borrow_mut() = header.to_owned();
        Ok(Header {
            slots: Vec::new(),
            absent: Vec::new(),
            columns: 0,
        })
    };
    let records = Records::Separated {
        delimiter: b',',
        quote: QUOTE as u8,
    };
    let content = content(stored, path, Compression::Auto);
    // Latin-1 loses no byte, whatever they mean.
    let bytes = Encoding::Latin1;
    let mut rows = Vec::new();
    text::cut(content, path, records, bytes, Some(&remember), |chunk| {
        rows = chunk.bytes;
        false
    })?;
    let header = mem::encode_latin1_lossy(&record.into_inner()).into_owned();
    let encoding = encoding_of(&[&header, &rows]);
    let (header, _) = text::decode(header, encoding);
    let fields = |delimiter: char| {
        let dialect = Dialect {
            delimiter: delimiter as u8,
            quote: QUOTE as u8,
        };
        csv::fields(&header, dialect)
    };
    let most = |delimiter: &char| std::cmp::Reverse(fields(*delimiter).len());
    let delimiter = DELIMITERS.into_iter().min_by_key(most).unwrap_or(',');
    let names = fields(delimiter);
    let column = |name: &String| Column::new(name.trim(), DataType::String);
    Ok(Head {
        format: Format::Csv(CsvFormat {
            delimiter,
            quote: QUOTE,
            encoding,
            compression: Compression::Auto,
        }),
        columns: names.iter().map(column).collect(),
        left_out: Vec::new(),
    })
}

/// UTF-8, or what files that are not are most often in. A broken byte beside letters that are UTF-8 is a broken row.
fn encoding_of(texts: &[&[u8]]) -> Encoding {
    let (mut is_broken, mut has_letters) = (false, false);
    for piece in texts.iter().flat_map(|text| text.utf8_chunks()) {
        is_broken |= !piece.invalid().is_empty();
        has_letters |= !piece.valid().is_ascii();
    }
    match is_broken && !has_letters {
        true => Encoding::Windows1252,
        false => Encoding::Utf8,
    }
}

fn objects(stored: Stored, path: &str) -> Result<Head> {
    let content = content(stored, path, Compression::Auto);
    let mut first = Vec::new();
    let bytes = Encoding::Latin1;
    text::cut(content, path, Records::Lines, bytes, None, |chunk| {
        first = chunk.bytes;
        false
    })?;
    let encoding = encoding_of(&[&first]);
    let (text, _) = text::decode(first, encoding);
    let mut columns: Vec<Column> = Vec::new();
    for line in text.lines() {
        let object: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
        for name in object.keys() {
            if columns.iter().all(|column| column.name != *name) {
                columns.push(Column::new(name, DataType::String));
            }
        }
    }
    if columns.is_empty() {
        let message = format!("source file {path} holds no JSON objects, one a line");
        return Err(Error::data(message).with_hint("name files of CSV, NDJSON or Parquet"));
    }
    Ok(Head {
        format: Format::Ndjson(NdjsonFormat {
            encoding,
            compression: Compression::Auto,
        }),
        columns,
        left_out: Vec::new(),
    })
}
