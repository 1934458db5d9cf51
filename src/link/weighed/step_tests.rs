//! Linked step by step, under one model, the answer is that of linking everything at once.
use super::{
    tests::{FIELDS, GIVEN, Row, people, pupils, subject, upn, with},
    *,
};
use crate::definitions::Definitions;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::LazyLock};

/// Trained once on a school and another office's rows; blocks are small, so that some grow too large on the way.
static MODEL: LazyLock<Trained> = LazyLock::new(|| {
    let (rows, _) = with(&[]);
    let trained = Weighed { threads: 2 }.train(&Identified::new(people(&rows, false))).unwrap();
    let again = Trained::from_text(&trained.to_text()).unwrap();
    assert_eq!(again, trained, "a model comes back as it was kept");
    trained.with_largest_block(14)
});

/// What happens to the register.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody new is written down: who of the school, how differently, by whom.
    Arrival(usize, u8),
    /// What was said of the nth subject is corrected.
    Correction(usize, u8),
    /// The nth subject goes.
    Deletion(usize),
    /// A person says whether two subjects are one.
    Word(usize, usize, bool),
    /// A person takes that back.
    Silence(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..60_usize, any::<u8>()).prop_map(|(who, how)| Step::Arrival(who, how)),
        3 => (any::<usize>(), any::<u8>()).prop_map(|(at, how)| Step::Correction(at, how)),
        2 => any::<usize>().prop_map(Step::Deletion),
        2 => (any::<usize>(), any::<usize>(), any::<bool>()).prop_map(|(a, b, same)| Step::Word(a, b, same)),
        1 => any::<usize>().prop_map(Step::Silence),
    ]
}

/// A row as a hurried office writes it.
fn slipped(row: &Row, how: u8) -> Row {
    let mut row = row.clone();
    if how & 1 == 1 {
        row[0].clear();
    }
    match how >> 1 & 7 {
        0 => row[2] = row[2].chars().take(3).collect(),
        1 => row[3] = row[3].replacen('E', "A", 1),
        2 => row[4] = row[4].replace("-01", "-02"),
        3 => row[5].clear(),
        4 => row[2] = GIVEN[how as usize % 16].to_owned(),
        5 => row[0] = upn(70_000 + how as usize),
        6 => row.swap(2, 3),
        _ => {}
    }
    row
}

#[derive(Default)]
struct Register {
    rows: BTreeMap<usize, Row>,
    next: usize,
    told: Vec<Told>,
}

impl Register {
    fn nth(&self, n: usize) -> Option<usize> {
        (!self.rows.is_empty()).then(|| *self.rows.keys().nth(n % self.rows.len()).unwrap())
    }

    fn take(&mut self, step: &Step, school: &[Row]) {
        match step {
            Step::Arrival(who, how) => {
                self.rows.insert(self.next, slipped(&school[*who], *how));
                // Subjects are no counters: a new one may stand anywhere in their order.
                self.next = (self.next * 7 + 13) % 1_009;
            }
            Step::Correction(at, how) => {
                if let Some(row) = self.nth(*at).and_then(|at| self.rows.get_mut(&at)) {
                    *row = slipped(row, *how);
                }
            }
            Step::Deletion(at) => {
                self.nth(*at).map(|at| self.rows.remove(&at));
            }
            Step::Word(a, b, same) => {
                if let (Some(a), Some(b)) = (self.nth(*a), self.nth(*b))
                    && a != b
                {
                    let pair = (subject(a.min(b)), subject(a.max(b)));
                    self.told.retain(|told| told.pair != pair);
                    self.told.push(Told { pair, same: *same });
                }
            }
            Step::Silence(at) => {
                if !self.told.is_empty() {
                    self.told.remove(at % self.told.len());
                }
            }
        }
    }

    fn people(&self) -> Identified<People> {
        let plan = Definitions::load(None).unwrap().identity;
        let mut people = People::new(&plan);
        for (at, row) in &self.rows {
            let mut said = vec![None; plan.fields.len()];
            for (name, text) in FIELDS.iter().zip(row) {
                said[plan.position(name).unwrap()] = Some(text.as_str()).filter(|text| !text.is_empty());
            }
            people.add(subject(*at), (["one", "two", "three"][at % 3], ""), &said, *at as i64);
        }
        Identified::new(people)
    }
}

type Answer<'w> = (Vec<Vec<(Pseudonym, &'static str, u16)>>, &'w [Doubt], Vec<(Pseudonym, u16)>);

