//! `report neet`: young people after Year 11 and those who may need support before it, for the council that has to act.
//!
//! Months are counts of people on one day. The winter's mean is worked out from the months as they are shown. Tables by
//! group are partitions of the people of one table above them: sums over one partition say nothing of another.
mod after;
mod before;
mod offers;
mod read;
mod tested;
mod wards;

pub(super) use after::group_words as setting_words;

use super::{About, Release, Report, ReportFault, Section};
use crate::disclosure::Policy;

/// Whom the report is about.
const POPULATION: &str = "young people of academic age 16 and 17 in the cohort of the authority's client record; before \
                          that, everybody in Years 7 to 11 by age of whom any source tells";

/// The report of a release.
///
/// # Errors
/// [`ReportFault`] when a table is missing or cannot be read, or the gate refuses one.
pub fn report(release: &Release, policy: &Policy) -> Result<Report, ReportFault> {
    let months = read::months(release)?;
    let mut short = Vec::new();
    let mut sections = Vec::new();
    let mut of_guarantee = Vec::new();
    sections.extend(after::status(&months, policy, &mut short)?);
    sections.extend(after::trend(&months, policy)?);
    let newest = after::NewestMonth::of_months(&months, policy)?;
    sections.extend(after::groups(newest.as_ref(), policy)?);
    let homes = read::homes(release)?;
    sections.extend(wards::unseen(newest.as_ref(), policy)?);
    let guarantee = offers::guarantee(release, policy, &mut of_guarantee)?;
    if !months.is_empty() || guarantee.is_some() {
        sections.push(offers::coming(release, policy, &mut short)?);
    }
    short.append(&mut of_guarantee);
    sections.extend(guarantee);
    let lost_sight = before::lost_sight(release, policy, &mut short)?;
    let lost_are_shown = lost_sight.as_ref().is_some_and(before::is_shown_whole);
    sections.extend(lost_sight);
    sections.extend(before::risk(release, lost_are_shown, &homes, policy)?);
    if !sections.is_empty() && !wards::is_told(homes.values()) {
        sections.push(wards::not_told());
    }
    sections.extend(tested::tested(release, policy)?);
    if sections.is_empty() {
        return Err(ReportFault::Nothing(
            "this release holds neither a client record nor anybody in Years 7 to 11: there is nothing to report",
        ));
    }
    Ok(Report {
        name: "neet",
        title: "Young people: in learning, not in learning, not known".to_owned(),
        about: About::of(release, POPULATION, policy),
        short,
        sections,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    })
}

/// What is not shown, and why.
const LEFT_OUT: [&str; 4] = [
    "By small area (LSOA): each has too few young people for any figure. By ward, where the site's postcode directory tells of wards, stands above.",
    "Ethnic group: the points do not use it; whether they treat groups alike is in the table risk_fairness of the release.",
    "Two groups at once (a school and a need, say): tables with sums both ways are not shown, for what is hidden could be \
     worked out.",
    "Who the young people are: names leave the register only by `resolve`, for officers who already know them: \
     `--view no_offer`, `--view lost_sight`, `--view risk`.",
];

/// A section with a table.
fn section(title: &str, words: &[String], table: super::Table, notes: Vec<String>) -> Section {
    Section { title: title.to_owned(), words: words.to_vec(), table: Some(table), notes, chart: None }
}
