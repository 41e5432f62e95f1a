//! Contested rows, put aside until the run has read everything: in memory while they are few; when
//! they are many, in temporary files, each with the rows of one part of all keys, so that the parts
//! can be settled one after the other.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;

use super::key::KeyHasher;
use crate::error::Result;
use crate::session::{no_temporary_files, temporary_file};

/// More than this goes to disk.
const MEMORY_BYTES: usize = 256 << 20;

const PARTS: usize = 16;

/// Rows put aside.
pub struct Contested {
    schema: SchemaRef,
    memory: Vec<RecordBatch>,
    bytes: usize,
    memory_bytes: usize,
    disk: Option<Vec<StreamWriter<File>>>,
    spill_dir: Option<PathBuf>,
}

/// Contested rows of all keys or of some.
pub struct Part {
    number: Option<usize>,
    schema: SchemaRef,
    rows: Rows,
}

enum Rows {
    Memory(Vec<RecordBatch>),
    Disk(StreamWriter<File>),
}

impl Contested {
    /// For rows of this schema. Files go to that folder, else to the system's own for temporary ones.
    pub fn new(schema: SchemaRef, spill_dir: Option<&Path>) -> Self {
        Self {
            schema,
            memory: Vec::new(),
            bytes: 0,
            memory_bytes: MEMORY_BYTES,
            disk: None,
            spill_dir: spill_dir.map(Path::to_path_buf),
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
        let part = |number, rows| Part {
            number,
            schema: self.schema.clone(),
            rows,
        };
        Ok(match self.disk {
            None => vec![part(None, Rows::Memory(self.memory))],
            Some(disk) => {
                let parts = disk.into_iter().enumerate();
                parts
                    .map(|(number, rows)| part(Some(number), Rows::Disk(rows)))
                    .collect()
            }
        })
    }

    fn spill(&mut self, hasher: &KeyHasher) -> Result<()> {
        let disk = match &mut self.disk {
            Some(disk) => disk,
            None => {
                let files = (0..PARTS).map(|_| open(&self.schema, self.spill_dir.as_deref()));
                self.disk.insert(files.collect::<Result<_>>()?)
            }
        };
        for rows in self.memory.drain(..) {
            let keys = hasher.hash(&rows);
            for (number, file) in disk.iter_mut().enumerate() {
                let of_part = (0..keys.len()).filter(|row| part_of(keys[*row]) == number);
                let of_part: UInt32Array = of_part.map(|row| row as u32).collect::<Vec<_>>().into();
                if !of_part.is_empty() {
                    file.write(&take_record_batch(&rows, &of_part)?)?;
                }
            }
        }
        self.bytes = 0;
        Ok(())
    }
}

impl Part {
    /// Whether rows of this key belong here.
    pub fn holds(&self, key: u128) -> bool {
        self.number.is_none_or(|number| part_of(key) == number)
    }

    /// The rows as one batch.
    pub fn load(self) -> Result<RecordBatch> {
        let rows = match self.rows {
            Rows::Memory(rows) => rows,
            Rows::Disk(writer) => {
                let mut file = writer.into_inner()?;
                file.seek(SeekFrom::Start(0)).map_err(no_temporary_files)?;
                let reader = StreamReader::try_new(BufReader::new(file), None)?;
                reader.collect::<std::result::Result<_, _>>()?
            }
        };
        Ok(concat_batches(&self.schema, &rows)?)
    }
}

fn part_of(key: u128) -> usize {
    (key >> 64) as usize % PARTS
}

fn open(schema: &SchemaRef, spill_dir: Option<&Path>) -> Result<StreamWriter<File>> {
    let file = temporary_file(spill_dir)?;
    Ok(StreamWriter::try_new(file, schema)?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use datafusion::arrow::array::{AsArray, Int64Array};
    use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};

    use super::*;

    fn check(memory_bytes: usize, parts_expected: usize) {
        let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, false)]));
        let hasher = KeyHasher::new(&schema, &["k".to_owned()]).expect("a key");
        let mut contested = Contested {
            memory_bytes,
            ..Contested::new(schema.clone(), None)
        };
        for start in 0..20_i64 {
            let keys = Int64Array::from_iter_values(start * 100..start * 100 + 200);
            let rows = RecordBatch::try_new(schema.clone(), vec![Arc::new(keys)]).expect("rows");
            contested.put(rows, &hasher).expect("put aside");
        }
        let parts = contested.into_parts(&hasher).expect("parts");
        assert_eq!(parts.len(), parts_expected);
        let (mut rows, mut keys) = (0, HashSet::new());
        for part in parts {
            let number = part.number;
            let loaded = part.load().expect("loaded");
            let same = Part {
                number,
                schema: schema.clone(),
                rows: Rows::Memory(vec![]),
            };
            assert!(hasher.hash(&loaded).into_iter().all(|key| same.holds(key)));
            let new: HashSet<i64> = loaded
                .column(0)
                .as_primitive::<Int64Type>()
                .values()
                .iter()
                .copied()
                .collect();
            assert!(keys.is_disjoint(&new), "no key is in two parts");
            keys.extend(new);
            rows += loaded.num_rows();
        }
        assert_eq!((rows, keys.len()), (4000, 2100));
    }

    #[test]
    fn rows_come_back_from_memory_and_from_disk() {
        check(usize::MAX, 1);
        check(10_000, PARTS);
    }
}
