//! At which school each subject was last: where a sheet names a child and the school that sent it, and says neither birth
//! date nor number, the school is what tells two of one name apart.
use super::super::{Site, SiteFault};
use crate::{lake, link::People, privacy::Pseudonym};
use std::collections::HashMap;

/// The entities that say so, each with its column: where somebody is on roll, and who sent them to a provision.
const SAID_IN: [(&str, &str); 2] =
    [("enrolment", "establishment_id"), ("placement", "commissioner_establishment_id")];

/// Adds to what is known of everybody the school that was said of them last. The days of schools are what counts, then the
/// commit and the school's own number: not the order of reading.
pub(in crate::pipeline) fn tell(site: &Site, people: &mut People) -> Result<(), SiteFault> {
    let mut last: HashMap<Pseudonym, (i32, i64, Box<str>)> = HashMap::new();
    for file in site.catalog.lake_files()? {
        let Some((_, column)) = SAID_IN.iter().find(|(entity, _)| *entity == file.entity) else { continue };
        lake::schools(&site.settings.data_dir.join(file.path), column, |subject, day, seq, school| {
            let held = last.get(&subject);
            if held.is_none_or(|(d, s, name)| (*d, *s, &**name) < (day, seq, school)) {
                last.insert(subject, (day, seq, school.into()));
            }
        })?;
    }
    for (subject, (_, _, school)) in last {
        people.was_at(&subject, &school);
    }
    Ok(())
}
