//! Finds, in the live data files, the rows that a merge meets. Per row group: first the key and
//! scope columns with the row numbers, then the whole rows of those that have a counterpart, to
//! compare them. Row groups go in parallel; what is found comes back in their order.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::spec::{Datum, PrimitiveType, Schema as IcebergSchema, Type};
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, RowFilter,
    RowSelection,
};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};
use parquet::arrow::{ProjectionMask, RowNumber};
use parquet::file::metadata::PageIndexPolicy;

use super::part::Part;
use super::wanted::Wanted;
use crate::conform::Conform;
use crate::fileset::{FileSet, LiveFile};
use crate::key_pages::{Asked, selection};
use crate::{Error, KeySet, Result, Table, metrics};

const OPENS_AT_ONCE: usize = 16;
const BATCH_ROWS: usize = 16 << 10;
const ROW_NUMBER: &str = "c360.row-number";

/// What a merge meets in one row group. Positions ascend.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Number of the file in the file set.
    pub(super) file: usize,
    pub(super) meetings: Vec<Meeting>,
}

/// A live row in scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting {
    /// Row number in the file.
    pub(super) position: u64,
    /// The wanted row with the same key, and whether it has the same content.
    pub(super) wanted: Option<(u32, bool)>,
}

/// Looks through all files that may hold rows in scope.
pub(super) async fn find(
    table: &Table,
    wanted: &Arc<Wanted>,
    files: &FileSet,
) -> Result<Vec<Found>> {
    let search = Arc::new(Search::new(table, wanted)?);
    let candidates = files
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| search.may_meet_file(file));
    // Pages are told apart only where that can leave some out.
    let pages = match search.asked.is_empty() {
        true => PageIndexPolicy::Skip,
        false => PageIndexPolicy::Optional,
    };
    let opening: Vec<_> = candidates
        .map(|(number, file)| Opened::open(table, number, file, pages))
        .collect();
    let opened: Vec<Arc<Opened>> = stream::iter(opening)
        .buffered(OPENS_AT_ONCE)
        .try_collect()
        .await?;
    let row_groups = opened.iter().flat_map(|file| {
        let groups = file.metadata.metadata().num_row_groups();
        (0..groups).map(move |group| (Arc::clone(file), group))
    });
    let row_groups: Vec<_> = row_groups
        .filter(|(file, group)| search.may_meet_row_group(file, *group))
        .collect();
    let at_once = std::thread::available_parallelism().map_or(1, |n| n.get());
    stream::iter(row_groups)
        .map(|(file, group)| {
            let search = Arc::clone(&search);
            async move { tokio::spawn(async move { search.row_group(&file, group).await }).await? }
        })
        .buffered(at_once)
        .try_collect()
        .await
}

/// Keeps the rows for which `holds` is true of the columns that `conform` makes of a file's.
fn predicate(
    builder: &Builder,
    conform: Conform,
    holds: impl Fn(&RecordBatch) -> Result<BooleanArray> + Send + 'static,
) -> Box<dyn ArrowPredicate> {
    let roots = conform.wanted(builder.schema().fields());
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let holds = move |batch: RecordBatch| {
        let known = conform.apply(&batch).and_then(|rows| holds(&rows));
        known.map_err(|error| ArrowError::ExternalError(Box::new(error)))
    };
    Box::new(ArrowPredicateFn::new(mask, holds))
}

type Builder = ParquetRecordBatchStreamBuilder<ParquetObjectReader>;

/// A data file with its footer read.
struct Opened {
    number: usize,
    reader: ParquetObjectReader,
    metadata: ArrowReaderMetadata,
    deleted: Option<Arc<Vec<u64>>>,
}

