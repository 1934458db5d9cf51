//! Learners that became one and learners that came apart: told from which learner each subject was before a run of linking and
//! after it, and never from what the program noted.
use super::linked_rows::LearnerChange;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The learner of each subject.
pub type Link = BTreeMap<String, String>;

/// What is to be told of runs on one day, given the links before the first and after each.
pub fn changes(day: NaiveDate, runs: &[Link]) -> Vec<LearnerChange> {
    let mut went: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (before, after) in runs.iter().zip(runs.iter().skip(1)) {
        for (subject, was) in before {
            if let Some(is) = after.get(subject).filter(|is| *is != was) {
                went.entry((was, is)).or_default().insert(subject);
            }
        }
    }
    let today = |learner: &str| -> BTreeSet<&str> {
        let links = runs.last().into_iter().flatten();
        links.filter(|(_, own)| *own == learner).map(|(subject, _)| subject.as_str()).collect()
    };
    let row = |(before, after): (&str, &str), subjects: &BTreeSet<&str>| {
        let n_ways = went.keys().filter(|(was, _)| *was == before).count();
        let left = today(before).len();
        let has_others = today(after).difference(subjects).next().is_some();
        let kind = match (left, n_ways, has_others) {
            (0, 1, _) => "merged",
            (_, _, true) => "moved",
            _ => "split",
        };
        LearnerChange {
            changed_at: day,
            before: before.to_owned(),
            after: after.to_owned(),
            kind: kind.to_owned(),
            n_subjects: subjects.len() as i64,
            n_left: left as i64,
        }
    };
    went.iter().map(|(way, subjects)| row(*way, subjects)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(pairs: &[(&str, &str)]) -> Link {
        pairs.iter().map(|(subject, learner)| ((*subject).to_owned(), (*learner).to_owned())).collect()
    }

    #[test]
    fn part_of_one_that_joins_another_has_moved_and_all_of_one_is_merged() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let before = links(&[("a", "1"), ("b", "1"), ("c", "2"), ("d", "3"), ("e", "4"), ("f", "4")]);
        let after = links(&[("a", "1"), ("b", "2"), ("c", "2"), ("d", "2"), ("e", "4"), ("f", "5")]);
        let told = changes(day, &[before, after]);
        let kinds: Vec<(&str, &str, &str, i64)> = told
            .iter()
            .map(|row| (row.before.as_str(), row.after.as_str(), row.kind.as_str(), row.n_left))
            .collect();
        assert_eq!(kinds, [("1", "2", "moved", 1), ("3", "2", "merged", 0), ("4", "5", "split", 1)]);
    }
}
