//! Rows in the table's own form: its columns in its order, its types, its field ids. Rows that
//! come from outside are matched by column name, rows of an older data file by field id. A column
//! that is not there is null; a type is only ever widened.

use std::sync::Arc;

use arrow::array::new_null_array;
use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, StructArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use c360_spec::TableName;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::arrow_types::writes_into;
use crate::{Error, Result};

/// Brings rows into the form of a table.
#[derive(Clone, Debug)]
pub(crate) struct Conform {
    table: TableName,
    schema: SchemaRef,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Name,
    FieldId,
}

impl Conform {
    /// For rows from outside. `schema` is the table's or some of its columns.
    pub(crate) fn by_name(table: &TableName, schema: SchemaRef) -> Self {
        Self {
            table: table.clone(),
            schema,
            by: By::Name,
        }
    }

    /// For rows of the table's own data files, which may be older than its schema.
    pub(crate) fn by_field_id(table: &TableName, schema: SchemaRef) -> Self {
        Self {
            table: table.clone(),
            schema,
            by: By::FieldId,
        }
    }

    /// The same rows in the table's form.
    ///
    /// # Errors
    /// *invalid* for a column that the table does not have or whose type does not fit; *data* for
    /// a null in a required column or a value too large for the column.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let given = batch.schema_ref().fields();
        if self.by == By::Name {
            self.refuse_unknown(given)?;
        }
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| match self.find(given, field) {
                Some(index) => self.array(batch.column(index), field, field.name()),
                None => self.absent(field, batch.num_rows(), field.name()),
            });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }

    /// Positions among `given` of the columns that [`Self::apply`] looks at.
    pub(crate) fn wanted(&self, given: &Fields) -> Vec<usize> {
        let fields = self.schema.fields().iter();
        fields.filter_map(|field| self.find(given, field)).collect()
    }

    fn find(&self, given: &Fields, field: &Field) -> Option<usize> {
        let same = |candidate: &FieldRef| match (self.by, id(candidate), id(field)) {
            (By::FieldId, Some(theirs), Some(ours)) => theirs == ours,
            _ => candidate.name() == field.name(),
        };
        given.iter().position(same)
    }

    fn refuse_unknown(&self, given: &Fields) -> Result<()> {
        let unknown = given
            .iter()
            .find(|field| self.schema.index_of(field.name()).is_err());
        match unknown {
            Some(field) => Err(Error::invalid(format!(
                "table `{}` has no column `{}`",
                self.table,
                field.name()
            ))),
            None => Ok(()),
        }
    }

    fn absent(&self, field: &Field, rows: usize, path: &str) -> Result<ArrayRef> {
        if field.is_nullable() || rows == 0 {
            return Ok(new_null_array(field.data_type(), rows));
        }
        Err(Error::data(format!(
            "column `{path}` of table `{}` is required but absent",
            self.table
        )))
    }

    fn array(&self, array: &ArrayRef, field: &Field, path: &str) -> Result<ArrayRef> {
        if !field.is_nullable() && array.null_count() > 0 {
            return Err(Error::data(format!(
                "column `{path}` of table `{}` is required but null in {} rows",
                self.table,
                array.null_count()
            )));
        }
        if array.data_type() == field.data_type() {
            return Ok(Arc::clone(array));
        }
        match (array.data_type(), field.data_type()) {
            (DataType::Struct(given), DataType::Struct(fields)) => {
                self.structs(array.as_struct(), given, fields, path)
            }
            (DataType::List(_), DataType::List(item)) => self.list(array.as_list(), item, path),
            (DataType::LargeList(item) | DataType::ListView(item), DataType::List(_)) => {
                let plain = DataType::List(Arc::clone(item));
                self.array(&self.cast(array, &plain, path)?, field, path)
            }
            (given, wanted) if writes_into(given, wanted) => self.cast(array, wanted, path),
            (given, wanted) => Err(Error::invalid(format!(
                "column `{path}` of table `{}` holds {wanted}, not {given}",
                self.table
            ))),
        }
    }

    fn structs(
        &self,
        array: &StructArray,
        given: &Fields,
        fields: &Fields,
        path: &str,
    ) -> Result<ArrayRef> {
        let children = fields.iter().map(|field| {
            let path = format!("{path}.{}", field.name());
            match self.find(given, field) {
                Some(index) => self.array(array.column(index), &below_nulls(field, array), &path),
                None => self.absent(field, array.len(), &path),
            }
        });
        let children = children.collect::<Result<Vec<_>>>()?;
        let structs = StructArray::try_new_with_length(
            fields.clone(),
            children,
            array.nulls().cloned(),
            array.len(),
        );
        Ok(Arc::new(structs?))
    }

    fn list(&self, array: &ListArray, item: &FieldRef, path: &str) -> Result<ArrayRef> {
        let values = self.array(array.values(), &optional(item), &format!("{path}.element"))?;
        Ok(Arc::new(ListArray::try_new(
            Arc::clone(item),
            array.offsets().clone(),
            values,
            array.nulls().cloned(),
        )?))
    }

    /// Casts; a value that does not fit is an error that does not show the value.
    fn cast(&self, array: &ArrayRef, wanted: &DataType, path: &str) -> Result<ArrayRef> {
        let options = CastOptions {
            safe: true,
            ..CastOptions::default()
        };
        let cast = cast_with_options(array, wanted, &options)?;
        let lost = cast.null_count().saturating_sub(array.logical_null_count());
        if lost > 0 {
            return Err(Error::data(format!(
                "column `{path}` of table `{}` holds {wanted}, and {lost} values do not fit",
                self.table
            )));
        }
        Ok(cast)
    }
}

