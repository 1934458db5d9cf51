//! The one integration-test binary.
#![cfg(test)]

mod architecture;
mod attacks;
mod audit;
mod backload;
mod bad_input;
mod bundles;
mod canaries;
mod check;
mod compared;
mod connector_pages;
mod connectors;
#[cfg(feature = "warehouse")]
mod console;
mod daemon;
mod disclosure;
#[cfg(feature = "warehouse")]
mod end_to_end;
#[cfg(feature = "warehouse")]
mod engagement;
#[cfg(feature = "warehouse")]
mod evidence;
mod export;
mod faults;
#[cfg(feature = "warehouse")]
mod goals;
#[cfg(feature = "warehouse")]
mod held_release;
mod intake;
mod keeping;
mod keys;
mod keys_everywhere;
mod kills;
#[cfg(feature = "warehouse")]
mod leaks;
mod leaks_files;
#[cfg(feature = "warehouse")]
mod lineage;
mod link_pairs;
#[cfg(feature = "warehouse")]
mod link_report;
mod linking;
mod map;
mod map_nobody;
mod needles;
mod oracle;
#[cfg(feature = "warehouse")]
mod query;
#[cfg(feature = "warehouse")]
mod readme;
mod real_data;
mod real_files;
mod real_ks4;
mod real_neet;
mod real_pulls;
#[cfg(feature = "warehouse")]
mod real_schools;
mod reasons;
#[cfg(feature = "warehouse")]
mod release;
#[cfg(feature = "warehouse")]
mod reports;
#[cfg(feature = "warehouse")]
mod resolve;
mod review;
#[cfg(feature = "warehouse")]
mod reviewed;
mod rights;
#[cfg(feature = "warehouse")]
mod risk_leak;
mod services;
mod sheets;
mod site;
#[cfg(feature = "warehouse")]
mod specs;
#[cfg(feature = "warehouse")]
mod stories;
#[cfg(feature = "warehouse")]
mod study;
#[cfg(feature = "warehouse")]
mod transferred;
