//! The table's columns as a query sees them, and how a data file's columns map to them: by Iceberg
//! field id, so that files written before a rename are read right; by name where a file carries no
//! ids. A column that a file lacks reads as NULL, a promoted type (int to long, float to double, a
//! wider decimal) is cast while reading.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, plan_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

/// A table's columns: the schema that queries see, without field ids, and the ids beside it.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    schema: SchemaRef,
    with_ids: SchemaRef,
    index_by_id: HashMap<i32, usize>,
}

impl Columns {
    /// From the table's schema with the ids in the fields' metadata.
    pub(crate) fn new(with_ids: SchemaRef) -> Self {
        let fields: Vec<FieldRef> = with_ids.fields().iter().map(without_metadata).collect();
        let ids = with_ids.fields().iter().map(|field| field_id(field));
        let index_by_id = ids.enumerate().filter_map(|(index, id)| Some((id?, index)));
        Self {
            schema: Arc::new(Schema::new(fields)),
            index_by_id: index_by_id.collect(),
            with_ids,
        }
    }

    /// The schema of what a scan returns. Field ids are left out: they belong to this table, and a
    /// query's result that carried them on would claim them for the next.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The field id of the column at `index`.
    pub(crate) fn id(&self, index: usize) -> Option<i32> {
        field_id(self.with_ids.field(index))
    }
}

