//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod disclosure;
#[cfg(feature = "warehouse")]
mod release;
#[cfg(feature = "warehouse")]
mod specs;
