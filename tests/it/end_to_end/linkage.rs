//! What a release says of its own linkage, compared with the truth about who is who.
use super::{Demo, column_text, number_learners, told};
use crate::{linking::decided, oracle, site::run_in};
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
};
use throughline::{catalog::LinkVerdict, synth::Identifiers};

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

/// The person that most rows of each subject are about.
fn persons(demo: &Demo) -> BTreeMap<String, u32> {
    let most = |people: BTreeMap<u32, usize>| {
        people.into_iter().max_by_key(|(person, rows)| (*rows, u32::MAX - person)).map(|(person, _)| person)
    };
    let of = demo.people_of_subjects().into_iter();
    of.filter_map(|(subject, people)| Some((subject, most(people)?))).collect()
}

impl Truth {
    fn of(demo: &Demo) -> Self {
        let learner_of = demo.learner_of_subjects();
        let persons = persons(demo);
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
    // Whom the learners are is told by the release itself, which another test holds against the truth.
    let (numbers, _) = number_learners(&demo.people_of_learners());
    let tables = oracle::published(&demo.release().join("parquet"), &numbers).unwrap();
    agrees(&demo, &tables, &numbers);
}

/// Every table of linkage is what the subjects of the lake come to, counted without a query.
pub fn agrees(demo: &Demo, tables: &oracle::Tables, people: &oracle::People) {
    let subjects = told::subjects(demo, people);
    let folder = demo.release().join("parquet");
    let differences = oracle::compare_linkage(&subjects, tables, &folder, people).unwrap();
    oracle::agree(&differences, oracle::LINKAGE);
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

/// Pairs that a rule or a range of probability had joined, those drawn of them, and those of one person.
struct Drawn {
    joined: f64,
    sampled: i64,
    right: i64,
}

/// Draws a sample and answers as it is; what was found by rule and range.
fn answered(demo: &Demo, size: usize) -> BTreeMap<String, Drawn> {
    let review = |more: &[&str]| -> serde_json::Value {
        let first = ["--quiet", "--json", "--config", "throughline.toml", "link", "review"];
        let ran = run_in(&demo.site(), &[&first[..], more].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    let data = demo.site().join("data");
    let persons = persons(demo);
    // Two who agree best with each other are one pair, drawn of either.
    let mut answers: BTreeMap<(String, String), bool> = BTreeMap::new();
    for pair in review(&["--sample", &size.to_string()])["pairs"].as_array().unwrap() {
        let [one, other] = ["one", "other"].map(|side| pair[side].as_str().unwrap().to_owned());
        let is_one = persons[&one] == persons[&other];
        answers.insert((one, other), is_one);
    }
    for ((one, other), is_one) in &answers {
        let verdict = if *is_one { LinkVerdict::Same } else { LinkVerdict::Different };
        decided(&data, (one.as_str(), other.as_str()), verdict);
    }
    let list = review(&["--list"]);
    let number = |band: &serde_json::Value, name: &str| band[name].as_i64().unwrap();
    let bands = list["sample"].as_array().unwrap().iter().map(|band| {
        let (joined, sampled, right) =
            (number(band, "joined") as f64, number(band, "looked_at"), number(band, "right"));
        (band["band"].as_str().unwrap().to_owned(), Drawn { joined, sampled, right })
    });
    let found: BTreeMap<String, Drawn> = bands.collect();
    assert_eq!(found.values().map(|one| one.sampled).sum::<i64>(), answers.len() as i64);
    let right = answers.values().filter(|is_one| **is_one).count() as i64;
    assert_eq!(found.values().map(|one| one.right).sum::<i64>(), right);
    found
}

/// A person looks at pairs of every rule alike: the release says what is right of all that is joined, and the truth lies in what it says.
#[test]
fn a_sample_that_is_answered_truly_says_how_often_links_are_right() {
    let demo = Demo::run(1, 3_000, Identifiers::Realistic);
    let truth = Truth::of(&demo).precision();
    let found = answered(&demo, 320);
    link(&demo);
    let ran = run_in(&demo.site(), &["--quiet", "--config", "throughline.toml", "release"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let rows = published(&demo, "link_precision");
    let mut bands = BTreeMap::new();
    for batch in &rows {
        for at in 0..batch.num_rows() {
            let number = |name| column_text(batch, name, at).parse::<f64>().ok();
            let values = ["n_sampled", "n_agreed", "sampled", "sampled_low", "sampled_high"].map(number);
            bands.insert(column_text(batch, "band", at), (values, column_text(batch, "basis", at)));
        }
    }
    for (band, is_by_weights) in [("certain", false), ("likely", true)] {
        let own = || found.iter().filter(|(drawn, _)| drawn.starts_with("weighed") == is_by_weights);
        let (sampled, right) = own().fold((0, 0), |sum, (_, one)| (sum.0 + one.sampled, sum.1 + one.right));
        let joined: f64 = own().map(|(_, one)| one.joined).sum();
        let share =
            own().map(|(_, one)| one.joined * one.right as f64 / one.sampled as f64).sum::<f64>() / joined;
        let (values, basis) = &bands[band];
        let [n_sampled, n_agreed, told, low, high] = values.map(Option::unwrap);
        println!(
            "{band}: {right} of {sampled} are right, {share:.4} of {joined} joined: {low} to {high} ({basis})"
        );
        assert_eq!((n_sampled, n_agreed), (sampled as f64, right as f64), "{band}");
        assert!((told - share).abs() < 0.000_06 && low <= told && told <= high, "{band}: {told}");
        assert_eq!(basis, "sample");
        if !is_by_weights {
            assert!(low <= truth && truth <= high, "{truth} lies outside {low} to {high}");
            let alike = right as f64 / sampled as f64;
            assert!(
                (told - truth).abs() <= (alike - truth).abs(),
                "{told} is no nearer to {truth} than {alike}"
            );
        }
    }
}

fn link(demo: &Demo) {
    let ran = run_in(&demo.site(), &["--quiet", "--config", "throughline.toml", "link"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

/// Persons say that two are not one, that two are, and take one of it back: whoever became whom is published so.
fn changes_are_told(seed: u64) {
    let demo = Demo::run(seed, 600, Identifiers::Realistic);
    let data = demo.site().join("data");
    let links = || demo.learner_of_subjects().into_iter().collect::<oracle::Link>();
    let before = links();
    let mut subjects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    before.iter().for_each(|(subject, learner)| subjects.entry(learner).or_default().push(subject));
    let of_size = |size: usize| subjects.values().filter(move |own| own.len() == size);
    let pairs: Vec<(&str, &str)> = of_size(2).map(|own| (own[0], own[1])).take(4).collect();
    let alone: Vec<&str> = of_size(1).map(|own| own[0]).take(2).collect();
    let many = of_size(4).next().expect("nobody has four subjects");
    assert!(pairs.len() == 4 && alone.len() == 2, "{pairs:?} {alone:?}");
    for pair in &pairs {
        decided(&data, *pair, LinkVerdict::Different);
    }
    decided(&data, (alone[0], alone[1]), LinkVerdict::Same);
    decided(&data, (many[0], many[3]), LinkVerdict::Different);
    link(&demo);
    let parted = links();
    for pair in &pairs[..2] {
        decided(&data, *pair, LinkVerdict::Withdrawn);
    }
    link(&demo);
    let runs = [before.clone(), parted, links()];
    let ran = run_in(&demo.site(), &["--quiet", "--config", "throughline.toml", "release"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let folder = demo.release().join("parquet");
    let seen: Vec<oracle::LearnerChange> = oracle::published_table(&folder, &oracle::People::new()).unwrap();
    let day = seen.first().expect("nothing has changed").changed_at;
    let told = oracle::changes(day, &runs);
    for kind in ["split", "merged"] {
        let n = told.iter().filter(|row| row.kind == kind).count();
        assert!(n >= 2, "{n} are {kind}");
    }
    oracle::agree(&[oracle::compare_rows(&told, &seen)], oracle::RELINKED);
}

#[test]
fn who_became_whom_is_what_linking_did() {
    changes_are_told(8);
}

#[test]
fn and_at_another_seed() {
    changes_are_told(20_261_122);
}
