//! How far a purpose reaches: which sources serve it, which tables may be opened for it, and whom it is about.
use super::super::{Site, SiteFault, build};
use crate::{config::Source, definitions::query::QuerySet};
use chrono::{Datelike, NaiveDate};
use std::ops::RangeInclusive;

/// Whom a purpose is about, by year group. Year 6 is academic age 10 at the start of the year; nobody stays back.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Year groups of whom may be shown.
    shown: RangeInclusive<i32>,
    /// Year groups that are looked through for children on nobody's list, where the list does not tell which it is about.
    pub(super) usual: RangeInclusive<i32>,
}

impl Scope {
    /// The scope of a purpose; none where names are never matched for it.
    pub(super) fn of(purpose: &str) -> Option<Self> {
        match purpose {
            // Participation is followed to 18, to 25 with a plan; risk is looked for from Year 7 on.
            "participation" => Some(Self { shown: 7..=20, usual: 12..=13 }),
            "ap_commissioning" => Some(Self { shown: 0..=14, usual: 7..=11 }),
            _ => None,
        }
    }

    /// Whether somebody born on a day (`2010-03-31`) may be shown.
    pub(super) fn holds(&self, birth: &str, today: NaiveDate) -> bool {
        let Ok(birth) = NaiveDate::parse_from_str(birth, "%Y-%m-%d") else { return false };
        self.shown.contains(&year_group(birth, today))
    }
}

/// The year group by age.
fn year_group(birth: NaiveDate, today: NaiveDate) -> i32 {
    let ends = |day: NaiveDate| day.year() + i32::from(day.month() >= 9);
    ends(today) - (ends(birth) + 11) + 6
}

/// The sources whose agreement is in force and allows a purpose.
pub(super) fn serving<'s>(site: &'s Site, purpose: &str) -> Vec<&'s Source> {
    let today = site.wall_day();
    let serves = |source: &&Source| {
        source.refusal(today).is_none() && source.agreement.purposes.iter().any(|allowed| allowed == purpose)
    };
    site.settings.sources.iter().filter(serves).collect()
}

/// Why a view may not be opened for a purpose, if so, in plain words. A table's purposes are those that everything shares
/// which it is made of.
pub(super) fn refusal(
    site: &Site,
    queries: &QuerySet,
    view: &str,
    purpose: &str,
) -> Result<Option<String>, SiteFault> {
    let Some(query) = queries.views.get(view) else { return Ok(None) };
    if !query.purposes.iter().any(|allowed| allowed == purpose) {
        let allowed = query.purposes.join(" and ");
        return Ok(Some(format!("the view {view} is not for {purpose}: it is for {allowed}")));
    }
    let mut in_the_way = Vec::new();
    let serving = serving(site, purpose);
    for entity in build::entities_behind(queries, view) {
        let schema = site.definitions.schemas.iter().find(|schema| schema.name == entity);
        if schema.is_some_and(|schema| !schema.purposes.iter().any(|allowed| allowed == purpose)) {
            in_the_way.push(format!("rows of {entity} are never for {purpose}"));
        }
        for source in site.catalog.sources_of(&entity)? {
            if !serving.iter().any(|serves| serves.name.as_str() == source) {
                in_the_way.push(format!("no agreement in force lets the source {source} serve {purpose}"));
            }
        }
    }
    in_the_way.sort();
    in_the_way.dedup();
    let refusal = format!(
        "the view {view} cannot be opened for {purpose}: {}. Whoever keeps the agreements can say more; \
         nothing was read",
        in_the_way.join("; ")
    );
    Ok((!in_the_way.is_empty()).then_some(refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_about_some_years_and_not_others() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        assert_eq!(year_group(day("2014-09-01"), day("2026-03-31")), 6);
        assert_eq!(year_group(day("2014-08-31"), day("2026-03-31")), 7);
        assert_eq!(year_group(day("2014-08-31"), day("2026-09-01")), 8);
        let scope = Scope::of("participation").unwrap();
        assert!(
            scope.holds("2009-05-05", day("2026-03-31")) && !scope.holds("2017-05-05", day("2026-03-31"))
        );
        assert!(!scope.holds("no day", day("2026-03-31")));
        assert!(Scope::of("research").is_none());
    }
}
