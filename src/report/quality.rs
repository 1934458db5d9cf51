//! `report quality`: what was read from whom, what was set aside and why, which years are held, which columns are empty, and how old
//! it all is. How well the records are linked is another page: `link report`.
//!
//! Rows are no people, but a few rows are a few people's: whatever counts rows goes through the gate like people do, and a source
//! with fewer than ten learners is named nowhere.
mod held;

use super::{
    About, NAMED_FROM, Policy, Release, Report, ReportFault, Row, Section, Table, Time, Unit, column,
    parts::{self, part},
    places::{self, OTHERS, Place},
    shown,
    words::{cell, day},
};
use crate::disclosure::{self, Figure, ShareRow, Shares, Symbol};
use std::collections::BTreeMap;

/// What stands beside the release: the catalog's counts of pulls, and what the lake holds.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Every source that was read, in the order of their names.
    pub sources: Vec<SourceFacts>,
    /// Places set aside or emptied since the catalog began: what was wrong and what it cost, and how many.
    pub reasons: Vec<(String, u64)>,
    /// What the lake holds of people, by item and academic year.
    pub held: Vec<Held>,
}

/// What was read of a source since the catalog began.
#[derive(Debug, Clone, Default)]
pub struct SourceFacts {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it tells of establishments alone, and of nobody.
    pub is_public: bool,
    /// Records read.
    pub read: u64,
    /// Records set aside.
    pub set_aside: u64,
    /// Cells emptied.
    pub cells_emptied: u64,
    /// The day of its last successful pull, written 2026-03-31.
    pub last_read: Option<String>,
}

/// Records of an item that are about one academic year.
#[derive(Debug, Clone)]
pub struct Held {
    /// The entity, and its kind where it has kinds: `circumstance`, `fsm`.
    pub item: (String, String),
    /// The end year.
    pub ay: i64,
    /// Records.
    pub records: u64,
    /// By column, how many of them have it filled.
    pub filled: BTreeMap<String, u64>,
}

const POPULATION: &str = "records of people as their sources sent them, before linking: a learner may have many, in several sources";

/// The report of a release and of what stands beside it.
///
/// # Errors
/// [`ReportFault`] when a table is missing or cannot be read, or the gate refuses one.
pub fn report(release: &Release, facts: &Facts, policy: &Policy) -> Result<Report, ReportFault> {
    if facts.sources.is_empty() {
        return Err(ReportFault::Nothing("nothing was pulled yet: there is nothing to report"));
    }
    let learners = learners_by_source(release)?;
    let time = Time::year(release.year());
    let sources = by_source(facts, &learners, &time, policy)?;
    let short = in_short(facts, &sources, release);
    let mut sections = vec![sources];
    sections.extend(public_lists(facts, &time));
    sections.extend(reasons(facts, &time, policy)?);
    sections.extend(held::years(facts, release.year(), &time, policy)?);
    sections.extend(held::empty_columns(facts, &time, policy)?);
    Ok(Report {
        name: "quality",
        title: "Data quality: what was read, set aside, and is missing".to_owned(),
        about: About::of(release, POPULATION, policy),
        short,
        sections,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    })
}

const LEFT_OUT: [&str; 4] = [
    "Sources with fewer than ten learners: they stand together under all others. Where each place is that was set aside: `quarantine`, for whoever \
     runs this.",
    "How well records are linked, and whom linkage misses: `link report`.",
    "Which columns of which source are empty: beside a small source that would tell of its few. The codebook of the release says of each column \
     what it holds.",
    "Checks of the tables that failed: `build` says them, and a release is held where one is an error.",
];

/// Distinct learners of each source, by the release.
fn learners_by_source(release: &Release) -> Result<BTreeMap<String, u64>, ReportFault> {
    let rows = release.read("link_quality", |row| {
        (row.text("dimension")? == "source")
            .then(|| Some((row.text("category")?, row.people("n_learners"))))?
    })?;
    Ok(rows.into_iter().collect())
}

