//! Stitching from Parquet to Parquet: a file of (record, identifier) in, a file of (record, person) out.
//!
//! `C360_BENCH_EDGES=edges.parquet C360_BENCH_OUT=persons.parquet cargo bench -p c360-resolve --bench stitch`
//!
//! Numbers: columns `rec` and `idn`, dense integers. With `C360_BENCH_KEYS=text`: columns `record_id` and
//! `identifier`, any strings. A person is named by its least record, so that other tools' results can be compared:
//! columns `rec` and `person_id`.

use std::error::Error;
use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use c360_resolve::Interner;
use c360_resolve::cluster::{Extra, Identifiers, KindRule, Records, Rules, resolve};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let (Ok(edges), Ok(out)) = (
        std::env::var("C360_BENCH_EDGES"),
        std::env::var("C360_BENCH_OUT"),
    ) else {
        eprintln!("skipped: C360_BENCH_EDGES and C360_BENCH_OUT name no files");
        return Ok(());
    };
    let started = Instant::now();
    let named = if std::env::var("C360_BENCH_KEYS").is_ok_and(|keys| keys == "text") {
        texts(&edges)?
    } else {
        numbers(&edges)?
    };
    let read = started.elapsed();
    let persons = named.persons()?;
    let resolved = started.elapsed();
    let count = write(&out, &named, &persons)?;
    println!(
        "{{\"edges\": {}, \"records\": {count}, \"read_seconds\": {:.3}, \"resolve_seconds\": {:.3}, \
         \"write_seconds\": {:.3}, \"seconds\": {:.3}}}",
        named.record.len(),
        read.as_secs_f64(),
        (resolved - read).as_secs_f64(),
        (started.elapsed() - resolved).as_secs_f64(),
        started.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// Edges as codes; `names` has the name of each record's code.
struct Edges {
    record: Vec<u32>,
    value: Vec<u32>,
    names: Names,
}

enum Names {
    /// The code is the name; codes that no edge has are nobody.
    Numbers,
    Texts(StringArray),
}

impl Edges {
    /// The least record of each record's person.
    fn persons(&self) -> Result<Vec<u32>> {
        let (key, first_seen_at) = match &self.names {
            Names::Texts(names) => (names.clone(), vec![0; names.len()]),
            Names::Numbers => {
                let count = self
                    .record
                    .iter()
                    .max()
                    .map_or(0, |most| *most as usize + 1);
                let key = StringArray::from_iter_values((0..count).map(|_| ""));
                (key, (0..count as i64).collect())
            }
        };
        let records = Records {
            source: &vec![0; key.len()],
            source_names: &["edges"],
            key: &key,
            first_seen_at: &first_seen_at,
            attributes: &[],
            texts: &[],
        };
        let identifiers = Identifiers {
            record: &self.record,
            kind: &vec![0; self.record.len()],
            value: &self.value,
            over_limit: None,
        };
        let rules = Rules {
            kinds: vec![KindRule::default()],
            ..Rules::default()
        };
        Ok(resolve(&records, &identifiers, &Extra::default(), &rules)?.person)
    }
}

fn numbers(path: &str) -> Result<Edges> {
    let groups = read(path, ["rec", "idn"], |batch| {
        let code = |column: usize| -> Result<Vec<u32>> {
            let numbers = batch.column(column).as_primitive::<Int64Type>();
            let codes: std::result::Result<_, _> =
                numbers.values().iter().map(|n| u32::try_from(*n)).collect();
            Ok(codes?)
        };
        Ok((code(0)?, code(1)?))
    })?;
    let mut edges = Edges {
        record: Vec::new(),
        value: Vec::new(),
        names: Names::Numbers,
    };
    for (record, value) in groups {
        edges.record.extend(record);
        edges.value.extend(value);
    }
    Ok(edges)
}

fn texts(path: &str) -> Result<Edges> {
    let (mut records, mut values) = (Interner::new(), Interner::new());
    let mut edges = Edges {
        record: Vec::new(),
        value: Vec::new(),
        names: Names::Numbers,
    };
    for batch in read(path, ["record_id", "identifier"], |batch| Ok(batch.clone()))? {
        let (record, value) = (batch.column(0).as_string(), batch.column(1).as_string());
        edges.record.extend(records.codes(record)?);
        edges.value.extend(values.codes(value)?);
    }
    let names = (0..records.len() as u32).map(|code| records.value(code));
    edges.names = Names::Texts(StringArray::from_iter_values(names));
    Ok(edges)
}

/// What `each` makes of every batch of two columns, in the file's order.
fn read<T: Send>(
    path: &str,
    columns: [&str; 2],
    each: impl Fn(&RecordBatch) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let metadata = ArrowReaderMetadata::load(&File::open(path)?, Default::default())?;
    let groups: Result<Vec<Vec<T>>> = (0..metadata.metadata().num_row_groups())
        .into_par_iter()
        .map(|group| {
            let file = File::open(path)?;
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
            let mask = ProjectionMask::columns(reader.parquet_schema(), columns);
            let batches = reader
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(1 << 17)
                .build()?;
            batches.map(|batch| each(&batch?)).collect()
        })
        .collect();
    Ok(groups?.into_iter().flatten().collect())
}

/// Writes one row a record; returns how many there are.
fn write(path: &str, edges: &Edges, persons: &[u32]) -> Result<usize> {
    let (rec, person_id): (ArrayRef, ArrayRef) = match &edges.names {
        Names::Numbers => {
            let mut known = vec![false; persons.len()];
            edges
                .record
                .iter()
                .for_each(|record| known[*record as usize] = true);
            let records: Vec<u32> = (0..persons.len() as u32)
                .filter(|record| known[*record as usize])
                .collect();
            let person = records
                .iter()
                .map(|record| i64::from(persons[*record as usize]));
            let person = Int64Array::from_iter_values(person);
            let record = Int64Array::from_iter_values(records.iter().map(|n| i64::from(*n)));
            (Arc::new(record), Arc::new(person))
        }
        Names::Texts(names) => {
            let person = persons.iter().map(|person| names.value(*person as usize));
            let person = StringArray::from_iter_values(person);
            (Arc::new(names.clone()), Arc::new(person))
        }
    };
    let batch = RecordBatch::try_from_iter([("rec", rec), ("person_id", person_id)])?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(batch.num_rows())
}
