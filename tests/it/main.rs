//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod disclosure;
#[cfg(feature = "warehouse")]
mod end_to_end;
#[cfg(feature = "warehouse")]
mod leaks;
mod needles;
mod oracle;
#[cfg(feature = "warehouse")]
mod readme;
mod real_data;
#[cfg(feature = "warehouse")]
mod release;
mod site;
#[cfg(feature = "warehouse")]
mod specs;
