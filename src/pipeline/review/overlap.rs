//! Learners with two live main registrations at once: two schools each say that the child is theirs. Either a transfer was
//! not told, or two children are one learner.
use crate::{
    fault::Name,
    lake::{self, Registration},
    link::Doubt,
    pipeline::{Site, SiteFault},
    privacy::{Digest16, Pseudonym},
};
use std::collections::{BTreeMap, HashMap};

/// One doubt for each such learner: of the two subjects that are registered at different places.
pub(super) fn doubts(site: &Site, learners: &HashMap<Pseudonym, Pseudonym>) -> Result<Vec<Doubt>, SiteFault> {
    let mut latest: HashMap<Digest16, Registration> = HashMap::new();
    for file in site.catalog.lake_files()?.into_iter().filter(|file| file.entity == "enrolment") {
        lake::registrations(&site.settings.data_dir.join(file.path), |seen| {
            let held = latest.entry(seen.key).or_insert_with(|| seen.clone());
            if held.seq < seen.seq {
                *held = seen;
            }
        })?;
    }
    Ok(overlapping(latest.into_values(), learners))
}

fn overlapping(
    registrations: impl Iterator<Item = Registration>,
    learners: &HashMap<Pseudonym, Pseudonym>,
) -> Vec<Doubt> {
    // By place: the smallest subject that is registered there.
    let mut places: BTreeMap<Pseudonym, BTreeMap<String, Pseudonym>> = BTreeMap::new();
    for live in registrations.filter(|seen| seen.is_live_main) {
        let Some(learner) = learners.get(&live.subject) else { continue };
        let held = places.entry(*learner).or_default().entry(live.establishment).or_insert(live.subject);
        *held = (*held).min(live.subject);
    }
    let of_learner = |at: &BTreeMap<String, Pseudonym>| {
        let first = *at.values().next()?;
        let other = *at.values().find(|subject| **subject != first)?;
        let pair = (first.min(other), first.max(other));
        Some(Doubt { pair, probability: 9_999, why: Name::declare("overlap"), runner_up: None })
    };
    places.values().filter_map(of_learner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_schools_that_both_say_a_child_is_theirs_are_a_doubt() {
        let seen = |key: u8, subject: u8, establishment: &str, is_live_main| Registration {
            key: [key; 16],
            seq: 1,
            subject: [subject; 16],
            establishment: establishment.to_owned(),
            is_live_main,
        };
        let learners =
            HashMap::from([1, 2, 3, 4, 5, 6].map(|n| ([n; 16], [if n < 5 { n / 3 } else { 9 }; 16])));
        let rows = [
            // Subjects 1 and 2 are one learner, at two schools at once; 3 and 4 one, who left the first.
            seen(1, 1, "A", true),
            seen(2, 2, "B", true),
            seen(3, 3, "A", false),
            seen(4, 4, "B", true),
            // Told twice of one school.
            seen(5, 5, "C", true),
            seen(6, 6, "C", true),
        ];
        let found = overlapping(rows.into_iter(), &learners);
        let pairs: Vec<_> = found.iter().map(|doubt| (doubt.pair, doubt.why.as_str())).collect();
        assert_eq!(pairs, [(([1; 16], [2; 16]), "overlap")]);
    }
}
