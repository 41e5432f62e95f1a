//! The lake: opens a warehouse of Apache Iceberg tables, reads a table at a snapshot and what
//! changed since another, and commits appends, merges and overwrites, each as one snapshot whose
//! precondition is the snapshot that it was computed from.
//!
//! Only this crate commits, and only this crate knows Iceberg and object stores. It knows nothing
//! of jobs, identities or SQL.

mod cache;
pub mod changes;
mod columns;
mod deletes;
pub mod error;
pub mod fileset;
mod provider;
mod prune;
pub mod schema;
mod selection;
mod storage;
mod statistics;
pub mod stores;
pub mod table;
pub mod warehouse;

pub use changes::Changes;
pub use error::{Error, Kind, Result};
pub use fileset::{FileSet, LiveFile};
pub use schema::{TableDefinition, contract_schema};
pub use stores::{S3Options, Stores};
pub use table::{SnapshotInfo, Table};
pub use warehouse::{Warehouse, WarehouseConfig};
