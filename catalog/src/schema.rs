//! The schema of a table: from Arrow (or a contract) to Iceberg, and which changes an existing
//! table may take. Any table widens: new optional columns, `int` to `long`, `float` to `double`, a
//! decimal with more digits. Columns stand in the order of the definition, whenever they came. What
//! becomes of a column that is no longer defined, or with another type, hangs on where the rows come
//! from: see [`Evolution`].
//!
//! A column that is optional in the table stays optional even if the definition now requires it:
//! older rows may lack it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use c360_spec::{Contract, TableName};
use iceberg::spec::{NestedFieldRef, PrimitiveType, Schema as IcebergSchema, Type};

use crate::widening::{Ids, Widening};
use crate::{Error, Result};

/// Metadata key of an Arrow field that becomes the column's comment in the table.
pub const COMMENT: &str = "doc";

/// What a table should look like.
#[derive(Clone, Debug)]
pub struct TableDefinition {
    pub name: TableName,
    pub schema: SchemaRef,
    /// Columns that tell one row from another; empty for a table without a key.
    pub key: Vec<String>,
    /// Columns by which rows should lie sorted in files, before those of the key.
    pub order: Vec<String>,
    pub comment: Option<String>,
    pub evolution: Evolution,
}

/// What becomes of a column that the definition no longer has, or has with a type that the old one cannot widen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evolution {
    /// It is refused: the rows cannot be had again.
    Widen,
    /// It stays and is NULL from now on; with another type it begins anew and is NULL until now. For logs.
    Append,
    /// It goes, or begins anew. The table's next commit has to replace all rows and brings the columns with it. For
    /// tables that can be made again.
    Recast,
}

/// The Arrow schema of the rows that a contract lets through.
pub fn contract_schema(contract: &Contract) -> SchemaRef {
    let fields = contract.columns.iter().map(|column| {
        let required = column.required || contract.key.contains(&column.name);
        let field = Field::new(&column.name, contract_type(column.data_type), !required);
        match &column.description {
            Some(text) => field.with_metadata(HashMap::from([(COMMENT.into(), text.clone())])),
            None => field,
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn contract_type(data_type: c360_spec::DataType) -> DataType {
    use c360_spec::DataType as Spec;
    match data_type {
        Spec::Boolean => DataType::Boolean,
        Spec::Int => DataType::Int32,
        Spec::Long => DataType::Int64,
        Spec::Float => DataType::Float32,
        Spec::Double => DataType::Float64,
        Spec::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
        Spec::Date => DataType::Date32,
        Spec::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Spec::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Spec::String => DataType::Utf8,
    }
}

/// The schema of a new table.
pub(crate) fn create(definition: &TableDefinition) -> Result<IcebergSchema> {
    build(definition, Ids::after(0), None)
}

/// The schema after the definition was applied to `old`; `None` when nothing changes.
/// `last_id` is the highest field id that the table ever used.
pub(crate) fn evolve(
    definition: &TableDefinition,
    old: &IcebergSchema,
    last_id: i32,
) -> Result<Option<IcebergSchema>> {
    let new = build(definition, Ids::after(last_id), Some(old))?;
    let same = new.as_struct() == old.as_struct() && key_ids(&new) == key_ids(old);
    Ok((!same).then_some(new))
}

/// Whether rows written under `old` cannot stay under `new`: it has lost a column of theirs, or requires one that they
/// lack.
pub(crate) fn is_recast(old: &IcebergSchema, new: &IcebergSchema) -> bool {
    lost(old, new).next().is_some() || lost(new, old).any(|lacking| lacking.required)
}

/// Columns of `old` that `new` has no longer, by whatever name.
pub(crate) fn lost<'a>(
    old: &'a IcebergSchema,
    new: &'a IcebergSchema,
) -> impl Iterator<Item = &'a NestedFieldRef> {
    let columns = old.as_struct().fields().iter();
    columns.filter(|column| new.as_struct().field_by_id(column.id).is_none())
}

/// Columns of `old` that `new` has no longer, or in another type.
pub(crate) fn changed<'a>(
    old: &'a IcebergSchema,
    new: &'a IcebergSchema,
) -> impl Iterator<Item = &'a NestedFieldRef> {
    let columns = old.as_struct().fields().iter();
    columns.filter(|column| {
        let now = new.as_struct().field_by_id(column.id);
        now.is_none_or(|now| now.field_type != column.field_type)
    })
}

fn build(
    definition: &TableDefinition,
    mut ids: Ids,
    old: Option<&IcebergSchema>,
) -> Result<IcebergSchema> {
    let widening = Widening::new(definition);
    let columns = definition.schema.fields();
    let fields = match old.map(|old| old.as_struct().fields()) {
        None => widening.fresh_fields(columns, &definition.key, "", &mut ids)?,
        Some(old) => match definition.evolution {
            Evolution::Widen => widening.fields(old, columns, "", &mut ids)?,
            Evolution::Append => widening.appended(old, columns, &mut ids)?,
            Evolution::Recast => widening.recast(old, columns, &mut ids)?,
        },
    };
    let key = definition.key.iter().map(|column| {
        let field = fields.iter().find(|field| &field.name == column);
        let field = field
            .ok_or_else(|| widening.refuse(column, "it is in the key but not among the columns"))?;
        if !field.required {
            return Err(widening.refuse(
                column,
                "it may be null in the table, so it cannot be in the key",
            ));
        }
        if !may_be_key(&field.field_type) {
            return Err(
                widening.refuse(column, "a key column cannot be a float, a list or a struct")
            );
        }
        Ok(field.id)
    });
    let key = key.collect::<Result<Vec<i32>>>()?;
    let schema = IcebergSchema::builder()
        .with_fields(fields)
        .with_identifier_field_ids(key)
        .build();
    schema.map_err(|e| {
        Error::invalid(format!(
            "table `{}` cannot have this schema",
            definition.name
        ))
        .caused_by(e)
    })
}

