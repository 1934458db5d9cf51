//! Engagement on a whole invented authority: a log of the test's own is put into an inbox, pulled, linked and released, and every
//! learner and every figure is what the lines come to.
use crate::{
    end_to_end::Demo,
    oracle::{self, EngagementRate, EngagementYear, Logged},
    site::{run_in, walk},
};
use std::{collections::BTreeMap, fmt::Write as _, fs};
use throughline::synth::Identifiers;

const SOURCE: &str = "
[sources.engagement]
connector = \"engagement\"
inbox = \"estate/engagement\"
agreement = \"Demonstration\"
controller = \"Nobody\"
bases = [\"none: invented data\"]
expires = \"2099-12-31\"
purposes = [\"research\", \"participation\", \"ap_commissioning\"]
";

/// Kinds as a log spells them, and their codes.
const KINDS: [(&str, &str); 13] = [
    ("mentoring", "mentoring"),
    ("tutoring", "tutoring"),
    ("club", "club"),
    ("sport", "sport"),
    ("home visit", "home_visit"),
    ("phone call", "parent_call"),
    ("careers interview", "careers_interview"),
    ("employer encounter", "employer_encounter"),
    ("work experience", "work_experience"),
    ("laptop", "device_lent"),
    ("transport", "transport"),
    ("pupil premium", "pp_spend"),
    ("feels safe", "view_safe"),
];

/// Lines about some of the people, by plain arithmetic: no two of one person are of one kind and day.
fn log(demo: &Demo, known: &BTreeMap<String, u32>) -> (String, Vec<Logged>) {
    let mut text =
        String::from("UPN,Surname,Forename,DOB,Sex,Type,Date,No.,Attended,Completed,Amount,Score,Out of\n");
    let mut lines = Vec::new();
    let known: Vec<u32> = known.values().copied().collect();
    for person in
        demo.world.people.iter().filter(|person| known.contains(&person.number) && person.number % 5 == 2)
    {
        let who = &person.identity;
        for at in 0..(person.number % 7) {
            let (spelt, kind) = KINDS[((person.number / 5 + 3 * at) % KINDS.len() as u32) as usize];
            let attended = [Some(true), None, Some(false)][((person.number / 3 + at) % 3) as usize];
            let completed = [Some(true), Some(false), None][((person.number / 2 + at) % 3) as usize];
            let pence = (kind == "pp_spend").then(|| i64::from(person.number % 90) * 250);
            let answer = (kind == "view_safe").then(|| (i64::from((person.number + at) % 8), 7));
            let (year, month) = if at % 2 == 0 { (2024, 10) } else { (2025, 3) };
            let yes = |answer: Option<bool>| answer.map_or("", |yes| if yes { "yes" } else { "no" });
            let _ = writeln!(
                text,
                "{},{},{},{},{},{spelt},{:02}/{month:02}/{year},{},{},{},{},{},{}",
                who.upn,
                who.surname,
                who.forename,
                who.birth_date.format("%d/%m/%Y"),
                who.sex,
                1 + at * 3,
                lines.len() + 1,
                yes(attended),
                yes(completed),
                pence.map_or_else(String::new, |pence| format!("{}.{:02}", pence / 100, pence % 100)),
                answer.map_or_else(String::new, |(score, _)| score.to_string()),
                answer.map_or_else(String::new, |(_, of)| of.to_string()),
            );
            lines.push(Logged { person: person.number, ay: 2025, kind, attended, completed, pence, answer });
        }
    }
    (text, lines)
}

fn equals_the_log(seed: u64, learners: u32) {
    let demo = Demo::run(seed, learners, Identifiers::Perfect);
    let people = |demo: &Demo| -> BTreeMap<String, u32> {
        demo.people_of_learners()
            .into_iter()
            .filter_map(|(id, people)| Some((id, *people.first()?)))
            .collect()
    };
    let (text, lines) = log(&demo, &people(&demo));
    assert!(lines.len() > 100, "only {} lines", lines.len());
    let site = demo.site();
    fs::create_dir_all(site.join("estate/engagement")).unwrap();
    let file = site.join("estate/engagement/engagement_24-25.csv");
    fs::write(&file, text).unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    fs::File::options().append(true).open(&file).unwrap().set_modified(hour_ago).unwrap();
    let config = site.join("throughline.toml");
    fs::write(&config, fs::read_to_string(&config).unwrap() + SOURCE).unwrap();
    for arguments in [&["pull", "engagement"][..], &["link"], &["release"]] {
        let ran = run_in(&site, &[&["--config", "throughline.toml"], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
    }
    let expected = oracle::expected(&demo.world);
    let folder = site.join("data/releases/current/parquet");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    assert!(files.len() > 30);
    let whose = people(&demo);
    let years = oracle::engagement_years(&expected, &lines);
    let rates = oracle::engagement_rates(&years, &expected.circumstance_year);
    let seen: Vec<EngagementYear> = oracle::published_table(&folder, &whose).unwrap();
    let of_learners = oracle::compare_rows(&years, &seen);
    let seen: Vec<EngagementRate> = oracle::published_table(&folder, &whose).unwrap();
    oracle::agree(&[of_learners, oracle::compare_rows(&rates, &seen)], oracle::ENGAGEMENT);
    assert!(rates.iter().any(|rate| rate.n_missing > 0 && rate.numerator > 0), "nobody is missing anywhere");
}

#[test]
fn what_was_done_is_what_the_log_says_learner_by_learner() {
    equals_the_log(1, 700);
}

#[test]
fn and_at_another_seed() {
    equals_the_log(20_261_122, 600);
}
