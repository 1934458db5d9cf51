//! `report quality`: the release, and beside it what the catalog says of pulls and what the lake holds.
use super::{
    super::{Halt, Verdict, cli::WriteArgs, screen::Screen},
    written,
};
use crate::{
    config::Settings,
    pipeline::{self, Site},
    report::{
        self, Release,
        quality::{Facts, Held, SourceFacts},
    },
};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// For whoever judges what the figures rest on.
pub(in crate::command) fn quality(settings: Settings, args: &WriteArgs, screen: &Screen) -> Verdict {
    written::shown(settings, args, screen, |site, release, policy| {
        Ok(report::quality::report(release, &facts(site, release)?, policy)?)
    })
}

fn facts(site: &Site, release: &Release) -> Result<Facts, Halt> {
    let until = release.as_of.parse::<NaiveDate>().unwrap_or(NaiveDate::MAX);
    let mut held = Vec::new();
    for (item, years) in pipeline::coverage(site, until)?.0 {
        held.extend(years.into_iter().map(|(year, of_year)| Held {
            item: (item.entity.clone(), item.kind.clone()),
            ay: i64::from(year),
            records: of_year.records,
            filled: of_year.filled,
        }));
    }
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for line in site.catalog.quarantine(None)? {
        *reasons.entry(format!("{}: {}", line.detail, line.consequence.replace('_', " "))).or_default() += 1;
    }
    Ok(Facts { sources: sources(site)?, reasons: reasons.into_iter().collect(), held })
}

fn sources(site: &Site) -> Result<Vec<SourceFacts>, Halt> {
    let measures = site.catalog.measures()?;
    let mut found: BTreeMap<String, SourceFacts> = BTreeMap::new();
    for totals in measures.totals {
        let source = found.entry(totals.source.clone()).or_default();
        source.read += totals.count.read;
        source.set_aside += totals.count.set_aside;
        source.cells_emptied += totals.count.cells_emptied;
    }
    let of_people = of_people(site)?;
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    last.extend(measures.last_success.into_iter().map(|(source, at)| (source, at.date_naive().to_string())));
    for (name, source) in &mut found {
        source.name.clone_from(name);
        source.is_public = !of_people.contains(name);
        source.last_read = last.get(name).cloned();
    }
    Ok(found.into_values().collect())
}

/// The sources that have sent anything of a person. One that has sent nothing yet may: it counts as one, too.
fn of_people(site: &Site) -> Result<BTreeSet<String>, Halt> {
    let mut public = BTreeSet::new();
    let mut of_people = BTreeSet::new();
    for file in site.catalog.lake_files_by_source()? {
        let plan = site.definitions.entity(&file.entity).map(|at| &site.definitions.plans[at]);
        let sources = if plan.is_some_and(|plan| plan.public) { &mut public } else { &mut of_people };
        sources.insert(file.source);
    }
    let all = site.settings.sources.iter().map(|source| source.name.to_string());
    of_people.extend(all.filter(|source| !public.contains(source)));
    Ok(of_people)
}
