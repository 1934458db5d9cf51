//! Key stage 2 by subject: the page on attainment, read once more. Nobody judges writing in this world.
use super::cells::{Cell, Fixed, People, Person};
use super::codes;
use super::facts::{Facts, Ks2, PersonFacts};
use super::member::test;
use super::rows::{CohortMember, Group, Row, column, row};
use super::waterfall::wilson;
use arrow::array::RecordBatch;
use std::collections::BTreeMap;

row! {
    /// What somebody reached at the end of key stage 2.
    Ks2Subject = "ks2_subject", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    cohort_ay: i64 = "cohort_ay",
    reading_score: Option<Fixed<2>> = "reading_score",
    maths_score: Option<Fixed<2>> = "maths_score",
    reading_expected: String = "reading_expected",
    reading_higher: String = "reading_higher",
    reading_90: String = "reading_90",
    maths_expected: String = "maths_expected",
    maths_higher: String = "maths_higher",
    maths_90: String = "maths_90",
    writing_expected: String = "writing_expected",
    writing_higher: String = "writing_higher",
    rwm_expected: String = "rwm_expected",
    rwm_higher: String = "rwm_higher",
}

row! {
    /// Key stage 2 of a group of a Year 6.
    Ks2Rate = "ks2_rate", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    measure: String = "measure",
    n_members: i64 = "n_members",
    n_missing: i64 = "n_missing",
    n_known: i64 = "n_known",
    n_achieved: i64 = "n_achieved",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
    upper: Option<Fixed<4>> = "upper",
}

fn answer(row: Option<&Ks2>, least: i64) -> &'static str {
    match row.map(|row| (row.status, row.score)) {
        Some(("tested", Some(score))) if score >= least => "achieved",
        Some(("tested", Some(_)) | ("below_test", _)) => "not_achieved",
        _ => "unknown",
    }
}

/// What somebody reached.
pub fn subject(facts: &Facts, person: &PersonFacts, cohort: i32) -> Ks2Subject {
    let no_answer = match codes::ks2_tests_held(cohort) {
        None => Some("no_rule_for_year"),
        Some(false) => Some("not_published"),
        Some(true) => None,
    };
    let (reading, maths) = (test(facts, person, cohort, "reading"), test(facts, person, cohort, "maths"));
    let score = |row: Option<&Ks2>| {
        row.filter(|row| no_answer.is_none() && row.status == "tested")
            .and_then(|row| row.score)
            .map(|points| Fixed(100 * points))
    };
    let say = |word: &'static str| no_answer.unwrap_or(word).to_owned();
    // Nobody judges writing: all three are never known to be reached, and known not to be as soon as a test was not.
    let all_three = |least: i64| {
        let missed = [reading, maths].iter().any(|row| answer(*row, least) == "not_achieved");
        say(if missed { "not_achieved" } else { "unknown" })
    };
    Ks2Subject {
        person: Person(person.number),
        cohort_ay: i64::from(cohort),
        reading_score: score(reading),
        maths_score: score(maths),
        reading_expected: say(answer(reading, 100)),
        reading_higher: say(answer(reading, 110)),
        reading_90: say(answer(reading, 90)),
        maths_expected: say(answer(maths, 100)),
        maths_higher: say(answer(maths, 110)),
        maths_90: say(answer(maths, 90)),
        writing_expected: say("unknown"),
        writing_higher: say("unknown"),
        rwm_expected: all_three(100),
        rwm_higher: all_three(110),
    }
}

/// A measure and what a row says of it.
type Measure = (&'static str, fn(&Ks2Subject) -> &String);

const MEASURES: [Measure; 10] = [
    ("reading_expected", |row| &row.reading_expected),
    ("reading_higher", |row| &row.reading_higher),
    ("reading_90", |row| &row.reading_90),
    ("maths_expected", |row| &row.maths_expected),
    ("maths_higher", |row| &row.maths_higher),
    ("maths_90", |row| &row.maths_90),
    ("writing_expected", |row| &row.writing_expected),
    ("writing_higher", |row| &row.writing_higher),
    ("rwm_expected", |row| &row.rwm_expected),
    ("rwm_higher", |row| &row.rwm_higher),
];

/// Shares of the members of each Year 6.
pub fn rates(members: &[CohortMember], subjects: &[Ks2Subject]) -> Vec<Ks2Rate> {
    let of: BTreeMap<(u32, i64), &Ks2Subject> =
        subjects.iter().map(|row| ((row.person.0, row.cohort_ay), row)).collect();
    let mut counts: BTreeMap<(i64, &str, &str, &str), [i64; 3]> = BTreeMap::new();
    for member in members.iter().filter(|member| member.present_y6) {
        let Some(subject) = of.get(&(member.person.0, member.cohort_ay)) else { continue };
        let populations = [
            ("attending", member.attending),
            ("resident", member.resident),
            ("ever_y6_here", member.ever_y6_here),
        ];
        let group = match member.dis_y6 {
            Some(true) => "disadvantaged",
            Some(false) => "other",
            None => "not_known",
        };
        for (measure, say) in MEASURES {
            let word = say(subject).as_str();
            if matches!(word, "not_published" | "no_rule_for_year") {
                continue;
            }
            for (population, _) in populations.iter().filter(|(_, belongs)| *belongs) {
                for group in ["all", group] {
                    let n = counts.entry((member.cohort_ay, population, group, measure)).or_default();
                    n[0] += 1;
                    n[1] += i64::from(word == "unknown");
                    n[2] += i64::from(word == "achieved");
                }
            }
        }
    }
    counts.into_iter().map(|(of, n)| rate(of, n)).collect()
}

fn rate(of: (i64, &str, &str, &str), [members, missing, achieved]: [i64; 3]) -> Ks2Rate {
    let (cohort_ay, population, disadvantage, measure) = of;
    let (seen, whole) = (wilson(achieved, members - missing), wilson(achieved, members));
    Ks2Rate {
        cohort_ay,
        population: population.to_owned(),
        disadvantage: disadvantage.to_owned(),
        measure: measure.to_owned(),
        n_members: members,
        n_missing: missing,
        n_known: members - missing,
        n_achieved: achieved,
        observed: Fixed::fraction(achieved, members - missing),
        observed_low: seen.map(|ends| ends.0),
        observed_high: seen.map(|ends| ends.1),
        whole_cohort: Fixed::fraction(achieved, members),
        whole_cohort_low: whole.map(|ends| ends.0),
        whole_cohort_high: whole.map(|ends| ends.1),
        upper: Fixed::fraction(achieved + missing, members),
    }
}
