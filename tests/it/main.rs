//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod specs;
