//! `c360.yaml`: where a project's data, lake and catalog are, and its run-wide settings.
//! Never credentials: those come from the environment.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Breakers, Lineage, Upkeep};

/// The settings of a project, from `c360.yaml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the project
    pub name: String,
    /// Base of relative source files: a folder, `s3://bucket/prefix`, or `env:NAME`
    #[serde(default = "default_data")]
    #[schemars(extend("format" = "connection"))]
    pub data: String,
    pub warehouse: WarehouseSettings,
    /// The run's date or timestamp in UTC; default is today's midnight UTC
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "instant"))]
    pub as_of: Option<Timestamp>,
    /// Memory that a run may use: a share such as `70%` or a size such as `8GiB`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<MemoryLimit>,
    /// How much one run may change before somebody has to look
    #[serde(default)]
    pub breakers: Breakers,
    /// What `c360 maintain` keeps
    #[serde(default)]
    pub upkeep: Upkeep,
    /// Where runs tell what they read and wrote, as OpenLineage events
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
}

/// Where the lake is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseSettings {
    /// A folder (relative to the project), `s3://bucket/prefix`, or `env:NAME`
    #[schemars(extend("format" = "connection"))]
    pub location: String,
    /// `sqlite:path`, `postgres://host/database` without a password, or `env:NAME`; default for a
    /// local location is `<location>/catalog.db`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Connection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Settings>,
}

/// How to reach an S3-compatible store. Credentials come from the environment (`AWS_…`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    /// URL of the store; default is AWS
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Bucket in the path rather than in the host name
    #[serde(default)]
    pub path_style: bool,
    /// Allow a plain `http://` endpoint
    #[serde(default)]
    pub allow_http: bool,
}

impl WarehouseSettings {
    /// The catalog, or by default `<location>/catalog.db`. A relative path is the project's. A lake in an object store
    /// has no default: without a catalog its project has a problem.
    pub fn catalog_uri(&self) -> Connection {
        if let Some(catalog) = &self.catalog {
            return catalog.clone();
        }
        let folder = self.location.strip_prefix(LOCAL).unwrap_or(&self.location);
        Connection::new(format!(
            "sqlite:{}/catalog.db",
            folder.trim_end_matches('/')
        ))
    }
}

/// How the URL of a folder begins.
const LOCAL: &str = "file://";

/// Whether the location is in an object store rather than a folder.
pub(crate) fn is_remote(location: &str) -> bool {
    location.contains("://") && !location.starts_with(LOCAL)
}

fn default_data() -> String {
    ".".to_owned()
}

/// A connection string, which may hold a secret once resolved from the environment: `Debug` and
/// `Serialize` hide it, [`Connection::reveal`] gives it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Connection(String);

impl Connection {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, secrets included: for opening the connection, never for printing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection(…)")
    }
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

impl JsonSchema for Connection {
    fn schema_name() -> Cow<'static, str> {
        "Connection".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "connection"})
    }
}

/// Memory that a run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MemoryLimit {
    /// 1 to 100 per cent of the machine's memory
    Percent(u8),
    Bytes(u64),
}

/// A text that is no memory limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("memory limit `{0}` is neither a share such as `70%` nor a size such as `8GiB`")]
pub struct InvalidMemoryLimit(pub String);

const SIZE_UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl FromStr for MemoryLimit {
    type Err = InvalidMemoryLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidMemoryLimit(text.to_owned());
        if let Some(percent) = text.strip_suffix('%') {
            let percent: u8 = percent.trim().parse().map_err(|_| invalid())?;
            return if (1..=100).contains(&percent) {
                Ok(Self::Percent(percent))
            } else {
                Err(invalid())
            };
        }
        for (unit, bytes) in SIZE_UNITS {
            if let Some(count) = text.strip_suffix(unit) {
                let count: u64 = count.trim().parse().map_err(|_| invalid())?;
                let size = count.checked_mul(bytes).filter(|size| *size > 0);
                return size.map(Self::Bytes).ok_or_else(invalid);
            }
        }
        Err(invalid())
    }
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Bytes(bytes) => write!(f, "{bytes}B"),
        }
    }
}

impl TryFrom<String> for MemoryLimit {
    type Error = InvalidMemoryLimit;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MemoryLimit> for String {
    fn from(limit: MemoryLimit) -> Self {
        limit.to_string()
    }
}

impl JsonSchema for MemoryLimit {
    fn schema_name() -> Cow<'static, str> {
        "MemoryLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A share such as `70%` or a size such as `8GiB`",
            "type": "string",
            "format": "memory-limit",
            "pattern": "^[0-9]+ *(%|[KMGT]i?B|B)$",
        })
    }
}

/// Reads `2011-12-10`, `2011-12-10 06:00:00` and `2011-12-10T06:00:00+10:00`; without an offset
/// the time is UTC.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let datetime = match text.parse::<civil::Date>() {
        Ok(date) if text.len() == 10 => date.to_datetime(civil::Time::midnight()),
        _ => text.parse::<civil::DateTime>().ok()?,
    };
    Some(datetime.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Serde for an optional [`Timestamp`] read by [`parse_instant`].
mod instant {
    use super::*;

    pub fn serialize<S: Serializer>(value: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        value.map(|timestamp| timestamp.to_string()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let invalid = || serde::de::Error::custom(format!("`{text}` is no date or timestamp"));
        parse_instant(&text).map(Some).ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(location: &str, expected: &str) {
        let warehouse = WarehouseSettings {
            location: location.to_owned(),
            catalog: None,
            s3: None,
        };
        assert_eq!(warehouse.catalog_uri().reveal(), expected);
    }

    #[test]
    fn the_catalog_of_a_folder_is_in_it() {
        check("./lake", "sqlite:./lake/catalog.db");
        check("/data/lake/", "sqlite:/data/lake/catalog.db");
        check("file:///data/lake", "sqlite:/data/lake/catalog.db");
    }
}
