//! What the program promises, tried from outside.

mod disclosure;
#[cfg(feature = "warehouse")]
mod release;
