use proptest::prelude::*;

use super::*;

/// Learners with what each fulfils, each in the group of its number; one group without a name is no key.
fn frame(groups: &[(&str, Vec<(u64, u32)>)], filters: usize) -> Frame {
    let is_keyed = groups.iter().any(|(name, _)| !name.is_empty());
    let mut frame = Frame {
        keys: if is_keyed {
            vec![groups.iter().map(|(name, _)| Some((*name).to_owned())).collect()]
        } else {
            Vec::new()
        },
        filters,
        measures: std::iter::once(Measure::Count(Counted::Learners(None)))
            .chain((0..filters).map(|filter| Measure::Count(Counted::Learners(Some(filter)))))
            .collect(),
        ..Frame::default()
    };
    for (at, (_, members)) in groups.iter().enumerate() {
        frame.rows.extend(members.iter().map(|(member, mask)| FrameRow {
            levels: if is_keyed { vec![at] } else { Vec::new() },
            mask: *mask,
            member: *member,
            amounts: Vec::new(),
        }));
    }
    frame
}

fn some(members: std::ops::Range<u64>) -> Vec<(u64, u32)> {
    members.map(|member| (member, 0)).collect()
}

/// The answer to a frame with all its rows.
pub(super) fn whole(frame: &Frame, terms: Terms<'_>) -> Answer {
    disclose(frame, &tallied(frame, terms), terms, &Policy::published(), &|| true).unwrap()
}

fn tallied(frame: &Frame, terms: Terms<'_>) -> Tallied {
    let mut tallied = Tallied::of_nobody(frame);
    tallied.add(frame, terms);
    tallied
}

fn ask(frame: &Frame, spend: u64, seed: u8) -> Answer {
    let terms = Terms { most_groups: 1, most_of_one: 400, spend, seed: Seed(&[seed; 32]) };
    whole(frame, terms)
}

fn near(told: Told) -> Option<(f64, f64)> {
    match told {
        Told::Near { value, margin, .. } => Some((value, margin)),
        _ => None,
    }
}

/// What is shown is within its margin of the truth in 95 of 100 cases: of counts, shares, means and sums.
#[test]
fn margins_hold_as_often_as_they_say() {
    let members: Vec<(u64, u32)> = (0..1_000).map(|member| (member, u32::from(member < 300) + 2)).collect();
    let mut asked = frame(&[("a", members), ("b", some(1_000..1_700))], 2);
    for row in &mut asked.rows {
        row.amounts = vec![Some(90.0 + (row.member % 21) as f64)];
    }
    asked.amounts = vec![(80.0, 120.0, 1)];
    asked.measures.extend([
        Measure::Share(Counted::Learners(Some(0)), Counted::Learners(None)),
        Measure::Mean(0),
        Measure::Sum(0),
    ]);
    let sum: f64 = (0..1_000).map(|member| 90.0 + f64::from(member % 21)).sum();
    let truth = [1_000.0, 300.0, 1_000.0, 30.0, sum / 1_000.0, sum];
    let mut within = [0; 6];
    for seed in 0..250 {
        let answer = ask(&asked, 1, seed);
        let (keys, figures) = &answer.groups[0];
        assert_eq!(keys[0].as_deref(), Some("a"));
        for (at, told) in figures.iter().enumerate() {
            let (value, margin) = near(*told).unwrap();
            assert!(margin < truth[at], "{at}: {margin}");
            within[at] += u32::from((value - truth[at]).abs() <= margin);
        }
    }
    for (at, held) in within.iter().enumerate() {
        assert!((225..=249).contains(held), "figure {at}: {held} of 250");
    }
}

/// Attack 16: asked again, the same; of more questions' worth nearer; of other people, another draw.
#[test]
fn attack_16_the_same_question_has_one_answer() {
    let asked = frame(&[("", some(0..400))], 0);
    let first = ask(&asked, 1, 7);
    (0..100).for_each(|_| assert_eq!(ask(&asked, 1, 7), first));
    assert_ne!(ask(&asked, 1, 8).groups, first.groups);
    let margin = |spend| near(ask(&asked, spend, 7).groups[0].1[0]).unwrap().1;
    assert!(margin(4) < margin(1) * 0.6 && margin(100) <= 3.0, "{} {} {}", margin(1), margin(4), margin(100));
}

/// Attack 14: groups and figures of a few, and of nobody, are not there, and what is said beside is the same.
#[test]
fn attack_14_nobody_and_a_few_are_not_told_apart() {
    let with = |few: u64, seed| {
        let groups = [("a", some(0..200)), ("b", some(200..400)), ("c", some(400..400 + few))];
        ask(&frame(&groups, 0), 1, seed)
    };
    for seed in 0..100 {
        let nobody = with(0, seed);
        assert_eq!(nobody.groups.len(), 2, "{seed}");
        for few in 1..=3 {
            let answer = with(few, seed);
            assert_eq!((&answer.groups, &answer.notices), (&nobody.groups, &nobody.notices), "{seed} {few}");
        }
    }
    let hidden = ask(&frame(&[("", some(0..4))], 0), 1, 1);
    assert_eq!(hidden.groups[0].1, [Told::Figure(Figure::Symbol(Symbol::Confidential))]);
}

