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

#[cfg(test)]
mod tests;

use super::world::World;
use std::io;
use std::path::Path;
use truth::Truth;

/// A door of the estate, as a configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Name of the source.
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// Folder under the estate; none for the schools' API.
    pub inbox: Option<String>,
    /// The provider whose workbooks they are.
    pub establishment_id: Option<String>,
}

/// Every door of a world's estate: the schools, the council's files, one for each provider.
pub fn doors(world: &World) -> Vec<Door> {
    const COUNCIL: [(&str, &str); 9] = [
        ("gias-establishments", "council/gias"),
        ("gias-links", "council/gias"),
        ("provider-list", "council"),
        ("school-census-spring", "council/census"),
        ("ks2-results", "council/ks2"),
        ("ks4-results", "council/exams"),
        ("ehe-register", "council/ehe"),
        ("cme-register", "council/cme"),
        ("nccis", "council/nccis"),
    ];
    let door = |name: &str, connector: String, inbox: Option<String>, establishment_id| Door {
        name: name.to_owned(),
        connector,
        inbox,
        establishment_id,
    };
    let schools = door("schools", "wonde".to_owned(), None, None);
    let council = COUNCIL.map(|(name, inbox)| door(name, name.to_owned(), Some(inbox.to_owned()), None));
    let providers = world.establishments.iter().filter_map(|one| {
        let folder = one.folder.as_deref()?;
        let connector = format!("ap-{}", workbook::layout_name(folder));
        Some(door(&format!("ap-{folder}"), connector, Some(format!("ap/{folder}")), Some(one.id.clone())))
    });
    std::iter::once(schools).chain(council).chain(providers).collect()
}

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
    for folder in world.establishments.iter().filter_map(|one| one.folder.as_deref()) {
        std::fs::create_dir_all(dir.join("ap").join(folder))?;
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
