//! The command line, as a shell meets it: the binary is run, and its exit code, stdout and stderr
//! are looked at.

mod demo;
mod draft;
mod drift;
mod features;
mod functions;
mod help;
mod identity;
mod identity_import;
mod identity_levels;
mod identity_report;
mod init;
mod lineage;
mod logs;
mod outside;
mod plan;
mod report;
mod run;
mod runner;
mod runs;
mod sql;
mod status;
mod training_set;
mod validate;
mod verify;
