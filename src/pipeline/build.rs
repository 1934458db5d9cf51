//! Stub until the warehouse merges.
