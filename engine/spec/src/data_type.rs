//! The types that a contract's columns may have. They are Iceberg's, under Iceberg's names.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Type of a contract column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DataType {
    Boolean,
    /// 32 bits, signed
    Int,
    /// 64 bits, signed
    Long,
    Float,
    Double,
    /// `precision` digits (1 to 38), `scale` of them after the point
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    /// microseconds, without a zone
    Timestamp,
    /// microseconds, UTC
    Timestamptz,
    String,
}

/// The names of the types that take no parameters; `decimal(p,s)` is the other.
pub const SIMPLE_TYPES: [(&str, DataType); 9] = [
    ("boolean", DataType::Boolean),
    ("int", DataType::Int),
    ("long", DataType::Long),
    ("float", DataType::Float),
    ("double", DataType::Double),
    ("date", DataType::Date),
    ("timestamp", DataType::Timestamp),
    ("timestamptz", DataType::Timestamptz),
    ("string", DataType::String),
];

/// A text that names no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDataType {
    #[error("unknown type `{0}`")]
    Unknown(String),
    #[error("`{0}` needs a precision from 1 to 38 and a scale not above it, as in `decimal(14,3)`")]
    Decimal(String),
}

impl DataType {
    pub fn is_temporal(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::Timestamptz)
    }

    pub fn is_numeric(&self) -> bool {
        matches!(
            self,
            Self::Int | Self::Long | Self::Float | Self::Double | Self::Decimal { .. }
        )
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Decimal { precision, scale } = self {
            return write!(f, "decimal({precision},{scale})");
        }
        let named = SIMPLE_TYPES.iter().find(|(_, data_type)| data_type == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

impl FromStr for DataType {
    type Err = InvalidDataType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((_, data_type)) = SIMPLE_TYPES.iter().find(|(name, _)| *name == text) {
            return Ok(*data_type);
        }
        if text.starts_with("decimal") {
            return decimal(text).ok_or_else(|| InvalidDataType::Decimal(text.to_owned()));
        }
        Err(InvalidDataType::Unknown(text.to_owned()))
    }
}

fn decimal(text: &str) -> Option<DataType> {
    let inside = text.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (precision, scale) = inside.split_once(',')?;
    let precision = precision.trim().parse().ok()?;
    let scale = scale.trim().parse().ok()?;
    ((1..=38).contains(&precision) && scale <= precision)
        .then_some(DataType::Decimal { precision, scale })
}

impl TryFrom<String> for DataType {
    type Error = InvalidDataType;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DataType> for String {
    fn from(data_type: DataType) -> Self {
        data_type.to_string()
    }
}

impl JsonSchema for DataType {
    fn schema_name() -> Cow<'static, str> {
        "DataType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = SIMPLE_TYPES.iter().map(|(name, _)| *name).collect();
        json_schema!({
            "description": "Type of a column: boolean, int, long, float, double, decimal(p,s), date, timestamp, timestamptz or string",
            "type": "string",
            "format": "data-type",
            "pattern": format!("^({}|decimal\\([0-9]+, *[0-9]+\\))$", names.join("|")),
        })
    }
}
