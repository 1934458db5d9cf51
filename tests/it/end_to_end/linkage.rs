//! What a release says of its own linkage, compared with the truth about who is who.
use super::{Demo, column_text, lake_rows};
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
};
use throughline::synth::Identifiers;

/// So far an estimate may be from the truth.
const BAND: f64 = 0.01;

/// How well subjects really are linked.
struct Truth {
    linked: usize,
    /// Linked, and with most of their learner's subjects about the same person.
    right: usize,
    /// Apart from where most of their person's subjects are.
    missed: usize,
}

impl Truth {
    fn of(demo: &Demo) -> Self {
        let learner_of = demo.learner_of_subjects();
        let mut persons: BTreeMap<String, u32> = BTreeMap::new();
        for (subject, people) in demo.people_of_subjects() {
            if let Some((person, _)) =
                people.into_iter().max_by_key(|(person, rows)| (*rows, u32::MAX - person))
            {
                persons.insert(subject, person);
            }
        }
        let mut of_learner: HashMap<&str, BTreeMap<u32, usize>> = HashMap::new();
        let mut of_person: HashMap<u32, BTreeMap<&str, usize>> = HashMap::new();
        for (subject, person) in &persons {
            let learner = learner_of[subject].as_str();
            *of_learner.entry(learner).or_default().entry(*person).or_default() += 1;
            *of_person.entry(*person).or_default().entry(learner).or_default() += 1;
        }
        let mut truth = Self { linked: 0, right: 0, missed: 0 };
        for people in of_learner.values() {
            let subjects: usize = people.values().sum();
            if subjects > 1 {
                truth.linked += subjects;
                truth.right += people.values().max().copied().unwrap_or(0);
            }
        }
        for learners in of_person.values() {
            truth.missed += learners.values().sum::<usize>() - learners.values().max().copied().unwrap_or(0);
        }
        truth
    }

    fn precision(&self) -> f64 {
        self.right as f64 / self.linked as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missed) as f64
    }
}

fn published(demo: &Demo, table: &str) -> Vec<RecordBatch> {
    let file = File::open(demo.release().join("parquet").join(format!("{table}.parquet"))).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

/// Rows of `link_quality`, by dimension and category.
fn quality(demo: &Demo) -> BTreeMap<(String, String), HashMap<&'static str, Option<f64>>> {
    let measures = [
        "n_subjects",
        "n_linked",
        "precision",
        "precision_low",
        "precision_high",
        "recall",
        "recall_low",
        "recall_high",
    ];
    let mut rows = BTreeMap::new();
    for batch in published(demo, "link_quality") {
        for at in 0..batch.num_rows() {
            let key = (column_text(&batch, "dimension", at), column_text(&batch, "category", at));
            let values = measures.map(|name| (name, column_text(&batch, name, at).parse().ok()));
            rows.insert(key, values.into_iter().collect());
        }
    }
    rows
}

fn estimates_hold(seed: u64, learners: u32) {
    let demo = Demo::run(seed, learners, Identifiers::Realistic);
    let truth = Truth::of(&demo);
    let quality = quality(&demo);
    let all = &quality[&("all".to_owned(), "all".to_owned())];
    let get = |name| all[name];
    println!(
        "seed {seed}: of {} linked subjects {} are right and {} are missed: precision {:.4}, recall {:.4}",
        truth.linked,
        truth.right,
        truth.missed,
        truth.precision(),
        truth.recall()
    );
    println!(
        "  estimated: precision {:?} ({:?} to {:?}), recall {:?} ({:?} to {:?})",
        get("precision"),
        get("precision_low"),
        get("precision_high"),
        get("recall"),
        get("recall_low"),
        get("recall_high")
    );
    let estimated = get("precision").unwrap();
    assert!((estimated - truth.precision()).abs() <= BAND, "precision is estimated at {estimated}");
    let (low, high) = (get("precision_low").unwrap(), get("precision_high").unwrap());
    assert!(low <= truth.precision() && truth.precision() <= high, "the truth lies outside the interval");
    // Where nobody reckoned whom a subject was not joined to, recall is not known, and is not said to be perfect.
    if let Some(recall) = get("recall") {
        assert!((recall - truth.recall()).abs() <= BAND, "recall is estimated at {recall}");
    }
    let wrong = (truth.linked - truth.right) as f64 / truth.linked as f64;
    assert!(wrong < 0.01, "precision is no figure of a linker that is used");
    rates_are_counted_independently(&demo, &quality);
}

/// Subjects and linked subjects by what their own rows say, counted from the lake without a query.
fn rates_are_counted_independently(
    demo: &Demo,
    quality: &BTreeMap<(String, String), HashMap<&'static str, Option<f64>>>,
) {
    let learner_of = demo.learner_of_subjects();
    let mut subjects_of: HashMap<&str, usize> = HashMap::new();
    for learner in learner_of.values() {
        *subjects_of.entry(learner).or_default() += 1;
    }
    let mut counted: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    let said = said_of_subjects(demo);
    for (subject, learner) in &learner_of {
        let linked = f64::from(u8::from(subjects_of[learner.as_str()] > 1));
        let said = &said[subject];
        for dimension in ["source", "sex", "care"] {
            let category = said.get(dimension).cloned().unwrap_or_else(|| "not_known".to_owned());
            let count = counted.entry((dimension.to_owned(), category)).or_default();
            count.0 += 1.0;
            count.1 += linked;
        }
    }
    let told = |dimension: &str| {
        let rows = quality.iter().filter(|(key, _)| key.0 == dimension);
        rows.map(|(key, row)| (key.clone(), (row["n_subjects"].unwrap(), row["n_linked"].unwrap())))
            .collect::<BTreeMap<_, _>>()
    };
    for dimension in ["source", "sex", "care"] {
        let ours: BTreeMap<_, _> =
            counted.iter().filter(|(key, _)| key.0 == dimension).map(|(k, v)| (k.clone(), *v)).collect();
        assert_eq!(told(dimension), ours, "{dimension}");
        assert!(ours.len() > 1, "one group of {dimension} shows nothing");
    }
}

