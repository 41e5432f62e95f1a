//! The lake, on every store and catalog it supports: the same behaviours run on a local folder
//! with SQLite, on S3 with SQLite, and on a local folder with PostgreSQL.

pub mod lakes;
mod rows;
pub mod s3_server;

mod commits; // append, overwrite, stamp, conflicts, tags, time travel, reopening
mod epochs; // publication: put-if-absent, racing publishers
mod evolution; // creating and widening tables, refusals
mod merges; // only the difference is written
mod places; // missing buckets, folders that cannot be written
mod upkeep; // compaction, expiry and orphans change nothing but files
mod writers; // many at once

/// Runs each behaviour on each kind of lake.
macro_rules! on_every_lake {
    ($($behaviour:ident),* $(,)?) => {
        mod on_local_files {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(&crate::catalog::lakes::Lake::local()).await;
            })*
        }

        mod on_s3 {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(&crate::catalog::lakes::Lake::s3().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                match crate::catalog::lakes::Lake::postgres() {
                    Some(lake) => super::$behaviour(&lake).await,
                    None => eprintln!("skipped: C360_TEST_POSTGRES names no database"),
                }
            })*
        }
    };
}
use on_every_lake;
