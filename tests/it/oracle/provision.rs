//! The audit of provision, person by person: `docs/measures/provision.md`, read once more.
use super::cells::{Fixed, Person};
use super::days::{academic_year, day, june_day};
use super::evidence::{Places, Role, Stay};
use super::facts::{Attendance, PersonFacts, Placement};
use super::measures::{AbsenceLearner, SchoolMove, SuspensionEvent};
use super::provision_rows::{ApDaySix, ApPlacement, EducationBreak};
use super::rows::Spell;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::collections::BTreeMap;

/// What is known of one person beside their stays.
pub struct Told<'a> {
    pub person: &'a PersonFacts,
    pub places: &'a Places<'a>,
    pub cohort: Option<i32>,
    pub stays: &'a [Stay],
    pub spells: &'a [Spell],
    pub events: &'a [SuspensionEvent],
    pub absence: &'a [AbsenceLearner],
    pub moves: &'a [SchoolMove],
    pub as_of: NaiveDate,
}

/// Easter Sundays from 2014.
const EASTER: [(u32, u32); 15] = [
    (4, 20),
    (4, 5),
    (3, 27),
    (4, 16),
    (4, 1),
    (4, 21),
    (4, 12),
    (4, 4),
    (4, 17),
    (4, 9),
    (3, 31),
    (4, 20),
    (4, 5),
    (3, 28),
    (4, 16),
];

/// A weekday outside the holidays of a calendar in general.
pub fn is_school_day(on: NaiveDate) -> bool {
    let week_of =
        |year: i32, month: u32, nth: u8| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Mon, nth);
    let within = |monday: NaiveDate| on >= monday && on < monday + Days::new(7);
    let last_monday =
        |month: u32| week_of(on.year(), month, 5).or_else(|| week_of(on.year(), month, 4)).unwrap();
    let (month, date) = (on.month(), on.day());
    let (easter_month, easter_day) = EASTER[(on.year() - 2014).clamp(0, 14) as usize];
    let easter = day(on.year(), easter_month, easter_day);
    let closed = matches!((month, date), (7, 21..) | (8, _) | (9, 1) | (12, 21..) | (1, ..=3))
        || within(last_monday(10))
        || within(last_monday(5))
        || within(week_of(on.year(), 2, 3).unwrap())
        || week_of(on.year(), 5, 1) == Some(on)
        || (on >= easter - Days::new(2) && on < easter + Days::new(13));
    !closed && !matches!(on.weekday(), Weekday::Sat | Weekday::Sun)
}

fn school_days(from: NaiveDate, to: NaiveDate) -> i64 {
    from.iter_days().take_while(|on| *on <= to).filter(|on| is_school_day(*on)).count() as i64
}

fn nth_school_day(from: NaiveDate, n: usize) -> NaiveDate {
    from.iter_days().filter(|on| is_school_day(*on)).nth(n - 1).unwrap()
}

/// Every placement, in the order in which they began.
pub fn placements(told: &Told<'_>) -> Vec<ApPlacement> {
    let mut placed: Vec<&Stay> = told.stays.iter().filter(|stay| stay.role == Role::Placement).collect();
    placed.sort_by_key(|stay| (stay.from, stay.establishment.clone(), stay.legal_basis));
    placed.iter().enumerate().map(|(index, stay)| placement(told, index as i64 + 1, stay)).collect()
}