/// One row for each source that may be named, and one for the others: each count by itself, without a sum.
fn by_source(
    facts: &Facts,
    learners: &BTreeMap<String, u64>,
    time: &Time,
    policy: &Policy,
) -> Result<Section, ReportFault> {
    let ours: BTreeMap<&str, &SourceFacts> = facts
        .sources
        .iter()
        .filter(|source| !source.is_public)
        .map(|source| (source.name.as_str(), source))
        .collect();
    let places = ours.keys().map(|name| {
        let learners = learners.get(*name).copied().unwrap_or(0);
        Place { key: (*name).to_owned(), whole: learners, part: 0, learners, is_kept_out: false }
    });
    let (mut named, others) = places::parted(places.collect(), policy);
    named.sort_by(|one, other| one.key.cmp(&other.key));
    let together = |places: &[Place]| {
        let mut sum = SourceFacts { name: OTHERS.to_owned(), ..SourceFacts::default() };
        for source in places.iter().filter_map(|place| ours.get(place.key.as_str())) {
            sum.read += source.read;
            sum.set_aside += source.set_aside;
            sum.cells_emptied += source.cells_emptied;
            sum.last_read = sum.last_read.max(source.last_read.clone());
        }
        (sum, places.iter().map(|place| place.learners).sum::<u64>())
    };
    let mut rows: Vec<(SourceFacts, u64)> = named
        .iter()
        .filter_map(|place| Some(((*ours.get(place.key.as_str())?).clone(), place.learners)))
        .collect();
    if !others.is_empty() {
        rows.push(together(&others));
    }
    let title = "What was read of each source";
    let counts = parts::through(
        title,
        POPULATION,
        "source",
        rows.iter().flat_map(|(source, learners)| {
            [("records", source.read), ("learners", *learners)]
                .map(|(name, n)| (format!("{}\n{name}", source.name), part("n", n)))
        }),
        policy,
    )?;
    let counts: BTreeMap<String, Figure> =
        counts.figures(&["n"]).into_iter().map(|(key, figures)| (key, figures[0])).collect();
    let shares = Shares {
        title: title.to_owned(),
        population: POPULATION.to_owned(),
        dimension: "source".to_owned(),
        measures: vec!["set_aside".to_owned()],
        rows: rows
            .iter()
            .map(|(source, _)| ShareRow {
                key: source.name.clone(),
                whole: source.read,
                parts: vec![source.set_aside],
                is_hidden: false,
            })
            .collect(),
    };
    let disclosed = disclosure::disclose_shares(&shares, policy)?;
    let rows = rows.iter().zip(&disclosed.as_ref().rows).map(|((source, _), shares)| {
        let count = |name: &str| {
            counts
                .get(&format!("{}\n{name}", source.name))
                .copied()
                .unwrap_or(Figure::Symbol(Symbol::NotAvailable))
        };
        let label = if source.name == OTHERS { "all others together" } else { source.name.as_str() };
        Row {
            key: source.name.clone(),
            label: label.to_owned(),
            time: time.clone(),
            is_total: false,
            said: vec![source.last_read.as_deref().map_or_else(|| "never".to_owned(), day)],
            figures: [&[count("records"), count("learners")], &shares.figures[..]].concat(),
        }
    });
    let words = "Since the catalog began, so a record that was sent again counts again; and when each last came through. Set aside is a row that could \
                 not be read. Where c stands, so few were set aside, or all but so few, that it could tell of some.";
    Ok(Section {
        title: title.to_owned(),
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "sources",
            title: title.to_owned(),
            population: POPULATION.to_owned(),
            rows_are: ("source", "source"),
            said: &[("last_read", "last read")],
            columns: vec![
                column("records", "records read", Unit::Count),
                column("learners", "learners", Unit::Count),
                column("set_aside", "set aside, share of records", Unit::PerCent),
            ],
            rows: rows.collect(),
        }),
        notes: shown::notes([&disclosed]),
        chart: None,
    })
}

/// Lists of establishments: of nobody, so nothing of them is hidden.
fn public_lists(facts: &Facts, time: &Time) -> Option<Section> {
    let rows: Vec<Row> = facts
        .sources
        .iter()
        .filter(|source| source.is_public)
        .map(|source| Row {
            key: source.name.clone(),
            label: source.name.clone(),
            time: time.clone(),
            is_total: false,
            said: vec![source.last_read.as_deref().map_or_else(|| "never".to_owned(), day)],
            figures: [source.read, source.set_aside, source.cells_emptied]
                .map(|n| Figure::Count(n as i64))
                .to_vec(),
        })
        .collect();
    (!rows.is_empty()).then(|| Section {
        title: "Lists of establishments".to_owned(),
        words: vec!["They tell of schools and providers, and of nobody.".to_owned()],
        table: Some(Table {
            name: "public_lists",
            title: "What was read of lists of establishments".to_owned(),
            population: "records of establishments".to_owned(),
            rows_are: ("source", "source"),
            said: &[("last_read", "last read")],
            columns: vec![
                column("records", "records read", Unit::Things),
                column("set_aside", "set aside", Unit::Things),
                column("cells_emptied", "cells emptied", Unit::Things),
            ],
            rows,
        }),
        notes: Vec::new(),
        chart: None,
    })
}