impl Opened {
    async fn open(
        table: &Table,
        number: usize,
        file: &LiveFile,
        pages: PageIndexPolicy,
    ) -> Result<Arc<Self>> {
        let location = file.path();
        let (store, path) = table.stores().resolve(location)?;
        let size_bytes = file.entry.file_size_in_bytes();
        let mut reader = ParquetObjectReader::new(store, path).with_file_size(size_bytes);
        let row_number =
            Field::new(ROW_NUMBER, DataType::Int64, false).with_extension_type(RowNumber);
        let options = ArrowReaderOptions::new()
            .with_offset_index_policy(PageIndexPolicy::Optional)
            .with_column_index_policy(pages)
            .with_virtual_columns(vec![Arc::new(row_number)])?;
        let metadata = ArrowReaderMetadata::load_async(&mut reader, options).await;
        let metadata = metadata.map_err(|e| {
            Error::from(e).context(format!("data file `{location}` cannot be opened"))
        })?;
        Ok(Arc::new(Self {
            number,
            reader,
            metadata,
            deleted: file.deleted.clone(),
        }))
    }

    fn builder(&self, row_group: usize) -> Builder {
        let reader = self.reader.clone();
        ParquetRecordBatchStreamBuilder::new_with_metadata(reader, self.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_batch_size(BATCH_ROWS)
    }

    /// The positions of a row group in the file.
    fn rows_of(&self, row_group: usize) -> std::ops::Range<u64> {
        let groups = self.metadata.metadata().row_groups();
        let rows = |groups: &[_]| -> u64 { groups.iter().map(rows_in).sum() };
        rows(&groups[..row_group])..rows(&groups[..=row_group])
    }
}

fn rows_in(group: &parquet::file::metadata::RowGroupMetaData) -> u64 {
    group.num_rows().unsigned_abs()
}

/// What every row group is looked through for.
struct Search {
    wanted: Arc<Wanted>,
    schema: Arc<IcebergSchema>,
    key: Conform,
    scope: Option<Conform>,
    /// The column by which most rows out of scope are told, and its values in scope.
    first: Option<(Conform, Arc<KeySet>)>,
    /// The scope's columns, to leave out pages.
    asked: Vec<Asked>,
    content: Conform,
}

impl Search {
    fn new(table: &Table, wanted: &Arc<Wanted>) -> Result<Self> {
        let conform = |schema: &SchemaRef| Conform::by_field_id(table.name(), Arc::clone(schema));
        let asked = wanted.part().map(Part::asked);
        let first = match wanted.part() {
            Some(part) => part.first()?.map(|first| (part.schema(), first)),
            None => None,
        };
        let first = first.map(|(schema, (index, values))| {
            let column = Schema::new(vec![Arc::clone(&schema.fields()[index])]);
            (conform(&Arc::new(column)), Arc::new(values))
        });
        Ok(Self {
            first,
            schema: table.iceberg_schema().clone(),
            asked: asked.transpose()?.unwrap_or_default(),
            key: conform(wanted.keys().schema()),
            scope: wanted.part().map(|part| conform(part.schema())),
            content: conform(wanted.content().schema()),
            wanted: Arc::clone(wanted),
        })
    }

    fn may_meet_file(&self, file: &LiveFile) -> bool {
        let Some(scope) = self.wanted.part() else {
            return true;
        };
        let data_file = file.entry.data_file();
        scope.may_meet(|column| {
            let (id, _) = self.primitive(scope.schema(), column)?;
            let (low, high) = (data_file.lower_bounds(), data_file.upper_bounds());
            Some((low.get(&id)?.clone(), high.get(&id)?.clone()))
        })
    }

    fn may_meet_row_group(&self, file: &Opened, row_group: usize) -> bool {
        let Some(scope) = self.wanted.part() else {
            return true;
        };
        let footer = file.metadata.metadata();
        scope.may_meet(|column| -> Option<(Datum, Datum)> {
            let (id, data_type) = self.primitive(scope.schema(), column)?;
            metrics::chunk_bounds(footer, row_group, id, &data_type)
        })
    }

    fn primitive(&self, keys: &SchemaRef, column: usize) -> Option<(i32, PrimitiveType)> {
        let field = self.schema.field_by_name(keys.field(column).name())?;
        match field.field_type.as_ref() {
            Type::Primitive(data_type) => Some((field.id, data_type.clone())),
            _ => None,
        }
    }

    async fn row_group(&self, file: &Opened, row_group: usize) -> Result<Found> {
        let mut meetings = self.meetings(file, row_group).await?;
        let met: Vec<usize> = (0..meetings.len())
            .filter(|&i| meetings[i].wanted.is_some())
            .collect();
        if !met.is_empty() && !self.wanted.content().schema().fields().is_empty() {
            self.compare(file, row_group, &met, &mut meetings).await?;
        }
        Ok(Found {
            file: file.number,
            meetings,
        })
    }