fn placement(told: &Told<'_>, placement_no: i64, stay: &Stay) -> ApPlacement {
    let establishment = stay.establishment.clone().unwrap();
    let mut parts: Vec<&Placement> = told
        .person
        .placements
        .iter()
        .filter(|one| Some(told.places.school(&one.establishment)) == stay.school.as_deref())
        .filter(|one| stay.covers(one.starts_on))
        .filter(|one| one.legal_basis.unwrap_or("not_known") == stay.legal_basis)
        .collect();
    parts.sort_by_key(|one| one.starts_on);
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    let sum = |of: fn(&Placement) -> i64| parts.iter().map(|one| of(one)).sum::<i64>();
    let (offered, attended, reviews) =
        (sum(|one| one.offered), sum(|one| one.attended), sum(|one| one.reviews));
    let planned = parts.iter().filter_map(|one| one.planned_end_on).max();
    let beside = told.stays.iter().any(|other| {
        let same = other.role == Role::Placement
            && other.establishment == stay.establishment
            && other.legal_basis == stay.legal_basis
            && other.from == stay.from;
        let teaches = other.role == Role::Placement || other.role == Role::Main;
        !same && teaches && other.covers(stay.from)
    });
    let hours_state = match last.hours {
        2500.. => "full_week",
        1800.. => "over_18",
        _ if beside => "beside_other",
        _ => "part_time",
    };
    let ay = academic_year(stay.from);
    let counts = |from: NaiveDate, to: NaiveDate| {
        let inside = |event: &&SuspensionEvent| {
            event.category == "SUSP" && event.counts && from <= event.starts_on && event.starts_on <= to
        };
        told.events.iter().filter(inside).count() as i64
    };
    let scored = |point: &str, from: NaiveDate, to: NaiveDate| {
        told.person.assessments.iter().any(|one| {
            one.point == point && one.taken_on <= told.as_of && from <= one.taken_on && one.taken_on <= to
        })
    };
    let after = returned(told, stay);
    let days = (stay.to - stay.from).num_days() + 1;
    // Day by day, at the price that was named last, or first where none was yet.
    let priced: Vec<(NaiveDate, i64)> =
        parts.iter().filter_map(|one| one.price.map(|price| (one.starts_on, price))).collect();
    let price_on = |on: NaiveDate| {
        let named = priced.iter().rev().find(|(from, _)| *from <= on).or_else(|| priced.first());
        named.map(|(_, price)| *price)
    };
    let paid: Option<i64> = stay.from.iter_days().take_while(|on| *on <= stay.to).map(price_on).sum();
    ApPlacement {
        person: Person(told.person.number),
        placement_no,
        ay: i64::from(ay),
        establishment_id: establishment,
        kind: stay.kind.to_owned(),
        audit_group: match stay.legal_basis {
            basis @ ("ehcp_named" | "s61" | "managed_move") => basis,
            _ => "ap",
        }
        .to_owned(),
        legal_basis: stay.legal_basis.to_owned(),
        commissioner: Some(first.commissioner.to_owned()),
        reason: Some(first.reason.to_owned()),
        academic_age: told.cohort.map(|cohort| i64::from(10 + ay - cohort)),
        starts_on: stay.from,
        ends_on: stay.to,
        is_open: stay.is_open,
        days,
        hours_per_week: Some(Fixed(last.hours)),
        hours_state: hours_state.to_owned(),
        review_state: (hours_state == "part_time").then(|| {
            match planned {
                None => "none",
                Some(on) if stay.is_open && on < told.as_of => "overdue",
                Some(_) => "planned",
            }
            .to_owned()
        }),
        sessions_offered: Some(offered),
        sessions_attended: Some(attended),
        attendance: Fixed::fraction(attended, offered),
        attendance_change: None,
        has_objectives: Some(parts.iter().any(|one| one.objectives)),
        has_baseline: scored("baseline", stay.from - Days::new(42), stay.from + Days::new(42)),
        has_review: Some(reviews > 0 || scored("review", stay.from + Days::new(1), stay.to)),
        has_end_reason: (!stay.is_open).then_some(last.end_reason.is_some()),
        end_reason: last.end_reason.map(str::to_owned),
        planned_end_on: planned,
        cost: paid.and_then(|pence| Fixed::fraction(pence, 7)),
        return_state: after.state.to_owned(),
        returned_on: after.on,
        sustained_two_terms: after.two_terms.to_owned(),
        sustained_12_months: after.twelve_months.to_owned(),
        repeat_referral: after.repeated.map(str::to_owned),
        suspensions_before: counts(stay.from - Days::new(365), stay.from - Days::new(1)),
        suspensions_during: counts(stay.from, stay.to),
        suspensions_after: (!stay.is_open).then(|| counts(stay.to + Days::new(1), stay.to + Days::new(365))),
        days_after: (!stay.is_open).then(|| (told.as_of - stay.to).num_days().min(365)),
        went_missing: told.stays.iter().any(|one| one.role == Role::Missing && stay.covers(one.from)),
        source_count: 1,
    }
}

struct After {
    state: &'static str,
    on: Option<NaiveDate>,
    two_terms: &'static str,
    twelve_months: &'static str,
    repeated: Option<&'static str>,
}

