//! Stub.

pub mod graph;
pub mod query;
