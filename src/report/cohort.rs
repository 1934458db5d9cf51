//! `report cohort` as a page, a workbook and tidy files: the two tables of the terminal, the gap with and without the children who
//! are not seen, and the commonest ways from Year 6 to Year 11.
mod routes;

use super::{
    About, Column, Release, Report, ReportFault, Row, Section, Table, Time, Unit, column, shown, words,
};
use crate::disclosure::{self, Count, CountTable, Disclosed, DisclosedTable, Figure, Policy};

/// What is reported of: a cohort, its population, and both tables of it as the gate let them out.
#[derive(Clone, Copy)]
pub struct Cohort<'c> {
    /// The year in which Year 6 ended.
    pub year: i32,
    /// The population's code.
    pub population: &'c str,
    /// The population in words.
    pub people: &'c str,
    /// Why nobody is counted, where that is so.
    pub nobody: Option<&'static str>,
    /// Where everybody is at sixteen.
    pub waterfall: &'c Disclosed<DisclosedTable>,
    /// The high attainers, group by group.
    pub headline: &'c Disclosed<DisclosedTable>,
}

/// The report of a cohort. `state` and `group` give codes their names.
///
/// # Errors
/// [`ReportFault`] when a table is missing or cannot be read, or the gate refuses one.
pub fn report(
    release: &Release,
    cohort: Cohort<'_>,
    state: impl Fn(&str) -> String,
    group: impl Fn(&str) -> String,
    policy: &Policy,
) -> Result<Report, ReportFault> {
    let year = words::academic_year(i64::from(cohort.year));
    let time = Time::year(i64::from(cohort.year));
    let said =
        cohort.nobody.map_or_else(|| states_in_words(cohort.waterfall.as_ref(), &state), str::to_owned);
    let mut sections = vec![states(cohort, &time, state), attainers(cohort, &time, &group)];
    sections.extend(gap(cohort, &time, policy));
    sections.extend(routes::routes(release, cohort, &time, &group, policy)?);
    sections.extend(ways(release, cohort, &time, policy)?);
    Ok(Report {
        name: "cohort",
        title: format!("Year 6 of {year}: where are they at sixteen?"),
        about: About::of(release, cohort.people, policy),
        short: vec![said, gap_in_words(cohort.headline.as_ref())],
        sections,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    })
}

const LEFT_OUT: [&str; 3] = [
    "How many members count: beside the first table that would tell how many died or left, who are few. So the ways to Year 11 have no \
     total and no share.",
    "Ways that fewer than ten learners went, and ways that would give them away.",
    "Intervals of lost potential and the headline weighted for who is seen: estimates that the gate has no rule for yet. They are in \
     the release, table lost_potential_sensitivity.",
];

/// The rows of a table of the gate, with names.
fn named(table: &DisclosedTable, time: &Time, columns: &[usize], label: impl Fn(&str) -> String) -> Vec<Row> {
    let row = |row: &disclosure::DisclosedRow| {
        let key = row.keys.first().cloned().unwrap_or_default();
        let is_total = key == "total";
        Row {
            label: if is_total { "Total".to_owned() } else { label(&key) },
            key,
            time: time.clone(),
            is_total,
            said: Vec::new(),
            figures: columns.iter().filter_map(|at| row.figures.get(*at).copied()).collect(),
        }
    };
    table.rows.iter().map(row).collect()
}

fn states(cohort: Cohort<'_>, time: &Time, label: impl Fn(&str) -> String) -> Section {
    let table = cohort.waterfall.as_ref();
    Section {
        title: "Where everybody is".to_owned(),
        words: vec![
            "Every member is in exactly one state: nobody drops out. Not known is a state.".to_owned(),
        ],
        table: Some(Table {
            name: "states_at_sixteen",
            title: table.title.clone(),
            population: cohort.people.to_owned(),
            rows_are: ("state_at_sixteen", "at sixteen"),
            said: &[],
            columns: vec![
                column("learners", "learners", Unit::Count),
                column("share", "share of members", Unit::PerCent),
            ],
            rows: named(table, time, &[0, 1], label),
        }),
        notes: shown::notes([cohort.waterfall]),
        chart: None,
    }
}

