//! Section 1 of the page: birth month, sex, ethnicity, and from the birth month the cohort.
use super::cells::Person;
use super::days::cohort_of;
use super::facts::PersonFacts;
use super::rows::Learner;
use std::collections::BTreeMap;

pub fn learner(person: &PersonFacts) -> Learner {
    let birth_month = most_given(person.attributes.iter().filter_map(|one| one.birth_month));
    Learner {
        person: Person(person.number),
        birth_month,
        sex: most_given(person.attributes.iter().filter_map(|one| one.sex)).map(str::to_owned),
        ethnicity: most_given(person.attributes.iter().filter_map(|one| one.ethnicity)).map(str::to_owned),
        cohort_ay: birth_month.map(|month| i64::from(cohort_of(month))),
    }
}

/// The value given most often; of several the smallest.
fn most_given<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut votes: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *votes.entry(value).or_default() += 1;
    }
    let most = votes.values().copied().max()?;
    votes.into_iter().find(|(_, count)| *count == most).map(|(value, _)| value)
}

#[test]
fn a_tie_goes_to_the_smallest_value() {
    assert_eq!(most_given(["M", "F", "M", "F", "U"].into_iter()), Some("F"));
    assert_eq!(most_given(["M", "F", "M"].into_iter()), Some("M"));
    assert_eq!(most_given::<&str>([].into_iter()), None);
}
