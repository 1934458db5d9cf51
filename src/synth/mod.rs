//! The synthetic authority: a whole local area from a seed, the doors it would show to the outside, and its truth.
//!
//! Level 1: it uses nothing of the rest of the crate, and only `command` and tests use it. What it writes is read by
//! the real pipeline through the same connectors as anybody's files.
mod dice;
pub mod estate;
mod generate;
pub mod server;
pub mod world;

pub use world::{Identifiers, Person, World, WorldSpec};