/// The columns of the headline that are reported: their names at the gate, and here.
const OF_HEADLINE: [(&str, Column); 11] = [
    ("n_members", column("learners", "learners", Unit::Count)),
    ("n_with_results", column("with_results", "with GCSE results", Unit::Count)),
    ("n_achieved", column("achieved", "five grades 7 to 9", Unit::Count)),
    ("observed", column("seen_only", "of those seen", Unit::PerCent)),
    ("observed_low", column("seen_only_low", "of those seen, at least", Unit::PerCent)),
    ("observed_high", column("seen_only_high", "of those seen, at most", Unit::PerCent)),
    ("whole_cohort", column("whole_cohort", "of everybody", Unit::PerCent)),
    ("whole_cohort_low", column("whole_cohort_low", "of everybody, at least", Unit::PerCent)),
    ("whole_cohort_high", column("whole_cohort_high", "of everybody, at most", Unit::PerCent)),
    ("visibility", column("visibility", "seen at all", Unit::PerCent)),
    ("lost_potential", column("lost_potential", "lost potential", Unit::Count)),
];

fn attainers(cohort: Cohort<'_>, time: &Time, label: impl Fn(&str) -> String) -> Section {
    let table = cohort.headline.as_ref();
    let at = |name: &str| table.measures.iter().position(|measure| measure == name).unwrap_or(usize::MAX);
    let columns: Vec<usize> = OF_HEADLINE.iter().map(|(name, _)| at(name)).collect();
    Section {
        title: "The top third at the end of primary school".to_owned(),
        words: vec![
            "How many reach five GCSEs at grades 7 to 9. Of everybody: unknown counts as not reached, so the truth is this or higher. \
             Lost potential: how many more of the disadvantaged would have reached it at the rate of the others, of everybody."
                .to_owned(),
        ],
        table: Some(Table {
            name: "high_attainers",
            title: table.title.clone(),
            population: cohort.people.to_owned(),
            rows_are: ("disadvantage", "high attainers"), said: &[],
            columns: OF_HEADLINE.map(|(_, column)| column).to_vec(),
            rows: named(table, time, &columns, label),
        }),
        notes: shown::notes([cohort.headline]),
        chart: None,
    }
}

/// Two rates, the points between them, and what that is in learners.
const OF_GAP: [Column; 4] = [
    column("disadvantaged", "disadvantaged", Unit::PerCent),
    column("other", "not disadvantaged", Unit::PerCent),
    column("gap", "gap, points", Unit::Points),
    column("lost_potential", "lost potential", Unit::Count),
];

/// The two routes of the gap: their key, their name, and the headline's measures of the rate and of whom it is.
const ROUTES: [(&str, &str, &str, &str); 2] = [
    ("seen_only", "of those whose results are seen", "observed", "n_with_results"),
    ("whole_cohort", "of everybody, seen or not", "whole_cohort", "n_members"),
];

/// One figure of the headline.
fn of_headline(headline: &DisclosedTable, group: &str, measure: &str) -> Option<Figure> {
    let row = headline.rows.iter().find(|row| row.keys.first().is_some_and(|key| key == group))?;
    row.figures.get(headline.measures.iter().position(|name| name == measure)?).copied()
}

/// The rates of the disadvantaged and of the others by one route as they are shown, and the points between them: whoever
/// subtracts what is printed finds what is printed. In tenths of a per cent; none where a rate is hidden.
fn rates(headline: &DisclosedTable, measure: &str) -> Option<[i64; 3]> {
    let rate = |group| match of_headline(headline, group, measure)? {
        Figure::PerCentTenths(tenths) => Some(tenths),
        _ => None,
    };
    let (mine, theirs) = (rate("disadvantaged")?, rate("other")?);
    Some([mine, theirs, theirs - mine])
}

