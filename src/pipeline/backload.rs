//! Years of past files, read once; and which cohorts they let us build.
use super::{PullOptions, PullReport, Site, SiteFault, Watch, pull};
use crate::{
    definitions::{Need, connector::Form},
    fault::Name,
    lake::{Coverage, Held},
    source::inbox,
};
use chrono::{Datelike, NaiveDate};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Which file of a folder goes to which source.
#[derive(Clone, Debug, Default)]
pub struct Sorting {
    /// Files by the source that reads them.
    pub fits: BTreeMap<Name, Vec<PathBuf>>,
    /// Files that more than one source would read.
    pub contested: Vec<(PathBuf, Vec<Name>)>,
    /// Files that no source reads.
    pub unknown: Vec<PathBuf>,
}

/// Sorts a folder's files by the patterns of the sources' connectors; of the named sources, or of all.
pub fn sort(site: &Site, dir: &Path, sources: &[String]) -> std::io::Result<Sorting> {
    let mut readers: BTreeMap<PathBuf, Vec<Name>> =
        inbox::list(dir, "*")?.into_iter().map(|file| (file.path, Vec::new())).collect();
    for source in &site.settings.sources {
        let named = sources.is_empty() || sources.iter().any(|name| name == source.name.as_str());
        let Some(connector) = site.definitions.connectors.get(&source.connector).filter(|_| named) else {
            continue;
        };
        let Form::File(form) = &connector.form else { continue };
        for feed in &connector.feeds {
            for file in inbox::of_feed(dir, form, feed)? {
                let readers = readers.entry(file.path).or_default();
                if !readers.contains(&source.name) {
                    readers.push(source.name);
                }
            }
        }
    }
    let mut sorting = Sorting::default();
    for (path, mut readers) in readers {
        match readers.len() {
            0 => sorting.unknown.push(path),
            1 => sorting.fits.entry(readers.remove(0)).or_default().push(path),
            _ => sorting.contested.push((path, readers)),
        }
    }
    Ok(sorting)
}

/// Reads what the sorting found, each source's files as a run of its own, with the folder for their inbox; then the inboxes
/// of the sources to which that brought anything, so that today's records stay the latest.
pub fn backload(
    site: &mut Site,
    dir: &Path,
    sorting: &Sorting,
    watch: &mut dyn Watch,
) -> Result<PullReport, SiteFault> {
    let sources: Vec<String> = sorting.fits.keys().map(ToString::to_string).collect();
    if sources.is_empty() {
        return Ok(PullReport::default());
    }
    let options = PullOptions { sources, inbox: Some(dir.to_owned()), ..PullOptions::default() };
    let mut report = pull(site, &options, watch)?;
    // What is read last is the latest: where past files said something new, the inbox is read again after them.
    let changed = report.sources.iter().filter(|source| source.count.accepted > 0);
    let sources: Vec<String> = changed.map(|source| source.source.to_string()).collect();
    if !sources.is_empty() {
        for source in &sources {
            site.catalog.forget_earlier_documents(source)?;
        }
        let live = pull(site, &PullOptions { sources, ..PullOptions::default() }, watch)?;
        report.sources.extend(live.sources.into_iter().filter(|source| source.count.read > 0));
    }
    Ok(report)
}

/// How much the lake holds, by source, item and academic year, up to a day.
pub fn coverage(site: &Site, until: NaiveDate) -> Result<Coverage, SiteFault> {
    let mut coverage = Coverage::default();
    for file in site.catalog.lake_files_by_source()? {
        if let Some(at) = site.definitions.entity(&file.entity) {
            let plan = &site.definitions.plans[at];
            if !plan.public {
                coverage.add(&site.settings.data_dir.join(&file.path), &file.source, plan, until)?;
            }
        }
    }
    Ok(coverage)
}

/// What can be said of the cohort that ended Year 6 in one academic year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CohortOutlook {
    /// That year.
    pub year: i32,
    /// How far it can be built.
    pub outlook: Outlook,
    /// What is missing or thin, with the years.
    pub lacks: Vec<Lack>,
}

/// How far a cohort can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// To sixteen and on, with all that was asked for.
    Whole,
    /// To sixteen, with gaps.
    WithGaps,
    /// It has not reached sixteen yet; so far nothing that it must have is missing.
    UnderWay,
    /// Something that it must have is missing.
    Not,
}

impl Outlook {
    /// A stable word for `--json`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::WithGaps => "with_gaps",
            Self::UnderWay => "under_way",
            Self::Not => "not",
        }
    }
}

/// Something that a cohort needs and that is not there, or hardly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What it is, for people.
    pub words: String,
    /// Whether the cohort cannot be built without.
    pub must: bool,
    /// Years without any record.
    pub missing: Vec<i32>,
    /// Years with fewer than half the records of the item's middle year.
    pub thin: Vec<i32>,
    /// Years without any record in which there was none to be had: nothing is missing.
    pub not_held: Vec<i32>,
}

impl Lack {
    /// Whether something is missing or thin that there was.
    fn is_one(&self) -> bool {
        !self.missing.is_empty() || !self.thin.is_empty()
    }
}

/// The outlook of every cohort from the first year in which somebody was seen on a roll to the last that is past. `policy`
/// says in which years something was not to be had at all.
pub fn outlooks(needs: &[Need], policy: &str, coverage: &Coverage, until: NaiveDate) -> Vec<CohortOutlook> {
    let now = if until.month() >= 9 { until.year() + 1 } else { until.year() };
    let wanted: Vec<Wanted<'_>> = needs
        .iter()
        .map(|need| Wanted { need, held: by_year(need, coverage), never: need.years_without(policy) })
        .collect();
    let rolls = wanted.iter().find(|wanted| wanted.need.must && wanted.need.first_year == 0);
    let Some(first) = rolls.and_then(|rolls| rolls.held.keys().next().copied()) else { return Vec::new() };
    (first..=now).map(|year| outlook(year, &wanted, now)).collect()
}