fn returned(told: &Told<'_>, stay: &Stay) -> After {
    let without = |state| After { state, on: None, two_terms: state, twelve_months: state, repeated: None };
    if stay.is_open {
        return without("open");
    }
    if told.cohort.is_some_and(|cohort| stay.to >= day(cohort + 5, 5, 1)) {
        return without("finished");
    }
    let elsewhere = |on: NaiveDate| {
        let takes = |one: &&Stay| one.role == Role::Placement || one.status == Some("S");
        told.stays.iter().filter(takes).any(|one| one.covers(on))
    };
    let back = told
        .spells
        .iter()
        .filter(|spell| spell.role == "main" && matches!(spell.status.as_deref(), Some("C" | "M")))
        .filter(|spell| matches!(spell.kind.as_str(), "mainstream" | "resourced_unit" | "special"))
        .filter(|spell| spell.ends_on > stay.to && spell.starts_on <= stay.to + Days::new(56))
        .map(|spell| (spell.starts_on.max(stay.to + Days::new(1)), spell.school_id.clone()))
        .filter(|(on, _)| !elsewhere(*on))
        .min();
    let Some((on, school)) = back else {
        let due = stay.to + Days::new(56) <= told.as_of;
        if !due {
            return without("not_due");
        }
        let judged = if stay.to + Days::new(56 + 365) <= told.as_of { "not_returned" } else { "not_due" };
        return After {
            state: "not_returned",
            on: None,
            two_terms: judged,
            twelve_months: judged,
            repeated: None,
        };
    };
    let again = told
        .stays
        .iter()
        .any(|one| one.role == Role::Placement && on < one.from && one.from <= on + Days::new(365));
    After {
        state: "returned",
        on: Some(on),
        two_terms: held(told, on, school.as_ref(), two_terms_after(on)),
        twelve_months: held(told, on, school.as_ref(), on + Days::new(365)),
        repeated: Some(if again {
            "yes"
        } else if on + Days::new(365) > told.as_of {
            "not_due"
        } else {
            "no"
        }),
    }
}

/// The end of the second of the terms that begin on or after a day, with a week's grace.
fn two_terms_after(on: NaiveDate) -> NaiveDate {
    let mut ends = Vec::new();
    for year in on.year()..on.year() + 3 {
        for (begins, ends_on) in [
            (day(year, 1, 1), day(year, 7, 20)),
            (day(year, 4, 1), day(year, 12, 31)),
            (day(year, 9, 1), day(year + 1, 3, 31)),
        ] {
            if begins + Days::new(6) >= on {
                ends.push(ends_on);
            }
        }
    }
    ends[0]
}

/// Possible and missed sessions of periods that lie between two days, those within others once.
fn since_return(told: &Told<'_>, on: NaiveDate, until: NaiveDate) -> (i64, i64) {
    let inside =
        |one: &&Attendance| on <= one.starts_on && one.ends_on <= until && one.starts_on <= told.as_of;
    let mut periods: Vec<&Attendance> = told.person.attendance.iter().filter(inside).collect();
    periods.sort_by_key(|one| (one.starts_on, std::cmp::Reverse(one.ends_on)));
    let mut last: BTreeMap<&str, NaiveDate> = BTreeMap::new();
    let mut sum = (0, 0);
    for one in periods {
        let school = one.establishment.as_str();
        if last.get(school).is_none_or(|end| one.ends_on > *end) {
            last.insert(school, one.ends_on);
            sum = (sum.0 + one.possible, sum.1 + one.authorised + one.unauthorised);
        }
    }
    sum
}

fn held(told: &Told<'_>, on: NaiveDate, school: Option<&String>, until: NaiveDate) -> &'static str {
    let until = told.cohort.map_or(until, |cohort| until.min(june_day(cohort + 5)));
    if until > told.as_of {
        return "not_due";
    }
    // Year 3 and Year 7 begin at another school, as they do for everybody.
    let new_phase = told.cohort.is_some_and(|cohort| {
        [cohort, cohort - 4].into_iter().any(|year| on < day(year, 9, 1) && day(year, 9, 1) <= until)
    });
    let became = |spell: &Spell| {
        let both = school.zip(spell.school_id.as_ref());
        both.is_some_and(|(school, other)| told.places.mergers.has_become(school, other, until))
    };
    let there = told.spells.iter().any(|spell| {
        let goes_on = new_phase
            && matches!(spell.kind.as_str(), "mainstream" | "resourced_unit" | "special")
            && matches!(spell.status.as_deref(), Some("C" | "M"));
        spell.role == "main"
            && (spell.school_id.as_ref() == school || became(spell) || goes_on)
            && spell.starts_on <= until
            && until <= spell.ends_on
    });
    let excluded = told.events.iter().any(|event| {
        event.category == "PERM" && event.counts && on <= event.starts_on && event.starts_on <= until
    });
    let years = i64::from(academic_year(on))..=i64::from(academic_year(until));
    let rows = || told.absence.iter().filter(|row| years.contains(&row.ay) && row.absence_state == "known");
    let since = since_return(told, on, until);
    let (possible, absent) = if since.0 > 0 {
        since
    } else {
        (
            rows().filter_map(|row| row.sessions_possible).sum(),
            rows().filter_map(|row| row.sessions_absent).sum(),
        )
    };
    if excluded || !there {
        "not_sustained"
    } else if possible == 0 {
        "unknown"
    } else if (possible - absent) * 100 >= 85 * possible {
        "sustained"
    } else {
        "not_sustained"
    }
}

/// Every exclusion, and every suspension of more than five days.
pub fn day_six(told: &Told<'_>) -> Vec<ApDaySix> {
    let long = |event: &&SuspensionEvent| {
        event.category == "PERM" || (event.category == "SUSP" && event.sessions > Some(10))
    };
    let row = |event: &SuspensionEvent| {
        let on = event.starts_on;
        // Under whatever number: a roll that goes on after a conversion is no education elsewhere.
        let own = told.places.school(&event.establishment_id);
        let sessions = event.sessions.filter(|_| event.category == "SUSP");
        let due = nth_school_day(on, 6);
        let limit = match sessions {
            Some(sessions) => nth_school_day(on, (sessions as usize).div_ceil(2)),
            None => on + Days::new(365),
        };
        let elsewhere = told
            .stays
            .iter()
            .filter(|stay| {
                let school = stay.school.as_deref();
                school.is_some_and(|school| !told.places.mergers.goes_on(own, school, stay.from))
            })
            .filter(|stay| stay.to >= on && stay.from <= limit)
            .map(|stay| (stay.from.max(on), role(stay.role), stay.kind))
            .min();
        let found = elsewhere.map(|(day, ..)| day);
        ApDaySix {
            person: event.person,
            establishment_id: event.establishment_id.clone(),
            category: event.category.clone(),
            starts_on: on,
            ay: event.ay,
            sessions,
            due_on: Some(due),
            provision_on: found,
            provision_kind: elsewhere.map(|(.., kind)| kind.to_owned()),
            days_to_provision: found.map(|day| (day - on).num_days()),
            school_days_to_provision: found.map(|day| school_days(on, day) + i64::from(!is_school_day(day))),
            day_six_state: if told.cohort.is_some_and(|cohort| due > june_day(cohort + 5)) {
                "over_age"
            } else {
                match found {
                    Some(day) if day <= due => "in_time",
                    Some(_) => "late",
                    None if due > told.as_of => "not_due",
                    None => "none_known",
                }
            }
            .to_owned(),
        }
    };
    told.events.iter().filter(|event| event.counts).filter(long).map(row).collect()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Missing => "missing",
        Role::Home => "home",
        Role::Placement => "placement",
        Role::Main => "main",
        Role::Concurrent => "concurrent",
    }
}

