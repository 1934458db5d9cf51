//! After Year 11: month by month, year by year, by group.
use super::super::{
    Chart, Column, ReportFault, Row, Section, Table, Time, Unit, column,
    parts::{self, Parts, all_of, made_of, part},
    shown,
    words::{MONTHS, academic_year, cell},
};
use super::{read::Month, section};
use crate::disclosure::{self, Disclosed, DisclosedTable, Figure, LinkGrid, LinkGroup, Policy, Symbol};

pub(super) const CLIENTS: &str =
    "young people of academic age 16 and 17 in the cohort of the authority's client record";

/// The counts of a month, as the gate names them.
const PARTS: [&str; 6] = ["cohort", "combined", "neet", "not_known", "participating", "working"];

/// The academic ages that the cohort is of.
const AGES: [&str; 2] = ["16", "17"];

/// The months whose mean is published.
const WINTER: [&str; 3] = ["december", "january", "february"];

const COUNTS: [Column; 6] = [
    column("cohort", "in the cohort", Unit::Count),
    column("participating", "in learning or work that counts", Unit::Count),
    column("working", "in work that does not", Unit::Count),
    column("neet", "NEET", Unit::Count),
    column("not_known", "not known", Unit::Count),
    column("neet_or_not_known", "NEET or not known", Unit::Count),
];

const RATES: [Column; 9] = [
    column("neet_rate", "NEET", Unit::PerCent),
    column("neet_rate_low", "NEET, at least", Unit::PerCent),
    column("neet_rate_high", "NEET, at most", Unit::PerCent),
    column("not_known_rate", "not known", Unit::PerCent),
    column("not_known_rate_low", "not known, at least", Unit::PerCent),
    column("not_known_rate_high", "not known, at most", Unit::PerCent),
    column("combined_rate", "NEET or not known", Unit::PerCent),
    column("combined_rate_low", "NEET or not known, at least", Unit::PerCent),
    column("combined_rate_high", "NEET or not known, at most", Unit::PerCent),
];

/// Months through the gate: for each, its counts by the names of [`PARTS`].
fn disclose(months: &[&Month], policy: &Policy) -> Result<Parts, ReportFault> {
    let whole = |month: &&Month| {
        let combined = vec![part("neet", month.neet), part("not_known", month.not_known)];
        let others = vec![part("participating", month.participating), part("working", month.working)];
        let parts = vec![all_of("combined", combined), all_of("not_combined", others)];
        (format!("{} {}", month.calendar_year(), month.period), made_of("cohort", month.cohort, parts))
    };
    let title = "What young people do at the end of each month";
    parts::through(title, CLIENTS, "month", months.iter().map(whole), policy)
}

/// Whoever is beside the cohort, by month: two counts of other people, each by itself and without a sum, so that a few of them hide nothing
/// of the cohort.
fn disclose_beside(months: &[&Month], policy: &Policy) -> Result<Parts, ReportFault> {
    let leaves = months.iter().flat_map(|month| {
        let named = |name: &str| format!("{} {} {name}", month.calendar_year(), month.period);
        [
            (named("no_record"), part("n", month.beside.no_record)),
            (named("others"), part("n", month.beside.others)),
        ]
    });
    parts::through("Young people who are not in the cohort of the record", BESIDE, "month", leaves, policy)
}

/// The months of an academic year in their order, everybody together.
fn of_year(months: &[Month], ay: i64) -> Vec<&Month> {
    let place = |month: &Month| MONTHS.iter().position(|name| name.to_lowercase() == month.period);
    let mut found: Vec<&Month> =
        months.iter().filter(|month| month.ay == ay && month.breakdown == "all").collect();
    found.sort_by_key(|month| place(month).map(|at| (at + 4) % 12));
    found
}

fn newest(months: &[Month]) -> Option<i64> {
    months.iter().filter(|month| month.cohort > 0).map(|month| month.ay).max()
}

