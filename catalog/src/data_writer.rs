//! Writes rows to new data files: Parquet with zstd where it pays, page indexes and the table's field ids. The
//! columns of a row group are encoded in parallel, so that the bytes do not depend on the number
//! of threads. Nothing that is written here is visible before a commit names it.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::spec::DataFile;
use object_store::buffered::BufWriter;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::conform::Conform;
use crate::{Error, Result, Table, metrics};

/// A file is closed after the row group that takes it over this.
pub(crate) const FILE_BYTES: usize = 128 << 20;
/// A row group ends at so many rows …
const ROW_GROUP_ROWS: usize = 256 << 10;
/// … or at so many bytes in memory, whichever comes first.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Small pages let those who ask for few keys decode little besides their rows.
const PAGE_ROWS: usize = 1 << 10;
/// So few bytes are not compressed: to begin with a column would cost the writer, and each reader, more than is saved.
const PLAIN_BYTES: usize = 16 << 10;

/// What came of writing rows.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) files: Vec<DataFile>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Writes rows to as many data files as they need.
pub(crate) struct DataWriter {
    table: Table,
    conform: Conform,
    /// Tells the files of this writer from all others.
    id: Uuid,
    open: Option<OpenFile>,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    pending_bytes: usize,
    written: Written,
}

impl DataWriter {
    /// Fails with *invalid* for a partitioned table: those are read, not written.
    pub(crate) fn new(table: &Table) -> Result<Self> {
        if !table.metadata().default_partition_spec().is_unpartitioned() {
            return Err(Error::invalid(format!(
                "table `{}` is partitioned, which c360 reads but does not write",
                table.name()
            )));
        }
        Ok(Self {
            table: table.clone(),
            conform: Conform::by_name(table.name(), table.schema()),
            id: Uuid::now_v7(),
            open: None,
            pending: Vec::new(),
            pending_rows: 0,
            pending_bytes: 0,
            written: Written::default(),
        })
    }

    /// Adds rows; columns are matched by name.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = self.conform.apply(batch)?;
        let mut start = 0;
        while start < batch.num_rows() {
            let room = ROW_GROUP_ROWS - self.pending_rows;
            let rows = room.min(batch.num_rows() - start);
            let part = batch.slice(start, rows);
            self.pending_rows += rows;
            self.pending_bytes += size_bytes(&part);
            self.pending.push(part);
            start += rows;
            if self.pending_rows == ROW_GROUP_ROWS || self.pending_bytes >= ROW_GROUP_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Closes the last file and tells what was written.
    pub(crate) async fn finish(mut self) -> Result<Written> {
        self.flush().await?;
        self.close_file().await?;
        Ok(self.written)
    }

    async fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let file = match self.open.take() {
            Some(file) => file,
            None => {
                // A first row group as small as that is all of the file.
                let compression = compression(self.pending_bytes);
                OpenFile::create(&self.table, self.id, self.written.files.len(), compression)?
            }
        };
        let rows = std::mem::take(&mut self.pending);
        self.written.rows += self.pending_rows as u64;
        (self.pending_rows, self.pending_bytes) = (0, 0);
        let file = self.open.insert(file);
        file.add_row_group(rows).await?;
        if file.parquet.bytes_written() >= FILE_BYTES {
            self.close_file().await?;
        }
        Ok(())
    }

    async fn close_file(&mut self) -> Result<()> {
        let Some(file) = self.open.take() else {
            return Ok(());
        };
        let location = file.location.clone();
        let (footer, size_bytes) = file.close().await?;
        let schema = self.table.iceberg_schema();
        let described = metrics::data_file(&location, size_bytes, &footer, schema)?;
        self.written.files.push(described);
        self.written.bytes += size_bytes;
        Ok(())
    }
}

/// The bytes that the rows need, without what their buffers share with others.
pub fn size_bytes(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter();
    let sizes = columns.map(|column| {
        // Of a view, a slice counts its sixteen bytes alone.
        let viewed = match column.data_type() {
            DataType::Utf8View => column.as_string_view().total_buffer_bytes_used(),
            DataType::BinaryView => column.as_binary_view().total_buffer_bytes_used(),
            _ => 0,
        };
        viewed + column.to_data().get_slice_memory_size().unwrap_or(0)
    });
    sizes.sum()
}

/// One Parquet file on its way to the store.
struct OpenFile {
    location: String,
    parquet: SerializedFileWriter<Vec<u8>>,
    columns: ArrowRowGroupWriterFactory,
    upload: BufWriter,
    row_groups: usize,
}

