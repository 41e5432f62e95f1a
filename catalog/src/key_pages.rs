//! Which pages of a data file may hold one of the keys that a scan asks for: a page whose least and greatest value have
//! no key between them need not be read. Pure; the footer, with its page index, comes from the caller.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, UInt64Array, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::Schema;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::ParquetMetaData;

use crate::{KeySet, Result, metrics};

/// More keys than these are not held against pages: they are likely in all of them.
const KEYS_MAX: usize = 128 << 10;

/// A column that is asked about, and the values that its keys have, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) field_id: i32,
    pub(crate) sorted: ArrayRef,
    /// Whether rows without a value are asked for as well.
    pub(crate) nulls: bool,
}

impl Asked {
    /// For the keys alone.
    pub(crate) fn keys(field_id: i32, sorted: ArrayRef) -> Self {
        Self {
            field_id,
            sorted,
            nulls: false,
        }
    }
}

/// The values of a key's column as pages are asked about them; none where the keys are too many.
pub(crate) fn sorted(keys: &KeySet, column: usize) -> Result<Option<ArrayRef>> {
    match keys.count() > KEYS_MAX {
        true => Ok(None),
        false => Ok(Some(keys.sorted(column)?)),
    }
}

/// Takes the pages without a key out of `plan`. Where the file says nothing of its pages, they stay.
pub(crate) fn without_keyless(
    plan: &mut ParquetAccessPlan,
    footer: &ParquetMetaData,
    asked: &[Asked],
) -> Result<()> {
    for group in 0..footer.num_row_groups() {
        match selection(footer, asked, group)? {
            None => {}
            Some(kept) if kept.selects_any() => plan.scan_selection(group, kept),
            Some(_) => plan.skip(group),
        }
    }
    Ok(())
}