/// The months of the newest year: counts, and rates beside them.
pub(super) fn status(
    months: &[Month],
    policy: &Policy,
    short: &mut Vec<String>,
) -> Result<Vec<Section>, ReportFault> {
    let Some(ay) = newest(months) else { return Ok(Vec::new()) };
    let months = of_year(months, ay);
    let disclosed = disclose(&months, policy)?;
    let pivoted = disclosed.figures(&PARTS);
    let beside = disclose_beside(&months, policy)?;
    let beside_figures = beside.figures(&["n"]);
    let row = |month: &&Month, figures: Vec<Figure>| {
        let name = month_name(&month.period);
        let year = month.calendar_year();
        Row {
            key: format!("{year}_{}", month.period),
            label: format!("{name} {year}"),
            time: Time { period: year.to_string(), identifier: name, span: None },
            is_total: false,
            said: Vec::new(),
            figures,
        }
    };
    let mut counts = Vec::new();
    let mut rates = Vec::new();
    let mut wider = Vec::new();
    for ((month, (_, figures)), beside) in months.iter().zip(&pivoted).zip(beside_figures.chunks(2)) {
        let [cohort, combined, neet, not_known, participating, working] = figures[..] else { continue };
        let [(_, no_record), (_, others)] = beside else { continue };
        let (no_record, others) = (no_record[0], others[0]);
        let young = shown::sum(&[cohort, no_record, others]);
        counts.push(row(month, vec![cohort, participating, working, neet, not_known, combined]));
        let of = |part, whole| shown::rate(part, whole, shown::decimals(policy));
        rates.push(row(month, [of(neet, cohort), of(not_known, cohort), of(combined, cohort)].concat()));
        let with = of(shown::sum(&[combined, no_record]), shown::sum(&[cohort, no_record]));
        wider.push(row(month, [&[cohort, no_record, others, young], &with[..]].concat()));
    }
    let newest = counts.last().zip(rates.last()).zip(wider.last());
    short.extend(newest.map(|((counts, rates), wider)| in_words(counts, rates, wider)));
    let table = |name, title: &str, columns: &[Column], rows| Table {
        name,
        title: format!("{title}, {}", academic_year(ay)),
        population: CLIENTS.to_owned(),
        rows_are: ("month", "end of"),
        said: &[],
        columns: columns.to_vec(),
        rows,
    };
    let counts = section(
        "What young people do, month by month",
        &["Counted are people on the last day of the month. Young adults in custody are outside the cohort."
            .to_owned()],
        table("status_by_month", "What young people do at the end of each month", &COUNTS, counts),
        disclosed.notes(),
    );
    let mut rates = section(
        "NEET, not known, and both together",
        &["Read the three together: not known hides NEET. The headline is the sum. Each rate is of the cohort of its \
           month; the range is that of chance, 95%."
            .to_owned()],
        table("rates_by_month", "NEET, not known and both together, at the end of each month", &RATES, rates),
        Vec::new(),
    );
    rates.chart = Some(Chart::Lines(&[0, 3, 6]));
    let wider = Table {
        population: BESIDE.to_owned(),
        ..table("in_no_record", "Young people in no client record, at the end of each month", &WIDER, wider)
    };
    let wider = section("In no client record", &[OF_NO_RECORD.to_owned()], wider, beside.notes());
    Ok(vec![counts, rates, wider])
}

const BESIDE: &str = "young people of academic age 16 and 17 who are in the client record, live here as far as is known, or were in Year 6 here";

const WIDER: [Column; 7] = [
    column("cohort", "in the cohort of the record", Unit::Count),
    column("no_record", "living here and in no record: not known either", Unit::Count),
    column("others", "others", Unit::Count),
    column("young", "all", Unit::Count),
    column("combined_with_rate", "NEET or not known, with those in no record", Unit::PerCent),
    column("combined_with_rate_low", "with those in no record, at least", Unit::PerCent),
    column("combined_with_rate_high", "with those in no record, at most", Unit::PerCent),
];

