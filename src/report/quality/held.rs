//! What the lake holds, year by year and column by column, over all sources.
use super::{
    super::{
        Column, Policy, ReportFault, Row, Section, Table, Time, Unit,
        parts::{self, part},
        shown,
        words::academic_year,
    },
    Facts, POPULATION, column,
};
use crate::disclosure::{self, Figure, ShareRow, Shares};
use std::collections::BTreeMap;

/// How many years back are shown.
const YEARS: usize = 8;

const OF_YEARS: [Column; YEARS] = [
    column("this_year", "this year", Unit::Count),
    column("one_before", "the year before", Unit::Count),
    column("two_before", "two before", Unit::Count),
    column("three_before", "three before", Unit::Count),
    column("four_before", "four before", Unit::Count),
    column("five_before", "five before", Unit::Count),
    column("six_before", "six before", Unit::Count),
    column("seven_before", "seven before", Unit::Count),
];

fn named((entity, kind): &(String, String)) -> String {
    let said = |code: &str| code.replace('_', " ");
    if kind.is_empty() { said(entity) } else { format!("{}: {}", said(entity), said(kind)) }
}

/// What is held of each item, year by year.
pub(super) fn years(
    facts: &Facts,
    this: i64,
    time: &Time,
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    let mut items: BTreeMap<&(String, String), [u64; YEARS]> = BTreeMap::new();
    for held in &facts.held {
        let years = items.entry(&held.item).or_default();
        if let Some(year) = usize::try_from(this - held.ay).ok().and_then(|back| years.get_mut(back)) {
            *year += held.records;
        }
    }
    if items.is_empty() {
        return Ok(None);
    }
    let title = format!(
        "Records held by the academic year that they are about; this year is {}",
        academic_year(this)
    );
    let leaves = items.values().flatten().enumerate().map(|(at, n)| (at.to_string(), part("n", *n)));
    let through = parts::through(&title, POPULATION, "item", leaves, policy)?;
    let figures: Vec<Figure> = through.figures(&["n"]).into_iter().map(|(_, figures)| figures[0]).collect();
    let rows = items.keys().zip(figures.chunks(YEARS)).map(|(item, figures)| Row {
        key: named(item).replace([' ', ':'], "_"),
        label: named(item),
        time: time.clone(),
        is_total: false,
        said: Vec::new(),
        figures: figures.to_vec(),
    });
    Ok(Some(Section {
        title: "Which years are held".to_owned(),
        words: vec![
            "A record that lasts several years is in each of them. Which cohorts can be built from them, and which cannot and why: `backload` says it."
                .to_owned(),
        ],
        table: Some(Table {
            name: "years_held",
            title: title.clone(),
            population: POPULATION.to_owned(),
            rows_are: ("item", "records of"),
            said: &[],
            columns: OF_YEARS.to_vec(),
            rows: rows.collect(),
        }),
        notes: through.notes(),
        chart: None,
    }))
}

/// Of each column that is not always filled, how often it is empty, over all sources and the years shown above.
pub(super) fn empty_columns(
    facts: &Facts,
    time: &Time,
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    let mut records: BTreeMap<&(String, String), u64> = BTreeMap::new();
    let mut filled: BTreeMap<(&(String, String), &str), u64> = BTreeMap::new();
    for held in &facts.held {
        *records.entry(&held.item).or_default() += held.records;
        for (name, n) in &held.filled {
            *filled.entry((&held.item, name)).or_default() += n;
        }
    }
    let mut rows = Vec::new();
    for ((item, name), filled) in &filled {
        let whole = records.get(item).copied().unwrap_or(0);
        if *filled < whole {
            let key = format!("{}, {}", named(item), name.replace('_', " "));
            rows.push(ShareRow { key, whole, parts: vec![whole - filled], is_hidden: false });
        }
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let title = "Which columns are empty, and how often";
    let shares = Shares {
        title: title.to_owned(),
        population: POPULATION.to_owned(),
        dimension: "column".to_owned(),
        measures: vec!["empty".to_owned()],
        rows,
    };
    let disclosed = disclosure::disclose_shares(&shares, policy)?;
    let rows = disclosed.as_ref().rows.iter().map(|row| {
        let label = row.keys.first().cloned().unwrap_or_default();
        Row {
            key: label.replace([' ', ':', ','], "_"),
            label,
            time: time.clone(),
            is_total: false,
            said: Vec::new(),
            figures: row.figures.clone(),
        }
    });
    Ok(Some(Section {
        title: title.to_owned(),
        words: vec![
            "Over all sources. An empty cell may be right: not every placement has ended, and not every child has needs. A column that no source fills \
             is not listed."
                .to_owned(),
        ],
        table: Some(Table {
            name: "empty_columns",
            title: title.to_owned(),
            population: POPULATION.to_owned(),
            rows_are: ("column_of", "records of, column"),
            said: &[],
            columns: vec![column("empty", "empty, share of records", Unit::PerCent)],
            rows: rows.collect(),
        }),
        notes: shown::notes([&disclosed]),
        chart: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::{super::Held, *};

    #[test]
    fn years_are_told_from_this_one_back_and_an_older_one_is_not() {
        let held = |ay, records| Held {
            item: ("circumstance".to_owned(), "fsm".to_owned()),
            ay,
            records,
            filled: [("basis".to_owned(), records / 2)].into(),
        };
        let facts = Facts { held: vec![held(2026, 100), held(2024, 40), held(2010, 70)], ..Facts::default() };
        let section = years(&facts, 2026, &Time::year(2026), &Policy::published()).expect("it passes");
        let rows = section.and_then(|section| section.table).expect("there is one").rows;
        let texts: Vec<String> = rows[0].figures.iter().map(ToString::to_string).collect();
        assert_eq!(
            (rows[0].label.as_str(), texts[..3].join(" ").as_str()),
            ("circumstance: fsm", "100 c 40")
        );
    }
}
