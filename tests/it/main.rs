//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod disclosure;
mod oracle;
#[cfg(feature = "warehouse")]
mod release;
#[cfg(feature = "warehouse")]
mod specs;
