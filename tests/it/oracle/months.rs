//! What somebody was doing month by month: `docs/measures/neet.md`, read once more, one month's end after the other.
use super::cells::{Cell, People, Person};
use super::days::day;
use super::neet_rows::NccisMonth;
use super::rows::{Group, Row, Spell, column, row};
use arrow::array::RecordBatch;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::BTreeMap;

row! {
    /// Months that are alike.
    MonthStatus = "month_status", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    run_no: i64 = "run_no",
    first_month: NaiveDate = "first_month",
    last_month: NaiveDate = "last_month",
    n_months: i64 = "n_months",
    status: String = "status",
    kind: String = "kind",
    legal_basis: Option<String> = "legal_basis",
    establishment_id: Option<String> = "establishment_id",
    n_beside: i64 = "n_beside",
    beside_status: Option<String> = "beside_status",
    beside_kind: Option<String> = "beside_kind",
    beside_establishment_id: Option<String> = "beside_establishment_id",
}

/// Month ends from the one of a day on.
fn month_ends(from: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let first = from.year() * 12 + from.month0() as i32;
    (first..).map(|number| {
        let next = number + 1;
        day(next.div_euclid(12), next.rem_euclid(12) as u32 + 1, 1) - Days::new(1)
    })
}

fn word(spell: &Spell) -> &'static str {
    match (spell.is_gap, spell.status.as_deref(), spell.legal_basis.as_str()) {
        (true, ..) => "not_known",
        (_, Some("C"), _) => "single",
        (_, Some("M"), _) => "main_of_several",
        (_, Some("F"), _) => "college",
        (_, Some("S"), _) => "subsidiary",
        (_, Some("G"), _) => "guest",
        (_, Some(_), _) => "other",
        (_, None, "cme") => "missing",
        (_, None, "ehe_full" | "ehe_flexi") => "home_educated",
        _ => "placement",
    }
}

/// The order in which places beside the main one are named; the greatest is first.
fn weight(spell: &Spell) -> (i32, NaiveDate, Option<String>, std::cmp::Reverse<String>) {
    let order = ["placement", "subsidiary", "single", "main_of_several", "college", "guest"];
    let place = order.iter().position(|one| *one == word(spell)).unwrap_or(6);
    let basis = std::cmp::Reverse(spell.legal_basis.clone());
    (-(place as i32), spell.starts_on, spell.establishment_id.clone(), basis)
}

/// What one month's end is, without its number and its length.
fn month(
    person: Person,
    end: NaiveDate,
    spells: &[&Spell],
    record: Option<&str>,
    span: &Span,
) -> MonthStatus {
    let here = |spell: &&&Spell| spell.starts_on <= end && end <= spell.ends_on;
    let main = spells.iter().filter(here).find(|spell| spell.role == "main");
    let beside: Vec<&&Spell> =
        spells.iter().filter(here).filter(|spell| spell.role == "concurrent").collect();
    let first = beside.iter().max_by_key(|spell| weight(spell));
    let is_after = span.sixteen.is_some_and(|sixteen| end > sixteen);
    let status = match (main.map(|spell| (word(spell), spell.is_gap)), record) {
        (Some((word, false)), _) => word,
        (_, Some(status)) => status,
        (Some(_), None) => "not_known",
        (None, None) if first.is_some() => "beside_only",
        (None, None) if is_after && span.last_place.is_none_or(|last| end > last) => "not_told",
        (None, None) if span.first_main.is_none_or(|first| end < first) => "not_known",
        (None, None) => "between",
    };
    MonthStatus {
        person,
        run_no: 0,
        first_month: end,
        last_month: end,
        n_months: 1,
        status: status.to_owned(),
        kind: main.map_or("none", |spell| spell.kind.as_str()).to_owned(),
        legal_basis: main.map(|spell| spell.legal_basis.clone()),
        establishment_id: main.and_then(|spell| spell.establishment_id.clone()),
        n_beside: beside.len() as i64,
        beside_status: first.map(|spell| word(spell).to_owned()),
        beside_kind: first.map(|spell| spell.kind.clone()),
        beside_establishment_id: first.and_then(|spell| spell.establishment_id.clone()),
    }
}

/// Between which months somebody is told of.
struct Span {
    sixteen: Option<NaiveDate>,
    last_place: Option<NaiveDate>,
    first_main: Option<NaiveDate>,
}

/// Everybody's months up to the day that everything is seen from.
pub fn statuses(
    cohorts: &BTreeMap<Person, Option<i64>>,
    spells: &[Spell],
    records: &[NccisMonth],
    as_of: NaiveDate,
) -> Vec<MonthStatus> {
    let mut of_person: BTreeMap<Person, (Vec<&Spell>, BTreeMap<NaiveDate, &str>)> = BTreeMap::new();
    for spell in spells {
        of_person.entry(spell.person).or_default().0.push(spell);
    }
    for record in records {
        of_person.entry(record.person).or_default().1.insert(record.month_on, &record.status);
    }
    let mut rows = Vec::new();
    for (person, (spells, records)) in of_person {
        let cohort = cohorts.get(&person).copied().flatten();
        rows.extend(of(person, cohort, &spells, &records, as_of));
    }
    rows.sort();
    rows
}

fn of(
    person: Person,
    cohort: Option<i64>,
    spells: &[&Spell],
    records: &BTreeMap<NaiveDate, &str>,
    as_of: NaiveDate,
) -> Vec<MonthStatus> {
    let Some(earliest) = spells.iter().map(|spell| spell.starts_on).chain(records.keys().copied()).min()
    else {
        return Vec::new();
    };
    let ends: Vec<NaiveDate> = month_ends(earliest).take_while(|end| *end <= as_of).collect();
    let at = |wanted: &dyn Fn(&Spell) -> bool| {
        let covered = |end: &NaiveDate| {
            spells.iter().any(|spell| wanted(spell) && spell.starts_on <= *end && *end <= spell.ends_on)
        };
        let found: Vec<NaiveDate> = ends.iter().copied().filter(covered).collect();
        (found.first().copied(), found.last().copied())
    };
    let any = at(&|_| true);
    let told = [any.0, records.keys().next().copied()].into_iter().flatten().min();
    let known_to = [any.1, records.keys().next_back().copied()].into_iter().flatten().max();
    let (Some(first), Some(known_to)) = (told, known_to) else { return Vec::new() };
    let year_end = |years: i64| cohort.map(|cohort| day((cohort + years) as i32, 8, 31));
    let last = year_end(7).map_or(known_to, |end| end.max(known_to));
    let span = Span {
        sixteen: year_end(5),
        last_place: at(&|spell| !spell.is_gap).1,
        first_main: at(&|spell| spell.role == "main").0,
    };
    let mut rows: Vec<MonthStatus> = Vec::new();
    for end in ends.into_iter().filter(|end| first <= *end && *end <= last) {
        let one = month(person, end, spells, records.get(&end).copied(), &span);
        let alike = |before: &MonthStatus| {
            let same =
                MonthStatus { run_no: 0, first_month: end, last_month: end, n_months: 1, ..before.clone() };
            same == one
        };
        match rows.last_mut() {
            Some(run) if alike(run) => (run.last_month, run.n_months) = (end, run.n_months + 1),
            _ => rows.push(one),
        }
    }
    rows.iter_mut().zip(1..).for_each(|(row, number)| row.run_no = number);
    rows
}
