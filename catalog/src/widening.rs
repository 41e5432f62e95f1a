//! How columns of a table come about, widen and begin anew: field by field, with ids that never change
//! and are never used twice.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use iceberg::spec::{ListType, NestedField, NestedFieldRef, PrimitiveType, StructType, Type};

use crate::arrow_types::primitive;
use crate::schema::COMMENT;
use crate::{Error, Result, TableDefinition};

/// Hands out field ids that the table never used.
pub(crate) struct Ids {
    last: i32,
}

impl Ids {
    pub(crate) fn after(last: i32) -> Self {
        Self { last }
    }

    fn next(&mut self) -> i32 {
        self.last += 1;
        self.last
    }
}

/// Old columns and wanted ones, put together.
pub(crate) struct Widening<'a> {
    definition: &'a TableDefinition,
}

impl<'a> Widening<'a> {
    pub(crate) fn new(definition: &'a TableDefinition) -> Self {
        Self { definition }
    }

    pub(crate) fn refuse(&self, column: &str, reason: &str) -> Error {
        Error::invalid(format!(
            "column `{column}` of table `{}` cannot change: {reason}",
            self.definition.name
        ))
    }

    fn unsupported(&self, column: &str, data_type: &DataType) -> Error {
        Error::invalid(format!(
            "column `{column}` of table `{}` has type {data_type}, which a table cannot hold: cast it",
            self.definition.name
        ))
    }