const OF_NO_RECORD: &str = "The published rates above are of the cohort of the client record: whoever lives here and is in no record is in none of them. They \
                            are as little known as the not known, and nobody here may be looking for them. Others left the record or are in custody as young \
                            adults, are known of without a record, or were in Year 6 here and have no home here now.";

/// The newest month in a sentence: the published rates, and the same with whoever is in no record.
fn in_words(counts: &Row, rates: &Row, wider: &Row) -> String {
    let [neet, not_known, combined] = [(0, 3), (3, 4), (6, 5)].map(|(rate, count)| {
        let rate = rates.figures[rate];
        if rate.is_number() {
            format!("{rate} ({})", cell(counts.figures[count], false))
        } else {
            rate.to_string()
        }
    });
    let mut said = format!(
        "At the end of {}, of the {} young people of 16 and 17 in the client record {neet} were not in education, employment or training (NEET), of \
         {not_known} it was not known what they did: together {combined}.",
        rates.label,
        cell(counts.figures[0], false)
    );
    let (no_record, with) = (wider.figures[1], wider.figures[4]);
    said.push_str(&if no_record.is_number() && with.is_number() {
        format!(
            " {} more live here and are in no client record, so that nothing is known of them either: with them it is {with}.",
            cell(no_record, false)
        )
    } else {
        " How many more live here and are in no client record may not be shown.".to_owned()
    });
    said
}

/// Whether anybody of an age is in the cohort of a year.
fn is_held(months: &[Month], ay: i64, age: &str) -> bool {
    let is_of_age = |month: &&Month| month.ay == ay && month.breakdown == "age" && month.category == age;
    months.iter().filter(is_of_age).any(|month| month.cohort > 0)
}

/// Year by year, the mean of the ends of December, January and February.
pub(super) fn trend(months: &[Month], policy: &Policy) -> Result<Option<Section>, ReportFault> {
    let mut years: Vec<i64> = months.iter().map(|month| month.ay).collect();
    years.sort_unstable();
    years.dedup();
    let mut rows = Vec::new();
    let mut disclosed = Vec::new();
    let mut of_one_age = Vec::new();
    for ay in years {
        let winter: Vec<&Month> =
            of_year(months, ay).into_iter().filter(|month| WINTER.contains(&month.period.as_str())).collect();
        // A mean of fewer months is not the published one.
        if winter.len() != WINTER.len() || winter.iter().all(|month| month.cohort == 0) {
            continue;
        }
        // Fewer are NEET at sixteen than at seventeen: a year of one age beside years of both would look like a rise.
        if let Some(age) = AGES.iter().find(|age| !is_held(months, ay, age)) {
            of_one_age.push(format!("{} has none, for nobody of {age} is held.", academic_year(ay)));
            continue;
        }
        let through = disclose(&winter, policy)?;
        let pivoted = through.figures(&PARTS);
        let sum = |at: usize| {
            shown::sum(
                &pivoted.iter().filter_map(|(_, figures)| figures.get(at).copied()).collect::<Vec<_>>(),
            )
        };
        rows.push(Row {
            key: ay.to_string(),
            label: academic_year(ay),
            time: Time::year(ay),
            is_total: false,
            said: Vec::new(),
            figures: mean_rates([sum(0), sum(2), sum(3), sum(1)], policy),
        });
        disclosed.push(through.disclosed);
    }
    if rows.is_empty() {
        return Ok(None);
    }
    // A part of a month may be hidden of which no mean is made.
    let hidden = Figure::Symbol(Symbol::Confidential);
    let hides = rows.iter().flat_map(|row| &row.figures).any(|figure| *figure == hidden);
    let notes = if hides { shown::notes(&disclosed) } else { Vec::new() };
    let mut columns = vec![column("mean_cohort", "mean cohort", Unit::Count)];
    columns.extend(RATES);
    let table = Table {
        name: "rates_by_year",
        title: "NEET, not known and both together: mean of the ends of December, January and February"
            .to_owned(),
        population: CLIENTS.to_owned(),
        rows_are: ("academic_year", "academic year"),
        said: &[],
        columns,
        rows,
    };
    let mut words = "The mean of the ends of December, January and February, as the Department for Education publishes it: the \
                     sum of those NEET over the sum of the cohorts, so without whoever is in no client record. The range takes somebody counted at \
                     three month ends as one person. A year of which a month or one of the two ages is not held has no row."
        .to_owned();
    for said in of_one_age {
        words.push(' ');
        words.push_str(&said);
    }
    let mut section = section("Year by year", &[words], table, notes);
    section.chart = Some(Chart::Lines(&[1, 4, 7]));
    Ok(Some(section))
}

