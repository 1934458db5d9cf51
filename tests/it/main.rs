//! Stub.

#[cfg(feature = "warehouse")]
mod specs;
