//! `report ap`: what came of alternative provision, for whoever commissions it and for the provider itself.
//!
//! Three years of placements together, everybody who started. Each measure has its own table, because each has its own
//! denominator: the placements of which it is known. Providers stand beside each other in a funnel and never in a ranking.
//! What keeps the tables from giving each other away is in `guard`.
mod amounts;
mod guard;
mod measures;
mod read;
mod wider;

use super::{
    About, Chart, Column, Release, Report, ReportFault, Row, Section, Table, Time, Unit, places, shown, words,
};
use crate::disclosure::{Figure, Policy, Symbol};
use measures::Measure;

/// Whom the report is about.
const POPULATION: &str = "placements in alternative provision that began in these three academic years, all of them; places \
                          named in a plan, under section 61 and managed moves are not among them";

/// Why a provider's own pack is refused: the same words whether it is small or not there at all.
const NO_PACK: &str = "refused: of that provider nothing can be shown. Either the release does not have it, or fewer than ten \
                       learners were placed with it in three years\n  instead: `resolve --view placements` answers an officer \
                       for the learners that the officer already works with";

/// A measure, and its table as the gate let it out.
struct Shown {
    measure: &'static Measure,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// The report of all providers, or with `provider` the pack of one.
///
/// # Errors
/// [`ReportFault::Refused`] for a provider of fewer than ten learners, or that the release does not have.
pub fn report(release: &Release, provider: Option<&str>, policy: &Policy) -> Result<Report, ReportFault> {
    let Some(until) = read::until(release)? else {
        return Err(ReportFault::Nothing("this release has no placement in alternative provision"));
    };
    let answers = read::answers(release, until)?;
    let time = Time::year(until);
    let years = format!("{} to {}", words::academic_year(until - 2), words::academic_year(until));
    if let Some(provider) = provider
        && answers.learners(provider) < super::NAMED_FROM
    {
        return Err(ReportFault::Refused(NO_PACK));
    }
    let tables = guard::guarded(&answers, policy)
        .into_iter()
        .map(|guarded| shown_as(guarded, &time, policy))
        .collect::<Result<Vec<Shown>, ReportFault>>()?;
    let mut sections = vec![together(&tables, &answers, &years, policy)];
    let mut short =
        vec![format!("Placements that began in {years}: everybody who started, whatever became of it.")];
    let title = if let Some(provider) = provider {
        sections = vec![own(provider, &tables, &years), reply(provider)];
        short.push(IN_A_PACK.to_owned());
        format!("Provider {provider}: what came of its placements")
    } else {
        short.extend(in_short(&tables));
        sections.extend(amounts::amounts(release, until, POPULATION, policy)?);
        sections.extend(wider::wider(release, until, policy)?);
        sections.extend(tables.into_iter().filter(|shown| shown.rows.len() > 1).map(funnel));
        "Alternative provision: what came of it".to_owned()
    };
    Ok(Report {
        name: "ap",
        title,
        about: About::of(release, &format!("{POPULATION}: {years}"), policy),
        short,
        sections,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    })
}

/// A measure through the gate; without its providers where those could give something away.
fn shown_as(guarded: guard::Guarded, time: &Time, policy: &Policy) -> Result<Shown, ReportFault> {
    let guard::Guarded { measure, places: mut all, learners } = guarded;
    let gate = |all: Vec<places::Place>| {
        let label = |key: &str| format!("provider {key}");
        places::places(measure.title, POPULATION, all, learners, time, label, policy)
    };
    let mut through = gate(all.clone())?;
    if !through.is_wide {
        all.iter_mut().for_each(|place| place.is_kept_out = true);
        through = gate(all)?;
    }
    Ok(Shown { measure, notes: shown::notes([&through.disclosed]), rows: through.rows })
}

const IN_A_PACK: &str = "You see this before anybody else does. If a figure is not what your own file says, tell the commissioner: the \
                         last section is for your reply.";

/// What is not shown, and why.
const LEFT_OUT: [&str; 6] = [
    "Hours, half days and cost by provider, and distance travelled as a mean: a sum of few learners could be told beside the \
     other measures. They are in the release, table ap_measure, for those who may see it.",
    "Providers with fewer than ten learners, or too few placements to compare: no name and no figure. They count among all; \
     read their placements one by one (`resolve --view placements`).",
    "A measure of a provider whose placements are nearly those of another measure: the few between them could be told. The \
     measure that stands first is shown.",
    "Visits of quality assurance and evidence of checks: no source of them is read. Not shown is not the same as not done.",
    "Where few or none are missing: the number of those missing.",
    "A ranking: providers differ by whom they take in. A place outside the limits is a reason to ask.",
];

const TOO_FEW: &str = "There are too few placements for any figure to be shown.";

const OF_MEASURES: [Column; 6] = [
    Column { name: "placements", heading: "placements known", unit: Unit::Count },
    Column { name: "yes", heading: "of them", unit: Unit::Count },
    Column { name: "rate", heading: "rate", unit: Unit::PerCent },
    Column { name: "rate_low", heading: "at least", unit: Unit::PerCent },
    Column { name: "rate_high", heading: "at most", unit: Unit::PerCent },
    Column { name: "not_known", heading: "not known", unit: Unit::Count },
];

/// Every measure of all providers together.
fn together(tables: &[Shown], answers: &read::Answers, years: &str, policy: &Policy) -> Section {
    let rows = tables.iter().filter_map(|shown| {
        let total = shown.rows.last().filter(|row| row.is_total)?;
        let missing = answers.missing(shown.measure.code);
        // A few missing are as telling as a few who are not.
        let missing = match missing {
            n if n >= policy.threshold() && n > 0 => Figure::Count(rounded(n, policy)),
            _ if policy.threshold() == 0 => Figure::Count(0),
            _ => Figure::Symbol(Symbol::Confidential),
        };
        let missing = if total.figures[0].is_number() { missing } else { total.figures[0] };
        Some(Row {
            key: shown.measure.code.to_owned(),
            label: shown.measure.title.to_owned(),
            time: total.time.clone(),
            is_total: false,
            said: Vec::new(),
            figures: [&total.figures[..], &[missing]].concat(),
        })
    });
    let table = Table {
        name: "all_providers",
        title: format!("All providers together, {years}"),
        population: POPULATION.to_owned(),
        rows_are: ("measure", "measure"),
        said: &[],
        columns: OF_MEASURES.to_vec(),
        rows: rows.collect(),
    };
    let words = "Each rate is of the placements of which it is known. Placements that last, or whose learner has not reached \
                 sixteen, are not yet known of much. The range is that of chance, 95%.";
    Section {
        title: "All providers together".to_owned(),
        words: vec![if table.rows.is_empty() { TOO_FEW } else { words }.to_owned()],
        table: (!table.rows.is_empty()).then_some(table),
        notes: tables.iter().flat_map(|shown| &shown.notes).take(1).cloned().collect(),
        chart: Some(Chart::Bars([2, 3, 4])),
    }
}

fn rounded(n: u64, policy: &Policy) -> i64 {
    let base = policy.round_to();
    ((n + base / 2) / base * base) as i64
}

/// A measure, provider by provider.
fn funnel(shown: Shown) -> Section {
    let table = Table {
        name: shown.measure.table,
        title: shown.measure.title.to_owned(),
        population: POPULATION.to_owned(),
        rows_are: ("provider", "provider"),
        said: &[],
        columns: shown::of_part("placements known", "of them").to_vec(),
        rows: shown.rows,
    };
    Section {
        title: shown.measure.title.to_owned(),
        words: vec![shown.measure.words.to_owned()],
        table: Some(table),
        notes: shown.notes,
        chart: Some(Chart::Funnel([0, 2])),
    }
}

/// A provider beside all, measure by measure.
fn own(provider: &str, tables: &[Shown], years: &str) -> Section {
    let hidden = Figure::Symbol(Symbol::Confidential);
    let rows = tables.iter().filter_map(|shown| {
        let total = shown.rows.last().filter(|row| row.is_total)?;
        let mine = shown.rows.iter().find(|row| row.key == provider);
        let mut figures = mine.map_or_else(|| vec![hidden; 5], |row| row.figures.clone());
        figures.push(total.figures[2]);
        Some(Row {
            key: shown.measure.code.to_owned(),
            label: shown.measure.title.to_owned(),
            time: total.time.clone(),
            is_total: false,
            said: Vec::new(),
            figures,
        })
    });
    let mut columns = OF_MEASURES;
    columns[5] = Column { name: "rate_of_all", heading: "rate of all providers", unit: Unit::PerCent };
    let table = Table {
        name: "own_figures",
        title: format!("Provider {provider} beside all providers, {years}"),
        population: POPULATION.to_owned(),
        rows_are: ("measure", "measure"),
        said: &[],
        columns: columns.to_vec(),
        rows: rows.collect(),
    };
    let words = "A figure is hidden (c) where there are too few placements to compare (30 in three years, and not all of a few \
                 learners), or where it would give a small one away. A rate beside that of all is no verdict: learners differ.";
    Section {
        title: "Your figures".to_owned(),
        words: vec![if table.rows.is_empty() { TOO_FEW } else { words }.to_owned()],
        table: (!table.rows.is_empty()).then_some(table),
        notes: Vec::new(),
        chart: Some(Chart::Bars([2, 3, 4])),
    }
}

/// The room for what the provider has to say.
fn reply(provider: &str) -> Section {
    Section {
        title: "Right of reply".to_owned(),
        words: vec![
            format!("State: no reply of provider {provider} is recorded."),
            "Which figure differs from your own file, and by how much:".to_owned(),
            "What ought to be known of your learners that no figure shows:".to_owned(),
            "Name, role and date:".to_owned(),
        ],
        table: None,
        notes: vec![
            "The commissioner keeps the reply with this pack and shows both together. Which rows a figure rests on can be told \
             by whoever holds the role for it: `trace`."
                .to_owned(),
        ],
        chart: None,
    }
}

/// The two figures that everybody asks for first.
fn in_short(tables: &[Shown]) -> Vec<String> {
    let said = |code: &str, words: &str| {
        let shown = tables.iter().find(|shown| shown.measure.code == code)?;
        let total = shown.rows.last().filter(|row| row.is_total && row.figures[2].is_number())?;
        Some(format!("{} {words}", total.figures[2]))
    };
    let lines = [
        said("reintegration", "of placements that ended, and of which it is known, led back to a school."),
        said(
            "sustained_two_terms",
            "of those that started, and of which it is known, led back to a school and held for two terms.",
        ),
        said(
            "sustained_16",
            "of those who left Year 11, and of whom it is known, stayed in education or work from October to March.",
        ),
    ];
    lines.into_iter().flatten().collect()
}
