//! Engagement: counted event by event from a log that a test wrote itself. A school that nobody tells of is not a school where
//! nothing happens.
use super::Tables;
use super::cells::{Cell, Fixed, People, Person};
use super::measures::CircumstanceYear;
use super::rows::{Group, Row, column, row};
use super::waterfall::wilson;
use super::year;
use arrow::array::RecordBatch;
use std::collections::{BTreeMap, BTreeSet};

row! {
    /// What was done with and for somebody in a year.
    EngagementYear = "engagement_year", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ay: i64 = "ay",
    on_roll: bool = "on_roll",
    attending: bool = "attending",
    resident: bool = "resident",
    kind: String = "kind",
    n_interventions: Option<i64> = "n_interventions",
    n_interventions_completed: Option<i64> = "n_interventions_completed",
    n_activities: Option<i64> = "n_activities",
    n_home_contacts: Option<i64> = "n_home_contacts",
    n_careers: Option<i64> = "n_careers",
    n_careers_interviews: Option<i64> = "n_careers_interviews",
    n_employer_encounters: Option<i64> = "n_employer_encounters",
    n_work_experience: Option<i64> = "n_work_experience",
    n_access: Option<i64> = "n_access",
    n_devices: Option<i64> = "n_devices",
    pp_spend: Option<Fixed<2>> = "pp_spend",
    n_views: Option<i64> = "n_views",
    view: Option<Fixed<4>> = "view",
}

row! {
    /// Engagement of a group.
    EngagementRate = "engagement_rate", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    breakdown: String = "breakdown",
    category: String = "category",
    measure: String = "measure",
    n_members: i64 = "n_members",
    n_missing: i64 = "n_missing",
    denominator: i64 = "denominator",
    numerator: i64 = "numerator",
    rate: Option<Fixed<4>> = "rate",
    rate_low: Option<Fixed<4>> = "rate_low",
    rate_high: Option<Fixed<4>> = "rate_high",
    coverage: Option<Fixed<4>> = "coverage",
    n_events: i64 = "n_events",
    participation: Option<Fixed<4>> = "participation",
    amount: Option<Fixed<2>> = "amount",
    view: Option<Fixed<4>> = "view",
}

/// A line of a log.
#[derive(Clone, Debug)]
pub struct Logged {
    pub person: u32,
    pub ay: i64,
    pub kind: &'static str,
    pub attended: Option<bool>,
    pub completed: Option<bool>,
    pub pence: Option<i64>,
    /// An answer and the greatest on its scale.
    pub answer: Option<(i64, i64)>,
}

fn domain(kind: &str) -> &'static str {
    match kind {
        "mentoring" | "tutoring" => "intervention",
        "club" | "sport" => "activity",
        "home_visit" | "parent_call" => "home",
        "careers_interview" | "employer_encounter" | "work_experience" => "careers",
        "device_lent" | "transport" => "access",
        "pp_spend" => "money",
        _ => "voice",
    }
}

/// What the log says of everybody in every year.
pub fn years(tables: &Tables, log: &[Logged]) -> Vec<EngagementYear> {
    let years = year::years(&tables.spell, &tables.area_spell, &tables.setting);
    let mut told: BTreeSet<(u32, i64, &str)> = BTreeSet::new();
    for line in log {
        told.insert((line.person, line.ay, domain(line.kind)));
        let school = years.get(&(line.person, line.ay)).and_then(|year| year.school.as_ref());
        let same = years.iter().filter(|((_, ay), year)| {
            *ay == line.ay && year.school.is_some() && year.school.as_ref() == school
        });
        told.extend(same.map(|((person, ay), _)| (*person, *ay, domain(line.kind))));
    }
    let row = |((person, ay), year): (&(u32, i64), &year::Year)| {
        let lines: Vec<&Logged> =
            log.iter().filter(|line| line.person == *person && line.ay == *ay).collect();
        let asked =
            |of: &str| told.iter().any(|(who, when, domain)| who == person && when == ay && *domain == of);
        let count = |of: &str, wanted: &dyn Fn(&Logged) -> bool| {
            let n = lines.iter().filter(|line| domain(line.kind) == of && wanted(line)).count();
            asked(of).then_some(n as i64)
        };
        let taken = |line: &Logged| line.attended != Some(false);
        let of_kind =
            |kind: &'static str| move |line: &Logged| line.kind == kind && line.attended != Some(false);
        // Ten-thousandths of each answer, rounded as it is kept, then their mean.
        let answers: Vec<i64> = lines
            .iter()
            .filter_map(|line| line.answer)
            .map(|(n, of)| Fixed::<4>::fraction(n, of).unwrap().0)
            .collect();
        EngagementYear {
            person: Person(*person),
            ay: *ay,
            on_roll: year.on_roll,
            attending: year.attending,
            resident: year.resident,
            kind: year.kind.clone(),
            n_interventions: count("intervention", &taken),
            n_interventions_completed: count("intervention", &|line| line.completed == Some(true)),
            n_activities: count("activity", &taken),
            n_home_contacts: count("home", &taken),
            n_careers: count("careers", &taken),
            n_careers_interviews: count("careers", &of_kind("careers_interview")),
            n_employer_encounters: count("careers", &of_kind("employer_encounter")),
            n_work_experience: count("careers", &of_kind("work_experience")),
            n_access: count("access", &taken),
            n_devices: count("access", &of_kind("device_lent")),
            pp_spend: asked("money").then(|| Fixed(lines.iter().filter_map(|line| line.pence).sum())),
            n_views: count("voice", &|line| line.answer.is_some()),
            view: Fixed::<4>::fraction(answers.iter().sum(), 10_000 * answers.len() as i64),
        }
    };
    years.iter().map(row).collect()
}

