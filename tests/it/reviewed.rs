//! Reviews of risk and a list of offers on a whole invented authority: files of the test's own are put into inboxes, pulled, linked
//! and released, and every row and every figure is what their lines come to.
use crate::{
    end_to_end::Demo,
    oracle::{self, GuaranteeRate, Offer, Reviewed, RiskReview, RiskReviewRate, SeptemberGuarantee, Tables},
    site::run_in,
};
use chrono::{Days, NaiveDate};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};
use throughline::synth::{Identifiers, Person};

/// Decisions as a list spells them, and their codes.
const DECISIONS: [(&str, &str); 4] = [
    ("agree", "agree"),
    ("less", "disagree_lower"),
    ("more", "disagree_higher"),
    ("cannot say", "cannot_say"),
];
const REASONS: [(&str, Option<&str>); 3] =
    [("know them", Some("known_well")), ("", None), ("school", Some("told_by_school"))];
const ACTIONS: [(&str, Option<&str>); 3] = [("nothing", Some("none")), ("talk", Some("talk")), ("", None)];
const ROLES: [(&str, Option<&str>); 2] = [("school", Some("school")), ("", None)];

fn who(person: &Person) -> String {
    let one = &person.identity;
    format!("{},{},{},{}", one.upn, one.surname, one.forename, one.birth_date.format("%d/%m/%Y"))
}

/// Lines about some of the risks that were told, by plain arithmetic: some twice, some late, some from before the day.
fn reviewed(demo: &Demo, expected: &Tables) -> (String, Vec<Reviewed>) {
    let mut text = String::from(
        "UPN,Surname,Forename,DOB,Pack,Predicted on,Decision,Why,Action,Decided by,Decided on\n",
    );
    let mut lines = Vec::new();
    for score in expected.risk_score.iter().filter(|score| score.pack == "default") {
        let number = score.person.0;
        let Some(person) = demo.world.people.iter().find(|one| one.number == number && number % 3 != 1)
        else {
            continue;
        };
        for at in 0..=number % 2 {
            let pick = (number / 3 + at) as usize;
            let (decision, code) = DECISIONS[pick % 4];
            let ((why, reason), (act, action), (by, role)) =
                (REASONS[pick % 3], ACTIONS[pick % 3], ROLES[pick % 2]);
            let days = [10, 200, 400, 60][(number / 2 % 4) as usize] + u64::from(at) * 30;
            let on = if number % 11 == 0 {
                score.predicted_on - Days::new(3)
            } else {
                score.predicted_on + Days::new(days)
            };
            let _ = writeln!(
                text,
                "{},default,{},{decision},{why},{act},{by},{}",
                who(person),
                score.predicted_on,
                on.format("%d/%m/%Y")
            );
            let predicted_on = score.predicted_on;
            lines.push(Reviewed {
                person: number,
                predicted_on,
                decision: code,
                reason,
                action,
                by: role,
                on,
            });
        }
    }
    (text, lines)
}

/// Lines about some of those of whom the guarantee of September 2025 is asked: no two of one person for one route.
fn offered(demo: &Demo, expected: &Tables) -> (String, Vec<Offer>) {
    const STATUSES: [(&str, &str); 6] = [
        ("applied", "applied"),
        ("offer made", "offered"),
        ("conditional offer", "conditional"),
        ("declined", "declined"),
        ("refused", "refused"),
        ("no application", "none"),
    ];
    let mut text = String::from("UPN,Surname,Forename,DOB,Status,Route,Offer date\n");
    let mut lines = Vec::new();
    for row in expected.september_guarantee.iter().filter(|row| row.ay == 2025) {
        let number = row.person.0;
        let Some(person) = demo.world.people.iter().find(|one| one.number == number && number % 4 != 1)
        else {
            continue;
        };
        for at in 0..=number % 2 {
            let (spelt, status) = STATUSES[((number / 2 + at) % 6) as usize];
            let route = ["college", "apprenticeship"][at as usize];
            let on = match number % 5 {
                0 => None,
                1 => NaiveDate::from_ymd_opt(2025, 10, 1),
                2 => NaiveDate::from_ymd_opt(2025, 9, 30),
                _ => NaiveDate::from_ymd_opt(2025, 3, 14),
            };
            let day = on.map_or_else(String::new, |on| on.format("%d/%m/%Y").to_string());
            let _ = writeln!(text, "{},{spelt},{route},{day}", who(person));
            lines.push(Offer { person: number, ay: 2025, status, on });
        }
    }
    (text, lines)
}