/// The gap between the others and the disadvantaged: of those seen, and of everybody; none where a rate is hidden.
fn gap(cohort: Cohort<'_>, time: &Time, policy: &Policy) -> Option<Section> {
    let headline = cohort.headline.as_ref();
    let mut rows = Vec::new();
    for (key, label, measure, whole) in ROUTES {
        let mut figures = rates(headline, measure)?.map(Figure::PerCentTenths).to_vec();
        figures.push(lost_potential(headline, whole, policy)?);
        rows.push(Row {
            key: key.to_owned(),
            label: label.to_owned(),
            time: time.clone(),
            is_total: false,
            said: Vec::new(),
            figures,
        });
    }
    Some(Section {
        title: "The gap with and without the children who are not seen".to_owned(),
        words: vec![
            "Either way from the figures above: what the gap would be if only those with results are counted, and if everybody is. Lost \
             potential is how many more of the disadvantaged members would have reached it at the rate of the others."
                .to_owned(),
        ],
        table: Some(Table {
            name: "gap",
            title: "The gap between high attainers by disadvantage, counted either way".to_owned(),
            population: cohort.people.to_owned(),
            rows_are: ("counted", "counted"), said: &[],
            columns: OF_GAP.to_vec(),
            rows,
        }),
        notes: Vec::new(),
        chart: None,
    })
}

/// How many more of the disadvantaged members would have reached it at the others' rate: the gate's own figure where
/// everybody is counted, and from the same shown counts where those with results are.
fn lost_potential(headline: &DisclosedTable, whole: &str, policy: &Policy) -> Option<Figure> {
    if whole == "n_members" {
        return of_headline(headline, "disadvantaged", "lost_potential");
    }
    let count = |group, measure| of_headline(headline, group, measure).and_then(shown::count);
    let rate = |group| {
        let whole = count(group, whole).filter(|whole| *whole > 0.0)?;
        Some(count(group, "n_achieved")? / whole)
    };
    let learners = (rate("other")? - rate("disadvantaged")?) * count("disadvantaged", "n_members")?;
    let base = policy.round_to() as f64;
    Some(Figure::Count(((learners / base).round() * base) as i64))
}

/// The three states that most are in, of those that are shown: the same wherever it is said. `label` gives codes their names.
pub fn states_in_words(waterfall: &DisclosedTable, label: impl Fn(&str) -> String) -> String {
    let is_total = |row: &&disclosure::DisclosedRow| row.keys.first().is_some_and(|key| key == "total");
    let mut largest: Vec<(i64, &disclosure::DisclosedRow)> = waterfall
        .rows
        .iter()
        .filter(|row| !is_total(row))
        .filter_map(|row| match row.figures.first() {
            Some(Figure::Count(n)) if *n > 0 => Some((*n, row)),
            _ => None,
        })
        .collect();
    largest.sort_by_key(|(n, _)| -n);
    largest.truncate(3);
    if largest.is_empty() {
        return "Where they are cannot be shown: there is nobody, or too few in each state.".to_owned();
    }
    let decimals = words::has_decimals(waterfall.rows.iter().flat_map(|row| &row.figures));
    let cell = |row: &disclosure::DisclosedRow, at: usize| {
        row.figures.get(at).map_or_else(String::new, |figure| words::cell(*figure, decimals))
    };
    let told: Vec<String> = largest
        .iter()
        .map(|(_, row)| {
            let key = row.keys.first().map_or("", String::as_str);
            format!("{} {} ({})", label(key), cell(row, 0), cell(row, 1))
        })
        .collect();
    let of = waterfall.rows.iter().find(is_total).filter(|row| row.figures[0].is_number());
    let of = of.map_or_else(String::new, |row| format!("Of {} children: ", cell(row, 0)));
    format!("{of}{}. Everybody else stands in the first table.", told.join("; "))
}

