use super::{super::Member, *};
use crate::definitions::Definitions;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FIELDS: [&str; 6] = ["upn", "uln", "forename", "surname", "birth_date", "postcode"];
pub(super) type Row = [String; 6];

fn row(texts: [&str; 6]) -> Row {
    texts.map(str::to_owned)
}

pub(super) fn people(rows: &[Row], backwards: bool) -> People {
    let plan = Definitions::load(None).unwrap().identity;
    let mut people = People::new(&plan);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    if backwards {
        order.reverse();
    }
    for at in order {
        let mut said = vec![None; plan.fields.len()];
        for (name, text) in FIELDS.iter().zip(&rows[at]) {
            said[plan.position(name).unwrap()] = Some(text.as_str()).filter(|text| !text.is_empty());
        }
        people.add(subject(at), ("source", ""), &said, at as i64);
    }
    people
}

pub(super) fn subject(at: usize) -> Pseudonym {
    let mut subject = [0_u8; 16];
    subject[..8].copy_from_slice(&(at as u64 + 1).to_be_bytes());
    subject
}

/// The clusters as places of rows, with each member's method and probability.
fn clusters(rows: &[Row], threads: usize, backwards: bool) -> Vec<Vec<(usize, String, u16)>> {
    let place = |subject: &Pseudonym| {
        let mut first = [0; 8];
        first.copy_from_slice(&subject[..8]);
        u64::from_be_bytes(first) as usize - 1
    };
    let clusters = Weighed { threads }.clusters(&Identified::new(people(rows, backwards)));
    clusters
        .iter()
        .map(|cluster| {
            let told = |m: &Member| (place(&m.subject), m.method.as_str().to_owned(), m.probability);
            cluster.members.iter().map(told).collect()
        })
        .collect()
}

pub(super) fn upn(serial: usize) -> String {
    let letters = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let digits = format!("8012000{serial:05}");
    let sum: usize = digits.bytes().zip(2..).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{}{digits}", char::from(letters[sum % 23]))
}

pub(super) const GIVEN: [&str; 16] = [
    "THOMAS", "OLIVIA", "JACOB", "EMILY", "DANIEL", "GRACE", "LIAM", "FREYA", "OSCAR", "ETHAN", "CHLOE",
    "HANNAH", "NOAH", "FINLEY", "ISLA", "MARCUS",
];
const FAMILY: [&str; 12] = [
    "ARCHER", "BENNETT", "HUGHES", "WALSH", "GRANT", "HOLLOWAY", "IRVING", "JESSOP", "KEATING", "LOMAX",
    "MERCER", "PRESCOTT",
];

/// A school's pupils, all different, with numbers.
pub(super) fn pupils(count: usize) -> Vec<Row> {
    let name = |at: usize| (GIVEN[at * 7 % 16], FAMILY[at * 5 % 12]);
    (0..count)
        .map(|at| {
            let (given, family) = name(at);
            let born = format!("20{:02}-{:02}-{:02}", 6 + at % 7, 1 + at * 5 % 12, 1 + at * 11 % 28);
            let home = format!("ZT{}{}AA", 10 + at * 13 % 80, 1 + at % 9);
            [upn(at), String::new(), given.to_owned(), family.to_owned(), born, home]
        })
        .collect()
}

pub(super) fn with(extra: &[Row]) -> (Vec<Row>, usize) {
    let mut rows = pupils(600);
    // Another office's rows about some of them, so that there is something to learn from.
    for at in 0..200 {
        let mut again = rows[at * 3].clone();
        if at % 3 == 0 {
            again[0].clear();
        }
        rows.push(again);
    }
    let first = rows.len();
    rows.extend_from_slice(extra);
    (rows, first)
}

fn companions(clusters: &[Vec<(usize, String, u16)>], of: usize) -> Vec<usize> {
    let cluster = clusters.iter().find(|cluster| cluster.iter().any(|member| member.0 == of)).unwrap();
    cluster.iter().map(|member| member.0).filter(|at| *at != of).collect()
}

#[test]
fn a_slip_in_a_name_is_joined_and_says_how_likely() {
    let pupil = pupils(600)[4].clone();
    let mut slipped = pupil.clone();
    slipped[0].clear();
    slipped[3] = slipped[3].replacen('E', "A", 1);
    slipped[2].push('H');
    assert_ne!(slipped[3], pupil[3]);
    let (rows, first) = with(&[slipped]);
    let found = clusters(&rows, 2, false);
    assert!(companions(&found, first).contains(&4));
    let member = found.iter().flatten().find(|member| member.0 == first).unwrap();
    assert_eq!(member.1, "weighed");
    assert!((9_000..10_000).contains(&member.2), "{}", member.2);
}

