//! Whom an identity is about: in memory, against every entry of the register, and on through the links. The same is read
//! and compared whether anybody is found or not.
use super::super::{Site, SiteFault, grown};
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
}

/// Finds everybody who fits, in the register and among those who have grown out of it, with all that the linker holds for the
/// same learners; and says how many entries it read: as many for whoever is asked about.
pub(super) fn find(site: &Site, marks: &Marks) -> Result<(Found, u64), SiteFault> {
    let (list, marked) = (super::list(site)?, Suppression::plan(&site.definitions.identity));
    let (mut fitting, mut read) = (HashSet::new(), 0);
    each_entry(site, |_, subject, _, said| {
        read += 1;
        if list.recognises(marks, &marked, said) {
            fitting.insert(subject);
        }
    })?;
    let grown = grown::everybody(site)?;
    for grown in &grown {
        read += 1;
        if list.are_about(&grown.marks, marks) {
            fitting.insert(grown.subject);
        }
    }
    let anchors = site.catalog.anchors()?;
    let keyed = site.key.keyed();
    let learner =
        |subject: &Pseudonym| anchors.get(subject).copied().unwrap_or_else(|| keyed.learner(subject));
    let learners: HashSet<Pseudonym> = fitting.iter().map(learner).collect();
    let mut subjects = BTreeSet::new();
    each_entry(site, |source, subject, _, _| {
        read += 1;
        if learners.contains(&learner(&subject)) {
            subjects.insert((source.to_owned(), subject));
        }
    })?;
    let theirs = |grown: &&grown::Grown| learners.contains(&learner(&grown.subject));
    subjects.extend(grown.iter().filter(theirs).map(|grown| (grown.source.clone(), grown.subject)));
    read += grown.len() as u64;
    let learners = learners.len() as u64;
    Ok((Found { subjects: subjects.into_iter().collect(), learners }, read))
}

/// Shows every visible entry of the register: source, subject, (tenant, person key), what it says.
pub(in crate::pipeline) fn each_entry(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{files::tests::Desk, rights};

    #[test]
    fn attack_31_as_much_is_read_and_written_for_somebody_who_is_not_held() {
        let mut desk = Desk::new("");
        desk.lay("a.csv", "Ref,Start,Hours,Surname,Forename,DOB\n1,2025-09-01,5,Archer,Kai,2010-03-10\n2,2025-09-01,6,Baker,Tom,2011-05-01\n");
        let connector = desk.dir.path().join("definitions/connectors/visits.toml");
        let text = std::fs::read_to_string(&connector).unwrap();
        let identity = "[feed.identity]\nsurname = { from = [\"Surname\"] }\nforename = { from = [\"Forename\"] }\nbirth_date = { from = [\"DOB\"], dates = [\"%Y-%m-%d\"] }\n[[feed.rows]]";
        std::fs::write(&connector, text.replace("[[feed.rows]]", identity)).unwrap();
        desk.reopen(|text| text);
        assert_eq!(desk.read(false).accepted, 2);
        let plan = desk.site.definitions.identity.clone();
        let mut asked = Vec::new();
        for (forename, held) in [("Kai", 1), ("Nobody", 0)] {
            let text = format!("forename: {forename}\nsurname: Archer\nbirth_date: 2010-03-10");
            let (marks, _) = rights::read(&desk.site, rights::Right::Erase, &text).unwrap();
            let (found, read) = find(&desk.site, &marks).unwrap();
            assert_eq!((found.learners, found.subjects.len()), (held, held as usize));
            let case = rights::open_case(&mut desk.site, rights::Right::Erase, "ann", &text).unwrap();
            let (kept, sealed) = desk.site.catalog.case(case).unwrap().unwrap();
            let audit = desk.site.catalog.audit(1).unwrap().pop().unwrap();
            asked.push((read, sealed.len(), kept.state, kept.outcome, audit.people, audit.outcome));
        }
        assert!(plan.position("forename").is_some());
        // Of a longer forename there are more beginnings: that is the asker's own word.
        let longer = asked[1].1 - asked[0].1;
        assert!(longer < 200, "{longer}");
        asked.iter_mut().for_each(|asked| asked.1 = 0);
        assert_eq!(asked[0], asked[1]);
    }
}