/// The mean cohort, and the rates of sums over three months with intervals for the mean.
fn mean_rates([cohort, neet, not_known, combined]: [Figure; 4], policy: &Policy) -> Vec<Figure> {
    let hidden = Figure::Symbol(Symbol::Confidential);
    let Some(whole) = shown::count(cohort).filter(|whole| *whole > 0.0) else { return vec![hidden; 10] };
    let mut figures = vec![Figure::Count((whole / 3.0).round() as i64)];
    for part in [neet, not_known, combined] {
        figures.extend(match shown::count(part) {
            Some(part) => shown::of_numbers(part, whole, whole / 3.0, shown::decimals(policy)),
            None => [hidden; 3],
        });
    }
    figures
}

/// The groups that are compared: a partition each of the cohort of one month.
const BREAKDOWNS: [(&str, &str); 4] = [
    ("age", "Age"),
    ("setting", "Setting in Year 11"),
    ("sen", "Needs in Year 11"),
    ("disadvantage", "Disadvantage in Year 11"),
];

/// The newest month that is held, group by group.
pub(super) struct NewestMonth<'a> {
    /// The month in words.
    pub(super) name: String,
    pub(super) time: Time,
    /// Whether it is shown of everybody together how many they are and how many of them are NEET or not known.
    pub(super) sums_are_shown: bool,
    /// Whether it is shown, too, which of the two.
    pub(super) parts_are_shown: bool,
    months: Vec<&'a Month>,
}

impl<'a> NewestMonth<'a> {
    /// None where no month is held.
    pub(super) fn of_months(months: &'a [Month], policy: &Policy) -> Result<Option<Self>, ReportFault> {
        let Some(ay) = newest(months) else { return Ok(None) };
        let Some(last) = of_year(months, ay).pop() else { return Ok(None) };
        let name = format!("{} {}", month_name(&last.period), last.calendar_year());
        let through = disclose(&[last], policy)?;
        let shown = |parts: usize| {
            let mut rows = through.figures(&PARTS).into_iter();
            rows.all(|(_, figures)| figures[..parts].iter().all(|figure| figure.is_number()))
        };
        let here = months.iter().filter(|month| month.ay == ay && month.period == last.period);
        Ok(Some(Self {
            name,
            time: Time::year(ay),
            sums_are_shown: shown(2),
            parts_are_shown: shown(4),
            months: here.collect(),
        }))
    }

    /// Its groups by one breakdown.
    pub(super) fn of(&self, breakdown: &str) -> impl Iterator<Item = &'a Month> {
        self.months.iter().copied().filter(move |month| month.breakdown == breakdown)
    }
}

