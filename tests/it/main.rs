//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod disclosure;
mod oracle;
mod real_data;
#[cfg(feature = "warehouse")]
mod release;
mod site;
#[cfg(feature = "warehouse")]
mod specs;
