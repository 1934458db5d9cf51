//! The privacy boundary: what is identified, what is not, and the one door between.
//!
//! Left of the door rows are [`Identified`]: names, numbers, birth dates and postcodes, in memory only. Right of it
//! they are [`Pseudonymous`]: a keyed subject id and columns that the schema lets through. The door is
//! [`Door::draw`]; it walks the schema's treatments, not the row, so what the schema does not name cannot pass.
//! Only [`Storable`] values can be written by the lake, and `Identified` is not.
//!
//! Writing an identified value does not compile:
//! ```compile_fail
//! fn write(_: impl throughline::privacy::Storable) {}
//! write(throughline::privacy::Identified::new(1));
//! ```
//! Forging a pseudonymous value does not compile:
//! ```compile_fail
//! let forged = throughline::privacy::Pseudonymous(1);
//! ```
//! Smuggling something through a value that was drawn does not compile either:
//! ```compile_fail
//! fn swap(drawn: throughline::privacy::Pseudonymous<u8>, name: &'static str) {
//!     drawn.map(|_| name);
//! }
//! ```
//! Reading an identified value without the veil does not compile:
//! ```compile_fail
//! let veiled = throughline::privacy::Identified::new(1);
//! let _ = veiled.0;
//! ```
//! Printing an identified value does not compile, and debugging it prints the state:
//! ```compile_fail
//! println!("{}", throughline::privacy::Identified::new(1));
//! ```
//! ```
//! let veiled = throughline::privacy::Identified::new("Kai");
//! assert_eq!(format!("{veiled:?}"), "Identified(…)");
//! ```
//! Cloning or drawing the same value twice does not compile:
//! ```compile_fail
//! let veiled = throughline::privacy::Identified::new(1);
//! let a = veiled.map(|n| n + 1);
//! let b = veiled.map(|n| n + 1);
//! ```
mod area;
mod door;
mod halves;
mod key;
mod linked;
mod plan;
mod renaming;
mod row;
mod seal;
mod state;
mod study;
pub mod suppression;

pub use area::{Area, PostcodeDirectory};
pub(crate) use door::days;
pub use door::{Door, Drawn, Scratch};
pub use key::{Digest16, Key, KeyFault, KeyKind, Keyed, Pseudonym, is_closed};
pub use linked::{Link, LinkEvidence, LinkSample, Relinked};
pub use plan::{
    CodeWords, ColumnPlan, ColumnType, EntityPlan, IdentityKind, IdentityPlan, PLACE_WITHHELD, Treatment,
    WordHasher,
};
pub use renaming::{Named, Renaming};
pub(crate) use row::hex;
pub use row::{Cell, Identity, Origin, PersonKey, Row};
pub use state::{Identified, Pseudonymous, Storable};
pub use study::StudyKey;
