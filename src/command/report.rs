use super::{Exit, Halt, Verdict, cli::WriteArgs, screen::Screen};
use crate::{
    config::Settings,
    disclosure::{
        self, Disclosed, DisclosedTable, Headline, HeadlineGroup, Policy, Refusal, StateCount, Waterfall,
    },
    pipeline::Site,
    release,
    report::{self, Release, Report, ReportFault, cohort::Cohort},
};
use serde_json::json;
use std::{collections::BTreeSet, path::PathBuf};

mod figures;
mod linkage;
mod quality;
mod words;
mod written;

pub(super) use linkage::links;
pub(super) use quality::quality;
pub(super) use written::{ap, neet, school, scorecard};

use figures::{HeadlineRow, WaterfallRow};

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::new(Exit::Refused, format!("{refusal}\n  instead: {}", refusal.instead()))
    }
}

impl From<ReportFault> for Halt {
    fn from(fault: ReportFault) -> Self {
        match fault {
            ReportFault::Gate(refusal) => refusal.into(),
            ReportFault::Refused(words) => Self::new(Exit::Refused, words),
            ReportFault::Before(words) => Self::new(Exit::Usage, words),
            other => Self::new(Exit::Failed, other.to_string()),
        }
    }
}

/// Where the children of one Year 6 are at sixteen, and the gap with and without those who are not seen.
pub(super) fn cohort(
    settings: Settings,
    year: Option<i32>,
    population: &str,
    args: &WriteArgs,
    screen: &Screen,
) -> Verdict {
    written::may_be_written(&settings, args)?;
    let site = Site::open(settings)?;
    let policy = Policy::named(&site.settings.disclosure_policy, site.key.kind())?;
    let (folder, id) = newest(&site)?;
    let release = Release::open(&folder, &id)?;
    let page = CohortPage::of(&release, year, population, &policy)?;
    let mut document = page.as_json();
    // Whoever asks for the terminal's page alone does not wait for the rest.
    if screen.json
        || args.html.is_some()
        || args.xlsx.is_some()
        || args.csv.is_some()
        || args.beside.is_some()
    {
        let mut report = page.as_report(&release, &policy)?;
        written::lay_beside(&mut report, args, screen)?;
        written::files(&report, args, screen)?;
        // The page by itself has figures that were perhaps left out.
        if args.beside.is_some() {
            screen.result(&written::in_words(&report));
            screen.document(&written::as_data(&report)?);
            return Ok(Exit::Done);
        }
        if let (Some(page), Some(rest)) =
            (document.as_object_mut(), written::as_data(&report)?.as_object_mut())
        {
            page.append(rest);
        }
    }
    screen.result(&page.in_words());
    screen.document(&document);
    Ok(Exit::Done)
}

/// Why the cohort of those who lived here is empty while others are not.
const NOBODY_LIVES_HERE: &str = "Nobody is counted: of no child is it known in which authority their home was. That takes a postcode directory (`postcode_directory` \
                                 in the configuration) and sources with postcodes. Until then ask for those on a roll here: `--population attending`.";

/// Which cohorts there are, to whoever asked for another.
fn no_such_year(waterfall: &[WaterfallRow]) -> String {
    let years: BTreeSet<i32> = waterfall.iter().map(|row| row.cohort_ay).collect();
    let years: Vec<String> = years.into_iter().map(|year| year.to_string()).collect();
    if years.is_empty() {
        return "no cohort has reached sixteen in this release".to_owned();
    }
    format!(
        "that cohort has not reached sixteen in this release, or is not in it; there are {}: say `--year {}` for the Year 6 that ended then",
        years.join(", "),
        years[years.len() - 1]
    )
}

/// The newest release: its folder and its id.
fn newest(site: &Site) -> Result<(PathBuf, String), Halt> {
    let releases = site.settings.data_dir.join("releases");
    let none = || Halt::new(Exit::Failed, "there is no release yet; run `throughline release`");
    let id = release::current(&releases)
        .map_err(|fault| Halt::new(Exit::Failed, fault.to_string()))?
        .ok_or_else(none)?;
    Ok((releases.join(&id), id))
}