/// Why rows were set aside and cells emptied, over all sources: each count by itself.
fn reasons(facts: &Facts, time: &Time, policy: &Policy) -> Result<Option<Section>, ReportFault> {
    if facts.reasons.is_empty() {
        return Ok(None);
    }
    let title = "What was found wrong, and what came of it";
    let leaves = facts.reasons.iter().map(|(reason, n)| (reason.clone(), part("times", *n)));
    let through = parts::through(title, POPULATION, "reason", leaves, policy)?;
    let rows = through.figures(&["times"]).into_iter().map(|(key, figures)| Row {
        label: key.clone(),
        key,
        time: time.clone(),
        is_total: false,
        said: Vec::new(),
        figures,
    });
    Ok(Some(Section {
        title: title.to_owned(),
        words: vec!["Over all sources, since the catalog began. A cell that was emptied leaves its row in; a row that was set aside is not counted anywhere; told is what cost nothing.".to_owned()],
        table: Some(Table {
            name: "reasons",
            title: title.to_owned(),
            population: POPULATION.to_owned(),
            rows_are: ("reason", "reason"),
            said: &[],
            columns: vec![column("times", "times", Unit::Count)],
            rows: rows.collect(),
        }),
        notes: through.notes(),
        chart: None,
    }))
}

fn in_short(facts: &Facts, sources: &Section, release: &Release) -> Vec<String> {
    let rows = sources.table.as_ref().map_or(&[][..], |table| &table.rows);
    let named = rows.iter().filter(|row| row.key != OTHERS).count();
    let mut said = vec![format!(
        "The tables look back from {}. {named} sources of people stand below by name; a source with fewer than {NAMED_FROM} learners has none.",
        day(&release.as_of)
    )];
    let records: Vec<Figure> = rows.iter().filter_map(|row| row.figures.first().copied()).collect();
    let records = shown::sum(&records);
    if records.is_number() {
        said.push(format!("{} records of people were read.", cell(records, false)));
    }
    if let Some(oldest) = facts
        .sources
        .iter()
        .filter(|source| !source.is_public)
        .filter_map(|source| source.last_read.as_ref())
        .min()
    {
        said.push(format!("The source that was read longest ago was read on {}.", day(oldest)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    fn source(name: &str, read: u64, set_aside: u64) -> SourceFacts {
        SourceFacts {
            name: name.to_owned(),
            read,
            set_aside,
            last_read: Some("2026-03-30".to_owned()),
            ..SourceFacts::default()
        }
    }

    fn shown(policy: &Policy) -> Vec<String> {
        let facts = Facts {
            sources: vec![
                source("six", 60, 1),
                source("school", 4_000, 40),
                source("club", 300, 2),
                source("youth", 200, 1),
            ],
            ..Facts::default()
        };
        let learners =
            [("six", 6), ("school", 900), ("club", 40), ("youth", 30)].map(|(name, n)| (name.to_owned(), n));
        let section = by_source(&facts, &learners.into(), &Time::year(2026), policy).expect("it passes");
        let rows = section.table.expect("there is one").rows;
        let line = |row: &Row| {
            let figures: Vec<String> = row.figures.iter().map(ToString::to_string).collect();
            format!("{} {}", row.label, figures.join(" "))
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn a_source_with_six_learners_is_named_under_no_policy() {
        let synthetic = Policy::synthetic(KeyKind::Demo).expect("the key is a demonstration's");
        assert_eq!(
            shown(&synthetic),
            ["club 300 40 0.7%", "school 4000 900 1%", "youth 200 30 0.5%", "all others together 60 6 1.7%"]
        );
        // With a real key the six are not alone: the club, who knows its own forty, is left with six and thirty.
        assert_eq!(shown(&Policy::published()), ["school 4000 900 1%", "all others together 560 75 c"]);
    }
}