/// The gap with and without the children who are not seen, in one or two sentences: the same wherever it is said.
pub fn gap_in_words(headline: &DisclosedTable) -> String {
    let (Some(seen), Some(whole)) = (rates(headline, "observed"), rates(headline, "whole_cohort")) else {
        return "The gap between the disadvantaged and the others cannot be shown: a group is empty, or too small.".to_owned();
    };
    let decimals = words::has_decimals(headline.rows.iter().flat_map(|row| &row.figures));
    let per_cent = |tenths| words::cell(Figure::PerCentTenths(tenths), decimals);
    let apart = |tenths: i64| {
        let points = per_cent(tenths.abs());
        let points = points.trim_end_matches('%');
        if points == "1" { "1 point".to_owned() } else { format!("{points} points") }
    };
    format!(
        "Of those whose GCSE results are seen: {} of the disadvantaged and {} of the others, {} apart. Counting every child, \
         seen or not: {} and {}, {} apart.",
        per_cent(seen[0]),
        per_cent(seen[1]),
        apart(seen[2]),
        per_cent(whole[0]),
        per_cent(whole[1]),
        apart(whole[2])
    )
}

/// The commonest ways through the Januaries from Year 6 to Year 11: each count by itself, without a sum over them.
fn ways(
    release: &Release,
    cohort: Cohort<'_>,
    time: &Time,
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    const MOST: usize = 15;
    let least = policy.threshold().max(super::NAMED_FROM);
    let mut found = release.read("pathway_form", |row| {
        let is_ours = row.number("cohort_ay")? == i64::from(cohort.year)
            && row.text("population")? == cohort.population
            && row.people("n") >= least;
        is_ours.then_some(())?;
        Some((row.people("n"), row.text("pathway")?))
    })?;
    found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    found.truncate(MOST);
    if found.is_empty() {
        return Ok(None);
    }
    let title = "The commonest ways from Year 6 to Year 11".to_owned();
    let disclosed = disclosure::disclose(
        &CountTable {
            title: title.clone(),
            population: cohort.people.to_owned(),
            dimensions: vec!["way".to_owned()],
            wholes: found.into_iter().map(|(n, way)| Count::leaf(vec![way], n)).collect(),
        },
        policy,
    )?;
    let label =
        |way: &str| way.split(" > ").map(super::neet::setting_words).collect::<Vec<_>>().join(", then ");
    let table = Table {
        name: "ways_to_year_11",
        title: title.clone(),
        population: format!("{}, who count", cohort.people),
        rows_are: ("way", "settings in January, in their order"),
        said: &[],
        columns: vec![column("learners", "learners", Unit::Count)],
        rows: named(disclosed.as_ref(), time, &[0], label),
    };
    Ok(Some(Section {
        title,
        words: vec!["Where each was mainly each January. Ways that fewer than ten learners went are not listed, so there is no sum.".to_owned()],
        table: Some(table),
        notes: Vec::new(),
        chart: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::{DisclosedRow, Symbol};

    fn headline(rates: [Figure; 4]) -> DisclosedTable {
        let row = |group: &str, figures: &[Figure]| DisclosedRow {
            keys: vec![group.to_owned()],
            figures: figures.to_vec(),
        };
        DisclosedTable {
            title: String::new(),
            population: String::new(),
            policy: "synthetic",
            policy_in_words: String::new(),
            dimensions: vec!["group".into()],
            measures: vec!["observed".into(), "whole_cohort".into()],
            rows: vec![row("disadvantaged", &rates[..2]), row("other", &rates[2..])],
            notices: Vec::new(),
        }
    }

    #[test]
    fn the_gap_is_said_from_the_figures_that_are_shown() {
        let tenths = Figure::PerCentTenths;
        let said = gap_in_words(&headline([tenths(231), tenths(209), tenths(558), tenths(476)]));
        assert!(
            said.contains("23.1% of the disadvantaged and 55.8% of the others, 32.7 points apart"),
            "{said}"
        );
        assert!(said.contains("20.9% and 47.6%, 26.7 points apart"), "{said}");
        let round = gap_in_words(&headline([tenths(230), tenths(200), tenths(550), tenths(210)]));
        assert!(round.contains("32 points apart") && round.contains("1 point apart"), "{round}");
    }

    #[test]
    fn a_hidden_figure_hides_the_gap() {
        let hidden = Figure::Symbol(Symbol::Confidential);
        let tenths = Figure::PerCentTenths;
        let table = headline([hidden, tenths(209), tenths(558), tenths(476)]);
        assert!(gap_in_words(&table).contains("cannot be shown"));
    }
}