/// Puts a file into an inbox and names its source and connector in the configuration, with more lines of it.
pub fn hand_over(site: &Path, (name, connector): (&str, &str), file: &str, text: &str, more: &str) {
    let inbox = format!("estate/{name}");
    fs::create_dir_all(site.join(&inbox)).unwrap();
    let path = site.join(&inbox).join(file);
    fs::write(&path, text).unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    fs::File::options().append(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
    let config = site.join("throughline.toml");
    let source = format!(
        "\n[sources.{name}]\nconnector = \"{connector}\"\ninbox = \"{inbox}\"\nagreement = \"Demonstration\"\n\
         controller = \"Nobody\"\nbases = [\"none: invented data\"]\nexpires = \"2099-12-31\"\n\
         purposes = [\"research\", \"participation\", \"ap_commissioning\"]\n{more}"
    );
    fs::write(&config, fs::read_to_string(&config).unwrap() + &source).unwrap();
}

fn equals_the_lists(seed: u64, learners: u32) {
    let demo = Demo::run(seed, learners, Identifiers::Perfect);
    let expected = oracle::expected(&demo.world);
    let site = demo.site();
    let (text, reviewed) = reviewed(&demo, &expected);
    hand_over(&site, ("risk-review", "risk-review"), "risk_review_2025.csv", &text, "");
    let (text, offers) = offered(&demo, &expected);
    hand_over(&site, ("post16-offers", "post16-offers"), "post16_offers_2025.csv", &text, "");
    assert!(reviewed.len() > 100 && offers.len() > 40, "{} and {} lines", reviewed.len(), offers.len());
    for arguments in [&["pull", "risk-review"][..], &["pull", "post16-offers"], &["link"], &["release"]] {
        let ran = run_in(&site, &[&["--config", "throughline.toml"], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
    }
    let folder = site.join("data/releases/current/parquet");
    let whose: BTreeMap<String, u32> = demo
        .people_of_learners()
        .into_iter()
        .filter_map(|(id, people)| Some((id, *people.first()?)))
        .collect();
    let reviews = oracle::reviews(&expected, &reviewed);
    let seen: Vec<RiskReview> = oracle::published_table(&folder, &whose).unwrap();
    let mut differences = vec![oracle::compare_rows(&reviews, &seen)];
    let rates = oracle::review_rates(&expected, &reviews);
    let seen: Vec<RiskReviewRate> = oracle::published_table(&folder, &whose).unwrap();
    differences.push(oracle::compare_rows(&rates, &seen));
    assert!(rates.iter().any(|rate| rate.n_late > 0) && rates.iter().any(|rate| rate.n_expired > 0));
    let guarantees = oracle::guarantees(&expected, &offers);
    let seen: Vec<SeptemberGuarantee> = oracle::published_table(&folder, &whose).unwrap();
    differences.push(oracle::compare_rows(&guarantees, &seen));
    let rates = oracle::guarantee_rates(&expected, &guarantees);
    let seen: Vec<GuaranteeRate> = oracle::published_table(&folder, &whose).unwrap();
    differences.push(oracle::compare_rows(&rates, &seen));
    oracle::agree(&differences, oracle::REVIEWS);
}

#[test]
fn reviews_and_offers_are_what_the_lists_say_learner_by_learner() {
    equals_the_lists(1, 700);
}

#[test]
fn and_at_another_seed() {
    equals_the_lists(20_261_122, 600);
}
