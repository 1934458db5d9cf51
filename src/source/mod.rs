//! Pages and workbooks, as they come. Everything here is identified.
//!
//! A service is asked page by page ([`service`]); files are found in an inbox ([`inbox`]) and read into rows of raw
//! cells ([`sheet`]). What fails becomes a fault with its place; a foreign error's text is dropped, for it may hold a
//! value. Nothing here writes to disk.
pub mod bundle;
pub mod document;
pub mod inbox;
pub mod json;
pub mod look;
pub mod package;
mod recode;
pub mod service;
pub mod sheet;
pub mod tree;
pub mod xml;

use crate::fault::Problem;
use chrono::NaiveDate;

/// A cell as a file gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum RawCell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number that is no date.
    Number(f64),
    /// A native date.
    Date(NaiveDate),
    /// Yes or no.
    Bool(bool),
    /// There is something, and it cannot be read: why.
    Error(Problem),
}

impl RawCell {
    /// Whether there is nothing to see.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}