/// The rows of a row group that are in pages with a key of every column; none where all may be.
pub(crate) fn selection(
    footer: &ParquetMetaData,
    asked: &[Asked],
    group: usize,
) -> Result<Option<RowSelection>> {
    let descriptors = footer.file_metadata().schema_descr();
    let schema = parquet_to_arrow_schema(descriptors, None)?;
    let rows = footer.row_group(group).num_rows() as usize;
    let mut selection: Option<RowSelection> = None;
    for asked in asked {
        let Some(kept) = kept(footer, &schema, asked, group)? else {
            continue;
        };
        let kept = RowSelection::from_consecutive_ranges(kept.into_iter(), rows);
        selection = Some(match selection {
            None => kept,
            Some(others) => others.intersection(&kept),
        });
    }
    Ok(selection)
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
    let nulls = converter.data_page_null_counts(columns, offsets, [&group])?;
    let rows = converter.data_page_row_counts(offsets, footer.row_groups(), [&group])?;
    let is_told = |rows: &UInt64Array| {
        least.data_type() == asked.sorted.data_type() && nulls.len() == rows.len()
    };
    let Some(rows) = rows.filter(is_told) else {
        return Ok(None);
    };
    let order = SortOptions::default();
    let to_least = make_comparator(&asked.sorted, &least, order)?;
    let to_greatest = make_comparator(&asked.sorted, &greatest, order)?;
    let keys: Vec<usize> = (0..asked.sorted.len()).collect();
    let may_hold_key = |page: usize| {
        let first = keys.partition_point(|key| to_least(*key, page).is_lt());
        let is_known = least.is_valid(page) && greatest.is_valid(page);
        !is_known || (first < keys.len() && to_greatest(first, page).is_le())
    };
    let may_hold = |page: usize, count: u64| match nulls.is_valid(page).then(|| nulls.value(page)) {
        Some(nulls) if nulls == count => asked.nulls,
        Some(0) => may_hold_key(page),
        _ => asked.nulls || may_hold_key(page),
    };
    let mut kept = Vec::new();
    let mut start = 0;
    for (page, count) in rows.values().iter().enumerate() {
        let end = start + *count as usize;
        if may_hold(page, *count) {
            kept.push(start..end);
        }
        start = end;
    }
    Ok((kept.len() < rows.len()).then_some(kept))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field};
    use bytes::Bytes;
    use datafusion::datasource::physical_plan::parquet::RowGroupAccess;
    use parquet::arrow::{ArrowWriter, PARQUET_FIELD_ID_META_KEY};
    use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
    use parquet::file::properties::WriterProperties;

    use super::*;

    const ROWS: usize = 400;

    /// Texts share so long a beginning that the page index cuts them off; every seventh is null.
    fn text(number: i64) -> Option<String> {
        (number % 7 != 0).then(|| format!("{}{number:04}", "x".repeat(90)))
    }

    fn field(name: &str, kind: DataType, id: i32) -> Field {
        let id = (PARQUET_FIELD_ID_META_KEY.to_string(), id.to_string());
        Field::new(name, kind, true).with_metadata(HashMap::from([id]))
    }

    /// The footer of a file with these numbers and their texts: groups of 100 rows, pages of 10.
    fn footer(numbers: &[i64]) -> ParquetMetaData {
        let fields = vec![
            field("number", DataType::Int64, 1),
            field("text", DataType::Utf8, 2),
        ];
        let schema = Arc::new(Schema::new(fields));
        let texts: StringArray = numbers.iter().map(|number| text(*number)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(numbers.to_vec())),
            Arc::new(texts),
        ];
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns).expect("columns of a length");
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(100))
            .set_data_page_row_count_limit(10)
            .set_write_batch_size(10)
            .build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, schema, Some(properties)).expect("a file");
        writer.write(&rows).expect("rows");
        writer.close().expect("a footer");
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
        reader
            .parse_and_finish(&Bytes::from(file))
            .expect("a footer")
    }

    /// The positions that are left to read.
    fn read(footer: &ParquetMetaData, asked: &[Asked]) -> BTreeSet<usize> {
        let groups = footer.num_row_groups();
        let mut plan = ParquetAccessPlan::new_all(groups);
        without_keyless(&mut plan, footer, asked).expect("a plan");
        let mut read = BTreeSet::new();
        let mut start = 0;
        for (group, access) in plan.inner().iter().enumerate() {
            let rows = footer.row_group(group).num_rows() as usize;
            match access {
                RowGroupAccess::Scan => read.extend(start..start + rows),
                RowGroupAccess::Skip => {}
                RowGroupAccess::Selection(selection) => {
                    let mut at = start;
                    for run in selection.iter() {
                        let rows = at..at + run.row_count;
                        at = rows.end;
                        if !run.skip {
                            read.extend(rows);
                        }
                    }
                }
            }
            start += rows;
        }
        read
    }

    fn asked(keys: &[i64]) -> Vec<Asked> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        let texts: StringArray = keys.iter().filter_map(|key| text(*key)).map(Some).collect();
        vec![
            Asked::keys(1, Arc::new(Int64Array::from(keys))),
            Asked::keys(2, Arc::new(texts)),
        ]
    }

    /// Numbers in an order of their own for each seed; the first is in order.
    fn numbers(seed: u64) -> Vec<i64> {
        let mut numbers: Vec<i64> = (0..ROWS as i64).collect();
        let mut state = seed;
        for at in (1..ROWS).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(seed);
            numbers.swap(
                at,
                if seed == 0 {
                    at
                } else {
                    (state >> 33) as usize % (at + 1)
                },
            );
        }
        numbers
    }

    #[test]
    fn no_row_with_a_key_is_left_out() {
        for seed in 0..20 {
            let numbers = numbers(seed);
            let footer = footer(&numbers);
            let keys: Vec<i64> = (0..5).map(|at| (at * 83 + seed as i64 * 7) % 430).collect();
            let read = read(&footer, &asked(&keys));
            for (position, number) in numbers.iter().enumerate() {
                let is_wanted = keys.contains(number) && text(*number).is_some();
                assert!(
                    !is_wanted || read.contains(&position),
                    "seed {seed}, {position}"
                );
            }
        }
    }

    #[test]
    fn of_a_sorted_file_little_is_read() {
        let footer = footer(&numbers(0));
        let pages = |keys: &[i64]| read(&footer, &asked(keys)[..1]).len();
        assert_eq!(pages(&[5]), 10);
        assert_eq!(pages(&[5, 6, 399]), 20);
        assert_eq!(pages(&[1_000]), 0);
    }

    fn or_nothing(asked: Asked) -> Asked {
        Asked {
            nulls: true,
            ..asked
        }
    }

    #[test]
    fn rows_without_a_value_are_read_where_they_are_asked_for() {
        for seed in 0..20 {
            let numbers = numbers(seed);
            let footer = footer(&numbers);
            let keys = asked(&[85, 86])[1..].to_vec();
            let with_nulls = keys.into_iter().map(or_nothing);
            let read = read(&footer, &with_nulls.collect::<Vec<_>>());
            for (position, number) in numbers.iter().enumerate() {
                let is_wanted = [85, 86].contains(number) || text(*number).is_none();
                assert!(!is_wanted || read.contains(&position), "seed {seed}");
            }
        }
    }

    #[test]
    fn pages_of_nulls_alone_are_left_out() {
        let sevens: Vec<i64> = (0..ROWS as i64).map(|number| number * 7).collect();
        let footer = footer(&sevens);
        let texts = asked(&[1]).swap_remove(1);
        let with_nulls = or_nothing(texts.clone());
        assert_eq!(read(&footer, &[texts]).len(), 0);
        assert_eq!(read(&footer, &[with_nulls]).len(), ROWS);
    }

    #[test]
    fn a_column_that_the_file_lacks_leaves_everything() {
        let footer = footer(&numbers(0));
        let sorted = Arc::new(Int64Array::from(vec![5])) as ArrayRef;
        let elsewhere = Asked::keys(9, sorted);
        assert_eq!(read(&footer, &[elsewhere]).len(), ROWS);
        let other_type = Asked::keys(1, Arc::new(StringArray::from(vec!["5"])));
        assert_eq!(read(&footer, &[other_type]).len(), ROWS);
    }
}
