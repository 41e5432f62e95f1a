//! Which data files a filter can match at all, judged by what the manifest says of their values:
//! bounds, null counts and partition values. It reads nothing.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::DataType;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicate;
use iceberg::spec::{Datum, Literal, PrimitiveLiteral, PrimitiveType, Transform};
use iceberg::transform::create_transform_function;

use crate::columns::Columns;
use crate::selection::Unit;
use crate::statistics::{bound, datum, scalar};

/// The units in which a row may satisfy `filter`.
pub(crate) fn prune(
    units: &[Unit],
    columns: &Columns,
    filter: &Arc<dyn PhysicalExpr>,
) -> Result<Vec<Unit>> {
    let predicate = PruningPredicate::try_new(Arc::clone(filter), Arc::clone(columns.schema()))?;
    if predicate.always_true() {
        return Ok(units.to_vec());
    }
    let may_match = predicate.prune(&Bounds { units, columns })?;
    let kept = units.iter().zip(may_match).filter(|(_, kept)| *kept);
    Ok(kept.map(|(unit, _)| unit.clone()).collect())
}

/// The manifest's knowledge of each unit, as DataFusion's pruning asks for it.
struct Bounds<'a> {
    units: &'a [Unit],
    columns: &'a Columns,
}

impl Bounds<'_> {
    /// One scalar a unit, NULL where nothing is known; none where nothing is known of any.
    fn array(
        &self,
        column: &Column,
        value: impl Fn(&Unit, i32, &DataType) -> Option<ScalarValue>,
    ) -> Option<ArrayRef> {
        let (id, data_type) = self.find(column)?;
        let unknown = ScalarValue::try_new_null(&data_type).ok()?;
        let values = self
            .units
            .iter()
            .map(|unit| value(unit, id, &data_type).unwrap_or_else(|| unknown.clone()));
        let array = ScalarValue::iter_to_array(values).ok()?;
        (array.null_count() < array.len()).then_some(array)
    }

    fn find(&self, column: &Column) -> Option<(i32, DataType)> {
        let (index, field) = self.columns.schema().column_with_name(&column.name)?;
        Some((self.columns.id(index)?, field.data_type().clone()))
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.array(column, |unit, id, data_type| {
            let file = unit.file.entry.data_file();
            partition_value(unit, id, data_type)
                .or_else(|| bound(file, file.lower_bounds().get(&id), id, data_type))
        })
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.array(column, |unit, id, data_type| {
            let file = unit.file.entry.data_file();
            partition_value(unit, id, data_type)
                .or_else(|| bound(file, file.upper_bounds().get(&id), id, data_type))
        })
    }

    fn num_containers(&self) -> usize {
        self.units.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let (id, _) = self.find(column)?;
        let counts = self.units.iter().map(|unit| {
            let file = unit.file.entry.data_file();
            file.null_value_counts().get(&id).copied()
        });
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self, _: &Column) -> Option<ArrayRef> {
        let counts = self.units.iter().map(|unit| unit.file.entry.record_count());
        Some(Arc::new(UInt64Array::from_iter_values(counts)))
    }

    /// False where a unit's partition value rules all of `values` out, whatever the transform.
    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let (id, data_type) = self.find(column)?;
        if self
            .units
            .iter()
            .all(|unit| unit.file.partition_spec.is_unpartitioned())
        {
            return None;
        }
        let values: Option<Vec<Datum>> = values
            .iter()
            .map(|value| datum(&value.cast_to(&data_type).ok()?))
            .collect();
        let values = values?;
        let ruled_out = |unit| is_ruled_out(unit, id, &values).then_some(false);
        Some(self.units.iter().map(ruled_out).collect())
    }
}

