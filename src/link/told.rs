//! How much each subject's sources told: yes, no and numbers, for the tables of link quality. No text leaves here.
use super::{People, Person, people::Word};
use crate::{
    conform::{UpnCheck, check_upn},
    privacy::{Identified, LinkEvidence, Pseudonym},
};
use std::{collections::HashMap, hash::BuildHasher};

/// What was told of every subject, in subject order. `before` are the learners that subjects had until now; with them it
/// is said who was joined to another then.
pub fn evidence(
    people: &Identified<People>,
    before: &HashMap<Pseudonym, Pseudonym, impl BuildHasher>,
) -> Vec<LinkEvidence> {
    let people = people.veiled();
    let mut subjects_of: HashMap<Pseudonym, u32> = HashMap::new();
    for learner in before.values() {
        *subjects_of.entry(*learner).or_default() += 1;
    }
    let was_linked =
        |subject| before.get(subject).map(|learner| subjects_of.get(learner).is_some_and(|n| *n > 1));
    let mut told: Vec<LinkEvidence> =
        people.people.iter().map(|person| of(people, person, was_linked(&person.subject))).collect();
    told.sort_unstable_by_key(|evidence| evidence.subject);
    told
}

fn of(people: &People, person: &Person, linked_before: Option<bool>) -> LinkEvidence {
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
        linked_before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{IdentityKind, IdentityPlan};

    fn plan() -> IdentityPlan {
        let fields =
            [("upn", IdentityKind::Upn), ("forename", IdentityKind::Name), ("surname", IdentityKind::Name)];
        IdentityPlan { fields: fields.map(|(name, kind)| (crate::fault::Name::declare(name), kind)).into() }
    }

    #[test]
    fn what_was_told_is_yes_or_no_and_who_was_joined_before_is_known() {
        let mut people = People::new(&plan());
        let (kai, twice, new) = ([1; 16], [2; 16], [3; 16]);
        people.add(kai, ("mis", ""), &[Some("B801200005001"), Some("KAI"), None], 1);
        people.add(kai, ("mis", ""), &[None, None, Some("MARSH")], 2);
        people.add(twice, ("mis", ""), &[Some("B80120000500A"), None, None], 1);
        people.add(new, ("sheet", ""), &[None, Some("NEW"), None], 3);
        let learner = [9; 16];
        let before = HashMap::from([(kai, learner), (twice, learner)]);
        let told = evidence(&Identified::new(people), &before);
        let [kai, twice, new] = &told[..] else { panic!("three subjects") };
        assert!(kai.has_upn && kai.upn_valid && kai.has_name && !kai.has_birth_date);
        assert_eq!((kai.said_times, kai.linked_before), (2, Some(true)));
        assert!(twice.has_upn && !twice.upn_valid && !twice.has_name);
        assert_eq!((new.has_upn, new.has_name, new.linked_before), (false, false, None));
        assert!(told.iter().all(|evidence| evidence.runner_up.is_none()));
    }
}
