//! The lake: opens a warehouse of Apache Iceberg tables, reads a table at a snapshot and what
//! changed since another, and commits appends, merges and overwrites, each as one snapshot whose
//! precondition is the snapshot that it was computed from.
//!
//! Only this crate commits, and only this crate knows Iceberg and object stores. It knows nothing
//! of jobs, identities or SQL.

mod among;
pub mod appender;
mod arrow_types;
mod cache;
pub mod changes;
mod columns;
pub mod commit;
mod conform;
mod cuts;
mod data_writer;
mod datum;
mod delete_writer;
mod deletes;
pub mod epochs;
pub mod error;
pub mod fileset;
mod key_pages;
mod key_set;
mod manifests;
pub mod merge;
mod metrics;
mod order;
mod pointers;
mod provider;
mod prune;
pub mod schema;
mod selection;
mod sieve;
mod statistics;
mod storage;
pub mod stores;
pub mod table;
mod totals;
mod upkeep;
pub mod warehouse;
mod widening;

pub use among::among;
pub use appender::Appender;
pub use changes::Changes;
pub use commit::{Committed, Stamp};
pub use data_writer::size_bytes;
pub use epochs::{Epoch, EpochTable, Epochs};
pub use error::{Error, Kind, Result};
pub use fileset::{FileSet, LiveFile};
pub use key_set::KeySet;
pub use merge::{Merge, Merger, Place, Scope};
pub use provider::provider_key;
pub use schema::{Evolution, TableDefinition, contract_schema};
pub use stores::{S3Options, Stores};
pub use table::{SnapshotInfo, Table};
pub use upkeep::{Compaction, Kept, Orphans, Wear};
pub use warehouse::{Warehouse, WarehouseConfig};

#[cfg(test)]
mod tests {
    use c360_spec::TableName;
    use datafusion::execution::SendableRecordBatchStream;

    use super::*;

    fn check_send<T: Send>(_: T) {}

    /// Compiles only if whatever a job awaits may move between threads.
    #[test]
    fn futures_are_send() {
        let _ = |warehouse: Warehouse, name: TableName, definition: TableDefinition| {
            check_send(warehouse.table(&name));
            check_send(warehouse.tables());
            check_send(warehouse.create_or_evolve(&definition));
            check_send(warehouse.epochs().latest());
        };
        let _ = |table: Table, merge: Merge, rows: SendableRecordBatchStream, stamp: Stamp| {
            check_send(table.merge(merge, stamp.clone()));
            check_send(table.overwrite(rows, stamp.clone()));
            check_send(table.stamp(stamp.clone()));
            check_send(table.appender().commit(stamp.clone()));
            let _ = table
                .merger(&[])
                .map(|merger| check_send(merger.commit(stamp)));
            check_send(table.tag("epoch-1", 1));
            check_send(table.provider());
            check_send(table.changes(None));
            check_send(table.cuts("person_id", 1));
        };
    }
}
