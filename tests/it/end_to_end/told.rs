//! What the rows of each subject say, read from the lake without a query: for the tables of linkage.
use super::Demo;
use crate::{
    oracle,
    site::{column_texts, lake_rows},
};
use oracle::{People, Subject};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    path::Path,
};
use throughline::synth::world;

/// What rows of each entity are dated by.
const DATED: [(&str, &str); 20] = [
    ("assessment", "taken_on"),
    ("attendance", "period_starts_on"),
    ("attendance_mark", "observed_on"),
    ("attendance_return", "observed_on"),
    ("circumstance", "observed_on"),
    ("destination", "starts_on"),
    ("ehc_step", "occurred_on"),
    ("engagement", "starts_on"),
    ("enrolment", "starts_on"),
    ("goal", "taken_on"),
    ("learner", "observed_on"),
    ("off_roll", "starts_on"),
    ("offer", "for_year_from"),
    ("participation", "observed_on"),
    ("placement", "starts_on"),
    ("qualification", "awarded_on"),
    ("sen", "observed_on"),
    ("sen_need", "observed_on"),
    ("suspension", "starts_on"),
    ("transfer", "sent_on"),
];

/// The named columns of every row of an entity, in the order of its files.
fn rows<const N: usize>(data: &Path, entity: &str, names: [&str; N]) -> Vec<[String; N]> {
    let mut rows = Vec::new();
    for batch in lake_rows(data, entity) {
        let mut columns = names.map(|name| column_texts(&batch, name).into_iter());
        for _ in 0..batch.num_rows() {
            rows.push(columns.each_mut().map(|column| column.next().unwrap()));
        }
    }
    rows
}

/// The same of the version of each row that was committed last, if it does not take the row back.
fn latest<const N: usize>(data: &Path, entity: &str, names: [&str; N]) -> Vec<[String; N]> {
    let version = ["source", "row_key", "commit_seq", "row_number", "tombstone"];
    let mut newest: HashMap<[String; 2], ([u64; 2], bool, [String; N])> = HashMap::new();
    for (said, own) in rows(data, entity, version).into_iter().zip(rows(data, entity, names)) {
        let [source, key, commit, row, gone] = said;
        let place = [commit, row].map(|number| number.parse().unwrap());
        let key = [source, key];
        if newest.get(&key).is_none_or(|(held, ..)| *held < place) {
            newest.insert(key, (place, gone == "true", own));
        }
    }
    newest.into_values().filter(|(_, gone, _)| !gone).map(|(.., own)| own).collect()
}

/// Ten-thousandths, from a decimal of four places.
fn chance(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

/// Every linked subject of a demonstration; `people` says which number each learner has.
pub fn subjects(demo: &Demo, people: &People) -> Vec<Subject> {
    let data = demo.site().join("data");
    let mut all: BTreeMap<String, Subject> = BTreeMap::new();
    let links = rows(&data, "learner_link", ["subject_id", "learner_id", "method", "band", "probability"]);
    for [subject, learner, method, band, probability] in links {
        let learner = people[&learner];
        let own = Subject { learner, method, band, probability: chance(&probability), ..Subject::default() };
        all.insert(subject, own);
    }
    evidence(&data, &mut all);
    dates(&data, &mut all);
    all.retain(|_, subject| !subject.told.is_empty());
    persons(&data, &mut all);
    circumstances(&data, &mut all);
    places(&data, &oracle::kinds(&demo.world), &mut all);
    all.into_values().collect()
}

fn evidence(data: &Path, all: &mut BTreeMap<String, Subject>) {
    let names = [
        "subject_id",
        "has_upn",
        "upn_valid",
        "has_uln",
        "has_name",
        "has_birth_date",
        "has_postcode",
        "runner_up",
    ];
    for [subject, upn, valid, uln, name, birth, postcode, runner_up] in rows(data, "link_evidence", names) {
        let Some(own) = all.get_mut(&subject) else { continue };
        let state = match (upn.as_str(), valid.as_str()) {
            (_, "true") => "valid",
            ("true", _) => "not_valid",
            _ => "none",
        };
        own.said.insert("upn", state.to_owned());
        own.tells = Some([uln, name, birth, postcode].map(|told| told == "true"));
        own.runner_up = (!runner_up.is_empty()).then(|| chance(&runner_up));
    }
}

/// Which source tells of a subject, and about which years and terms. A day that has not come is none.
fn dates(data: &Path, all: &mut BTreeMap<String, Subject>) {
    let today = world::as_of().to_string();
    for (entity, date) in DATED {
        for [subject, source, day] in rows(data, entity, ["subject_id", "source", date]) {
            let Some(own) = all.get_mut(&subject) else { continue };
            if own.source.is_empty() || source < own.source {
                own.source = source;
            }
            if day.is_empty() || day > today {
                own.told.entry(None).or_default();
                continue;
            }
            let (year, month): (i64, u32) = (day[..4].parse().unwrap(), day[5..7].parse().unwrap());
            let term = match month {
                9.. => 0,
                4..=8 => 2,
                _ => 1,
            };
            own.told.entry(Some(year + i64::from(month >= 9))).or_default()[term] = true;
        }
    }
}

/// When something was said, a live row being the latest of all, and what.
type Word = ((bool, String, u64, u64), String);

/// The latest word on sex and on ethnic group.
fn persons(data: &Path, all: &mut BTreeMap<String, Subject>) {
    let names = ["subject_id", "observed_on", "commit_seq", "row_number", "sex", "ethnicity"];
    let mut newest: HashMap<(String, &str), Word> = HashMap::new();
    for [subject, day, commit, row, sex, ethnicity] in latest(data, "learner", names) {
        let place = (day.is_empty(), day, commit.parse().unwrap(), row.parse().unwrap());
        for (what, value) in [("sex", sex), ("ethnicity", ethnicity)] {
            let key = (subject.clone(), what);
            if !value.is_empty() && newest.get(&key).is_none_or(|(held, _)| *held < place) {
                newest.insert(key, (place.clone(), value));
            }
        }
    }
    for ((subject, what), (_, value)) in newest {
        let Some(own) = all.get_mut(&subject) else { continue };
        let said = if what == "sex" { value } else { main_group(&value).to_owned() };
        own.said.insert(what, said);
    }
}

fn main_group(ethnicity: &str) -> &'static str {
    match &ethnicity[..1] {
        "W" => "white",
        "M" => "mixed",
        "A" | "C" => "asian",
        "B" => "black",
        "O" => "other",
        _ => "not_known",
    }
}