/// For each subject its source, its sex as last said, and whether it was ever looked after.
fn said_of_subjects(demo: &Demo) -> HashMap<String, HashMap<&'static str, String>> {
    let data = demo.site().join("data");
    let mut said: HashMap<String, HashMap<&'static str, String>> = HashMap::new();
    for batch in super::all_rows(&data) {
        for at in 0..batch.num_rows() {
            let subject = column_text(&batch, "subject_id", at);
            said.entry(subject).or_default().insert("source", column_text(&batch, "source", at));
        }
    }
    // The day first, a live row being the latest of all; then the commit and the row.
    let mut newest: HashMap<String, (bool, String, u64, u64)> = HashMap::new();
    for batch in latest(&data, "learner") {
        let (batch, at) = batch;
        let (day, sex) = (column_text(&batch, "observed_on", at), column_text(&batch, "sex", at));
        if sex.is_empty() {
            continue;
        }
        let number = |name| column_text(&batch, name, at).parse().unwrap();
        let place = (day.is_empty(), day, number("commit_seq"), number("row_number"));
        let subject = column_text(&batch, "subject_id", at);
        if newest.get(&subject).is_none_or(|held| *held < place) {
            newest.insert(subject.clone(), place);
            said.entry(subject).or_default().insert("sex", sex);
        }
    }
    for (batch, at) in latest(&data, "circumstance") {
        let (kind, value) = (column_text(&batch, "kind", at), column_text(&batch, "value", at));
        if !["cla", "previously_cla"].contains(&kind.as_str()) || value == "U" {
            continue;
        }
        let care = said.entry(column_text(&batch, "subject_id", at)).or_default().entry("care").or_default();
        if value == "Y" || care.is_empty() {
            *care = if value == "Y" { "yes" } else { "no" }.to_owned();
        }
    }
    said
}

/// The row of each key that was committed last, if it is no tombstone.
fn latest(data: &std::path::Path, entity: &str) -> Vec<(RecordBatch, usize)> {
    let mut rows: HashMap<(String, String), (u64, u64, RecordBatch, usize)> = HashMap::new();
    for batch in lake_rows(data, entity) {
        for at in 0..batch.num_rows() {
            let text = |name| column_text(&batch, name, at);
            let place = (text("commit_seq").parse().unwrap(), text("row_number").parse().unwrap());
            let held = rows.get(&(text("source"), text("row_key"))).map(|(seq, row, ..)| (*seq, *row));
            if held.is_none_or(|held| held < place) {
                rows.insert((text("source"), text("row_key")), (place.0, place.1, batch.clone(), at));
            }
        }
    }
    let live = rows.into_values().filter(|(_, _, batch, at)| column_text(batch, "tombstone", *at) != "true");
    live.map(|(_, _, batch, at)| (batch, at)).collect()
}

/// Rows of alternative provision, and those of them that are not on the learner whom the other sources made of their person.
fn rows_of_alternative_provision(demo: &Demo) -> (usize, usize) {
    let learner_of = demo.learner_of_subjects();
    let mut provided: BTreeSet<String> = BTreeSet::new();
    for batch in super::all_rows(&demo.site().join("data")) {
        for at in 0..batch.num_rows() {
            if column_text(&batch, "source", at).starts_with("ap-") {
                provided.insert(column_text(&batch, "subject_id", at));
            }
        }
    }
    let people = demo.people_of_subjects();
    let mut homes: HashMap<u32, BTreeMap<&str, usize>> = HashMap::new();
    for (subject, of_subject) in people.iter().filter(|(subject, _)| !provided.contains(*subject)) {
        for person in of_subject.keys() {
            *homes.entry(*person).or_default().entry(learner_of[subject].as_str()).or_default() += 1;
        }
    }
    let home = |person: &u32| homes.get(person)?.iter().max_by_key(|(_, subjects)| **subjects);
    let (mut rows, mut astray) = (0, 0);
    for subject in &provided {
        for (person, count) in people.get(subject).into_iter().flatten() {
            rows += count;
            // Whom no other source knows is rightly alone.
            if home(person).is_some_and(|(learner, _)| *learner != learner_of[subject].as_str()) {
                astray += count;
            }
        }
    }
    (rows, astray)
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_rows_of_alternative_provision_are_on_their_learner() {
    let (mut rows, mut astray) = (0, 0);
    for seed in 300..304 {
        let demo = Demo::run(seed, 20_000, Identifiers::Realistic);
        let (of_seed, of_them) = rows_of_alternative_provision(&demo);
        println!("seed {seed}: of {of_seed} rows of alternative provision {of_them} are astray");
        (rows, astray) = (rows + of_seed, astray + of_them);
    }
    assert!(rows > 2_000 && astray * 100 < rows, "{astray} of {rows}");
}

#[test]
fn a_release_knows_how_well_it_is_linked() {
    estimates_hold(1, 3_000);
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_releases_know_how_well_they_are_linked() {
    for seed in 200..206 {
        estimates_hold(seed, 6_000);
    }
}
