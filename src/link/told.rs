//! What linking can say of itself: how much each subject's sources told, as yes, no and numbers, and how the match rates
//! of sources move. No text leaves here.
use super::{People, Person, people::Word};
use crate::{
    conform::{UpnCheck, check_upn},
    fault::Name,
    privacy::{Identified, Link, LinkEvidence, Pseudonym},
};
use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
};

/// What was told of every subject, in subject order. `left` is how likely, in ten-thousandths, the likeliest subject is
/// to which each was not joined; nobody is in it whose runner-up was not reckoned.
pub fn evidence(
    people: &Identified<People>,
    left: &HashMap<Pseudonym, u16, impl BuildHasher>,
) -> Vec<LinkEvidence> {
    let people = people.veiled();
    let mut told: Vec<LinkEvidence> = people
        .people
        .iter()
        .map(|person| LinkEvidence { runner_up: left.get(&person.subject).copied(), ..of(people, person) })
        .collect();
    told.sort_unstable_by_key(|evidence| evidence.subject);
    told
}

fn of(people: &People, person: &Person) -> LinkEvidence {
    let at = people.fields;
    let words = |field: usize| {
        let words = person.said.iter().filter_map(move |said| said.get(field).copied());
        words.filter(|word: &Word| *word != 0)
    };
    let has = |field: usize| words(field).next().is_some();
    LinkEvidence {
        subject: person.subject,
        has_upn: has(at.upn),
        upn_valid: words(at.upn).any(|word| check_upn(people.text(word)) == UpnCheck::Permanent),
        has_uln: has(at.uln),
        has_name: (has(at.forename) || has(at.preferred_forename))
            && (has(at.surname) || has(at.preferred_surname)),
        has_birth_date: has(at.birth_date),
        has_postcode: has(at.postcode),
        said_times: u32::try_from(person.said.len()).unwrap_or(u32::MAX),
        runner_up: None,
    }
}

/// How many subjects of a source are linked, now and when subjects were last linked: what a guard compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The source.
    pub source: Name,
    /// Subjects now, and of them linked.
    pub now: (u64, u64),
    /// Subjects that were there when last linked, and of them linked then.
    pub before: (u64, u64),
    /// Subjects that came since, and of them linked.
    pub new: (u64, u64),
    /// Subjects that were linked and stand alone now.
    pub lost: u64,
}

/// How the match rates of sources moved, by source. `before` are the learners that subjects had until now.
pub fn drift(
    people: &Identified<People>,
    links: &[Link],
    before: &HashMap<Pseudonym, Pseudonym, impl BuildHasher>,
) -> Vec<Drift> {
    let (mut size_now, mut size_before) = (HashMap::new(), HashMap::new());
    for link in links {
        *size_now.entry(link.learner).or_insert(0_u32) += 1;
    }
    for learner in before.values() {
        *size_before.entry(*learner).or_insert(0_u32) += 1;
    }
    let learner_now: HashMap<Pseudonym, Pseudonym> =
        links.iter().map(|link| (link.subject, link.learner)).collect();
    let is_shared =
        |sizes: &HashMap<Pseudonym, u32>, learner: &Pseudonym| sizes.get(learner).is_some_and(|n| *n > 1);
    let mut drifts: BTreeMap<&str, Drift> = BTreeMap::new();
    for person in &people.veiled().people {
        let nothing = Drift { source: person.source, now: (0, 0), before: (0, 0), new: (0, 0), lost: 0 };
        let drift = drifts.entry(person.source.as_str()).or_insert(nothing);
        let is_linked = learner_now.get(&person.subject).is_some_and(|learner| is_shared(&size_now, learner));
        let count = |(all, linked): &mut (u64, u64), is_linked: bool| {
            *all += 1;
            *linked += u64::from(is_linked);
        };
        count(&mut drift.now, is_linked);
        match before.get(&person.subject) {
            Some(learner) => {
                let was_linked = is_shared(&size_before, learner);
                count(&mut drift.before, was_linked);
                drift.lost += u64::from(was_linked && !is_linked);
            }
            None => count(&mut drift.new, is_linked),
        }
    }
    drifts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{IdentityKind, IdentityPlan};

    fn plan() -> IdentityPlan {
        let fields =
            [("upn", IdentityKind::Upn), ("forename", IdentityKind::Name), ("surname", IdentityKind::Name)];
        IdentityPlan { fields: fields.map(|(name, kind)| (Name::declare(name), kind)).into() }
    }

    #[test]
    fn what_was_told_is_yes_or_no() {
        let mut people = People::new(&plan());
        let (kai, other) = ([1; 16], [2; 16]);
        people.add(other, ("sheet", ""), &[Some("B80120000500A"), None, None], 1);
        people.add(kai, ("mis", ""), &[Some("B801200005001"), Some("KAI"), None], 1);
        people.add(kai, ("mis", ""), &[None, None, Some("MARSH")], 2);
        let told = evidence(&Identified::new(people), &HashMap::from([(kai, 412)]));
        let [kai, other] = &told[..] else { panic!("two subjects") };
        assert!(kai.has_upn && kai.upn_valid && kai.has_name && !kai.has_birth_date && kai.said_times == 2);
        assert!(other.has_upn && !other.upn_valid && !other.has_name);
        assert_eq!((kai.runner_up, other.runner_up), (Some(412), None));
    }

    #[test]
    fn rates_are_told_apart_by_source_and_by_who_was_there() {
        let mut people = People::new(&plan());
        for (subject, source) in [(1, "mis"), (2, "sheet"), (3, "sheet"), (4, "sheet")] {
            people.add([subject; 16], (source, ""), &[None, Some("KAI"), None], 1);
        }
        let people = Identified::new(people);
        let link = |subject: u8, learner: u8| Link {
            subject: [subject; 16],
            learner: [learner; 16],
            method: Name::declare("upn"),
            probability: 10_000,
            band: Name::declare("certain"),
        };
        let before = HashMap::from([([1; 16], [9; 16]), ([2; 16], [9; 16]), ([3; 16], [3; 16])]);
        let links = [link(1, 9), link(2, 2), link(3, 9), link(4, 4)];
        let drifts = drift(&people, &links, &before);
        let [mis, sheet] = &drifts[..] else { panic!("two sources") };
        assert_eq!((mis.now, mis.before, mis.new, mis.lost), ((1, 1), (1, 1), (0, 0), 0));
        assert_eq!((sheet.now, sheet.before, sheet.new, sheet.lost), ((3, 1), (2, 1), (1, 0), 1));
    }
}
