//! Which pages of a data file may hold one of the keys that a scan asks for: a page whose least and greatest value have
//! no key between them need not be read. Pure; the footer, with its page index, comes from the caller.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::Schema;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::ParquetMetaData;

use crate::{Result, metrics};

/// A column that is asked about, and the values that its keys have, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) field_id: i32,
    pub(crate) sorted: ArrayRef,
}

/// Takes the pages without a key out of `plan`. Where the file says nothing of its pages, they stay.
pub(crate) fn without_keyless(
    plan: &mut ParquetAccessPlan,
    footer: &ParquetMetaData,
    asked: &[Asked],
) -> Result<()> {
    let descriptors = footer.file_metadata().schema_descr();
    let schema = parquet_to_arrow_schema(descriptors, None)?;
    for asked in asked {
        for group in 0..footer.num_row_groups() {
            let Some(kept) = kept(footer, &schema, asked, group)? else {
                continue;
            };
            let rows = footer.row_group(group).num_rows() as usize;
            match kept.is_empty() {
                true => plan.skip(group),
                false => {
                    let kept = RowSelection::from_consecutive_ranges(kept.into_iter(), rows);
                    plan.scan_selection(group, kept);
                }
            }
        }
    }
    Ok(())
}

/// The rows of a row group that are in pages with a key; none where the file does not tell, or every page may have one.
fn kept(
    footer: &ParquetMetaData,
    schema: &Schema,
    asked: &Asked,
    group: usize,
) -> Result<Option<Vec<Range<usize>>>> {
    let (Some(columns), Some(offsets)) = (footer.column_index(), footer.offset_index()) else {
        return Ok(None);
    };
    let Some(leaf) = metrics::column_of(footer, asked.field_id) else {
        return Ok(None);
    };
    let descriptors = footer.file_metadata().schema_descr();
    let name = descriptors.column(leaf);
    // A float's bounds say nothing of its NaNs.
    let tells = !asked.sorted.data_type().is_floating()
        && descriptors.get_column_root(leaf).name() == name.name()
        && !offsets[group][leaf].page_locations().is_empty();
    if !tells {
        return Ok(None);
    }
    let converter = StatisticsConverter::try_new(name.name(), schema, descriptors)?;
    let least = converter.data_page_mins(columns, offsets, [&group])?;
    let greatest = converter.data_page_maxes(columns, offsets, [&group])?;
    let rows = converter.data_page_row_counts(offsets, footer.row_groups(), [&group])?;
    let Some(rows) = rows.filter(|_| least.data_type() == asked.sorted.data_type()) else {
        return Ok(None);
    };
    let order = SortOptions::default();
    let to_least = make_comparator(&asked.sorted, &least, order)?;
    let to_greatest = make_comparator(&asked.sorted, &greatest, order)?;
    let keys: Vec<usize> = (0..asked.sorted.len()).collect();
    let may_hold = |page: usize| {
        let first = keys.partition_point(|key| to_least(*key, page).is_lt());
        let is_known = least.is_valid(page) && greatest.is_valid(page);
        !is_known || (first < keys.len() && to_greatest(first, page).is_le())
    };
    let mut kept = Vec::new();
    let mut start = 0;
    for (page, count) in rows.values().iter().enumerate() {
        let end = start + *count as usize;
        if may_hold(page) {
            kept.push(start..end);
        }
        start = end;
    }
    Ok((kept.len() < rows.len()).then_some(kept))
}
