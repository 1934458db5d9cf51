//! Tables beside each other, small enough to be followed by hand.

use super::*;

fn cell(members: impl IntoIterator<Item = u64>) -> EntryCell {
    EntryCell { members: members.into_iter().collect(), shown: true }
}

fn entry(id: &str, cells: Vec<EntryCell>) -> Entry {
    Entry { id: id.into(), title: format!("table of {id}"), cells }
}

fn asked(earlier: &[Entry], new: &Entry) -> Result<Vec<usize>, Refusal> {
    Ledger::of(earlier, &Policy::published()).admit(new)
}

fn refused_for(earlier: &[Entry], new: &Entry) -> String {
    match asked(earlier, new) {
        Err(Refusal::TooNear { earlier, .. }) => earlier,
        other => panic!("not refused: {other:?}"),
    }
}

/// Forty pupils, and the same without the one with special needs: an output checker's tool passes both (28 and 12, 27 and 12).
#[test]
fn attack_09_the_same_table_without_one_child_is_refused_by_the_name_of_the_first() {
    let first = entry("study-3/1", vec![cell(0..40), cell(0..28), cell(28..40)]);
    let second = entry("study-3/2", vec![cell(1..40), cell(1..28), cell(28..40)]);
    assert_eq!(asked(&[], &first), Ok(Vec::new()));
    assert_eq!(refused_for(std::slice::from_ref(&first), &second), "study-3/1");
    let refusal = asked(std::slice::from_ref(&first), &second).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "refused: the table `table of study-3/2` differs from the earlier table `study-3/1` by fewer than 10 learners, who \
         could be told by taking one from the other"
    );
    assert!(refusal.instead().starts_with("use the earlier table"));
    assert_eq!(refusal.exit_code(), 5);
    assert_eq!(asked(std::slice::from_ref(&first), &first), Ok(Vec::new()), "the same again tells nothing");
}

#[test]
fn attack_09_by_time_a_cohort_rebuilt_with_one_more_learner_is_refused() {
    let first = entry("2026-10", vec![cell(0..300)]);
    let rebuilt = entry("2026-11", vec![cell(0..301)]);
    assert_eq!(refused_for(std::slice::from_ref(&first), &rebuilt), "2026-10");
    assert_eq!(
        asked(&[first], &entry("2027-11", vec![cell(0..310)])),
        Ok(Vec::new()),
        "ten more is the threshold"
    );
}

#[test]
fn attack_09_by_geography_districts_put_together_are_looked_at_too() {
    let districts = entry("districts", vec![cell(0..200), cell(0..50), cell(50..120), cell(120..200)]);
    // Two of the districts without one family.
    assert_eq!(
        refused_for(std::slice::from_ref(&districts), &entry("east", vec![cell(0..118)])),
        "districts"
    );
    // The other way round: the whole first, then parts that leave two out.
    let whole = entry("whole", vec![cell(0..120)]);
    let parts = entry("parts", vec![cell(0..60), cell(60..118)]);
    assert_eq!(refused_for(&[whole], &parts), "whole");
}

#[test]
fn a_single_cell_that_is_too_near_is_hidden_and_the_table_shown() {
    let by_la = entry("by la", vec![cell(0..300), cell(0..100), cell(100..200), cell(200..300)]);
    // Pupils with free meals: in the first authority all but four have them.
    let with_meals = entry(
        "meals",
        vec![cell((4..100).chain(150..200).chain(240..300)), cell(4..100), cell(150..200), cell(240..300)],
    );
    // And another, for the total less the other two would be the first again.
    assert_eq!(asked(&[by_la], &with_meals), Ok(vec![1, 2]));
}

#[test]
fn sums_and_differences_of_many_tables_are_found_too() {
    // 0..60 and 30..90 and their parts: none is near another, but together they leave 57..60.
    let earlier =
        [entry("a", vec![cell(0..60)]), entry("b", vec![cell(0..30)]), entry("c", vec![cell(30..90)])];
    let new = entry("d", vec![cell(60..120), cell(57..120)]);
    assert!(asked(&earlier, &new).is_err() || asked(&earlier, &new) == Ok(vec![0]));
    let hidden = EntryCell { members: (0..6).collect(), shown: false };
    let with_hidden = entry("e", vec![cell(0..40), hidden, cell(20..40)]);
    let rest = entry("f", vec![cell(6..20), cell(100..140)]);
    assert_eq!(asked(&[with_hidden], &rest), Ok(vec![0]), "0..40 less 20..40 less 6..20 is what was hidden");
}

#[test]
fn made_up_learners_need_no_ledger() {
    let policy = Policy::synthetic(crate::disclosure::KeyKind::Demo).unwrap();
    let first = entry("a", vec![cell(0..40)]);
    assert_eq!(Ledger::of(&[first], &policy).admit(&entry("b", vec![cell(1..40)])), Ok(Vec::new()));
}