type Measure = (&'static str, fn(&EngagementYear) -> Option<i64>);

const MEASURES: [Measure; 12] = [
    ("intervention", |row| row.n_interventions),
    ("intervention_completed", |row| row.n_interventions_completed),
    ("activity", |row| row.n_activities),
    ("home_contact", |row| row.n_home_contacts),
    ("careers", |row| row.n_careers),
    ("careers_interview", |row| row.n_careers_interviews),
    ("employer_encounter", |row| row.n_employer_encounters),
    ("work_experience", |row| row.n_work_experience),
    ("access", |row| row.n_access),
    ("device", |row| row.n_devices),
    ("pp_spend", |row| row.pp_spend.map(|pounds| i64::from(pounds.0 > 0))),
    ("view", |row| row.n_views),
];

fn word(answer: Option<bool>) -> String {
    answer.map_or("not_known", |yes| if yes { "yes" } else { "no" }).to_owned()
}

/// Everybody's rows, by group.
pub fn rates(rows: &[EngagementYear], circumstances: &[CircumstanceYear]) -> Vec<EngagementRate> {
    let of: BTreeMap<(u32, i64), &CircumstanceYear> =
        circumstances.iter().map(|row| ((row.person.0, row.ay), row)).collect();
    let mut groups: BTreeMap<(i64, &str, &str, String), Vec<&EngagementYear>> = BTreeMap::new();
    for row in rows {
        let about = of.get(&(row.person.0, row.ay));
        let breakdowns = [
            ("all", "all".to_owned()),
            ("kind", row.kind.clone()),
            ("fsm", word(about.and_then(|one| one.fsm))),
            ("disadvantaged", word(about.and_then(|one| one.disadvantaged))),
            ("sen", about.and_then(|one| one.sen.clone()).unwrap_or_else(|| "not_known".to_owned())),
        ];
        for (population, belongs) in [("attending", row.attending), ("resident", row.resident)] {
            for (breakdown, category) in breakdowns.iter().filter(|_| belongs) {
                groups.entry((row.ay, population, breakdown, category.clone())).or_default().push(row);
            }
        }
    }
    let mut rates = Vec::new();
    for ((ay, population, breakdown, category), theirs) in groups {
        for (measure, say) in MEASURES {
            let said: Vec<i64> = theirs.iter().filter_map(|row| say(row)).collect();
            let (members, told) = (theirs.len() as i64, said.len() as i64);
            let numerator = said.iter().filter(|n| **n > 0).count() as i64;
            let ends = wilson(numerator, told);
            let spent: Vec<i64> =
                theirs.iter().filter_map(|row| row.pp_spend).map(|pounds| pounds.0).collect();
            let views: Vec<i64> = theirs.iter().filter_map(|row| row.view).map(|view| view.0).collect();
            rates.push(EngagementRate {
                ay,
                population: population.to_owned(),
                breakdown: breakdown.to_owned(),
                category: category.clone(),
                measure: measure.to_owned(),
                n_members: members,
                n_missing: members - told,
                denominator: told,
                numerator,
                rate: Fixed::fraction(numerator, told),
                rate_low: ends.map(|ends| ends.0),
                rate_high: ends.map(|ends| ends.1),
                coverage: Fixed::fraction(told, members),
                n_events: said.iter().sum(),
                participation: Fixed::fraction(100 * said.iter().sum::<i64>(), told),
                amount: (measure == "pp_spend" && !spent.is_empty()).then(|| Fixed(spent.iter().sum())),
                view: if measure == "view" {
                    Fixed::fraction(views.iter().sum(), 10_000 * views.len() as i64)
                } else {
                    None
                },
            });
        }
    }
    rates
}