fn key_ids(schema: &IcebergSchema) -> Vec<i32> {
    let mut ids: Vec<i32> = schema.identifier_field_ids().collect();
    ids.sort_unstable();
    ids
}

fn may_be_key(data_type: &Type) -> bool {
    use PrimitiveType::{Double, Float};
    matches!(data_type, Type::Primitive(p) if !matches!(p, Float | Double))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(columns: &[(&str, DataType)], key: &[&str]) -> TableDefinition {
        let fields = columns
            .iter()
            .map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        TableDefinition {
            name: "raw.orders".parse().expect("a table name"),
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            key: key.iter().map(|column| column.to_string()).collect(),
            comment: None,
            order: vec![],
            evolution: Evolution::Widen,
        }
    }

    fn check_refused(old: DataType, new: DataType, expected: &str) {
        let table = create(&definition(&[("a", old)], &[])).expect("created");
        let error = evolve(&definition(&[("a", new)], &[]), &table, 99).expect_err("refused");
        assert_eq!(error.kind(), crate::Kind::Invalid);
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn key_columns_become_required() {
        let schema = create(&definition(
            &[("id", DataType::Int64), ("a", DataType::Utf8)],
            &["id"],
        ));
        let schema = schema.expect("created");
        assert!(schema.field_by_name("id").expect("there").required);
        assert_eq!(schema.identifier_field_ids().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn widening_keeps_ids_and_takes_the_order_of_the_definition() {
        let item = |fields: &[(&str, DataType)]| {
            let fields = fields
                .iter()
                .map(|(name, t)| Field::new(*name, t.clone(), true));
            let item = DataType::Struct(fields.collect());
            DataType::List(Arc::new(Field::new("item", item, true)))
        };
        let old = definition(
            &[
                ("a", DataType::Int32),
                ("l", item(&[("x", DataType::Float32)])),
            ],
            &[],
        );
        let table = create(&old).expect("created");
        let new = definition(
            &[
                ("b", DataType::Utf8),
                (
                    "l",
                    item(&[("y", DataType::Utf8), ("x", DataType::Float64)]),
                ),
                ("a", DataType::Int64),
            ],
            &[],
        );
        let evolved = evolve(&new, &table, table.highest_field_id())
            .expect("additive")
            .expect("changed");
        let names: Vec<_> = evolved
            .as_struct()
            .fields()
            .iter()
            .map(|f| f.name.as_str())
            .collect();
        assert_eq!(names, ["b", "l", "a"]);
        let id = |schema: &IcebergSchema, name: &str| schema.field_id_by_name(name);
        for name in ["a", "l", "l.element", "l.element.x"] {
            assert_eq!(id(&evolved, name), id(&table, name), "{name}");
        }
        assert!(
            evolve(&new, &evolved, evolved.highest_field_id())
                .expect("same")
                .is_none()
        );
    }

    #[test]
    fn a_list_of_structs_with_other_fields_begins_anew() {
        let list = |fields: &[&str]| {
            let fields = fields
                .iter()
                .map(|name| Field::new(*name, DataType::Utf8, true));
            let item = Field::new("item", DataType::Struct(fields.collect()), true);
            DataType::List(Arc::new(item))
        };
        let old = definition(&[("a", DataType::Utf8), ("l", list(&["x", "y"]))], &[]);
        let table = create(&old).expect("created");
        let recast = |fields: &[&str]| {
            let columns = [("l", list(fields)), ("a", DataType::Utf8)];
            let mut new = definition(&columns, &[]);
            new.evolution = Evolution::Recast;
            let new = evolve(&new, &table, table.highest_field_id()).expect("possible");
            new.expect("another order at least")
        };
        for (fields, is_kept) in [(["x", "y"], true), (["y", "x"], false), (["x", "z"], false)] {
            let recast = recast(&fields);
            let id = |name| recast.field_id_by_name(name) == table.field_id_by_name(name);
            assert!(id("a"), "{fields:?}");
            assert_eq!(id("l"), is_kept, "{fields:?}");
        }
    }

    #[test]
    fn narrowing_is_refused_with_column_and_reason() {
        check_refused(
            DataType::Int64,
            DataType::Int32,
            "`a` of table `raw.orders`",
        );
        check_refused(
            DataType::Utf8,
            DataType::Int64,
            "string and cannot become long",
        );
        check_refused(
            DataType::Decimal128(9, 2),
            DataType::Decimal128(12, 3),
            "decimal(9, 2)",
        );
        let table = create(&definition(
            &[("a", DataType::Utf8), ("b", DataType::Utf8)],
            &[],
        ));
        let error = evolve(
            &definition(&[("a", DataType::Utf8)], &[]),
            &table.expect("created"),
            9,
        );
        assert!(
            error
                .expect_err("refused")
                .to_string()
                .contains("cannot be dropped")
        );
    }
}
