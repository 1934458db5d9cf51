//! Hand-made worlds of one person, with answers worked out by hand from the page on cohorts; and what has to hold in
//! any world.
mod area;
mod cohort;
mod generated;
mod rolls;
mod succession;
mod tiny;
