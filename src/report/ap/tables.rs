//! The tables of the report: all providers together, one provider's own, providers side by side, and each measure as a funnel. Every
//! measure stands in the first two, with its figures or with what stands in their way.
use super::{
    super::{
        Chart, Column, Middle, Row, Section, Table, Unit,
        places::{HIDDEN, OTHERS},
        shown,
    },
    POPULATION, Shown, Told,
    guard::Why,
    measures::{MEASURES, Measure},
    read::Answers,
};
use crate::disclosure::{Figure, Policy, Symbol};

const TOO_FEW: &str = "There are too few placements for any figure to be shown.";

/// Said in the pack of a provider whose placements are too few.
pub(super) const TOO_FEW_TO_COMPARE: &str = "Of this provider no rate is shown: it takes 30 placements in three years, and not all of a few learners, before a \
                                             rate tells more than chance, and here there are fewer. Ask the commissioner, who holds each placement and can go \
                                             through them with you one by one.";

/// Said in the pack of a provider that could be compared, and of which nothing is shown all the same.
pub(super) const NOTHING_SHOWN: &str = "Of this provider no rate is shown: behind each stand too few who are counted in it or too few who are not, or they could be \
                                        told beside another measure. Ask the commissioner, who holds each placement and can go through them with you one by one.";

const OF_MEASURES: [Column; 6] = [
    Column { name: "placements", heading: "placements known", unit: Unit::Count },
    Column { name: "yes", heading: "of them", unit: Unit::Count },
    Column { name: "rate", heading: "rate", unit: Unit::PerCent },
    Column { name: "rate_low", heading: "at least", unit: Unit::PerCent },
    Column { name: "rate_high", heading: "at most", unit: Unit::PerCent },
    Column { name: "not_known", heading: "not known", unit: Unit::Count },
];

/// What is said of each measure in words.
const SAID: &[(&str, &str)] = &[("told", "is it shown, or why not")];

const HIDDEN_FIGURE: Figure = Figure::Symbol(Symbol::Confidential);

/// A row for every measure in its order: made of its table, or else of nothing but the reason.
fn every_measure(all: Told<'_>, row: impl Fn(&Shown) -> Option<(String, Vec<Figure>)>) -> Vec<Row> {
    let of = |measure: &'static Measure| {
        let made = all.tables.iter().find(|shown| shown.measure.code == measure.code).and_then(&row);
        let why = all.left.iter().find(|(left, _)| left.code == measure.code).map(|(_, why)| *why);
        let (said, figures) = made.unwrap_or_else(|| {
            let symbol = if why == Some(Why::NotHeld) { Symbol::NotAvailable } else { Symbol::Confidential };
            (why.map_or("not shown", Why::in_words).to_owned(), vec![Figure::Symbol(symbol); 6])
        });
        Row {
            key: measure.code.to_owned(),
            label: measure.title.to_owned(),
            time: all.time.clone(),
            is_total: false,
            said: vec![said],
            figures,
        }
    };
    MEASURES.iter().map(of).collect()
}

/// The sum over all providers of a measure.
fn total(shown: &Shown) -> Option<&Row> {
    shown.rows.last().filter(|row| row.is_total)
}

/// Every measure of all providers together.
pub(super) fn together(all: Told<'_>, answers: &Answers, policy: &Policy) -> Section {
    let rows = every_measure(all, |shown| {
        let total = total(shown)?;
        let missing = answers.missing(shown.measure.code);
        // A few missing are as telling as a few who are not.
        let missing = match missing {
            n if n >= policy.threshold() && n > 0 => Figure::Count(rounded(n, policy)),
            _ if policy.threshold() == 0 => Figure::Count(0),
            _ => HIDDEN_FIGURE,
        };
        let is_shown = total.figures[0].is_number();
        let missing = if is_shown { missing } else { total.figures[0] };
        let said = if is_shown { "shown" } else { TOO_FEW_BEHIND };
        Some((said.to_owned(), [&total.figures[..], &[missing]].concat()))
    });
    let words = "Each rate is of the placements of which it is known. Placements that last, or whose learner has not reached \
                 sixteen, are not yet known of much. The range is that of chance, 95%.";
    let mut words = vec![words.to_owned()];
    words.extend(all.tables.is_empty().then(|| TOO_FEW.to_owned()));
    Section {
        title: "All providers together".to_owned(),
        words,
        table: Some(Table {
            name: "all_providers",
            title: format!("All providers together, {}", all.years),
            population: POPULATION.to_owned(),
            rows_are: ("measure", "measure"),
            said: SAID,
            columns: OF_MEASURES.to_vec(),
            rows,
        }),
        notes: all.tables.iter().flat_map(|shown| &shown.notes).take(1).cloned().collect(),
        chart: None,
    }
}

const TOO_FEW_BEHIND: &str = "too few learners behind it";