/// One cohort and population of a release, through the gate.
pub(super) struct CohortPage {
    release: String,
    as_of: String,
    year: i32,
    population: String,
    /// Why nobody is counted, where that is so.
    nobody: Option<&'static str>,
    waterfall: Disclosed<DisclosedTable>,
    headline: Disclosed<DisclosedTable>,
}

impl CohortPage {
    /// Reads a release's tables and puts them through the gate.
    pub(super) fn of(
        release: &Release,
        year: Option<i32>,
        population: &str,
        policy: &Policy,
    ) -> Result<Self, Halt> {
        let folder = &release.folder;
        let waterfall = figures::waterfall(folder)?;
        let headline = figures::headline(folder)?;
        // The newest cohort that has a baseline; after 2020 and 2021, when no tests were held, the one before.
        let scored = headline.iter().filter(|row| row.n_members > 0).map(|row| row.cohort_ay).max();
        let newest = scored.or_else(|| waterfall.iter().map(|row| row.cohort_ay).max());
        let year = year.or(newest).filter(|year| waterfall.iter().any(|row| row.cohort_ay == *year));
        let Some(year) = year else { return Err(Halt::new(Exit::Failed, no_such_year(&waterfall))) };
        let is_empty = |population: &str| {
            waterfall.iter().filter(|row| row.population == population).all(|row| row.n == 0)
        };
        let nobody = (population == "resident" && is_empty("resident") && !is_empty("attending"))
            .then_some(NOBODY_LIVES_HERE);
        let people = figures::population_words(population);
        let waterfall =
            disclosure::disclose_waterfall(&to_waterfall(&waterfall, year, population, people), policy)?;
        let headline =
            disclosure::disclose_headline(&to_headline(&headline, year, population, people), policy)?;
        let population = population.to_owned();
        let (id, as_of) = (release.id.clone(), release.as_of.clone());
        Ok(Self { release: id, as_of, year, population, nobody, waterfall, headline })
    }

    /// The page that a newcomer reads.
    pub(super) fn in_words(&self) -> String {
        words::page(self)
    }

    /// The same, with more beside it, as a report to print or to send.
    fn as_report(&self, release: &Release, policy: &Policy) -> Result<Report, ReportFault> {
        let cohort = Cohort {
            year: self.year,
            population: &self.population,
            people: figures::population_words(&self.population),
            nobody: self.nobody,
            waterfall: &self.waterfall,
            headline: &self.headline,
        };
        let state = |code: &str| figures::state_words(code).to_owned();
        let group = |code: &str| figures::group_words(code).to_owned();
        report::cohort::report(release, cohort, state, group, policy)
    }

    /// The same as data.
    pub(super) fn as_json(&self) -> serde_json::Value {
        json!({ "release": self.release, "as_of": self.as_of, "cohort": self.year, "population": self.population,
                "waterfall": self.waterfall.as_ref(), "headline": self.headline.as_ref() })
    }
}

fn to_waterfall(rows: &[WaterfallRow], year: i32, population: &str, people: &str) -> Waterfall {
    let mut chosen: Vec<&WaterfallRow> =
        rows.iter().filter(|row| row.cohort_ay == year && row.population == population).collect();
    chosen.sort_by_key(|row| row.state_order);
    let states = chosen
        .into_iter()
        .map(|row| StateCount { state: row.state.clone(), count: row.n, structural_zero: false })
        .collect();
    let title = format!("Where the Year 6 of {} are at sixteen", figures::academic_year(year));
    Waterfall { title, population: people.to_owned(), states }
}

fn to_headline(rows: &[HeadlineRow], year: i32, population: &str, people: &str) -> Headline {
    let mut chosen: Vec<&HeadlineRow> =
        rows.iter().filter(|row| row.cohort_ay == year && row.population == population).collect();
    // The two that are compared stand together.
    chosen.sort_by_key(|row| row.group == "not_known");
    let groups = chosen
        .into_iter()
        .map(|row| HeadlineGroup {
            group: row.group.clone(),
            n_members: row.n_members,
            n_visible: row.n_visible,
            n_with_results: row.n_with_results,
            n_achieved: row.n_achieved,
        })
        .collect();
    Headline {
        title: format!("High attainers of the Year 6 of {} at sixteen", figures::academic_year(year)),
        population: people.to_owned(),
        groups,
        lost_potential: Some(("disadvantaged".to_owned(), "other".to_owned())),
    }
}
