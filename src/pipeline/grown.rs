//! Whoever has grown out of the register: their names have gone with their entries, their rows stay, and what stays with
//! those are marks of the suppression list, keyed and sealed, so that a right still reaches them. See docs/decisions/0030.
use super::{Site, SiteFault, rights};
use crate::{
    catalog::GrownOut,
    privacy::{
        Pseudonym,
        suppression::{Marks, Suppression, SuppressionFault},
    },
};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use zeroize::Zeroizing;

/// What their marks are sealed for; the catalog seals them again under a new key by this word.
const PURPOSE: &str = "grown out";

/// Somebody who has grown out of the register, as a source knew them.
pub(super) struct Grown {
    pub(super) source: String,
    pub(super) subject: Pseudonym,
    /// The tenant of the source that named them last.
    pub(super) tenant: String,
    pub(super) marks: Marks,
    /// The academic year of their Year 6; 0 where it is not known.
    pub(super) year_six: i32,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// The list whose secret made the marks: under another they mean nobody.
    list: String,
    tenant: String,
    year_six: i32,
    marks: Marks,
}

/// Everybody who has grown out.
pub(super) fn everybody(site: &Site) -> Result<Vec<Grown>, SiteFault> {
    let kept = site.catalog.grown_out()?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let list = rights::list(site)?;
    kept.iter().map(|kept| open(site, &list, kept)).collect()
}

fn open(site: &Site, list: &Suppression, kept: &GrownOut) -> Result<Grown, SiteFault> {
    let text = site.key.unseal(PURPOSE, &kept.marks).map(Zeroizing::new).ok_or(SuppressionFault::Sealed)?;
    let stored: Stored = serde_json::from_str(&text).map_err(|_| SuppressionFault::Sealed)?;
    if stored.list != list.id() {
        return Err(SuppressionFault::Older.into());
    }
    let Stored { tenant, year_six, marks, .. } = stored;
    Ok(Grown { source: kept.source.clone(), subject: kept.subject, tenant, marks, year_six })
}

/// What is to be kept of people whose entries are about to go, by source: who went before and came back keeps both.
pub(super) fn leaving(
    site: &Site,
    people: &BTreeMap<&String, HashSet<Pseudonym>>,
) -> Result<Vec<GrownOut>, SiteFault> {
    if people.values().all(HashSet::is_empty) {
        return Ok(Vec::new());
    }
    let list = rights::list(site)?;
    let (marked, plan) = (Suppression::plan(&site.definitions.identity), &site.definitions.identity);
    let birth = plan.position("birth_date");
    let mut leaving: BTreeMap<Pseudonym, (Grown, BTreeMap<i32, u32>)> = BTreeMap::new();
    for kept in site.catalog.grown_out()? {
        if people.get(&kept.source).is_some_and(|people| people.contains(&kept.subject)) {
            leaving.insert(kept.subject, (open(site, &list, &kept)?, BTreeMap::new()));
        }
    }
    rights::each_entry(site, |source, subject, (tenant, person), said| {
        if !people.get(&source.to_owned()).is_some_and(|people| people.contains(&subject)) {
            return;
        }
        let (grown, years) = leaving.entry(subject).or_insert_with(|| {
            let (source, tenant) = (source.to_owned(), String::new());
            (Grown { source, subject, tenant, marks: Marks::default(), year_six: 0 }, BTreeMap::new())
        });
        tenant.clone_into(&mut grown.tenant);
        grown.marks.add_person(&list.person(source, tenant, person));
        list.mark(&mut grown.marks, &marked, said);
        if let Some(year) = birth.and_then(|at| said.get(at).copied().flatten()).and_then(year_six) {
            *years.entry(year).or_default() += 1;
        }
    })?;
    let seal = |(mut grown, years): (Grown, BTreeMap<i32, u32>)| {
        let most = years.into_iter().max_by_key(|(_, times)| *times);
        grown.year_six = most.map_or(grown.year_six, |(year, _)| year);
        let Grown { source, subject, tenant, marks, year_six } = grown;
        let stored = Stored { list: list.id().to_owned(), tenant, year_six, marks };
        let text = serde_json::to_string(&stored).map_err(|_| SuppressionFault::Unsealed)?;
        let marks = site.key.seal(PURPOSE, &Zeroizing::new(text)).ok_or(SuppressionFault::Unsealed)?;
        Ok(GrownOut { source, subject, marks })
    };
    leaving.into_values().map(seal).collect()
}

/// The academic year, by its end year, at whose start somebody born on a day is of academic age 10.
pub(super) fn year_six(birth: &str) -> Option<i32> {
    let born = NaiveDate::parse_from_str(birth, "%Y-%m-%d").ok()?;
    Some(born.year() + if born.month() >= 9 { 12 } else { 11 })
}

#[cfg(test)]
mod tests {
    use super::year_six;

    #[test]
    fn year_six_is_the_year_that_begins_at_academic_age_ten() {
        assert_eq!(year_six("2009-09-01"), Some(2021));
        assert_eq!(year_six("2010-08-31"), Some(2021));
        assert_eq!(year_six("2010-09-01"), Some(2022));
        assert_eq!(year_six("nonsense"), None);
    }
}