/// A required field inside a struct may be null where the struct is.
fn below_nulls(field: &FieldRef, parent: &StructArray) -> FieldRef {
    if parent.null_count() == 0 {
        return Arc::clone(field);
    }
    optional(field)
}

fn optional(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_nullable(true))
}

fn id(field: &Field) -> Option<&str> {
    field
        .metadata()
        .get(PARQUET_FIELD_ID_META_KEY)
        .map(String::as_str)
}

/// Some columns of a table, in the order asked for.
///
/// Fails with *invalid* for a column that is not there.
pub(crate) fn some_columns(
    table: &TableName,
    schema: &Schema,
    columns: &[String],
) -> Result<SchemaRef> {
    let fields = columns.iter().map(|column| {
        let found = schema.fields().iter().find(|field| field.name() == column);
        found
            .cloned()
            .ok_or_else(|| Error::invalid(format!("table `{table}` has no column `{column}`")))
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, Int64Array, StringArray};

    fn table() -> TableName {
        "raw.orders".parse().expect("a table name")
    }

    fn schema(fields: Vec<Field>) -> SchemaRef {
        Arc::new(Schema::new(fields))
    }

    fn batch(name: &str, array: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([(name, array, true)]).expect("a batch")
    }

    #[test]
    fn columns_are_ordered_widened_and_filled() {
        let wanted = schema(vec![
            Field::new("b", DataType::Utf8, true),
            Field::new("a", DataType::Int64, false),
        ]);
        let given = batch("a", Arc::new(Int32Array::from(vec![1, 2])));
        let rows = Conform::by_name(&table(), wanted)
            .apply(&given)
            .expect("fits");
        assert_eq!(rows.column(0).null_count(), 2);
        assert_eq!(rows.column(1).as_ref(), &Int64Array::from(vec![1, 2]));
    }

    #[test]
    fn nulls_unknown_columns_and_wrong_types_are_refused() {
        let required = schema(vec![Field::new("a", DataType::Int64, false)]);
        let conform = Conform::by_name(&table(), required);
        let check = |given: RecordBatch, kind: crate::Kind| {
            assert_eq!(conform.apply(&given).expect_err("refused").kind(), kind);
        };
        check(
            batch("a", Arc::new(Int64Array::from(vec![None, Some(1)]))),
            crate::Kind::Data,
        );
        check(
            batch("a", Arc::new(StringArray::from(vec!["1"]))),
            crate::Kind::Invalid,
        );
        check(
            batch("z", Arc::new(Int64Array::from(vec![1]))),
            crate::Kind::Invalid,
        );
    }
}
