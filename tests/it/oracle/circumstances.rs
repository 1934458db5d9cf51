//! Circumstances: `docs/measures/circumstances.md`, read once more.
use super::cells::{Fixed, Person};
use super::days::{academic_year, january_census};
use super::facts::{Code, PersonFacts};
use super::measures::{CircumstanceRate, CircumstanceYear};
use super::rows::{AreaSpell, Spell};
use super::waterfall::wilson;
use super::year::{self, Setting, Year};
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// Terms of the window of six years.
const WINDOW: i64 = 18;
/// Fewer terms than these are too few to speak of persistence.
const ENOUGH: i64 = 6;
/// Weights of the index, in tenths: share, recency, place, care.
const WEIGHTS: (i64, i64, i64, i64) = (5, 2, 2, 1);

/// Terms counted through, three a year.
fn term_no(day: NaiveDate) -> i64 {
    let term = match day.month() {
        9..=12 => 1,
        1..=3 => 2,
        _ => 3,
    };
    3 * i64::from(academic_year(day)) + term
}

/// The days on which a kind of circumstance was observed, with what was said.
fn observed(person: &PersonFacts, kind: Code, as_of: NaiveDate) -> impl Iterator<Item = (NaiveDate, bool)> {
    person.circumstances.iter().filter_map(move |row| {
        let day = row.observed_on.filter(|day| *day <= as_of)?;
        (row.kind == kind && row.value != "U").then_some((day, row.value == "Y"))
    })
}

/// Yes when anybody says so, no when somebody says no, else empty.
fn told(answers: impl Iterator<Item = bool>) -> Option<bool> {
    answers.fold(None, |so_far, yes| Some(so_far.unwrap_or_default() || yes))
}

/// One row for each year that any spell touches.
pub fn years(
    person: &PersonFacts,
    cohort: Option<i64>,
    spells: &[Spell],
    areas: &[AreaSpell],
    setting: &Setting,
) -> Vec<CircumstanceYear> {
    let years: BTreeMap<i64, Year> =
        year::years(spells, areas, setting).into_iter().map(|((_, ay), year)| (ay, year)).collect();
    let changes = changes(spells, setting);
    years.keys().map(|ay| row(person, cohort, *ay, &years, &changes, setting)).collect()
}

fn row(
    person: &PersonFacts,
    cohort: Option<i64>,
    ay: i64,
    years: &BTreeMap<i64, Year>,
    changes: &[NaiveDate],
    setting: &Setting,
) -> CircumstanceYear {
    let as_of = setting.as_of;
    let year = &years[&ay];
    let academic_age = cohort.map(|cohort| 10 + ay - cohort);
    let meals = Meals::up_to(person, ay, as_of);
    let in_year = |day: NaiveDate| i64::from(academic_year(day)) == ay;
    let up_to = |day: NaiveDate| i64::from(academic_year(day)) <= ay;
    let care = |wanted: &dyn Fn(NaiveDate) -> bool| {
        told(observed(person, "cla", as_of).filter(|(day, _)| wanted(*day)).map(|(_, yes)| yes))
    };
    let (cla, cla_ever) = (care(&in_year), care(&up_to));
    let (ddi_low, ddi_high) = meals.index(cla_ever);
    let needs = needs(person, ay, as_of);
    let mid_year = |change: &&NaiveDate| !matches!(change.month(), 8 | 9);
    let same_school = |years_ago: i64| {
        (academic_age == Some(15) && year.on_roll).then(|| {
            let before = years.get(&(ay - years_ago)).filter(|before| before.on_roll);
            let both = before.and_then(|before| before.school.as_ref()).zip(year.school.as_ref());
            both.is_some_and(|(before, now)| {
                before == now || setting.mergers.has_become(before, now, january_census(ay as i32))
            })
        })
    };
    CircumstanceYear {
        person: Person(person.number),
        ay,
        academic_age,
        attending: year.attending,
        resident: year.resident,
        kind: year.kind.clone(),
        fsm: meals.now,
        ever6_any: meals.ever6,
        // Nobody has meals by the rule of September 2026 yet.
        ever6_legacy: meals.ever6,
        ever6_terms_observed: meals.in_window,
        terms_observed: meals.observed,
        terms_fsm: meals.with,
        fsm_share: Fixed::fraction(meals.with, meals.observed),
        fsm_band: meals.band().map(str::to_owned),
        persistent: (meals.observed >= ENOUGH).then_some(10 * meals.with >= 8 * meals.observed),
        terms_since_fsm: meals.since,
        cla,
        cla_ever,
        left_care: None,
        in_need_ever: None,
        disadvantaged: if cla == Some(true) { cla } else { meals.ever6 },
        ddi_low,
        ddi_high,
        sen: needs.get(&ay).map(|level| LEVELS[*level].to_owned()),
        sen_ever: needs.values().max().map(|level| LEVELS[*level].to_owned()),
        sen_years: needs.values().filter(|level| **level > 0).count() as i64,
        sen_years_observed: needs.len() as i64,
        eal: told(person.circumstances.iter().filter(|row| row.kind == "eal").map(|row| row.value == "Y")),
        moves: changes.iter().filter(|day| in_year(**day)).count() as i64,
        moves_mid_year: changes.iter().filter(|day| in_year(**day)).filter(mid_year).count() as i64,
        moves_mid_year_since_y7: cohort.map(|cohort| {
            let since = |day: &&NaiveDate| up_to(**day) && i64::from(academic_year(**day)) > cohort;
            changes.iter().filter(since).filter(mid_year).count() as i64
        }),
        same_school_since_y7: same_school(4),
        same_school_since_y10: same_school(1),
    }
}

