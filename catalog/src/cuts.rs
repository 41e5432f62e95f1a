//! Where a sorted table can be cut into ranges of a column, read off the footers of its files.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::spec::{Datum, PrimitiveType, Type};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetObjectReader};
use parquet::file::metadata::ParquetMetaData;

use crate::fileset::{FileSet, LiveFile};
use crate::{Error, Result, Table, datum, metrics};

const FOOTERS_AT_ONCE: usize = 16;

/// The least value of a row group, and its rows.
type Start = (Datum, u64);

impl Table {
    /// Values that cut the rows into ranges of about `rows` each, ascending: a range begins with a cut and ends before
    /// the next. Ranges are even where rows lie sorted by `column`, and no finer than row groups. None where the files
    /// do not tell.
    ///
    /// # Errors
    /// As [`FileSet::load`]; *unavailable* or *data* when a file's footer cannot be read.
    pub async fn cuts(&self, column: &str, rows: u64) -> Result<Option<ArrayRef>> {
        let Some(field) = self.iceberg_schema().field_by_name(column) else {
            return Ok(None);
        };
        let Type::Primitive(kind) = field.field_type.as_ref() else {
            return Ok(None);
        };
        let data_type = self.schema().field_with_name(column)?.data_type().clone();
        let files = FileSet::load(self).await?.files;
        let reading = files.iter().map(|file| self.starts(file, field.id, kind));
        let reading: Vec<_> = reading.collect();
        let starts: Vec<_> = stream::iter(reading)
            .buffered(FOOTERS_AT_ONCE)
            .try_collect()
            .await?;
        let starts: Option<Vec<Vec<Start>>> = starts.into_iter().collect();
        match starts {
            Some(starts) => cuts(starts.concat(), rows, &data_type),
            None => Ok(None),
        }
    }

    /// The least values of a file's row groups; none where one is unknown.
    async fn starts(
        &self,
        file: &LiveFile,
        field_id: i32,
        kind: &PrimitiveType,
    ) -> Result<Option<Vec<Start>>> {
        let footer = self.footer(file).await?;
        let valued = |group: &usize| !metrics::is_all_null(&footer, *group, field_id);
        let groups = (0..footer.num_row_groups()).filter(valued);
        let starts = groups.map(|group| {
            let (least, _) = metrics::chunk_bounds(&footer, group, field_id, kind)?;
            Some((least, footer.row_group(group).num_rows().unsigned_abs()))
        });
        Ok(starts.collect())
    }

    async fn footer(&self, file: &LiveFile) -> Result<Arc<ParquetMetaData>> {
        let (store, path) = self.stores().resolve(file.path())?;
        let size_bytes = file.entry.file_size_in_bytes();
        let mut reader = ParquetObjectReader::new(store, path).with_file_size(size_bytes);
        let footer = reader.get_metadata(None).await;
        footer.map_err(|error| {
            Error::from(error).context(format!("data file `{}` cannot be opened", file.path()))
        })
    }
}

/// A cut after every so many rows, each once.
fn cuts(mut starts: Vec<Start>, rows: u64, data_type: &DataType) -> Result<Option<ArrayRef>> {
    starts.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let mut chosen: Vec<Datum> = Vec::new();
    let (mut begun, mut since) = (None, 0);
    for (start, held) in starts {
        let began = begun.get_or_insert_with(|| start.clone());
        if since >= rows && *began != start {
            chosen.push(start.clone());
            (begun, since) = (Some(start), 0);
        }
        since += held;
    }
    let values = chosen.iter().map(|cut| datum::array(cut, data_type));
    let Some(values) = values.collect::<Option<Vec<ArrayRef>>>() else {
        return Ok(None);
    };
    let values: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
    Ok(match values.is_empty() {
        true => None,
        false => Some(concat(&values)?),
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;

    use super::*;

    fn of(starts: &[(&str, u64)], rows: u64) -> Vec<String> {
        let starts = starts
            .iter()
            .map(|(start, rows)| (Datum::string(*start), *rows));
        let cuts = cuts(starts.collect(), rows, &DataType::Utf8).expect("texts");
        let cuts = cuts.iter().flat_map(|cuts| cuts.as_string::<i32>().iter());
        cuts.map(|cut| cut.expect("a value").to_owned()).collect()
    }

    #[test]
    fn ranges_hold_about_so_many_rows() {
        let starts = [("a", 10), ("c", 10), ("e", 10), ("g", 10), ("i", 10)];
        assert_eq!(of(&starts, 20), ["e", "i"]);
        assert_eq!(of(&starts, 1), ["c", "e", "g", "i"]);
        assert_eq!(of(&starts, 50), [""; 0]);
    }

    #[test]
    fn files_that_overlap_are_cut_together() {
        let starts = [("m", 10), ("a", 10), ("b", 1), ("a", 10), ("m", 10)];
        assert_eq!(of(&starts, 20), ["b"]);
        assert_eq!(of(&starts, 21), ["m"]);
        assert_eq!(of(&[("a", 5), ("a", 5), ("a", 5)], 5), [""; 0]);
    }
}