    /// Columns of a new struct or table. Those in `key` are required. All fields of a level get
    /// their ids before the levels below, as Iceberg's own writers do.
    pub(crate) fn fresh_fields<'f>(
        &self,
        fields: impl IntoIterator<Item = &'f Arc<Field>>,
        key: &[String],
        parent: &str,
        ids: &mut Ids,
    ) -> Result<Vec<NestedFieldRef>> {
        let fields: Vec<_> = fields
            .into_iter()
            .map(|field| (ids.next(), field))
            .collect();
        let fields = fields.into_iter().map(|(id, field)| {
            let required = !field.is_nullable() || key.contains(field.name());
            self.fresh_field(id, field, required, parent, ids)
        });
        fields.collect()
    }

    fn fresh_field(
        &self,
        id: i32,
        field: &Field,
        required: bool,
        parent: &str,
        ids: &mut Ids,
    ) -> Result<NestedFieldRef> {
        let path = join(parent, field.name());
        let data_type = self.fresh_type(field.data_type(), &path, ids)?;
        let new = NestedField::new(id, field.name(), data_type, required);
        Ok(Arc::new(match field.metadata().get(COMMENT) {
            Some(text) => new.with_doc(text),
            None => new,
        }))
    }

    fn fresh_type(&self, data_type: &DataType, path: &str, ids: &mut Ids) -> Result<Type> {
        match data_type {
            DataType::Struct(fields) => Ok(Type::Struct(StructType::new(self.fresh_fields(
                fields,
                &[],
                path,
                ids,
            )?))),
            DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) => {
                let id = ids.next();
                let inner = self.fresh_type(item.data_type(), &join(path, "element"), ids)?;
                let element = NestedField::list_element(id, inner, !item.is_nullable());
                Ok(Type::List(ListType::new(Arc::new(element))))
            }
            _ => primitive(data_type)
                .map(Type::Primitive)
                .ok_or_else(|| self.unsupported(path, data_type)),
        }
    }

    /// The columns as they are defined, each of the old ones widened.
    pub(crate) fn fields<'f>(
        &self,
        old: &[NestedFieldRef],
        new: impl IntoIterator<Item = &'f Arc<Field>>,
        parent: &str,
        ids: &mut Ids,
    ) -> Result<Vec<NestedFieldRef>> {
        let mut gone: Vec<&NestedFieldRef> = old.iter().collect();
        let mut fields = Vec::with_capacity(old.len());
        for field in new {
            let same = gone.iter().position(|old| &old.name == field.name());
            fields.push(match same.map(|at| gone.remove(at)) {
                Some(old) => self.field(old, field, &join(parent, &old.name), ids)?,
                None => self.fresh_field(ids.next(), field, false, parent, ids)?,
            });
        }
        match gone.first() {
            None => Ok(fields),
            Some(field) => Err(self.refuse(
                &join(parent, &field.name),
                "it is in the table but no longer in its definition; a column cannot be dropped: keep it, as NULL \
                 if it has no values any more, or name another table",
            )),
        }
    }

    /// The columns of a log: the old ones in their order, and after them those that are new or have a type that the old
    /// one cannot become.
    pub(crate) fn appended(
        &self,
        old: &[NestedFieldRef],
        new: &Fields,
        ids: &mut Ids,
    ) -> Result<Vec<NestedFieldRef>> {
        let mut kept = Vec::with_capacity(new.len());
        let mut fresh: Vec<&Arc<Field>> = new.iter().collect();
        for field in old {
            let Some(at) = fresh.iter().position(|new| new.name() == &field.name) else {
                let mut field = field.as_ref().clone();
                field.required = false;
                kept.push(Arc::new(field));
                continue;
            };
            let widened = match holds(field, fresh[at]) {
                true => Ok(Arc::clone(field)),
                false => self.field(field, fresh[at], &field.name, ids),
            };
            if let Ok(widened) = widened {
                kept.push(widened);
                fresh.remove(at);
            }
        }
        for field in fresh {
            kept.push(self.fresh_field(ids.next(), field, false, "", ids)?);
        }
        Ok(kept)
    }

    /// The columns as they are defined. One that can be an old one widened is that one; the others are new, as are those
    /// whose structs have other fields: a scan finds no new field in the lists of an old file.
    pub(crate) fn recast(
        &self,
        old: &[NestedFieldRef],
        new: &Fields,
        ids: &mut Ids,
    ) -> Result<Vec<NestedFieldRef>> {
        let mut fields = Vec::with_capacity(new.len());
        for field in new {
            let in_key = self.definition.key.contains(field.name());
            let same = old.iter().find(|old| &old.name == field.name());
            let same = same.filter(|old| old.required || !in_key);
            let widened = same.and_then(|old| {
                let field = self.field(old, field, &old.name, ids).ok()?;
                let is_readable =
                    old.field_type.is_primitive() || field.field_type == old.field_type;
                is_readable.then_some(field)
            });
            fields.push(match widened {
                Some(widened) => widened,
                None => self.fresh_field(ids.next(), field, in_key, "", ids)?,
            });
        }
        Ok(fields)
    }

    fn field(
        &self,
        old: &NestedFieldRef,
        new: &Field,
        path: &str,
        ids: &mut Ids,
    ) -> Result<NestedFieldRef> {
        let in_key = self.definition.key.iter().any(|column| column == path);
        let mut field = old.as_ref().clone();
        field.required = old.required && (!new.is_nullable() || in_key);
        field.field_type = Box::new(self.widened(&old.field_type, new.data_type(), path, ids)?);
        if let Some(text) = new.metadata().get(COMMENT) {
            field.doc = Some(text.clone());
        }
        Ok(Arc::new(field))
    }

    fn widened(&self, old: &Type, new: &DataType, path: &str, ids: &mut Ids) -> Result<Type> {
        match (old, new) {
            (Type::Struct(old), DataType::Struct(new)) => Ok(Type::Struct(StructType::new(
                self.fields(old.fields(), new, path, ids)?,
            ))),
            (
                Type::List(old),
                DataType::List(new) | DataType::LargeList(new) | DataType::ListView(new),
            ) => {
                let path = join(path, "element");
                let element = self.field(&old.element_field, new, &path, ids)?;
                Ok(Type::List(ListType::new(element)))
            }
            (Type::Primitive(old), new) => {
                let new = primitive(new).ok_or_else(|| self.unsupported(path, new))?;
                self.widened_primitive(old, &new, path).map(Type::Primitive)
            }
            _ => Err(self.refuse(
                path,
                &format!(
                    "its type is {old} and cannot become {new}: cast it, or name another table"
                ),
            )),
        }
    }

    fn widened_primitive(
        &self,
        old: &PrimitiveType,
        new: &PrimitiveType,
        path: &str,
    ) -> Result<PrimitiveType> {
        if !widens(old, new) {
            return Err(self.refuse(
                path,
                &format!(
                    "its type is {old} and cannot become {new}: cast it, or name another table"
                ),
            ));
        }
        Ok(new.clone())
    }
}

/// Whether values of `old` are values of `new` as they are.
fn widens(old: &PrimitiveType, new: &PrimitiveType) -> bool {
    use PrimitiveType::{Decimal, Double, Float, Int, Long};
    match (old, new) {
        (old, new) if old == new => true,
        (Int, Long) | (Float, Double) => true,
        (
            Decimal {
                precision: p,
                scale: s,
            },
            Decimal { precision, scale },
        ) => s == scale && precision > p,
        _ => false,
    }
}

/// Whether an optional column takes the values of `new` without becoming another.
fn holds(column: &NestedField, new: &Field) -> bool {
    let Type::Primitive(held) = column.field_type.as_ref() else {
        return false;
    };
    let given = primitive(new.data_type());
    !column.required && given.is_some_and(|given| widens(&given, held))
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}
