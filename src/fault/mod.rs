//! What went wrong, and where, in words that cannot hold a child's data.
//!
//! A [`Fault`] names a [`Place`] and a [`Problem`]. Both are `Copy`, so neither can own a text: there is no
//! variant to put a value into, and adding one does not compile. Names in a place are [`Name`]s: words of our own
//! definitions (a source, a feed, a schema column), never a file name, a sheet name or a header.
//! Foreign errors that have seen data (a parser's, a client's) are mapped to a `Problem` and dropped, never wrapped.
mod failpoint;
mod name;
mod problem;
mod tally;

#[cfg(test)]
pub(crate) use failpoint::small_batches;
pub use failpoint::{arm_failpoints, batch_rows, failpoint};
pub use name::Name;
pub use problem::{Consequence, Problem};
pub use tally::{Count, Tally};

use std::fmt;

/// Where a fault was found. Row 0 means the whole part, part 0 the whole document, document 0 the whole feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The source, as the configuration names it.
    pub source: Name,
    /// The feed, as the connector names it.
    pub feed: Name,
    /// Which file of the inbox (in sorted order) or which page, from 1.
    pub document: u32,
    /// Which sheet, by position from 1; 1 for a file without sheets and for a page.
    pub part: u32,
    /// The row as a person would count it in the file, header included; the record's position in a page.
    pub row: u32,
    /// The schema column or identity field; `Name::NONE` for the whole row.
    pub column: Name,
}

impl Place {
    /// The whole of one feed.
    pub const fn feed(source: Name, feed: Name) -> Self {
        Self { source, feed, document: 0, part: 0, row: 0, column: Name::NONE }
    }
    /// The same place, one column of it.
    #[must_use]
    pub const fn at(self, column: Name) -> Self {
        Self { column, ..self }
    }
    /// The same document and part, one row of it.
    #[must_use]
    pub const fn row(self, row: u32) -> Self {
        Self { row, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if self.feed != Name::NONE {
            write!(f, " {}", self.feed)?;
        }
        if self.document > 0 {
            write!(f, " document {}", self.document)?;
        }
        if self.part > 1 {
            write!(f, " sheet {}", self.part)?;
        }
        if self.row > 0 {
            write!(f, " row {}", self.row)?;
        }
        if self.column != Name::NONE {
            write!(f, " column {}", self.column)?;
        }
        Ok(())
    }
}

/// One problem at one place, and what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
    /// What became of the row, the cell or the document.
    pub consequence: Consequence,
}

impl Fault {
    /// A fault that costs a whole row.
    pub const fn row(place: Place, problem: Problem) -> Self {
        Self { place, problem, consequence: Consequence::RowSetAside }
    }
    /// A fault that empties one cell and leaves the row.
    pub const fn cell(place: Place, problem: Problem) -> Self {
        Self { place, problem, consequence: Consequence::CellEmptied }
    }
    /// A fault for which the whole run is held until a person decides.
    pub const fn guard(place: Place, problem: Problem) -> Self {
        Self { place, problem, consequence: Consequence::RunHeld }
    }
    /// A fault that costs a whole document or page.
    pub const fn document(place: Place, problem: Problem) -> Self {
        Self { place, problem, consequence: Consequence::DocumentSetAside }
    }
    /// Something worth knowing that cost nothing.
    pub const fn told(place: Place, problem: Problem) -> Self {
        Self { place, problem, consequence: Consequence::Told }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.problem, self.consequence)
    }
}

// A fault that could own a value would not compile here.
const _: () = {
    const fn holds_no_value<T: Copy + 'static>() {}
    holds_no_value::<Place>();
    holds_no_value::<Problem>();
    holds_no_value::<Fault>();
};
