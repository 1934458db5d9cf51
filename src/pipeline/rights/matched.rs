//! Whom an identity is about: in memory, against every entry of the register, and on through the links. The same is read
//! and compared whether anybody is found or not.
use super::super::{Site, SiteFault};
use crate::{
    link,
    privacy::{
        Pseudonym,
        suppression::{Marks, Suppression},
    },
};
use std::collections::{BTreeSet, HashSet};

/// Who was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// As sources know them.
    pub(super) subjects: Vec<(String, Pseudonym)>,
    /// How many learners they are.
    pub(super) learners: u64,
    /// How many entries of the register were read.
    #[cfg_attr(not(test), expect(dead_code, reason = "that it is the same for everybody is tested"))]
    pub(super) read: u64,
}

/// Finds everybody who fits, with all that the linker holds for the same learners.
pub(super) fn find(site: &Site, marks: &Marks) -> Result<Found, SiteFault> {
    let (list, marked) = (super::list(site)?, Suppression::plan(&site.definitions.identity));
    let (mut fitting, mut read) = (HashSet::new(), 0);
    each_entry(site, |_, subject, _, said| {
        read += 1;
        if list.recognises(marks, &marked, said) {
            fitting.insert(subject);
        }
    })?;
    let anchors = site.catalog.anchors()?;
    let keyed = site.key.keyed();
    let learner = |subject: &Pseudonym| {
        anchors.get(subject).copied().unwrap_or_else(|| keyed.learner(subject))
    };
    let learners: HashSet<Pseudonym> = fitting.iter().map(learner).collect();
    let mut subjects = BTreeSet::new();
    each_entry(site, |source, subject, _, _| {
        read += 1;
        if learners.contains(&learner(&subject)) {
            subjects.insert((source.to_owned(), subject));
        }
    })?;
    let learners = learners.len() as u64;
    Ok(Found { subjects: subjects.into_iter().collect(), learners, read })
}

/// Shows every visible entry of the register: source, subject, (tenant, person key), what it says.
pub(super) fn each_entry(
    site: &Site,
    mut each: impl FnMut(&str, Pseudonym, (&str, &str), &[Option<&str>]),
) -> Result<(), SiteFault> {
    let (keyed, plan) = (site.key.keyed(), &site.definitions.identity);
    for (_, path) in site.catalog.register_files(None)? {
        link::read_segment(
            &site.settings.data_dir,
            &path,
            &site.key,
            plan,
            |source, tenant, person, said, _| {
                each(source, keyed.subject(source, tenant, person), (tenant, person), said);
            },
        )?;
    }
    Ok(())
}
