use super::*;
use crate::disclosure::asked::{Counted, Measure, Told};

fn level(value: &str) -> FrameLevel {
    FrameLevel { value: Some(value.to_owned()), is_named: true, text: format!("key = {value}") }
}

/// Groups of learners by number, with the conditions that each fulfils.
fn frame(whom: &str, groups: &[(&str, Vec<(u64, u32)>)], filters: usize) -> Frame {
    let with_key = groups.iter().any(|(name, _)| !name.is_empty());
    let mut frame = Frame {
        keys: if with_key { vec![groups.iter().map(|(name, _)| level(name)).collect()] } else { Vec::new() },
        is_disjoint: true,
        filters,
        measures: std::iter::once(Measure::Count(Counted::Learners(None)))
            .chain((0..filters).map(|filter| Measure::Count(Counted::Learners(Some(filter)))))
            .collect(),
        population: vec![whom.to_owned()],
        filter_texts: (0..filters).map(|filter| format!("condition {filter}")).collect(),
        words: vec![whom.to_owned()],
        ..Frame::default()
    };
    for (at, (_, members)) in groups.iter().enumerate() {
        let levels = if with_key { vec![at] } else { Vec::new() };
        frame.rows.extend(members.iter().map(|(member, mask)| FrameRow {
            levels: levels.clone(),
            mask: *mask,
            member: *member,
            amounts: Vec::new(),
        }));
    }
    frame
}

fn some(members: impl IntoIterator<Item = u64>) -> Vec<(u64, u32)> {
    members.into_iter().map(|member| (member, 0)).collect()
}

/// What is shown, by key, and what became of the ledger.
fn ask(frame: &Frame, earlier: &mut Vec<PastAnswer>) -> Result<Vec<String>, Refusal> {
    let id = format!("question-{}", earlier.len() + 1);
    let (answer, entry) = disclose(frame, earlier, &id, &Policy::published())?;
    earlier.push(entry);
    let line = |(keys, told): &(Vec<Option<String>>, Vec<Told>)| {
        let figures = told.iter().map(Told::to_string);
        let key = keys.first().cloned().flatten().unwrap_or_default();
        std::iter::once(key).chain(figures).collect::<Vec<_>>().join(" ")
    };
    Ok(answer.groups.iter().map(line).collect())
}

fn alone(frame: &Frame) -> Result<Vec<String>, Refusal> {
    ask(frame, &mut Vec::new())
}

/// Nobody and a few: the answer is the same, and so is what becomes of a later question for all of them.
#[test]
fn nobody_and_a_few_are_not_told_apart() {
    let with = |few: u64| {
        let mut ledger = Vec::new();
        let groups = [("a", some(0..100)), ("b", some(100..260)), ("c", some(260..260 + few))];
        let shown = ask(&frame("all", &groups, 0), &mut ledger).unwrap();
        let total = ask(&frame("everybody", &[("", some(0..260 + few))], 0), &mut ledger);
        (shown, total.unwrap_err().to_string())
    };
    let nobody = with(0);
    assert_eq!(nobody.0, ["a 100", "b 160"]);
    assert!(nobody.1.contains("question-1"), "{}", nobody.1);
    for few in 1..10 {
        assert_eq!(with(few), nobody, "{few}");
    }
}

/// Attack 9, and whether anybody fulfils a condition: everybody but those who do, whether they are one, nine or none.
#[test]
fn attack_09_all_but_a_few_are_refused_by_name_even_if_they_are_nobody() {
    let refused = |few: u64| {
        let mut ledger = Vec::new();
        assert_eq!(ask(&frame("all", &[("", some(0..40))], 0), &mut ledger).unwrap(), [" 40"]);
        let but = frame("all who are not it", &[("", some(few..40))], 0);
        ask(&but, &mut ledger).unwrap_err().to_string()
    };
    for few in 0..10 {
        assert!(refused(few).contains("`question-1`"), "{}", refused(few));
        assert_eq!(refused(few), refused(0));
    }
    let mut ledger = Vec::new();
    ask(&frame("all", &[("", some(0..40))], 0), &mut ledger).unwrap();
    assert_eq!(ask(&frame("others", &[("", some(10..40))], 0), &mut ledger).unwrap(), [" 30"]);
}

/// The same by difference of two answers: neither is near the new one, their difference is.
#[test]
fn all_but_a_few_of_what_follows_are_refused_too() {
    for few in 0..10 {
        let mut ledger = Vec::new();
        ask(&frame("all", &[("", some(0..200))], 0), &mut ledger).unwrap();
        ask(&frame("first", &[("", some(0..80))], 0), &mut ledger).unwrap();
        assert!(ask(&frame("second", &[("", some(80 + few..200))], 0), &mut ledger).is_err(), "{few}");
    }
}

/// Asked again in the same words, even where a few changed since, it is what it was.
#[test]
fn attack_16_the_same_question_has_one_answer() {
    let mut ledger = Vec::new();
    let first = ask(&frame("all", &[("a", some(0..52)), ("b", some(60..100))], 0), &mut ledger).unwrap();
    for _ in 0..20 {
        let again = ask(&frame("all", &[("a", some(0..52)), ("b", some(60..100))], 0), &mut ledger).unwrap();
        assert_eq!(again, first);
    }
    assert_eq!(first, ["a 50", "b 40"]);
    // Said in another way of the same words: 53 would be 55.
    let mut other = frame("the whole", &[("a", some(0..53)), ("b", some(60..100))], 0);
    other.words = vec!["all".to_owned()];
    assert_eq!(ask(&other, &mut ledger).unwrap(), first);
}