impl OpenFile {
    fn create(table: &Table, id: Uuid, number: usize, compression: Compression) -> Result<Self> {
        let location = format!(
            "{}/data/{id}-{number:05}.parquet",
            table.metadata().location()
        );
        let (store, path) = table.stores().resolve(&location)?;
        let writer =
            ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties(compression)))?;
        let (parquet, columns) = writer.into_serialized_writer()?;
        Ok(Self {
            location,
            parquet,
            columns,
            upload: BufWriter::new(store, path),
            row_groups: 0,
        })
    }

    async fn add_row_group(&mut self, rows: Vec<RecordBatch>) -> Result<()> {
        let encoding = encode(self.encoders()?, rows);
        let chunks = encoding.await?;
        self.row_groups += 1;
        let mut row_group = self.parquet.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        self.parquet
            .flush()
            .map_err(|e| failed(&self.location, e))?;
        self.send().await
    }

    /// The encoders of the next row group, for each column of the table.
    fn encoders(&self) -> Result<Vec<Vec<ArrowColumnWriter>>> {
        let writers = self.columns.create_column_writers(self.row_groups)?;
        let mut writers = writers.into_iter();
        let leaves = leaves_per_column(self.parquet.schema_descr());
        let columns = leaves
            .into_iter()
            .map(|leaves| writers.by_ref().take(leaves).collect());
        Ok(columns.collect())
    }

    async fn send(&mut self) -> Result<()> {
        let bytes = std::mem::take(self.parquet.inner_mut());
        let sent = self.upload.put(bytes.into()).await;
        sent.map_err(|e| Error::store(&self.location, e))
    }

    async fn close(mut self) -> Result<(ParquetMetaData, u64)> {
        let footer = self.parquet.finish()?;
        let size_bytes = self.parquet.bytes_written() as u64;
        self.send().await?;
        let closed = self.upload.shutdown().await;
        closed.map_err(|e| failed(&self.location, e))?;
        Ok((footer, size_bytes))
    }
}

fn failed(location: &str, error: std::io::Error) -> Error {
    let error = match error.downcast::<object_store::Error>() {
        Ok(error) => error,
        Err(error) => object_store::Error::Generic {
            store: "upload",
            source: Box::new(error),
        },
    };
    Error::store(location, error)
}

/// Encodes each column on a thread of its own, as many at once as there are processors.
async fn encode(
    columns: Vec<Vec<ArrowColumnWriter>>,
    rows: Vec<RecordBatch>,
) -> Result<Vec<ArrowColumnChunk>> {
    let rows = Arc::new(rows);
    let at_once = std::thread::available_parallelism().map_or(1, |n| n.get());
    let chunks: Vec<Vec<ArrowColumnChunk>> = stream::iter(columns.into_iter().enumerate())
        .map(|(column, writers)| {
            let rows = Arc::clone(&rows);
            let task = move || encode_column(&rows, column, writers);
            async move { tokio::task::spawn_blocking(task).await? }
        })
        .buffered(at_once)
        .try_collect()
        .await?;
    Ok(chunks.into_iter().flatten().collect())
}

fn encode_column(
    rows: &[RecordBatch],
    column: usize,
    mut writers: Vec<ArrowColumnWriter>,
) -> Result<Vec<ArrowColumnChunk>> {
    for batch in rows {
        let field = batch.schema_ref().field(column);
        let leaves = compute_leaves(field, batch.column(column))?;
        for (writer, leaf) in writers.iter_mut().zip(leaves) {
            writer.write(&leaf)?;
        }
    }
    let chunks = writers.into_iter().map(|writer| Ok(writer.close()?));
    chunks.collect()
}

/// How many Parquet columns each column of the table is stored in.
fn leaves_per_column(schema: &parquet::schema::types::SchemaDescriptor) -> Vec<usize> {
    let mut leaves = vec![0; schema.root_schema().get_fields().len()];
    for leaf in 0..schema.num_columns() {
        leaves[schema.get_column_root_idx(leaf)] += 1;
    }
    leaves
}

/// How a file of so many bytes is compressed.
pub(crate) fn compression(bytes: usize) -> Compression {
    match bytes <= PLAIN_BYTES {
        true => Compression::UNCOMPRESSED,
        false => Compression::ZSTD(ZstdLevel::default()),
    }
}

fn properties(compression: Compression) -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(concat!("c360 ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(compression)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .build()
}