/// What is seen of free meals up to the spring of a year.
struct Meals {
    now: Option<bool>,
    ever6: Option<bool>,
    in_window: i64,
    observed: i64,
    with: i64,
    since: Option<i64>,
}

/// Whether anybody saw meals in the six years up to the spring of a year, term by term.
pub(super) fn meals_in_six_years(person: &PersonFacts, ay: i64, as_of: NaiveDate) -> Option<bool> {
    let spring = 3 * ay + 2;
    let in_window = |day: NaiveDate| term_no(day) <= spring && term_no(day) > spring - WINDOW;
    told(observed(person, "fsm", as_of).filter(|(day, _)| in_window(*day)).map(|(_, yes)| yes))
}

impl Meals {
    fn up_to(person: &PersonFacts, ay: i64, as_of: NaiveDate) -> Self {
        let spring = 3 * ay + 2;
        let mut terms: BTreeMap<i64, bool> = BTreeMap::new();
        for (day, yes) in observed(person, "fsm", as_of).filter(|(day, _)| term_no(*day) <= spring) {
            *terms.entry(term_no(day)).or_default() |= yes;
        }
        let window: Vec<bool> = terms.range(spring - WINDOW + 1..).map(|(_, yes)| *yes).collect();
        let flags = observed(person, "fsm6", as_of)
            .filter(|(day, _)| i64::from(academic_year(*day)) == ay)
            .map(|(_, yes)| yes);
        let last = terms.iter().rfind(|(_, yes)| **yes).map(|(term, _)| *term);
        Self {
            now: terms.get(&spring).copied(),
            ever6: told(window.iter().copied().chain(flags)),
            in_window: window.len() as i64,
            observed: terms.len() as i64,
            with: terms.values().filter(|yes| **yes).count() as i64,
            since: last.map(|term| spring - term),
        }
    }

    fn band(&self) -> Option<Code> {
        match (self.with, self.observed) {
            (_, 0) => None,
            (0, _) => Some("never"),
            (with, of) if with == of => Some("always"),
            (with, of) if 10 * with >= 8 * of => Some("80_to_99"),
            (with, of) if 10 * with >= 4 * of => Some("40_to_79"),
            _ => Some("under_40"),
        }
    }

    /// The index, least and greatest: nobody holds the place, nobody asks about need.
    fn index(&self, in_care: Option<bool>) -> (Option<Fixed<4>>, Option<Fixed<4>>) {
        let (share, recency, place, care) = WEIGHTS;
        let recent = self.since.map_or(0, |since| (WINDOW - since).max(0));
        let whole = 10 * self.observed * WINDOW;
        let from_meals = share * self.with * WINDOW + recency * recent * self.observed;
        let tenths = |tenths: i64| Fixed::fraction(from_meals + tenths * self.observed * WINDOW, whole);
        (tenths(if in_care == Some(true) { care } else { 0 }), tenths(place + care))
    }
}

const LEVELS: [Code; 3] = ["none", "support", "plan"];

/// The most that was observed in each year up to one.
fn needs(person: &PersonFacts, ay: i64, as_of: NaiveDate) -> BTreeMap<i64, usize> {
    let mut years: BTreeMap<i64, usize> = BTreeMap::new();
    for row in &person.sen {
        let Some(day) = row.observed_on.filter(|day| *day <= as_of) else { continue };
        let level = match row.provision {
            "E" | "S" => 2,
            "K" | "A" | "P" => 1,
            _ => 0,
        };
        let year = i64::from(academic_year(day));
        if year <= ay {
            let most = years.entry(year).or_default();
            *most = (*most).max(level);
        }
    }
    years
}

