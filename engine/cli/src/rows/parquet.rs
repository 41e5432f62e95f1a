//! Rows into a Parquet file.

use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::destination::Destination;
use super::query_failure;
use crate::failure::Failure;

/// Writes all rows; says how many.
pub async fn write(
    mut rows: SendableRecordBatchStream,
    destination: &mut Destination,
) -> Result<u64, Failure> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(destination.writer(), rows.schema(), Some(properties))
        .map_err(|error| failure(&error))?;
    let mut written = 0;
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(query_failure)?;
        written += batch.num_rows() as u64;
        writer.write(&batch).map_err(|error| failure(&error))?;
    }
    writer.close().map_err(|error| failure(&error))?;
    Ok(written)
}

fn failure(error: &ParquetError) -> Failure {
    Failure::unavailable("rows cannot be written as Parquet").caused_by(error)
}
