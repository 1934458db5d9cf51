//! Whose rows somebody's own list holds: the list's rows join the register in memory, as one more source, and the linker
//! says who is one person. Nothing of it stays.
use super::{Linker, People};
use crate::privacy::{Identified, Identity, Keyed, Pseudonym};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The commit of a list's rows: later than any. What is joined late says how likely the join is.
const LATEST: i64 = i64::MAX;

/// What a row of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// One learner, with the probability in ten-thousandths; what a rule joined states 10,000.
    One(Pseudonym, u16),
    /// More than one learner fits: it is not said which.
    Several,
    /// Nobody who may be shown.
    Nobody,
}

/// A list's rows and the register, side by side.
pub struct Roll<'r> {
    /// The rows, by position.
    pub rows: &'r [Identified<Identity>],
    /// The learner of each subject of the register.
    pub learners: &'r HashMap<Pseudonym, Pseudonym>,
    /// Whether somebody with this birth date may be shown to whoever asks.
    pub in_scope: &'r dyn Fn(&str) -> bool,
}

/// What a list came to.
pub struct RollMatch {
    /// Each row's answer, by position.
    pub found: Vec<Found>,
    /// The subjects of the register that its rows may have been about: of one learner or of several.
    pub people: usize,
}

impl Roll<'_> {
    /// Finds each row's learner. `people` is the register as far as it may serve the purpose; it is used up.
    pub fn find(&self, linker: &impl Linker, mut people: People, keyed: &Keyed) -> RollMatch {
        let shown = self.shown(&people);
        let count = people.people.len();
        let twins = Alike::of(&people, |subject| self.learners.get(subject).copied(), &shown);
        let mut at_of: HashMap<Pseudonym, usize> = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            let subject = keyed.digest("row of a list", &[&(at as u64).to_le_bytes()]);
            let row = row.veiled();
            let said: Vec<Option<&str>> = (0..row.0.len()).map(|at| row.get(at)).collect();
            people.add(subject, ("", ""), &said, LATEST);
            at_of.insert(subject, at);
        }
        let mut found = vec![Found::Nobody; self.rows.len()];
        let people = Identified::new(people);
        for cluster in linker.clusters(&people) {
            let rows = cluster.members.iter().filter(|member| at_of.contains_key(&member.subject));
            let learners: BTreeSet<Pseudonym> = cluster
                .members
                .iter()
                .filter_map(|member| self.learners.get(&member.subject).copied())
                .collect();
            let visible: Vec<Pseudonym> = learners.iter().filter(|id| shown.contains(*id)).copied().collect();
            for row in rows {
                found[at_of[&row.subject]] = match (&visible[..], learners.len()) {
                    ([learner], 1) => Found::One(*learner, row.probability),
                    ([_, _, ..], _) => Found::Several,
                    // Who may not be shown is not there: no answer tells that they exist.
                    _ => Found::Nobody,
                };
            }
        }
        let people = people.veiled();
        for (at, answer) in found.iter_mut().enumerate() {
            let row = people.people.get(count + at);
            if *answer == Found::Nobody && row.is_some_and(|row| twins.fit(people, row)) {
                *answer = Found::Several;
            }
        }
        RollMatch { found, people: count }
    }

    /// The learners who may be shown: a birth date of theirs is in scope, or none is known.
    fn shown(&self, people: &People) -> HashSet<Pseudonym> {
        let mut may: HashMap<Pseudonym, (bool, bool)> = HashMap::new();
        for person in &people.people {
            let Some(learner) = self.learners.get(&person.subject) else { continue };
            let (known, within) = may.entry(*learner).or_default();
            for said in &person.said {
                let word = said.get(people.fields.birth_date).copied().unwrap_or(0);
                if word != 0 {
                    *known = true;
                    *within |= (self.in_scope)(people.text(word));
                }
            }
        }
        may.into_iter().filter(|(_, (known, within))| *within || !known).map(|(id, _)| id).collect()
    }
}

/// Who could be taken for each other: bearers of one number, and people of one surname, birth date and initial.
struct Alike {
    keys: HashMap<Vec<String>, BTreeSet<Pseudonym>>,
}

impl Alike {
    fn of(
        people: &People,
        learner_of: impl Fn(&Pseudonym) -> Option<Pseudonym>,
        shown: &HashSet<Pseudonym>,
    ) -> Self {
        let mut keys: HashMap<Vec<String>, BTreeSet<Pseudonym>> = HashMap::new();
        for person in &people.people {
            let Some(learner) = learner_of(&person.subject).filter(|id| shown.contains(id)) else { continue };
            for key in keys_of(people, person) {
                keys.entry(key).or_default().insert(learner);
            }
        }
        keys.retain(|_, learners| learners.len() > 1);
        Self { keys }
    }