/// Runs of days on which nobody knows of any education, day by day.
pub fn breaks(told: &Told<'_>) -> Vec<EducationBreak> {
    let Some(cohort) = told.cohort else { return Vec::new() };
    let until = june_day(cohort + 5).min(told.as_of);
    let taught: Vec<&Stay> = told.stays.iter().filter(|stay| stay.role != Role::Missing).collect();
    let covered = |on: NaiveDate| taught.iter().any(|stay| stay.covers(on));
    let Some(first) = taught.iter().map(|stay| stay.from).min() else { return Vec::new() };
    let mut rows = Vec::new();
    let mut from: Option<NaiveDate> = None;
    for on in first.iter_days().take_while(|on| *on <= until + Days::new(1)) {
        let is_free = on <= until && !covered(on);
        match (from, is_free) {
            (None, true) => from = Some(on),
            (Some(start), false) => {
                let is_open = on > until && !covered(on);
                rows.extend(a_break(told, start, on - Days::new(1), is_open));
                from = None;
            }
            _ => {}
        }
    }
    rows
}

fn a_break(told: &Told<'_>, from: NaiveDate, to: NaiveDate, is_open: bool) -> Option<EducationBreak> {
    let n = school_days(from, to);
    let left_by =
        told.moves.iter().find(|one| one.left_on + Days::new(1) == from).map(|one| one.move_type.clone());
    if n < 15 || matches!(left_by.as_deref(), Some("died" | "left_england")) {
        return None;
    }
    let listed =
        |on: &NaiveDate| told.stays.iter().any(|stay| stay.role == Role::Missing && stay.covers(*on));
    let days_missing = from.iter_days().take_while(|on| *on <= to).filter(listed).count() as i64;
    Some(EducationBreak {
        person: Person(told.person.number),
        starts_on: from,
        ends_on: to,
        ay: i64::from(academic_year(from)),
        school_days: n,
        is_open,
        evidence: if days_missing > 0 { "missing" } else { "not_known" }.to_owned(),
        days_missing,
        left_by,
    })
}

#[test]
fn the_calendar_in_general() {
    assert!(is_school_day(day(2025, 9, 2)) && !is_school_day(day(2025, 9, 1)));
    assert!(!is_school_day(day(2025, 10, 30)) && is_school_day(day(2025, 11, 3)));
    assert!(!is_school_day(day(2025, 4, 18)) && is_school_day(day(2025, 5, 6)));
    assert_eq!(two_terms_after(day(2024, 10, 1)), day(2025, 7, 20));
    assert_eq!(two_terms_after(day(2024, 9, 7)), day(2025, 3, 31));
    assert_eq!(two_terms_after(day(2025, 2, 1)), day(2025, 12, 31));
}