#[test]
fn a_twin_and_a_namesake_stay_who_they_are() {
    let pupil = pupils(600)[9].clone();
    let other = GIVEN.iter().find(|name| !name.starts_with(&pupil[2][..1])).unwrap();
    let mut twin = pupil.clone();
    twin[0].clear();
    twin[2] = (*other).to_owned();
    let mut namesake = pupil.clone();
    namesake[0] = upn(90_001);
    namesake[4] = "2004-02-03".to_owned();
    let mut numbered = pupil.clone();
    numbered[0] = upn(90_002);
    numbered[5] = String::new();
    let (rows, first) = with(&[twin, namesake, numbered]);
    let found = clusters(&rows, 1, false);
    for at in first..first + 3 {
        assert!(!companions(&found, at).contains(&9), "row {at} is somebody else");
    }
}

#[test]
fn half_of_two_swapped_names_is_no_twin_where_the_number_is_the_same() {
    let pupil = pupils(600)[16].clone();
    let mut swapped = pupil.clone();
    swapped[2] = pupil[3][..3].to_owned();
    swapped[3].clone_from(&pupil[2]);
    let mut twin = swapped.clone();
    twin[0].clear();
    for (row, is_one) in [(swapped, true), (twin, false)] {
        let (rows, first) = with(&[row]);
        let found = clusters(&rows, 1, false);
        assert_eq!(companions(&found, first).contains(&16), is_one, "{:?}", rows[first]);
    }
}

/// Two children under one number that somebody mistyped, whose surname is made of a forename.
#[test]
fn a_twin_under_the_same_number_stays_a_twin() {
    let mut one = pupils(600)[16].clone();
    one[2] = "JACK".to_owned();
    one[3] = "JACKSON".to_owned();
    let mut other = one.clone();
    other[2] = "OLIVER".to_owned();
    let (rows, first) = with(&[one, other]);
    let found = clusters(&rows, 1, false);
    assert!(!companions(&found, first).contains(&(first + 1)));
}

#[test]
fn who_may_be_two_people_is_neither() {
    let mut one = pupils(600)[30].clone();
    let mut two = one.clone();
    two[0] = upn(90_003);
    two[5] = "ZT991ZZ".to_owned();
    let mut unsure = one.clone();
    unsure[0].clear();
    unsure[5].clear();
    unsure[3] = unsure[3].replacen(['E', 'A'], "O", 1);
    one[1].clear();
    let (rows, first) = with(&[two, unsure]);
    let found = clusters(&rows, 1, false);
    assert_eq!(companions(&found, first + 1), Vec::<usize>::new());
}

#[test]
fn the_order_of_reading_and_the_threads_change_nothing() {
    let mut slipped = pupils(600)[4].clone();
    slipped[0].clear();
    slipped[2].truncate(3);
    let (rows, _) = with(&[slipped]);
    let sorted = |mut clusters: Vec<Vec<(usize, String, u16)>>| {
        clusters.iter_mut().for_each(|cluster| cluster.sort());
        clusters.sort();
        clusters
    };
    let one = sorted(clusters(&rows, 1, false));
    assert_eq!(one, sorted(clusters(&rows, 3, false)));
    assert_eq!(one, sorted(clusters(&rows, 1, true)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the rows say, no cluster holds two numbers of one kind, and nobody is left out or stands twice.
    #[test]
    fn no_cluster_bears_two_numbers(seeds in prop::collection::vec((0..12_usize, 0..6_usize, 0..4_usize, 0..3_usize, 0..4_usize, 0..3_usize), 500)) {
        let ulns = ["", "1000000019", "1234567899", "6201948375", "4278319060", "9276308686"];
        let rows: Vec<Row> = seeds
            .iter()
            .map(|(number, learner, given, family, day, home)| {
                let number = if *number < 5 { String::new() } else { upn(*number) };
                let born = format!("2010-03-0{}", day + 1);
                let (given, family) = (GIVEN[*given], FAMILY[*family]);
                row([&number, ulns[*learner], given, family, if *day == 3 { "" } else { &born }, ["", "ZT11AA", "ZT12BB"][*home]])
            })
            .collect();
        let found = clusters(&rows, 1, false);
        let mut seen = BTreeSet::new();
        for cluster in &found {
            for field in [0, 1] {
                let numbers: BTreeSet<&str> =
                    cluster.iter().map(|member| rows[member.0][field].as_str()).filter(|text| !text.is_empty()).collect();
                prop_assert!(numbers.len() < 2, "{numbers:?}");
            }
            for (at, _, probability) in cluster {
                prop_assert!(seen.insert(*at));
                prop_assert!(*probability <= 10_000);
            }
        }
        prop_assert_eq!(seen.len(), rows.len());
        let by_size: BTreeMap<usize, usize> = found.iter().fold(BTreeMap::new(), |mut sizes, cluster| {
            *sizes.entry(cluster.len()).or_default() += 1;
            sizes
        });
        prop_assert!(!by_size.is_empty());
    }
}