fn rounded(n: u64, policy: &Policy) -> i64 {
    let base = policy.round_to();
    ((n + base / 2) / base * base) as i64
}

/// A measure, provider by provider.
pub(super) fn funnel(shown: Shown, years: &str) -> Section {
    let table = Table {
        name: shown.measure.table,
        title: format!("{}, {years}", shown.measure.title),
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
        chart: Some(Chart::Funnel([0, 2], Middle::All)),
    }
}

/// As many measures as have room beside each other; they stand in the order in which they are asked for.
const MOST_BESIDE: usize = 6;

/// Whether a row is of one provider.
fn is_provider(row: &Row) -> bool {
    !row.is_total && ![OTHERS, HIDDEN].contains(&row.key.as_str())
}

/// Providers beside each other by every measure of which any of them is shown: the rates of the tables below, in the order of the
/// providers' numbers.
pub(super) fn side_by_side(all: Told<'_>) -> Section {
    let title = "Providers side by side".to_owned();
    let by_provider = all.tables.iter().filter(|shown| shown.rows.iter().any(is_provider));
    let ours: Vec<&Shown> = by_provider.take(MOST_BESIDE).collect();
    let mut providers: Vec<(&str, &str)> = ours
        .iter()
        .flat_map(|shown| shown.rows.iter().filter(|row| is_provider(row)))
        .map(|row| (row.key.as_str(), row.label.as_str()))
        .collect();
    providers.sort_unstable();
    providers.dedup();
    if providers.is_empty() {
        let words = "No provider is shown by itself: it takes 30 placements in three years, not all of a few learners, and enough other placements to \
                     hide the smaller providers among. So there are no tables by provider below.";
        return Section { title, words: vec![words.to_owned()], table: None, notes: Vec::new(), chart: None };
    }
    let rate = |shown: &Shown, key: Option<&str>| {
        let row = match key {
            Some(key) => shown.rows.iter().find(|row| row.key == key),
            None => total(shown),
        };
        row.and_then(|row| row.figures.get(2).copied()).unwrap_or(HIDDEN_FIGURE)
    };
    let row = |key: &str, label: &str, is_total: bool| Row {
        key: key.to_owned(),
        label: label.to_owned(),
        time: all.time.clone(),
        is_total,
        said: Vec::new(),
        figures: ours.iter().map(|shown| rate(shown, (!is_total).then_some(key))).collect(),
    };
    let mut rows: Vec<Row> = providers.iter().map(|(key, label)| row(key, label, false)).collect();
    rows.push(row("total", "All providers", true));
    let column = |shown: &&Shown| Column {
        name: shown.measure.table,
        heading: shown.measure.title,
        unit: Unit::PerCent,
    };
    let words = "The rates of the first tables below, the most asked for, in the order of the providers' numbers. It is no ranking: providers differ by whom they take in, and \
                 whether a rate is more than chance only its funnel tells. Where c stands, it cannot be shown of that provider.";
    Section {
        title,
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "side_by_side",
            title: format!("Providers side by side, {}", all.years),
            population: POPULATION.to_owned(),
            rows_are: ("provider", "provider"),
            said: &[],
            columns: ours.iter().map(column).collect(),
            rows,
        }),
        notes: Vec::new(),
        chart: None,
    }
}

/// A provider beside all, measure by measure.
pub(super) fn own(provider: &str, all: Told<'_>, is_comparable: bool) -> Section {
    let rows = every_measure(all, |shown| {
        let total = total(shown)?;
        let mine = shown.rows.iter().find(|row| row.key == provider);
        let mut figures = mine.map_or_else(|| vec![HIDDEN_FIGURE; 5], |row| row.figures.clone());
        let said = match mine {
            Some(row) if row.figures[0].is_number() => "shown",
            _ if !is_comparable => "fewer than 30 placements in three years, or nearly all of a few learners",
            _ => "too few behind your yes or your no, or they could be told beside another measure",
        };
        figures.push(total.figures[2]);
        Some((said.to_owned(), figures))
    });
    let mut columns = OF_MEASURES;
    columns[5] = Column { name: "rate_of_all", heading: "rate of all providers", unit: Unit::PerCent };
    let words = "Every measure stands here, with your figures or with what stands in their way: it takes 30 placements in three years, and not all of a \
                 few learners, to compare a provider. A rate beside that of all is no verdict: learners differ.";
    Section {
        title: "Your figures".to_owned(),
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "own_figures",
            title: format!("Provider {provider} beside all providers, {}", all.years),
            population: POPULATION.to_owned(),
            rows_are: ("measure", "measure"),
            said: SAID,
            columns: columns.to_vec(),
            rows,
        }),
        notes: Vec::new(),
        chart: Some(Chart::BarsBeside([2, 3, 4], 5)),
    }
}
