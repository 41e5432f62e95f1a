//! The order in which rows lie in a table's files, said as Iceberg says it: as the table's sort order. Whoever asks for
//! few values of its first column reads few pages.

use iceberg::spec::{
    NullOrder, Schema as IcebergSchema, SortDirection, SortField, SortOrder, Transform,
};

use crate::{Error, Result, Table, TableDefinition};

/// The sort order that a definition asks for, ascending and nulls first; none where it asks for none.
pub(crate) fn sort_order(
    definition: &TableDefinition,
    schema: &IcebergSchema,
) -> Result<Option<SortOrder>> {
    if definition.order.is_empty() {
        return Ok(None);
    }
    let field = |column: &String| {
        let field = schema.field_by_name(column).ok_or_else(|| {
            let name = &definition.name;
            Error::invalid(format!(
                "table `{name}` has no column `{column}` to be sorted by"
            ))
        })?;
        Ok(SortField::builder()
            .source_id(field.id)
            .transform(Transform::Identity)
            .direction(SortDirection::Ascending)
            .null_order(NullOrder::First)
            .build())
    };
    let fields = definition.order.iter().map(field);
    let order = SortOrder::builder()
        .with_fields(fields.collect::<Result<Vec<_>>>()?)
        .build(schema)?;
    Ok(Some(order))
}

impl Table {
    /// The columns by which rows should lie sorted in its files: those of its sort order, then those of its key; none
    /// where it has neither.
    pub fn order(&self) -> Vec<String> {
        let fields = &self.metadata().default_sort_order().fields;
        let schema = self.metadata().current_schema();
        let sorted = fields
            .iter()
            .filter(|field| field.transform == Transform::Identity)
            .filter_map(|field| schema.as_struct().field_by_id(field.source_id));
        let mut order: Vec<String> = sorted.map(|field| field.name.clone()).collect();
        for column in self.key() {
            if !order.contains(&column) {
                order.push(column);
            }
        }
        order
    }
}