fn without_metadata(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::List(item) => DataType::List(without_metadata(item)),
        DataType::LargeList(item) => DataType::LargeList(without_metadata(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(without_metadata).collect()),
        DataType::Map(entries, sorted) => DataType::Map(without_metadata(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

pub(crate) fn field_id(field: &Field) -> Option<i32> {
    field
        .metadata()
        .get(PARQUET_FIELD_ID_META_KEY)?
        .parse()
        .ok()
}

/// Makes the adapters that rewrite a query's expressions for one file.
impl PhysicalExprAdapterFactory for Columns {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        if file.fields().iter().all(|field| field_id(field).is_none()) {
            return DefaultPhysicalExprAdapterFactory.create(table, file);
        }
        let renamed = self.renamed(&file)?;
        let inner = DefaultPhysicalExprAdapterFactory.create(table, renamed)?;
        Ok(Arc::new(ByFieldId { inner, file }))
    }
}

impl Columns {
    /// The file's schema under the table's names. A column that is no longer the table's gets a
    /// name that no column has, so that a new column of its old name does not find it.
    fn renamed(&self, file: &Schema) -> Result<SchemaRef> {
        let mut fields = Vec::with_capacity(file.fields().len());
        for (index, field) in file.fields().iter().enumerate() {
            let known = field_id(field).and_then(|id| self.index_by_id.get(&id));
            let name = match known {
                Some(column) => {
                    let column = self.with_ids.field(*column);
                    check_nested_names(column, field)?;
                    column.name().clone()
                }
                None => format!("\u{0}{index}"),
            };
            fields.push(Arc::new(field.as_ref().clone().with_name(name)));
        }
        Ok(Arc::new(Schema::new_with_metadata(
            fields,
            file.metadata().clone(),
        )))
    }
}

/// Fields inside structs are matched by name; a renamed one would silently read as NULL.
fn check_nested_names(column: &Field, in_file: &Field) -> Result<()> {
    let (DataType::Struct(now), DataType::Struct(then)) = (column.data_type(), in_file.data_type())
    else {
        return Ok(());
    };
    for before in then {
        let after = now.iter().find(|field| field_id(field) == field_id(before));
        let Some(after) = after.filter(|field| field_id(field).is_some()) else {
            continue;
        };
        if after.name() != before.name() {
            return plan_err!(
                "column `{}`: field `{}` was renamed to `{}` after this file was written, which c360 does not read inside structs: rewrite the table",
                column.name(),
                before.name(),
                after.name()
            );
        }
        check_nested_names(after, before)?;
    }
    Ok(())
}

#[derive(Debug)]
struct ByFieldId {
    inner: Arc<dyn PhysicalExprAdapter>,
    file: SchemaRef,
}

impl PhysicalExprAdapter for ByFieldId {
    /// Rewrites for the renamed schema, then gives the columns the names that they have in the file.
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let adapted = self.inner.rewrite(expr)?;
        let mapped = adapted.transform(|expr| {
            let Some(column) = expr.as_any().downcast_ref::<Column>() else {
                return Ok(Transformed::no(expr));
            };
            let name = self.file.field(column.index()).name();
            if name == column.name() {
                return Ok(Transformed::no(expr));
            }
            Ok(Transformed::yes(Arc::new(Column::new(
                name,
                column.index(),
            ))))
        })?;
        Ok(mapped.data)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        ArrayRef, AsArray, Decimal128Array, Float32Array, Int32Array, RecordBatch, StringArray,
    };
    use arrow::datatypes::{Float64Type, Int64Type};
    use datafusion::physical_expr_adapter::BatchAdapterFactory;

    use super::*;

    fn field(id: i32, name: &str, data_type: DataType) -> Field {
        let id = (PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_string());
        Field::new(name, data_type, true).with_metadata(HashMap::from([id]))
    }

    /// The file's rows as the table reads them.
    fn read(table: Vec<Field>, file: Vec<(Field, ArrayRef)>) -> Result<RecordBatch> {
        let columns = Columns::new(Arc::new(Schema::new(table)));
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = file.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        let rows = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
        BatchAdapterFactory::new(Arc::clone(columns.schema()))
            .with_adapter_factory(Arc::new(columns))
            .make_adapter(&schema)?
            .adapt_batch(&rows)
    }

    fn strings(values: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(values))
    }

    #[test]
    fn renamed_columns_are_found_by_id() {
        let table = vec![field(2, "a", DataType::Utf8), field(1, "b", DataType::Utf8)];
        let file = vec![
            (field(1, "a", DataType::Utf8), strings(&["one"])),
            (field(2, "b", DataType::Utf8), strings(&["two"])),
        ];
        let rows = read(table, file).unwrap();
        assert_eq!(rows.column(0).as_string::<i32>().value(0), "two");
        assert_eq!(rows.column(1).as_string::<i32>().value(0), "one");
    }

    #[test]
    fn a_new_column_does_not_read_a_dropped_one_of_its_name() {
        let table = vec![
            field(1, "id", DataType::Utf8),
            field(3, "note", DataType::Utf8),
        ];
        let file = vec![
            (field(1, "id", DataType::Utf8), strings(&["one"])),
            (field(2, "note", DataType::Utf8), strings(&["old"])),
        ];
        let rows = read(table, file).unwrap();
        assert_eq!(rows.column(1).null_count(), 1);
    }

    #[test]
    fn files_without_ids_are_read_by_name() {
        let table = vec![field(1, "a", DataType::Utf8), field(2, "b", DataType::Utf8)];
        let plain = Field::new("b", DataType::Utf8, true);
        let rows = read(table, vec![(plain, strings(&["two"]))]).unwrap();
        assert_eq!(rows.column(0).null_count(), 1);
        assert_eq!(rows.column(1).as_string::<i32>().value(0), "two");
    }

    #[test]
    fn promoted_types_are_cast() {
        let table = vec![
            field(1, "n", DataType::Int64),
            field(2, "x", DataType::Float64),
            field(3, "d", DataType::Decimal128(20, 2)),
        ];
        let amounts = Decimal128Array::from(vec![125]).with_precision_and_scale(9, 2);
        let file: Vec<(Field, ArrayRef)> = vec![
            (
                field(1, "n", DataType::Int32),
                Arc::new(Int32Array::from(vec![7])),
            ),
            (
                field(2, "x", DataType::Float32),
                Arc::new(Float32Array::from(vec![0.5])),
            ),
            (
                field(3, "d", DataType::Decimal128(9, 2)),
                Arc::new(amounts.unwrap()),
            ),
        ];
        let rows = read(table, file).unwrap();
        assert_eq!(rows.column(0).as_primitive::<Int64Type>().value(0), 7);
        assert_eq!(rows.column(1).as_primitive::<Float64Type>().value(0), 0.5);
        assert_eq!(rows.column(2).data_type(), &DataType::Decimal128(20, 2));
    }

    #[test]
    fn a_field_renamed_inside_a_struct_is_refused() {
        let nested = |name: &str| DataType::Struct(vec![field(2, name, DataType::Utf8)].into());
        let table = vec![field(1, "address", nested("suburb"))];
        let before = field(1, "address", nested("town"));
        let array = arrow::array::new_null_array(before.data_type(), 1);
        let error = read(table, vec![(before, array)]).unwrap_err();
        assert!(
            error.to_string().contains("`town` was renamed to `suburb`"),
            "{error}"
        );
    }
}
