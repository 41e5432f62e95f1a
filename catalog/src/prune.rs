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