fn told(weighing: &Weighing) -> Answer<'_> {
    let member = |m: &super::super::Member| (m.subject, m.method.as_str(), m.probability);
    let clusters = weighing.clusters.iter().map(|c| c.members.iter().map(member).collect()).collect();
    let mut left: Vec<_> = weighing.left.iter().map(|(subject, left)| (*subject, *left)).collect();
    left.sort_unstable();
    (clusters, &weighing.doubts, left)
}

fn every_step_is_the_whole(steps: &[Step]) {
    let school = pupils(60);
    let mut register = Register::default();
    let mut known = Known::default();
    for at in 0..40 {
        register.take(&Step::Arrival(at % 30, at as u8 * 3), &school);
    }
    for step in steps {
        register.take(step, &school);
        let people = register.people();
        let linker = Weighed { threads: 1 };
        let given = |known| Given { model: Some(&MODEL), known, told: &register.told };
        let whole = linker.link(&people, &given(Known::default())).unwrap();
        let stepped = linker.link(&people, &given(std::mem::take(&mut known))).unwrap();
        assert_eq!(told(&stepped), told(&whole));
        assert_eq!(stepped.known, whole.known);
        constraints_hold(&register, &whole);
        known = Known::from_bytes(&stepped.known.to_bytes()).unwrap();
    }
}

/// Whoever a person called two are two; two valid numbers are in one cluster by a person's word alone.
fn constraints_hold(register: &Register, weighing: &Weighing) {
    let mut cluster_of = BTreeMap::new();
    for (at, cluster) in weighing.clusters.iter().enumerate() {
        for member in &cluster.members {
            assert!(cluster_of.insert(member.subject, at).is_none(), "in two clusters");
        }
    }
    assert_eq!(cluster_of.len(), register.rows.len(), "nobody is lost");
    for word in register.told.iter().filter(|word| !word.same) {
        if let (Some(a), Some(b)) = (cluster_of.get(&word.pair.0), cluster_of.get(&word.pair.1)) {
            assert_ne!(a, b, "a person said that they are two");
        }
    }
    let number = |subject_of: &Pseudonym| {
        let (_, row) = register.rows.iter().find(|(at, _)| subject(**at) == *subject_of).unwrap();
        row[0].clone()
    };
    for cluster in &weighing.clusters {
        let mut numbers: Vec<String> = cluster.members.iter().map(|m| number(&m.subject)).collect();
        numbers.retain(|number| !number.is_empty());
        numbers.sort_unstable();
        numbers.dedup();
        let decided = cluster.members.iter().any(|member| member.method.as_str() == "decided");
        assert!(numbers.len() < 2 || decided, "two numbers in one cluster");
    }
}

fn cases(few: u32, many: u32) -> ProptestConfig {
    let cases = if std::env::var_os("THROUGHLINE_DEEP").is_some() { many } else { few };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(12, 1_000))]
    #[test]
    fn incremental_is_full(steps in proptest::collection::vec(step(), 1..12)) {
        every_step_is_the_whole(&steps);
    }
}

#[test]
fn a_word_joins_what_numbers_keep_apart_and_parts_what_rules_join() {
    let school = pupils(60);
    let mut register = Register::default();
    register.rows.insert(1, school[3].clone());
    register.rows.insert(2, school[4].clone());
    register.rows.insert(3, school[3].clone());
    let linked = |register: &Register| {
        let given = Given { model: Some(&MODEL), known: Known::default(), told: &register.told };
        Weighed { threads: 1 }.link(&register.people(), &given).unwrap()
    };
    let sizes = |weighing: &Weighing| -> Vec<usize> {
        let mut sizes: Vec<_> = weighing.clusters.iter().map(|cluster| cluster.members.len()).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(&linked(&register)), [1, 2]);
    register.told.push(Told { pair: (subject(1), subject(2)), same: true });
    let joined = linked(&register);
    assert_eq!(sizes(&joined), [3]);
    assert!(joined.clusters[0].members.iter().any(|member| member.method.as_str() == "decided"));
    register.told = vec![Told { pair: (subject(1), subject(3)), same: false }];
    let parted = linked(&register);
    assert_eq!(sizes(&parted), [1, 1, 1]);
    assert!(parted.doubts.iter().any(|doubt| doubt.why.as_str() == "contradicted"), "{:?}", parted.doubts);
}