/// Who is NEET or not known at the end of the newest month of the winter.
pub(super) fn groups(
    newest: Option<&NewestMonth<'_>>,
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    // Where the sum over all groups is hidden above, groups would give it away.
    let Some(newest) = newest.filter(|newest| newest.sums_are_shown) else { return Ok(None) };
    let mut grids = Vec::new();
    for (breakdown, title) in BREAKDOWNS {
        let groups = newest.of(breakdown).filter(|month| month.cohort > 0);
        let groups: Vec<LinkGroup> = groups
            .map(|month| LinkGroup {
                group: month.category.clone(),
                subjects: month.cohort,
                linked: month.combined(),
                learners: month.cohort,
                estimates: Vec::new(),
            })
            .collect();
        if !groups.is_empty() {
            grids.push((title, groups));
        }
    }
    let title = format!("NEET or not known at the end of {}, by group", newest.name);
    let Some((rows, disclosed)) = stacked(&title, CLIENTS, grids, &newest.time, policy)? else {
        return Ok(None);
    };
    let table = Table {
        name: "neet_by_group",
        title,
        population: CLIENTS.to_owned(),
        rows_are: ("group_of_people", "group"),
        said: &[],
        columns: shown::of_part("in the cohort", "NEET or not known").to_vec(),
        rows,
    };
    let words = "Each heading divides the same young people, those in the cohort of the client record: whoever is in no record is not among them. \
                 Settings, needs and disadvantage are those of Year 11, so that who was in alternative provision then is still seen.";
    let mut section =
        section("Who is NEET or not known", &[words.to_owned()], table, shown::notes(&disclosed));
    section.chart = Some(Chart::Bars([2, 3, 4]));
    Ok(Some(section))
}

/// Rows of several tables, and the tables as the gate let them out.
type Stacked = (Vec<Row>, Vec<Disclosed<DisclosedTable>>);

/// Several partitions of the same people under each other, and their sum once.
pub(super) fn stacked(
    title: &str,
    population: &str,
    grids: Vec<(&str, Vec<LinkGroup>)>,
    time: &Time,
    policy: &Policy,
) -> Result<Option<Stacked>, ReportFault> {
    let mut rows = Vec::new();
    let mut total: Option<Row> = None;
    let mut disclosed = Vec::new();
    for (heading, mut groups) in grids {
        // Numbers by size, words by letter, and who is not known at the end.
        let number = |group: &LinkGroup| group.group.parse::<u32>().unwrap_or(0);
        groups.sort_by_key(|group| (group.group == "not_known", number(group), group.group.clone()));
        let grid = LinkGrid {
            title: title.to_owned(),
            population: population.to_owned(),
            dimension: "group".to_owned(),
            groups,
            estimates: Vec::new(),
            of_all: Vec::new(),
        };
        let through = disclosure::disclose_links(&grid, policy)?;
        let mut of_grid = shown::grid_rows(&through, time, |key| format!("{heading}: {}", group_words(key)));
        let sum = of_grid.pop();
        for row in &mut of_grid {
            row.key = format!("{}_{}", heading.to_lowercase().replace(' ', "_"), row.key);
        }
        rows.extend(of_grid);
        // All are sums over the same people. Where one partition hides it, so does the report.
        let keeps = total.as_ref().is_some_and(|kept| !is_shown(kept) || sum.as_ref().is_some_and(is_shown));
        total = if keeps { total } else { sum };
        disclosed.push(through);
    }
    rows.extend(total);
    Ok((!rows.is_empty()).then_some((rows, disclosed)))
}

fn is_shown(row: &Row) -> bool {
    row.figures.iter().any(|figure| figure.is_number())
}

/// A group's code in words.
pub(in crate::report) fn group_words(key: &str) -> &str {
    match key {
        "not_known" => "not known",
        "none" => "none",
        "support" => "support",
        "plan" => "education, health and care plan",
        "mainstream" => "mainstream school",
        "resourced_unit" => "resourced unit",
        "special" => "special school",
        "state_ap" => "state alternative provision",
        "independent_ap" => "independent alternative provision",
        "unregistered" => "unregistered provider",
        "known" => "known",
        "moved" => "on record as moved away",
        "lost" => "lost sight of",
        "ehe" => "educated at home",
        "cme" => "missing education",
        "fe" => "further education",
        "hospital" => "hospital",
        "secure" => "secure setting",
        other => other,
    }
}

/// The name of a month by its name in lower case.
fn month_name(period: &str) -> &'static str {
    MONTHS.into_iter().find(|name| name.to_lowercase() == period).unwrap_or("December")
}