    /// Whether a row fits more than one.
    fn fit(&self, people: &People, row: &super::Person) -> bool {
        keys_of(people, row).iter().any(|key| self.keys.contains_key(key))
    }
}

fn keys_of(people: &People, person: &super::Person) -> Vec<Vec<String>> {
    let at = people.fields;
    let mut keys = Vec::new();
    for said in &person.said {
        let text = |field: usize| said.get(field).map_or("", |word| people.text(*word));
        let number = text(at.upn);
        if !number.is_empty() {
            keys.push(vec![number.to_owned()]);
        }
        let initial: String = text(at.forename).chars().take(1).collect();
        let who = [text(at.surname), text(at.birth_date), &initial];
        if who.iter().all(|part| !part.is_empty()) {
            keys.push(who.map(str::to_owned).into());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{definitions::Definitions, link::Weighed, privacy::Key};

    const FIELDS: [&str; 5] = ["upn", "forename", "surname", "birth_date", "postcode"];
    const UPN: &str = "H801200001001";

    fn identity(row: [&str; 5]) -> Identity {
        let plan = Definitions::load(None).unwrap().identity;
        let mut fields = vec![None; plan.fields.len()];
        for (name, text) in FIELDS.iter().zip(row) {
            fields[plan.position(name).unwrap()] = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        Identity(fields)
    }

    /// The register's rows with their learner's number, and what each row of the list comes to.
    fn found(register: &[([&str; 5], u8)], list: &[[&str; 5]]) -> Vec<Found> {
        let plan = Definitions::load(None).unwrap().identity;
        let (mut people, mut learners) = (People::new(&plan), HashMap::new());
        for (at, (row, learner)) in register.iter().enumerate() {
            let mut subject = [0; 16];
            subject[0] = at as u8 + 1;
            let row = identity(*row);
            let said: Vec<Option<&str>> = (0..row.0.len()).map(|at| row.get(at)).collect();
            people.add(subject, ("source", ""), &said, at as i64);
            learners.insert(subject, [*learner; 16]);
        }
        let rows: Vec<Identified<Identity>> =
            list.iter().map(|row| Identified::new(identity(*row))).collect();
        let roll = Roll { rows: &rows, learners: &learners, in_scope: &|day| day >= "2007-09-01" };
        roll.find(&Weighed::default(), people, &Key::for_demo(1).keyed()).found
    }

    #[test]
    fn a_row_finds_its_learner_and_a_stranger_finds_nobody() {
        let register = [
            ([UPN, "JAMES", "ARCHER", "2010-03-10", "ZT1 1AA"], 1),
            (["", "JAMES", "ARCHER", "2010-03-10", "ZT1 1AA"], 1),
            (["", "TOM", "BAKER", "2011-05-01", ""], 2),
        ];
        let list = [
            [UPN, "JIM", "ARCHER", "", ""],
            ["", "JAMES", "ARCHER", "2010-03-10", ""],
            ["", "TOM", "BAKER", "2011-05-01", ""],
            ["", "NO", "SUCHONE", "2011-05-01", ""],
        ];
        assert_eq!(
            found(&register, &list[1..]),
            [Found::One([1; 16], 10_000), Found::One([2; 16], 10_000), Found::Nobody]
        );
        assert_eq!(found(&register, &list[..1]), [Found::Nobody], "a number with another name is no proof");
    }

    #[test]
    fn twins_are_not_resolved_by_what_both_share() {
        let register = [
            (["", "AMY", "ARCHER", "2010-03-10", "ZT1 1AA"], 1),
            (["", "ANN", "ARCHER", "2010-03-10", "ZT1 1AA"], 2),
        ];
        let list = [["", "A", "ARCHER", "2010-03-10", "ZT1 1AA"], ["", "ANN", "ARCHER", "2010-03-10", ""]];
        assert_eq!(found(&register, &list), [Found::Several, Found::One([2; 16], 10_000)]);
    }

    #[test]
    fn a_row_that_would_join_two_learners_is_not_resolved() {
        let register = [
            (["", "AMY", "ARCHER", "2010-03-10", "ZT1 1AA"], 1),
            (["", "AMY", "ARCHER", "2010-03-10", "ZT9 9ZZ"], 2),
        ];
        assert_eq!(found(&register, &[["", "AMY", "ARCHER", "2010-03-10", ""]]), [Found::Several]);
    }

    #[test]
    fn who_is_out_of_scope_is_answered_like_who_does_not_exist() {
        let register =
            [(["", "OLD", "ARCHER", "1999-03-10", ""], 1), (["", "TOM", "BAKER", "2011-05-01", ""], 2)];
        let list = [["", "OLD", "ARCHER", "1999-03-10", ""], ["", "NO", "SUCHONE", "1999-03-10", ""]];
        assert_eq!(found(&register, &list), [Found::Nobody, Found::Nobody]);
    }
}