/// The days on which a main roll at another school began than the main roll before it.
fn changes(spells: &[Spell], setting: &Setting) -> Vec<NaiveDate> {
    let mut rolls: Vec<&Spell> = spells
        .iter()
        .filter(|spell| spell.role == "main" && matches!(spell.status.as_deref(), Some("C" | "M")))
        .collect();
    rolls.sort_by_key(|spell| spell.starts_on);
    rolls
        .windows(2)
        .filter(|pair| {
            let both = pair[0].school_id.as_ref().zip(pair[1].school_id.as_ref());
            both.is_some_and(|(before, now)| !setting.mergers.goes_on(before, now, pair[1].starts_on))
        })
        .map(|pair| pair[1].starts_on)
        .collect()
}

/// Free meals and needs of each learner in each year, as breakdowns name them.
pub type Groups = BTreeMap<(u32, i64), (&'static str, String)>;

pub fn groups(rows: &[CircumstanceYear]) -> Groups {
    let word = |row: &CircumstanceYear| {
        let meals = match row.fsm {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not_known",
        };
        (meals, row.sen.clone().unwrap_or_else(|| "not_known".to_owned()))
    };
    rows.iter().map(|row| ((row.person.0, row.ay), word(row))).collect()
}

/// Every breakdown that somebody of a kind of establishment is counted in.
pub fn breakdowns(groups: &Groups, person: u32, ay: i64, kind: &str) -> [(&'static str, String); 4] {
    let (meals, needs) =
        groups.get(&(person, ay)).cloned().unwrap_or_else(|| ("not_known", "not_known".to_owned()));
    [("all", "all".to_owned()), ("kind", kind.to_owned()), ("fsm", meals.to_owned()), ("sen", needs)]
}

/// A measure and what a row answers.
type Measure = (&'static str, fn(&CircumstanceYear) -> Option<bool>);

const MEASURES: [Measure; 12] = [
    ("fsm", |row| row.fsm),
    ("ever6_any", |row| row.ever6_any),
    ("ever6_legacy", |row| row.ever6_legacy),
    ("persistently_disadvantaged", |row| row.persistent),
    ("disadvantaged", |row| row.disadvantaged),
    ("looked_after", |row| row.cla),
    ("sen_support", |row| row.sen.as_deref().map(|sen| sen == "support")),
    ("sen_plan", |row| row.sen.as_deref().map(|sen| sen == "plan")),
    ("eal", |row| row.eal),
    ("moved_mid_year", |row| Some(row.moves_mid_year > 0)),
    ("same_school_since_y7", |row| row.same_school_since_y7),
    ("same_school_since_y10", |row| row.same_school_since_y10),
];

/// Shares of every year, population and circumstance.
pub fn rates(rows: &[CircumstanceYear]) -> Vec<CircumstanceRate> {
    let years: BTreeSet<i64> = rows.iter().map(|row| row.ay).collect();
    let mut rates = Vec::new();
    for ay in years {
        for population in ["attending", "resident"] {
            let belongs = |row: &&CircumstanceYear| {
                row.ay == ay && if population == "attending" { row.attending } else { row.resident }
            };
            let theirs: Vec<&CircumstanceYear> = rows.iter().filter(belongs).collect();
            for (measure, answer) in MEASURES {
                let asked: Vec<Option<bool>> = theirs
                    .iter()
                    .filter(|row| !measure.starts_with("same_school") || row.academic_age == Some(15))
                    .map(|row| answer(row))
                    .collect();
                if asked.is_empty() {
                    continue;
                }
                let numerator = asked.iter().filter(|answer| **answer == Some(true)).count() as i64;
                let denominator = asked.iter().flatten().count() as i64;
                let ends = wilson(numerator, denominator);
                rates.push(CircumstanceRate {
                    ay,
                    population: population.to_owned(),
                    measure: measure.to_owned(),
                    numerator,
                    denominator,
                    n_missing: asked.len() as i64 - denominator,
                    rate: Fixed::fraction(numerator, denominator),
                    rate_low: ends.map(|ends| ends.0),
                    rate_high: ends.map(|ends| ends.1),
                    is_series_break: ay == 2027
                        && matches!(
                            measure,
                            "fsm" | "ever6_any" | "persistently_disadvantaged" | "disadvantaged"
                        ),
                });
            }
        }
    }
    rates
}
