//! Promise that was realised by GCSEs, by another route, and by neither as far as is known: beside the headline, never in its place.
//!
//! The headline shows how many members a group has and how many of them reached it by GCSEs. Both stand here again, so a group is shown
//! only where both are shown above and here: what is hidden then divides the rest, and the headline says nothing of that.
use super::{
    super::{
        Column, Release, ReportFault, Row, Section, Table, Time, Unit, column,
        parts::{self, all_of, made_of, part},
        shown,
    },
    Cohort, of_headline,
};
use crate::disclosure::{Figure, Policy, Symbol};

/// High attainers of one group, by how they got on.
struct Group {
    key: String,
    members: u64,
    gcse: u64,
    other: u64,
    unknown: u64,
}

const NAMES: [&str; 6] = ["learners", "by_gcse", "by_another", "neither", "unknown", "not_by_gcse"];

const COLUMNS: [Column; 11] = [
    column("learners", "learners", Unit::Count),
    column("by_gcse", "by GCSEs", Unit::Count),
    column("by_another", "by another route", Unit::Count),
    column("neither", "by neither, as far as is known", Unit::Count),
    column("not_known", "of them: cannot be told", Unit::Count),
    column("gcse_rate", "by GCSEs, of everybody", Unit::PerCent),
    column("gcse_rate_low", "by GCSEs, at least", Unit::PerCent),
    column("gcse_rate_high", "by GCSEs, at most", Unit::PerCent),
    column("either_rate", "by either route, of everybody", Unit::PerCent),
    column("either_rate_low", "by either route, at least", Unit::PerCent),
    column("either_rate_high", "by either route, at most", Unit::PerCent),
];

fn groups(release: &Release, cohort: Cohort<'_>) -> Result<Vec<Group>, ReportFault> {
    let mut groups = release.read("realised_rate", |row| {
        let is_ours = row.number("cohort_ay")? == i64::from(cohort.year)
            && row.text("population")? == cohort.population;
        is_ours.then_some(())?;
        Some(Group {
            key: row.text("disadvantage")?,
            members: row.people("n_members"),
            gcse: row.people("n_gcse"),
            other: row.people("n_other"),
            unknown: row.people("n_unknown"),
        })
    })?;
    // The two that are compared stand together.
    groups.sort_by_key(|group| (group.key == "not_known", group.key.clone()));
    Ok(groups)
}

/// The routes of each group, and the gap and lost potential by either; nothing where the release tells of none.
pub(super) fn routes(
    release: &Release,
    cohort: Cohort<'_>,
    time: &Time,
    label: impl Fn(&str) -> String,
    policy: &Policy,
) -> Result<Vec<Section>, ReportFault> {
    let groups = groups(release, cohort)?;
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let whole = |group: &Group| {
        let left = group.members.saturating_sub(group.gcse + group.other);
        let known = part("known", left.saturating_sub(group.unknown));
        let neither = made_of("neither", left, vec![part("unknown", group.unknown), known]);
        let rest = all_of("not_by_gcse", vec![part("by_another", group.other), neither]);
        (group.key.clone(), made_of("learners", group.members, vec![part("by_gcse", group.gcse), rest]))
    };
    let title = "High attainers whose promise was realised, by route";
    let through = parts::through(title, cohort.people, "group", groups.iter().map(whole), policy)?;
    let decimals = shown::decimals(policy);
    let row = |(key, figures): (String, Vec<Figure>)| {
        let above = ["n_members", "n_achieved"].map(|name| of_headline(cohort.headline.as_ref(), &key, name));
        let is_shown = above.iter().flatten().filter(|figure| figure.is_number()).count() == 2
            && [0, 1, 5].iter().all(|at| figures[*at].is_number());
        let [learners, gcse, other, ..] = figures[..] else { return hidden(key, time, &label) };
        if !is_shown {
            return hidden(key, time, &label);
        }
        let either = shown::sum(&[gcse, other]);
        let rates = [shown::rate(gcse, learners, decimals), shown::rate(either, learners, decimals)];
        Row { figures: [&figures[..5], &rates.concat()[..]].concat(), ..hidden(key, time, &label) }
    };
    let rows: Vec<Row> = through.figures(&NAMES).into_iter().map(row).collect();
    let lost = lost_by_route(&rows, cohort, time, policy);
    let words = "The headline counts five GCSEs at grades 7 to 9. Beside it: by another route, which is level 2 in English and maths by any qualification or a distance \
                 travelled index of 55, and education or work from October to March at 16 and at 17. The sum of both is no GCSE rate. Of whom it cannot be told may have got on by either.";
    let first = Section {
        title: title.to_owned(),
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "realised_potential",
            title: title.to_owned(),
            population: cohort.people.to_owned(),
            rows_are: ("disadvantage", "high attainers"),
            said: &[],
            columns: COLUMNS.to_vec(),
            rows,
        }),
        notes: through.notes(),
        chart: None,
    };
    Ok(std::iter::once(first).chain(lost).collect())
}

fn hidden(key: String, time: &Time, label: impl Fn(&str) -> String) -> Row {
    Row {
        label: label(&key),
        key,
        time: time.clone(),
        is_total: false,
        said: Vec::new(),
        figures: vec![Figure::Symbol(Symbol::Confidential); COLUMNS.len()],
    }
}

/// The gap by GCSEs alone and by either route, side by side, from figures as they are shown.
fn lost_by_route(rows: &[Row], cohort: Cohort<'_>, time: &Time, policy: &Policy) -> Option<Section> {
    let of = |key: &str| rows.iter().find(|row| row.key == key);
    let (mine, theirs) = (of("disadvantaged")?, of("other")?);
    let made = |key: &str, label: &str, rate: usize, parts: &[usize]| {
        let tenths = |row: &Row| match row.figures[rate] {
            Figure::PerCentTenths(tenths) => Some(tenths),
            _ => None,
        };
        let share = |row: &Row| {
            let parts: Option<Vec<f64>> = parts.iter().map(|at| shown::count(row.figures[*at])).collect();
            let whole = shown::count(row.figures[0]).filter(|whole| *whole > 0.0)?;
            Some(parts?.iter().sum::<f64>() / whole)
        };
        let base = policy.round_to() as f64;
        let lost = (share(theirs)? - share(mine)?) * shown::count(mine.figures[0])?;
        let (one, other) = (tenths(mine)?, tenths(theirs)?);
        let rates = [one, other, other - one].map(Figure::PerCentTenths);
        let lost = Figure::Count(((lost / base).round() * base) as i64);
        Some(Row {
            key: key.to_owned(),
            label: label.to_owned(),
            time: time.clone(),
            is_total: false,
            said: Vec::new(),
            figures: [&rates[..], &[lost]].concat(),
        })
    };
    let rows =
        [made("by_gcse", "by GCSEs", 5, &[1])?, made("by_either", "by GCSEs or another route", 8, &[1, 2])?];
    let title = "Lost potential by GCSEs and by either route";
    let words = "How many more of the disadvantaged would have got there at the rate of the others, of everybody: by GCSEs, as in the headline, and with the other \
                 route counted, too.";
    Some(Section {
        title: title.to_owned(),
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "lost_by_route",
            title: title.to_owned(),
            population: cohort.people.to_owned(),
            rows_are: ("route", "route"),
            said: &[],
            columns: super::OF_GAP.to_vec(),
            rows: rows.into(),
        }),
        notes: Vec::new(),
        chart: None,
    })
}