/// The value that all rows of the unit have in the column, where it is partitioned by identity.
fn partition_value(unit: &Unit, id: i32, data_type: &DataType) -> Option<ScalarValue> {
    let spec = &unit.file.partition_spec;
    let index = spec
        .fields()
        .iter()
        .position(|field| field.source_id == id && field.transform == Transform::Identity)?;
    let value = unit
        .file
        .entry
        .data_file()
        .partition()
        .fields()
        .get(index)?;
    let Some(Literal::Primitive(value)) = value else {
        return None;
    };
    let of = match (value, data_type) {
        (PrimitiveLiteral::Int(_), DataType::Date32) => PrimitiveType::Date,
        (PrimitiveLiteral::Int(_), _) => PrimitiveType::Int,
        (PrimitiveLiteral::Long(_), DataType::Int64) => PrimitiveType::Long,
        (PrimitiveLiteral::String(_), _) => PrimitiveType::String,
        (PrimitiveLiteral::Boolean(_), _) => PrimitiveType::Boolean,
        _ => return None,
    };
    scalar(value, &of, data_type)
}

/// Whether no row of the unit can hold any of `values`, going by its partition values.
fn is_ruled_out(unit: &Unit, id: i32, values: &[Datum]) -> bool {
    let partition = unit.file.entry.data_file().partition().fields();
    let fields = unit.file.partition_spec.fields().iter().zip(partition);
    for (field, held) in fields {
        if field.source_id != id || matches!(field.transform, Transform::Void | Transform::Unknown)
        {
            continue;
        }
        let Ok(transform) = create_transform_function(&field.transform) else {
            continue;
        };
        let may_hold = |value: &Datum| match transform.transform_literal(value) {
            Ok(Some(transformed)) => match held {
                Some(Literal::Primitive(held)) => held == transformed.literal(),
                Some(_) => true,
                None => false,
            },
            _ => true,
        };
        if !values.iter().any(may_hold) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow::datatypes::{Field, Schema, TimeUnit};
    use datafusion::common::DFSchema;
    use datafusion::logical_expr::{Expr, col, lit};
    use datafusion::prelude::SessionContext;
    use iceberg::spec::{
        DataContentType, DataFile, DataFileBuilder, DataFileFormat, ManifestEntry, ManifestStatus,
        NestedField, PartitionSpec, Schema as IcebergSchema, Struct, Type,
    };
    use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

    use super::*;
    use crate::fileset::LiveFile;

    const ROWS: u64 = 10;

    /// A table of one column `c` with id 1.
    fn columns(data_type: DataType) -> Columns {
        let id = (PARQUET_FIELD_ID_META_KEY.to_owned(), "1".to_owned());
        let field = Field::new("c", data_type, true).with_metadata(HashMap::from([id]));
        Columns::new(Arc::new(Schema::new(vec![field])))
    }

    fn file() -> DataFileBuilder {
        let mut file = DataFileBuilder::default();
        file.content(DataContentType::Data)
            .file_path("data.parquet".to_owned())
            .file_format(DataFileFormat::Parquet)
            .record_count(ROWS)
            .file_size_in_bytes(100);
        file
    }

    fn bounds(least: Datum, greatest: Datum) -> DataFile {
        file()
            .lower_bounds(HashMap::from([(1, least)]))
            .upper_bounds(HashMap::from([(1, greatest)]))
            .null_value_counts(HashMap::from([(1, 0)]))
            .build()
            .unwrap()
    }

    fn is_kept(file: DataFile, spec: PartitionSpec, data_type: DataType, filter: Expr) -> bool {
        let entry = ManifestEntry::builder()
            .status(ManifestStatus::Existing)
            .data_file(file)
            .build();
        let live = LiveFile {
            entry: Arc::new(entry),
            partition_spec: Arc::new(spec),
            deleted: None,
        };
        let columns = columns(data_type);
        let schema = DFSchema::try_from(Arc::clone(columns.schema())).unwrap();
        let state = SessionContext::new().state();
        let filter = state.create_physical_expr(filter, &schema).unwrap();
        let units = [Unit::live(&live).unwrap()];
        !prune(&units, &columns, &filter).unwrap().is_empty()
    }

    fn check(file: DataFile, data_type: DataType, filter: Expr, kept: bool) {
        let spec = PartitionSpec::unpartition_spec();
        let shown = filter.to_string();
        assert_eq!(is_kept(file, spec, data_type, filter), kept, "{shown}");
    }

    #[test]
    fn files_out_of_bounds_are_pruned() {
        let numbers = || bounds(Datum::int(10), Datum::int(20));
        check(numbers(), DataType::Int32, col("c").eq(lit(9)), false);
        check(numbers(), DataType::Int32, col("c").eq(lit(15)), true);
        check(numbers(), DataType::Int32, col("c").gt(lit(20)), false);
        check(numbers(), DataType::Int32, col("c").is_null(), false);
        let words = || bounds(Datum::string("b"), Datum::string("d"));
        check(words(), DataType::Utf8, col("c").eq(lit("a")), false);
        check(words(), DataType::Utf8, col("c").like(lit("c%")), true);
        check(
            words(),
            DataType::Utf8,
            col("c").in_list(vec![lit("e"), lit("f")], false),
            false,
        );
    }

    #[test]
    fn bounds_written_before_a_promotion_are_cast() {
        let numbers = || bounds(Datum::int(10), Datum::int(20));
        check(numbers(), DataType::Int64, col("c").eq(lit(21_i64)), false);
        check(numbers(), DataType::Int64, col("c").eq(lit(20_i64)), true);
    }

    #[test]
    fn timestamps_are_pruned() {
        let utc = || DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
        let at = |us: i64| {
            lit(ScalarValue::TimestampMicrosecond(
                Some(us),
                Some("+00:00".into()),
            ))
        };
        let times = || bounds(Datum::timestamptz_micros(10), Datum::timestamptz_micros(20));
        check(times(), utc(), col("c").lt(at(10)), false);
        check(times(), utc(), col("c").lt_eq(at(10)), true);
    }

    #[test]
    fn files_of_nulls_are_pruned() {
        let file = file()
            .null_value_counts(HashMap::from([(1, ROWS)]))
            .build()
            .unwrap();
        check(file.clone(), DataType::Int32, col("c").eq(lit(1)), false);
        check(file, DataType::Int32, col("c").is_null(), true);
    }

    #[test]
    fn bounds_that_may_leave_nan_out_do_not_prune() {
        let unknown = bounds(Datum::double(1.0), Datum::double(2.0));
        check(unknown, DataType::Float64, col("c").gt(lit(3.0)), true);
        let none = file()
            .upper_bounds(HashMap::from([(1, Datum::double(2.0))]))
            .null_value_counts(HashMap::from([(1, 0)]))
            .nan_value_counts(HashMap::from([(1, 0)]))
            .build()
            .unwrap();
        check(none, DataType::Float64, col("c").gt(lit(3.0)), false);
    }

    #[test]
    fn partition_values_prune_by_their_transform() {
        let check = |transform, value: Datum, filter: Expr, kept: bool| {
            let column = NestedField::optional(1, "c", Type::Primitive(PrimitiveType::String));
            let schema = IcebergSchema::builder()
                .with_fields([column.into()])
                .build()
                .unwrap();
            let spec = PartitionSpec::builder(schema)
                .add_partition_field("c", "p", transform)
                .unwrap()
                .build()
                .unwrap();
            let value = Literal::Primitive(value.literal().clone());
            let file = file()
                .partition(Struct::from_iter([Some(value)]))
                .build()
                .unwrap();
            let shown = filter.to_string();
            assert_eq!(is_kept(file, spec, DataType::Utf8, filter), kept, "{shown}");
        };
        let identity = || (Transform::Identity, Datum::string("b"));
        let (transform, value) = identity();
        check(transform, value, col("c").eq(lit("a")), false);
        let (transform, value) = identity();
        check(transform, value, col("c").gt(lit("a")), true);
        let (transform, value) = identity();
        check(transform, value, col("c").gt(lit("b")), false);
        let bucket = create_transform_function(&Transform::Bucket(16)).unwrap();
        let of_a = bucket
            .transform_literal(&Datum::string("a"))
            .unwrap()
            .unwrap();
        check(
            Transform::Bucket(16),
            of_a.clone(),
            col("c").eq(lit("a")),
            true,
        );
        check(Transform::Bucket(16), of_a, col("c").eq(lit("b")), false);
        let prefix = || Datum::string("ab");
        check(
            Transform::Truncate(2),
            prefix(),
            col("c").eq(lit("abc")),
            true,
        );
        check(
            Transform::Truncate(2),
            prefix(),
            col("c").eq(lit("acc")),
            false,
        );
    }
}
