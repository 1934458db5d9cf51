//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod backload;
mod bad_input;
mod check;
mod connector_pages;
mod disclosure;
#[cfg(feature = "warehouse")]
mod end_to_end;
mod export;
mod kills;
#[cfg(feature = "warehouse")]
mod leaks;
mod map;
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
