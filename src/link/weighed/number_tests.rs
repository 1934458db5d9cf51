//! What NHS numbers do: they join where a name or birth date goes with them, and two of them keep two records apart.
use super::{
    super::Tiers,
    tests::{GIVEN, Row, pupils, subject, with},
    *,
};
use crate::definitions::Definitions;

const ONE: &str = "9990000018";
const OTHER: &str = "9990000026";

/// Rows as elsewhere, each with an NHS number or none.
fn numbered(rows: &[(Row, &str)]) -> Identified<People> {
    let plan = Definitions::load(None).unwrap().identity;
    let mut people = People::new(&plan);
    for (at, (row, number)) in rows.iter().enumerate() {
        let mut said = vec![None; plan.fields.len()];
        let cells = super::tests::FIELDS.iter().zip(row).map(|(name, text)| (*name, text.as_str()));
        for (name, text) in cells.chain([("nhs_number", *number)]) {
            said[plan.position(name).unwrap()] = Some(text).filter(|text| !text.is_empty());
        }
        people.add(subject(at), ("source", ""), &said, at as i64);
    }
    Identified::new(people)
}

/// A school and an office, and more rows with their numbers; the number of the first of these.
fn with_numbers(more: &[(Row, &'static str)]) -> (Vec<(Row, &'static str)>, usize) {
    let (rows, first) = with(&[]);
    let rows = rows.into_iter().map(|row| (row, "")).chain(more.iter().cloned()).collect();
    (rows, first)
}

fn are_one(clusters: &[Cluster], a: usize, b: usize) -> bool {
    clusters.iter().any(|cluster| {
        [a, b].iter().all(|at| cluster.members.iter().any(|member| member.subject == subject(*at)))
    })
}

fn blank(row: &Row, fields: &[usize]) -> Row {
    let mut row = row.clone();
    fields.iter().for_each(|at| row[*at].clear());
    row
}

#[test]
fn a_number_joins_whom_a_name_or_birth_date_goes_with_and_nobody_else() {
    let child = pupils(1)[0].clone();
    let other = GIVEN.iter().find(|name| !name.starts_with(&child[2][..1])).unwrap();
    let mut twin = blank(&child, &[0]);
    twin[2] = (*other).to_owned();
    // Known by number, names and birth date at one place; by number, short form and birth date at another.
    let mut short = blank(&child, &[0, 3, 5]);
    short[2].truncate(3);
    let rows = [(blank(&child, &[0, 5]), ONE), (short, ONE), (twin, ONE)];
    let clusters = Tiers.clusters(&numbered(&rows));
    assert!(are_one(&clusters, 0, 1) && !are_one(&clusters, 1, 2));
    let joined = clusters.iter().flat_map(|c| &c.members).find(|m| m.subject == subject(1)).unwrap();
    assert_eq!(joined.method.as_str(), "nhs_number");
}

#[test]
fn two_numbers_keep_two_apart_unless_a_person_joins_them_and_are_always_listed() {
    let child = blank(&pupils(600)[30], &[0]);
    let (rows, first) = with_numbers(&[(child.clone(), ONE), (child, OTHER)]);
    let people = numbered(&rows);
    let model = Weighed { threads: 2 }.train(&people).unwrap();
    let pair = (subject(first).min(subject(first + 1)), subject(first).max(subject(first + 1)));
    let link = |told: &[Told]| {
        let given = Given { model: Some(&model), told, ..Given::default() };
        Weighed { threads: 2 }.link(&people, &given).unwrap()
    };
    let listed = |weighing: &Weighing| -> Vec<&str> {
        weighing.doubts.iter().filter(|doubt| doubt.pair == pair).map(|doubt| doubt.why.as_str()).collect()
    };
    let alone = link(&[]);
    assert!(!are_one(&alone.clusters, first, first + 1));
    let told = link(&[Told { pair, same: true }]);
    assert!(are_one(&told.clusters, first, first + 1));
    assert_eq!(listed(&told), ["numbers_joined"]);
}

#[test]
fn a_register_without_such_numbers_is_learnt_from_as_ever_and_its_model_takes_those_that_come() {
    let (rows, _) = with_numbers(&[]);
    let linker = Weighed { threads: 2 };
    let old = linker.train(&numbered(&rows)).unwrap();
    assert!(old.to_text().contains("\"telling\":[true]") || old.to_text().contains("\"telling\":[false]"));
    // The office asks for numbers from now on; under the old model the answer is the same in steps and at once.
    let child = blank(&pupils(600)[30], &[0]);
    let (more, first) = with_numbers(&[(child.clone(), ONE), (blank(&child, &[3]), ONE)]);
    let people = numbered(&more);
    let before = linker.link(&numbered(&rows), &Given { model: Some(&old), ..Given::default() }).unwrap();
    let step = Given { model: Some(&old), known: before.known, ..Given::default() };
    let (step, whole) = (
        linker.link(&people, &step).unwrap(),
        linker.link(&people, &Given { model: Some(&old), ..Given::default() }).unwrap(),
    );
    assert_eq!(step.known, whole.known);
    assert!(are_one(&whole.clusters, first, first + 1));
    let new = linker.train(&people).unwrap();
    assert_ne!(new.to_text(), old.to_text(), "a column of its own");
    assert!(linker.link(&people, &Given { model: Some(&new), ..Given::default() }).is_some());
}
