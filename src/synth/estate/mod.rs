//! The doors: writes a world as the files and feeds that the outside would hand over, and, apart from them, the truth
//! about every row. Two writes of one world give the same bytes: no clock, no order of chance.
mod council;
mod document;
mod fault;
mod layout;
mod mis;
mod ods;
mod register;
mod shown;
mod table;
mod truth;
mod workbook;
mod xlsx;

use super::world::World;
use std::io;
use std::path::Path;
use truth::Truth;

/// How much was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows and records about people, over all doors.
    pub rows: u64,
    /// Faults planted.
    pub faults: u64,
}

/// Writes the estate of a world into a folder, which is made: `council/`, `ap/`, `mis/`, and the truth in `truth/`.
///
/// # Errors
/// Whatever the file system says.
pub fn write(world: &World, dir: &Path) -> io::Result<Written> {
    for folder in [
        "council/gias",
        "council/census",
        "council/ks2",
        "council/exams",
        "council/ehe",
        "council/cme",
        "council/nccis",
        "ap",
        "mis",
        "truth",
    ] {
        std::fs::create_dir_all(dir.join(folder))?;
    }
    let mut truth = Truth::create(dir)?;
    council::places(world, dir)?;
    council::census(world, dir, &mut truth)?;
    council::key_stage_2(world, dir, &mut truth)?;
    council::examinations(world, dir, &mut truth)?;
    council::destinations(world, dir, &mut truth)?;
    register::missing_education(world, dir, &mut truth)?;
    register::home_education(world, dir, &mut truth)?;
    workbook::write(world, dir, &mut truth)?;
    mis::write(world, dir, &mut truth)?;
    truth.finish()
}
