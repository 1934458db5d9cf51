//! Each learner in each school year: where they were and lived on the January census day, read from the spells.
use super::days::{first_day_of, january_census, last_day_of};
use super::merged::Mergers;
use super::rows::{AreaSpell, Spell};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Which schools are where, and the day and place that everything is seen from: what the counts need beside rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Kind and authority of each establishment.
    pub establishments: BTreeMap<String, (String, Option<String>)>,
    /// The school that each establishment belongs to.
    pub schools: BTreeMap<String, String>,
    pub mergers: Mergers,
    pub here: String,
    pub as_of: NaiveDate,
}

impl Setting {
    pub fn kind(&self, establishment: &str) -> &str {
        self.establishments.get(establishment).map_or("none", |(kind, _)| kind)
    }

    pub fn school<'a>(&'a self, establishment: &'a str) -> &'a str {
        self.schools.get(establishment).map_or(establishment, String::as_str)
    }

    pub fn is_here(&self, establishment: &str) -> bool {
        self.establishments.get(establishment).and_then(|(_, la)| la.as_ref()) == Some(&self.here)
    }
}

/// One learner in one year.
#[derive(Clone, Debug)]
pub struct Year {
    pub on_roll: bool,
    pub establishment: Option<String>,
    pub school: Option<String>,
    pub kind: String,
    pub attending: bool,
    pub resident: bool,
}

impl Year {
    pub fn belongs(&self, population: &str) -> bool {
        if population == "attending" { self.attending } else { self.resident }
    }
}

/// Every year that any spell touches, by person and year.
pub fn years(spells: &[Spell], areas: &[AreaSpell], setting: &Setting) -> BTreeMap<(u32, i64), Year> {
    let mut years: BTreeMap<(u32, i64), Year> = BTreeMap::new();
    for spell in spells {
        for ay in touched(spell.starts_on, spell.ends_on, setting.as_of) {
            let year = years.entry((spell.person.0, i64::from(ay))).or_insert(Year {
                on_roll: false,
                establishment: None,
                school: None,
                kind: "not_known".to_owned(),
                attending: false,
                resident: false,
            });
            let census = january_census(ay);
            if spell.role == "main" && spell.starts_on <= census && census <= spell.ends_on {
                year.on_roll = matches!(spell.status.as_deref(), Some("C" | "M"));
                year.establishment.clone_from(&spell.establishment_id);
                year.school.clone_from(&spell.school_id);
                year.kind.clone_from(&spell.kind);
                year.attending = spell.la_code.as_ref() == Some(&setting.here);
            }
        }
    }
    for area in areas.iter().filter(|area| area.home_la.as_ref() == Some(&setting.here)) {
        for ay in touched(area.starts_on, area.ends_on, setting.as_of) {
            let census = january_census(ay);
            if area.starts_on <= census
                && census <= area.ends_on
                && let Some(year) = years.get_mut(&(area.person.0, i64::from(ay)))
            {
                year.resident = true;
            }
        }
    }
    years
}

/// The academic years that have begun and share a day with an interval.
fn touched(from: NaiveDate, to: NaiveDate, as_of: NaiveDate) -> impl Iterator<Item = i32> {
    (2000..2100)
        .filter(move |ay| first_day_of(*ay) <= to && last_day_of(*ay) >= from && first_day_of(*ay) <= as_of)
}