/// Attack 15: values beyond the declared range, and none at all, count as its end or not.
#[test]
fn attack_15_no_value_counts_more_than_its_range() {
    let told = |values: &[f64]| {
        let mut asked = frame(&[("", (0..values.len() as u64).map(|member| (member, 1)).collect())], 1);
        asked.rows.iter_mut().zip(values).for_each(|(row, value)| row.amounts = vec![Some(*value)]);
        asked.amounts = vec![(80.0, 120.0, 0)];
        asked.measures = vec![Measure::Sum(0), Measure::Mean(0)];
        ask(&asked, 1, 3).groups[0].1.clone()
    };
    let mut values = vec![100.0; 600];
    values[7] = 120.0;
    let highest = told(&values);
    for other in [121.0, 1e18, f64::MAX] {
        values[7] = other;
        assert_eq!(told(&values), highest, "{other}");
    }
    values[7] = f64::NAN;
    let (mean, margin) = near(told(&values)[1]).unwrap();
    assert!((mean - 100.0).abs() <= 2.0 * margin && margin < 3.0, "{mean} {margin}");
    assert_eq!(told(&[100.0; 9])[1], Told::Figure(Figure::Symbol(Symbol::Confidential)));
}

/// Attack 11: a learner with a thousand rows, in a hundred groups, is one in each of at most so many.
#[test]
fn attack_11_a_learner_of_many_rows_counts_once_and_in_few_groups() {
    let names: Vec<String> = (0..100).map(|at| at.to_string()).collect();
    let groups: Vec<(&str, Vec<(u64, u32)>)> =
        names.iter().map(|name| (name.as_str(), vec![(1, 0); 10])).collect();
    let asked = frame(&groups, 0);
    let terms = Terms { most_groups: 5, most_of_one: 400, spend: 1, seed: Seed(&[1; 32]) };
    let counted = tallied(&asked, terms).0;
    assert_eq!(counted.values().map(|tally| tally.all).collect::<Vec<_>>(), [1; 5]);
}

/// Where a learner's rows or groups can be more than count, the sentence about the true figure says which true figure is meant.
#[test]
fn what_is_left_out_of_each_learner_is_said_where_exactness_is() {
    let asked = frame(&[("a", some(0..300))], 0);
    let words = |most_groups: u64, most_of_one: u64| {
        let terms = Terms { most_groups, most_of_one, spend: 1, seed: Seed(&[1; 32]) };
        whole(&asked, terms).policy_in_words
    };
    assert!(words(11, 400).contains("near the true one, within "));
    assert!(words(12, 400).contains("the true one when of each learner at most 12 groups count, within "));
    assert!(words(1, 40).contains("at most 40 rows of a table count, within "));
    assert!(words(12, 40).contains("at most 12 groups and 40 rows of a table count, within "));
}

/// What the noise of an answer is measured by: nobody can change the answer by more, whoever is put in the place of whom.
fn change(one: &Frame, other: &Frame, terms: Terms<'_>) -> f64 {
    let named = |frame: &Frame| -> std::collections::BTreeMap<Vec<Option<String>>, Vec<f64>> {
        tallied(frame, terms)
            .0
            .into_iter()
            .map(|(keys, tally)| {
                let counts = std::iter::once(tally.all).chain(tally.fulfilling).map(|count| count as f64);
                // A sum's noise has twice the variance of a count's.
                let sums = tally.sums.iter().map(|sum| *sum as f64 / SCALE as f64 / 2.0_f64.sqrt());
                (keys, counts.chain(sums).collect())
            })
            .collect()
    };
    let (one, other) = (named(one), named(other));
    let groups: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).cloned().collect();
    groups
        .iter()
        .map(|group| {
            let width = one.get(group).or_else(|| other.get(group)).map_or(0, Vec::len);
            let of = |found: Option<&Vec<f64>>, at: usize| found.map_or(0.0, |found| found[at]);
            (0..width).map(|at| (of(one.get(group), at) - of(other.get(group), at)).powi(2)).sum::<f64>()
        })
        .sum()
}

proptest! {
    /// Whatever one learner's rows are replaced by, the figures change by no more than their noise is made for.
    #[test]
    fn no_learner_changes_an_answer_by_more_than_its_noise_is_for(
        others in prop::collection::vec((0_usize..6, 0_u32..4, -2.0..3.0), 0..40),
        before in prop::collection::vec((0_usize..6, 0_u32..4, -2.0..3.0), 0..9),
        after in prop::collection::vec((0_usize..6, 0_u32..4, -2.0..3.0), 0..9),
        most_groups in 1_u64..5,
        is_keyed in any::<bool>(),
    ) {
        let of = |victim: &[(usize, u32, f64)]| {
            let mut asked = Frame { filters: 2, amounts: vec![(0.0, 1.0, 1)], ..Frame::default() };
            asked.measures = vec![
                Measure::Count(Counted::Learners(None)), Measure::Count(Counted::Learners(Some(0))), Measure::Mean(0),
            ];
            let learners = others.iter().enumerate().map(|(at, row)| (1 + at as u64 / 2, row));
            let all: Vec<(u64, &(usize, u32, f64))> = learners.chain(victim.iter().map(|row| (0, row))).collect();
            // A level that only some have shifts the places of the others.
            let mut levels: Vec<usize> = all.iter().map(|(_, row)| row.0).collect();
            levels.sort_unstable();
            levels.dedup();
            if is_keyed {
                asked.keys = vec![levels.iter().map(|at| Some(at.to_string())).collect()];
            }
            asked.rows = all.iter().map(|(member, (at, mask, value))| FrameRow {
                levels: if is_keyed { vec![levels.iter().position(|level| level == at).unwrap()] } else { Vec::new() },
                mask: *mask, member: *member, amounts: vec![Some(*value)],
            }).collect();
            asked
        };
        let terms = Terms { most_groups, most_of_one: 400, spend: UNIT, seed: Seed(&[5; 32]) };
        let (one, other) = (of(&before), of(&after));
        let allowed = Asked::of(&one, terms).variance as f64;
        prop_assert!(change(&one, &other, terms) <= allowed + 1e-9, "{} of {allowed}", change(&one, &other, terms));
    }
}