    /// Reads keys: which live rows are in scope, and which of them have a counterpart.
    async fn meetings(&self, file: &Opened, row_group: usize) -> Result<Vec<Meeting>> {
        let builder = file.builder(row_group);
        let roots = self.key.wanted(builder.schema().fields());
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let builder = match selection(file.metadata.metadata(), &self.asked, row_group)? {
            Some(pages) => builder.with_row_selection(pages),
            None => builder,
        };
        let builder = match self.covering(&builder) {
            Some(filter) => builder.with_row_filter(filter),
            None => builder,
        };
        let mut batches = builder.with_projection(mask).build()?;
        let deleted = file.deleted.as_deref().map_or(&[][..], Vec::as_slice);
        let mut meetings = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            self.meet(&batch, deleted, &mut meetings)?;
        }
        Ok(meetings)
    }

    /// Leaves the rows in scope, so that the rest of the key is decoded for those alone; `None` when all rows are.
    fn covering(&self, builder: &Builder) -> Option<RowFilter> {
        let conform = self.scope.clone()?;
        let first = self.first.clone().map(|(conform, values)| {
            predicate(builder, conform, move |rows| {
                values.contains(rows.columns())
            })
        });
        let wanted = Arc::clone(&self.wanted);
        let covered = predicate(builder, conform, move |rows| wanted.covers(rows));
        Some(RowFilter::new(first.into_iter().chain([covered]).collect()))
    }

    fn meet(
        &self,
        batch: &RecordBatch,
        deleted: &[u64],
        meetings: &mut Vec<Meeting>,
    ) -> Result<()> {
        let positions = batch.schema_ref().index_of(ROW_NUMBER)?;
        let positions = batch.column(positions).as_primitive::<Int64Type>().values();
        let keys = self.wanted.keys();
        let encoded = keys.encode(self.key.apply(batch)?.columns())?;
        let first = positions.first().map_or(0, |position| *position as u64);
        let unpassed = deleted.partition_point(|position| *position < first);
        let mut deleted = deleted[unpassed..].iter().peekable();
        for (row, position) in positions.iter().enumerate() {
            let position = *position as u64;
            while deleted.next_if(|deleted| **deleted < position).is_some() {}
            if deleted.next_if_eq(&&position).is_some() {
                continue;
            }
            let number = keys.find(encoded.row(row).data());
            let wanted = number.map(|number| (number, true));
            meetings.push(Meeting { position, wanted });
        }
        Ok(())
    }

    /// Reads the content of the rows that have a counterpart and notes which differ.
    async fn compare(
        &self,
        file: &Opened,
        row_group: usize,
        met: &[usize],
        meetings: &mut [Meeting],
    ) -> Result<()> {
        let rows = file.rows_of(row_group);
        let ranges = met.iter().map(|&i| {
            let start = (meetings[i].position - rows.start) as usize;
            start..start + 1
        });
        let selection =
            RowSelection::from_consecutive_ranges(ranges, (rows.end - rows.start) as usize);
        let builder = file.builder(row_group);
        let roots = self.content.wanted(builder.schema().fields());
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let mut batches = builder
            .with_projection(mask)
            .with_row_selection(selection)
            .build()?;
        let mut left = met;
        while let Some(batch) = batches.try_next().await? {
            let (here, rest) = left.split_at(batch.num_rows().min(left.len()));
            left = rest;
            let numbers = here
                .iter()
                .filter_map(|&i| meetings[i].wanted.map(|(number, _)| number));
            let numbers: Vec<u32> = numbers.collect();
            let same = self
                .wanted
                .content()
                .same(&self.content.apply(&batch)?, &numbers)?;
            for (&i, same) in here.iter().zip(same) {
                meetings[i].wanted = meetings[i].wanted.map(|(number, _)| (number, same));
            }
        }
        if !left.is_empty() {
            return Err(Error::data(
                "a data file gave fewer rows than were asked for",
            ));
        }
        Ok(())
    }
}
