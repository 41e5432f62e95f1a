//! The whole flow, over the shipped retail project: incremental equals full, whatever the history.

mod breakers;
mod crash;
mod dev_data;
mod edges;
mod histories;
mod identity_histories;
pub mod lab;
mod on_s3;
mod publication;
mod retailer;
mod upkeep;
mod verify;
