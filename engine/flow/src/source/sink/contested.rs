//! Contested rows, put aside until the run has read everything: in memory while they are few; when
//! they are many, in temporary files, each with the rows of one part of all keys, so that the parts
//! can be settled one after the other.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::ops::Range;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;

use super::key::KeyHasher;
use crate::error::{Error, Result};

/// More than this goes to disk, and about as much is settled at once.
const MEMORY_BYTES: usize = 256 << 20;

/// Files that the keys are spread over.
const FILES: usize = 64;

/// Rows put aside.
pub struct Contested {
    schema: SchemaRef,
    memory: Vec<RecordBatch>,
    bytes: usize,
    memory_bytes: usize,
    disk: Option<Vec<Spilled>>,
}

/// Rows of the keys of one file.
struct Spilled {
    file: StreamWriter<File>,
    bytes: usize,
}

/// Contested rows of all keys or of some.
pub struct Part {
    /// Which files' keys
    numbers: Range<usize>,
    schema: SchemaRef,
    memory: Vec<RecordBatch>,
    disk: Vec<Spilled>,
}

impl Contested {
    /// For rows of this schema.
    pub fn new(schema: SchemaRef) -> Self {
        Self {
            schema,
            memory: Vec::new(),
            bytes: 0,
            memory_bytes: MEMORY_BYTES,
            disk: None,
        }
    }

    pub fn put(&mut self, rows: RecordBatch, hasher: &KeyHasher) -> Result<()> {
        self.bytes += rows.get_array_memory_size();
        self.memory.push(rows);
        if self.bytes > self.memory_bytes {
            self.spill(hasher)?;
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.memory.is_empty() && self.disk.is_none()
    }

    /// The rows, part by part. No key is in two parts.
    pub fn into_parts(mut self, hasher: &KeyHasher) -> Result<Vec<Part>> {
        if self.disk.is_some() {
            self.spill(hasher)?;
        }
        let part = |start| Part {
            numbers: start..FILES,
            schema: self.schema.clone(),
            memory: Vec::new(),
            disk: Vec::new(),
        };
        let Some(disk) = self.disk else {
            return Ok(vec![Part {
                memory: self.memory,
                ..part(0)
            }]);
        };
        let mut parts = vec![part(0)];
        let mut bytes = 0;
        for (number, spilled) in disk.into_iter().enumerate() {
            bytes += spilled.bytes;
            if bytes > self.memory_bytes && bytes > spilled.bytes {
                bytes = spilled.bytes;
                parts.last_mut().expect("there is a first part").numbers.end = number;
                parts.push(part(number));
            }
            parts
                .last_mut()
                .expect("there is a first part")
                .disk
                .push(spilled);
        }
        Ok(parts)
    }

    fn spill(&mut self, hasher: &KeyHasher) -> Result<()> {
        let disk = match &mut self.disk {
            Some(disk) => disk,
            None => {
                let files = (0..FILES).map(|_| Spilled::open(&self.schema));
                self.disk.insert(files.collect::<Result<_>>()?)
            }
        };
        for rows in self.memory.drain(..) {
            let mut of_file: Vec<Vec<u32>> = vec![Vec::new(); FILES];
            for (row, key) in hasher.hash(&rows).into_iter().enumerate() {
                of_file[file_of(key)].push(row as u32);
            }
            for (spilled, of_file) in disk.iter_mut().zip(of_file) {
                spilled.put(&rows, of_file)?;
            }
        }
        self.bytes = 0;
        Ok(())
    }
}

impl Spilled {
    fn open(schema: &SchemaRef) -> Result<Self> {
        let file = tempfile::tempfile().map_err(unusable)?;
        Ok(Self {
            file: StreamWriter::try_new(file, schema)?,
            bytes: 0,
        })
    }

    fn put(&mut self, rows: &RecordBatch, wanted: Vec<u32>) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let rows = take_record_batch(rows, &UInt32Array::from(wanted))?;
        self.bytes += rows.get_array_memory_size();
        Ok(self.file.write(&rows)?)
    }

    fn load(self) -> Result<Vec<RecordBatch>> {
        let mut file = self.file.into_inner()?;
        file.seek(SeekFrom::Start(0)).map_err(unusable)?;
        let reader = StreamReader::try_new(BufReader::new(file), None)?;
        Ok(reader.collect::<std::result::Result<_, _>>()?)
    }
}

impl Part {
    /// Whether rows of this key belong here.
    pub fn holds(&self, key: u128) -> bool {
        self.numbers.contains(&file_of(key))
    }

    /// The rows as one batch.
    pub fn load(self) -> Result<RecordBatch> {
        let mut rows = self.memory;
        for spilled in self.disk {
            rows.extend(spilled.load()?);
        }
        Ok(concat_batches(&self.schema, &rows)?)
    }
}

fn file_of(key: u128) -> usize {
    (key >> 64) as usize % FILES
}

fn unusable(error: std::io::Error) -> Error {
    super::super::unavailable(
        "the folder for temporary files cannot be used".into(),
        error,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use datafusion::arrow::array::{AsArray, Int64Array};
    use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};

    use super::*;

    fn check(memory_bytes: usize, parts_expected: impl Fn(usize) -> bool) {
        let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, false)]));
        let hasher =
            KeyHasher::new(&(schema.clone() as SchemaRef), &["k".to_owned()]).expect("a key");
        let mut contested = Contested {
            memory_bytes,
            ..Contested::new(schema.clone())
        };
        for start in 0..20_i64 {
            let keys = Int64Array::from_iter_values(start * 100..start * 100 + 200);
            let rows = RecordBatch::try_new(schema.clone(), vec![Arc::new(keys)]).expect("rows");
            contested.put(rows, &hasher).expect("put aside");
        }
        let parts = contested.into_parts(&hasher).expect("parts");
        assert!(parts_expected(parts.len()), "{} parts", parts.len());
        for key in 0..1000_u128 {
            let holders = parts.iter().filter(|part| part.holds(key << 64)).count();
            assert_eq!(holders, 1, "every key has its part");
        }
        let (mut rows, mut keys) = (0, HashSet::new());
        for part in parts {
            let numbers = part.numbers.clone();
            let loaded = part.load().expect("loaded");
            assert!(
                hasher
                    .hash(&loaded)
                    .into_iter()
                    .all(|key| numbers.contains(&file_of(key)))
            );
            let column = loaded.column(0).as_primitive::<Int64Type>();
            let new: HashSet<i64> = column.values().iter().copied().collect();
            assert!(keys.is_disjoint(&new), "no key is in two parts");
            keys.extend(new);
            rows += loaded.num_rows();
        }
        assert_eq!((rows, keys.len()), (4000, 2100));
    }

    #[test]
    fn rows_come_back_from_memory_and_from_disk() {
        check(usize::MAX, |parts| parts == 1);
        check(20_000, |parts| parts > 1 && parts < FILES);
        check(1, |parts| parts == FILES);
    }
}