/// A total that follows from how the question is written is told, before its parts or after them.
#[test]
fn totals_that_follow_are_told() {
    let parts = frame("all", &[("a", some(0..100)), ("b", some(100..260))], 0);
    let total = Frame { keys: Vec::new(), ..frame("all", &[("", some(0..260))], 0) };
    let mut ledger = Vec::new();
    assert_eq!(ask(&parts, &mut ledger).unwrap(), ["a 100", "b 160"]);
    assert_eq!(ask(&total, &mut ledger).unwrap(), [" 260"]);
    let mut ledger = Vec::new();
    assert_eq!(ask(&total, &mut ledger).unwrap(), [" 260"]);
    assert_eq!(ask(&parts, &mut ledger).unwrap(), ["a 100", "b 160"]);
}

/// One learner who is in two groups opens nothing: each group stands beside everybody else.
#[test]
fn overlapping_groups_are_each_looked_at_beside_all_others() {
    let mut overlapping =
        frame("rows", &[("a", some(0..100)), ("b", some(99..260)), ("c", some([4, 5, 6]))], 0);
    overlapping.is_disjoint = false;
    assert_eq!(alone(&overlapping).unwrap(), ["a 100", "b 160"]);
    // All but three are in it.
    let mut nearly = frame("rows", &[("a", some(0..97)), ("b", some(40..70)), ("c", some(97..100))], 0);
    nearly.is_disjoint = false;
    assert_eq!(alone(&nearly).unwrap(), ["b 30"]);
    let twice = Frame { is_disjoint: true, ..overlapping };
    assert!(alone(&twice).is_err(), "what cannot be by the tables is not believed");
}

/// Attack 14, 12, 13: those who fulfil a condition, those who do not, and what follows from two conditions.
#[test]
fn attack_14_nearly_all_and_nested_conditions_are_not_told() {
    let of = |fulfil: u64| {
        (0..60)
            .map(|member| (member, u32::from(member < fulfil)))
            .chain((60..200).map(|member| (member, 0)))
            .collect()
    };
    assert_eq!(alone(&frame("all", &[("", of(30))], 1)).unwrap(), [" 200 30"]);
    assert_eq!(alone(&frame("all", &[("", of(9))], 1)).unwrap(), [" 200 c"]);
    let all = |but: u64| (0..60).map(|member| (member, u32::from(member >= but))).collect();
    assert_eq!(alone(&frame("all", &[("", all(4))], 1)).unwrap(), [" 60 c"]);
    assert_eq!(alone(&frame("all", &[("", all(0))], 1)).unwrap(), [" 60 c"]);
    let nested: Vec<(u64, u32)> =
        (0..200).map(|member| (member, u32::from(member < 50) + 2 * u32::from(member < 46))).collect();
    let shown = alone(&frame("all", &[("", nested)], 2)).unwrap();
    let one_of_them = [" 200 50 c", " 200 c 45"].contains(&shown[0].as_str());
    assert!(one_of_them, "four fulfil the one and not the other: {shown:?}");
}

#[test]
fn twenty_questions_to_the_same_people_are_enough() {
    let mut ledger = Vec::new();
    for number in 0..25_u64 {
        let mut asked = frame(
            "all",
            &[(
                "",
                (0..400)
                    .map(|member| (member, u32::from(u64::wrapping_mul(member, number * 7 + 3) % 11 < 5)))
                    .collect(),
            )],
            1,
        );
        asked.filter_texts = vec![format!("condition {number}")];
        asked.words = vec![number.to_string()];
        let answered = ask(&asked, &mut ledger);
        if number >= 20 {
            assert!(matches!(answered, Err(Refusal::TooManyLinked { most: 20 })), "{number}: {answered:?}");
        }
    }
}

/// Attack 13, 15: means and sums of which one learner is most, or in which all but one are alike, tell nothing of that one.
#[test]
fn attack_15_no_mean_tells_of_one_learner() {
    let told = |values: &[f64], sum: bool| {
        let mut asked =
            frame("all", &[("", (0..values.len() as u64).map(|member| (member, 1)).collect())], 1);
        asked.rows.iter_mut().zip(values).for_each(|(row, value)| row.amounts = vec![Some(*value)]);
        asked.rows.extend((1_000..1_020).map(|member| FrameRow {
            member,
            amounts: vec![None],
            ..FrameRow::default()
        }));
        asked.amounts = vec![(80.0, 120.0, 0)];
        asked.measures = vec![if sum { Measure::Sum(0) } else { Measure::Mean(0) }];
        alone(&asked).map(|shown| shown.join("; "))
    };
    let mut values = vec![100.0; 60];
    let all_alike = told(&values, false);
    assert_eq!(all_alike.clone().unwrap(), " 100");
    for other in [80.0, 120.0, 1e18, -1e18, f64::INFINITY] {
        values[7] = other;
        assert_eq!(told(&values, false), all_alike, "{other}");
    }
    assert_eq!(told(&[100.0; 63], true).unwrap(), " 6500", "by the shown count, which is 65");
    assert!(told(&[100.0; 9], false).is_err());
}
