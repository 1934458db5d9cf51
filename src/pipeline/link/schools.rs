//! At which school each subject was last: where a sheet names a child and the school that sent it, and says neither birth
//! date nor number, the school is what tells two of one name apart.
use super::super::{Site, SiteFault};
use crate::{
    lake::{self, Version},
    link::People,
    privacy::{Digest16, Pseudonym},
};
use std::collections::HashMap;

/// The entities that say so, each with its column: where somebody is on roll, and who sent them to a provision.
const SAID_IN: [(&str, &str); 2] =
    [("enrolment", "establishment_id"), ("placement", "commissioner_establishment_id")];

/// Of one row what stands: its latest version.
struct Latest {
    seq: i64,
    subject: Option<Pseudonym>,
    day: i32,
    /// Its school by number; none where it names none.
    school: Option<u32>,
}

/// Adds to what is known of everybody the school that was said of them last. Of each row the latest version counts: a school
/// that was corrected, or a row that was withdrawn, says nothing any more. Among rows the days of schools are what counts,
/// then the commit and the school's own number: not the order of reading.
pub(in crate::pipeline) fn tell(site: &Site, people: &mut People) -> Result<(), SiteFault> {
    let mut names = Names::default();
    let mut last: HashMap<Pseudonym, (i32, i64, u32)> = HashMap::new();
    for (entity, column) in SAID_IN {
        let mut rows: HashMap<Digest16, Latest> = HashMap::new();
        for file in site.catalog.lake_files()?.into_iter().filter(|file| file.entity == entity) {
            lake::versions(&site.settings.data_dir.join(file.path), column, |seen| {
                names.note(&mut rows, &seen);
            })?;
        }
        for Latest { seq, subject, day, school } in rows.into_values() {
            let (Some(subject), Some(school)) = (subject, school) else { continue };
            let later =
                |(d, s, held): &(i32, i64, u32)| (*d, *s, names.of(*held)) < (day, seq, names.of(school));
            if last.get(&subject).is_none_or(later) {
                last.insert(subject, (day, seq, school));
            }
        }
    }
    for (subject, (_, _, school)) in last {
        people.was_at(&subject, names.of(school));
    }
    Ok(())
}

/// The schools, each once.
#[derive(Default)]
struct Names {
    numbers: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    fn of(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", AsRef::as_ref)
    }

    /// Takes a version in the place of an earlier one.
    fn note(&mut self, rows: &mut HashMap<Digest16, Latest>, seen: &Version<'_>) {
        let Version { key, seq, subject, day, word, .. } = *seen;
        let school = word.map(|text| self.number(text));
        let version =
            |of: &Self, seq, day, school: Option<u32>| (seq, day, school.map(|at| of.of(at).to_owned()));
        let held = rows.get(&key).map(|held| version(self, held.seq, held.day, held.school));
        if held.is_none_or(|held| held < version(self, seq, day, school)) {
            rows.insert(key, Latest { seq, subject, day, school });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        link::Person,
        pipeline::{files::tests::Desk, link::register},
    };
    use std::fs;

    /// The school of everybody whom the linker sees, by surname.
    fn schools(desk: &Desk) -> Vec<(String, String)> {
        let people = register::read(&desk.site, &mut crate::pipeline::Unwatched).unwrap().people;
        let people = people.veiled();
        let surname = |person: &Person| people.text(person.said[0][people.fields.surname]).to_owned();
        let mut schools: Vec<_> = people
            .people
            .iter()
            .map(|person| (surname(person), people.text(person.school).to_owned()))
            .collect();
        schools.sort();
        schools
    }

    #[test]
    fn a_school_that_was_corrected_or_taken_back_says_nothing_any_more() {
        let mut desk = Desk::new("");
        let connector = desk.dir.path().join("definitions/connectors/visits.toml");
        let text = fs::read_to_string(&connector).unwrap();
        let text = text
            .replace("[[feed.rows]]", "[feed.identity]\nsurname = { from = [\"Surname\"] }\n[[feed.rows]]")
            .replace(
                "hours_per_week = {",
                "commissioner_establishment_id = { from = [\"School\"] }\nhours_per_week = {",
            )
            .replace("mode = \"keyed\"", "mode = \"snapshot\"\nscope = []");
        fs::write(&connector, text).unwrap();
        desk.reopen(|text| text);
        let header = "Ref,Surname,Start,Hours,School\n";
        desk.lay("a.csv", &format!("{header}1,Archer,2025-09-01,5,900001\n2,Baker,2025-09-01,5,900001\n2,Baker,2025-10-01,5,900002\n3,Cole,2025-09-01,5,900001\n"));
        desk.read(false);
        let of = |archer: &str, baker: &str, cole: &str| {
            [("ARCHER", archer), ("BAKER", baker), ("COLE", cole)]
                .map(|(name, school)| (name.to_owned(), school.to_owned()))
                .to_vec()
        };
        assert_eq!(schools(&desk), of("900001", "900002", "900001"));
        // The school of the first row was a slip, and the smaller number stands now; the second's later row was never so,
        // and of the third no school is told any more.
        desk.lay(
            "b.csv",
            &format!(
                "{header}1,Archer,2025-09-01,5,123456\n2,Baker,2025-09-01,5,900001\n3,Cole,2025-09-01,5,\n"
            ),
        );
        desk.read(false);
        assert_eq!(schools(&desk), of("123456", "900001", ""));
    }
}
