//! Clustering against its oracle, and its promises.

mod columns;
mod example;
mod large;
mod property;
