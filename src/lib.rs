//! Throughline keeps a line on every child: from Year 6 to sixteen and on, through whatever setting.
//!
//! Data flows one way, and the folders spell it:
//! `source → conform → privacy → lake → warehouse → release → disclosure`, with `link` beside it on the
//! identified side. See `ARCHITECTURE.md` for the levels, which a test holds.
pub mod catalog;
pub mod command;
pub mod config;
pub mod conform;
pub mod daemon;
pub mod definitions;
pub mod disclosure;
pub mod fault;
pub mod lake;
pub mod link;
pub mod pipeline;
pub mod privacy;
pub mod query;
#[cfg(feature = "warehouse")]
pub mod release;
pub mod report;
pub mod source;
pub mod study;
pub mod synth;
pub mod telemetry;
#[cfg(feature = "warehouse")]
pub mod warehouse;
