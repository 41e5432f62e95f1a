//! Types of columns as people read them: without the numbers that tables give to what they nest.

use datafusion::arrow::datatypes::DataType;

/// What a type is called, such as `Utf8` or `List(Struct(field: Utf8, source: Utf8))`.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::List(item) => format!("List({})", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let fields = fields.iter();
            let named =
                fields.map(|field| format!("{}: {}", field.name(), type_name(field.data_type())));
            format!("Struct({})", named.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