/// What cohorts need, what of it is held in each year, and years in which there was none to be had.
struct Wanted<'n> {
    need: &'n Need,
    held: BTreeMap<i32, u64>,
    never: Vec<i32>,
}

fn by_year(need: &Need, coverage: &Coverage) -> BTreeMap<i32, u64> {
    let mut years = BTreeMap::new();
    for (item, held) in &coverage.0 {
        if item.entity == need.entity && (need.kinds.is_empty() || need.kinds.contains(&item.kind)) {
            for (year, Held { records, .. }) in held {
                *years.entry(*year).or_default() += records;
            }
        }
    }
    years
}

fn outlook(year: i32, wanted: &[Wanted<'_>], now: i32) -> CohortOutlook {
    let mut lacks = Vec::new();
    let mut under_way = false;
    for Wanted { need, held, never } in wanted {
        let wanted = year + need.first_year..=year + need.last_year;
        // The year that is not over yet owes nothing.
        under_way |= need.must && *wanted.end() >= now;
        let past: Vec<i32> = wanted.filter(|year| *year < now).collect();
        let records = |year: &i32| held.get(year).copied().unwrap_or(0);
        let half = middle(held) / 2;
        let nothing = past.iter().copied().filter(|year| records(year) == 0);
        let (not_held, missing): (Vec<i32>, Vec<i32>) = nothing.partition(|year| never.contains(year));
        let thin = past.iter().copied().filter(|year| records(year) > 0 && records(year) < half).collect();
        let lack = Lack { words: need.words.clone(), must: need.must, missing, thin, not_held };
        if lack.is_one() || !lack.not_held.is_empty() {
            lacks.push(lack);
        }
    }
    let outlook = if lacks.iter().any(|lack| lack.must && !lack.missing.is_empty()) {
        Outlook::Not
    } else if under_way {
        Outlook::UnderWay
    } else if !lacks.iter().any(Lack::is_one) {
        Outlook::Whole
    } else {
        Outlook::WithGaps
    };
    CohortOutlook { year, outlook, lacks }
}

/// The middle one of the years' record counts.
fn middle(held: &BTreeMap<i32, u64>) -> u64 {
    let mut counts: Vec<u64> = held.values().copied().collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Item;

    fn need(entity: &str, first_year: i32, last_year: i32, must: bool) -> Need {
        let words = entity.to_owned();
        Need {
            need: words.clone(),
            entity: words.clone(),
            kinds: Vec::new(),
            first_year,
            last_year,
            must,
            words,
            held: None,
        }
    }

    fn held(coverage: &mut Coverage, entity: &str, years: &[(i32, u64)]) {
        let item = Item { source: "census".into(), entity: entity.into(), kind: String::new() };
        let years =
            years.iter().map(|(year, records)| (*year, Held { records: *records, ..Held::default() }));
        coverage.0.insert(item, years.collect());
    }

    #[test]
    fn a_cohort_is_whole_has_gaps_is_under_way_or_cannot_be_built() {
        let needs = [need("enrolment", 0, 5, true), need("destination", 6, 6, false)];
        let mut coverage = Coverage::default();
        let years: Vec<(i32, u64)> =
            (2014..=2026).filter(|year| *year != 2025).map(|year| (year, 100)).collect();
        held(&mut coverage, "enrolment", &years);
        held(&mut coverage, "destination", &[(2020, 100), (2021, 10), (2022, 100), (2023, 100)]);
        let until = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let found: Vec<_> = outlooks(&needs, "", &coverage, until)
            .into_iter()
            .map(|cohort| (cohort.year, cohort.outlook))
            .collect();
        assert_eq!(found.len(), 13);
        let of = |year| found.iter().find(|(found, _)| *found == year).unwrap().1;
        assert_eq!(of(2014), Outlook::Whole);
        assert_eq!(of(2015), Outlook::WithGaps, "2021 has hardly any destinations");
        assert_eq!(of(2018), Outlook::WithGaps, "no destinations at all in 2024");
        assert_eq!(of(2020), Outlook::Not, "nobody was seen on a roll in 2025");
        assert_eq!(of(2026), Outlook::UnderWay);
    }

    #[test]
    fn what_was_never_held_is_not_missing() {
        let tests = Need { held: Some("ks2_tests_held".into()), ..need("assessment", 0, 0, false) };
        let needs = [need("enrolment", 0, 0, true), tests];
        let mut coverage = Coverage::default();
        held(&mut coverage, "enrolment", &[(2018, 100), (2019, 100), (2020, 100), (2021, 100)]);
        held(&mut coverage, "assessment", &[(2018, 100)]);
        let until = NaiveDate::from_ymd_opt(2022, 3, 31).unwrap();
        let policy = "ay,parameter,value\n2019,ks2_tests_held,1\n2020,ks2_tests_held,0\n2020,other,1\n2021,ks2_tests_held,0\n";
        let found = outlooks(&needs, policy, &coverage, until);
        let of = |year: i32| found.iter().find(|cohort| cohort.year == year).unwrap();
        assert_eq!(
            (of(2019).outlook, of(2019).lacks[0].missing.as_slice()),
            (Outlook::WithGaps, &[2019][..])
        );
        assert_eq!((of(2020).outlook, of(2020).lacks[0].not_held.as_slice()), (Outlook::Whole, &[2020][..]));
        assert!(of(2020).lacks[0].missing.is_empty());
        assert_eq!((of(2018).outlook, of(2018).lacks.len()), (Outlook::Whole, 0));
    }
}
