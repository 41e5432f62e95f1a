//! The whole flow, over the shipped retail project: incremental equals full, whatever the history.

mod breakers;
mod by_value;
mod copied;
mod crash;
mod dev_data;
mod edges;
mod facts;
mod faults;
mod histories;
mod households;
mod identity_histories;
pub mod lab;
mod memory_limit;
mod on_s3;
mod online_retail;
mod outer_joins;
pub mod own_project;
mod plan;
mod publication;
pub mod retailer;
mod scene;
mod scores;
mod slices;
mod snowplow;
mod upkeep;
mod verify;
mod widened;