/// Needs, free meals, care and language, if they were ever said.
fn circumstances(data: &Path, all: &mut BTreeMap<String, Subject>) {
    let today = world::as_of().to_string();
    let mut greatest = |subject: &str, what: &'static str, word: &str, order: &[&str]| {
        let Some(own) = all.get_mut(subject) else { return };
        let rank = |word: &str| order.iter().position(|one| *one == word);
        let held = own.said.entry(what).or_insert_with(|| word.to_owned());
        if rank(word) > rank(held) {
            word.clone_into(held);
        }
    };
    for [subject, day, provision] in latest(data, "sen", ["subject_id", "observed_on", "provision"]) {
        let level = match provision.as_str() {
            "N" => "none",
            "K" | "A" | "P" => "support",
            "E" | "S" => "plan",
            _ => continue,
        };
        if day <= today {
            greatest(&subject, "sen", level, &["none", "support", "plan"]);
        }
    }
    let names = ["subject_id", "observed_on", "kind", "value"];
    for [subject, day, kind, value] in latest(data, "circumstance", names) {
        let what = match kind.as_str() {
            "fsm" | "fsm6" => "fsm",
            "cla" | "previously_cla" => "care",
            "eal" => "eal",
            _ => continue,
        };
        let word = match value.as_str() {
            "Y" => "yes",
            "N" => "no",
            _ => continue,
        };
        if day <= today {
            greatest(&subject, what, word, &["no", "yes"]);
        }
    }
}

/// Where a subject was last: the latest first day, of several the smaller code.
fn places(data: &Path, kinds: &BTreeMap<String, String>, all: &mut BTreeMap<String, Subject>) {
    let today = world::as_of().to_string();
    let mut last: HashMap<String, (String, Reverse<(bool, String)>)> = HashMap::new();
    let mut see = |subject: String, day: String, place: String| {
        let seen = (day, Reverse((place.is_empty(), place)));
        if !seen.0.is_empty() && seen.0 <= today && last.get(&subject).is_none_or(|held| *held < seen) {
            last.insert(subject, seen);
        }
    };
    for entity in ["enrolment", "placement"] {
        let names = ["subject_id", "starts_on", "establishment_id"];
        latest(data, entity, names).into_iter().for_each(|[subject, day, place]| see(subject, day, place));
    }
    let off_roll = latest(data, "off_roll", ["subject_id", "starts_on"]);
    off_roll.into_iter().for_each(|[subject, day]| see(subject, day, String::new()));
    for (subject, (_, Reverse((is_off_roll, place)))) in last {
        let Some(own) = all.get_mut(&subject) else { continue };
        let setting = if is_off_roll { Some("off_roll") } else { kinds.get(&place).map(|kind| family(kind)) };
        own.said.extend(setting.map(|setting| ("setting", setting.to_owned())));
        own.said.extend((!is_off_roll).then_some(("provider", place)));
    }
}

fn family(kind: &str) -> &str {
    match kind {
        "resourced_unit" => "mainstream",
        "state_ap" | "independent_ap" | "hospital" | "unregistered" => "ap",
        other => other,
    }
}
