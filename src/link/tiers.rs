//! Deterministic tiers: from the surest rule to the least sure, each asking for more than one agreement.
use super::{
    Cluster, Linker, People, Person,
    cluster::Unions,
    people::{FieldPositions, Word},
};
use crate::{
    conform::{UpnCheck, check_upn},
    fault::Name,
    privacy::Identified,
};
use std::collections::BTreeMap;

/// A block with more subjects than this is a placeholder, not a person; nothing in it is joined by this rule.
const LARGEST_BLOCK: usize = 60;

/// The deterministic linker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tiers;

/// A rule: how to find candidates, and what must agree beside.
struct Rule {
    name: &'static str,
    keys: fn(&Sayings<'_>, &mut Vec<Vec<Word>>),
    agrees: fn(&Sayings<'_>, &Sayings<'_>) -> bool,
    former: bool,
}

const RULES: [Rule; 8] = [
    Rule { name: "local_key", keys: |s, k| s.each(s.at.local_key, k), agrees: |_, _| true, former: false },
    Rule { name: "upn", keys: |s, k| s.each(s.at.upn, k), agrees: plausible, former: false },
    Rule { name: "former_upn", keys: |s, k| s.any_upn(k), agrees: plausible, former: true },
    Rule { name: "uln", keys: |s, k| s.each(s.at.uln, k), agrees: plausible, former: false },
    Rule {
        name: "name_birth_postcode",
        keys: |s, k| s.name_birth_postcode(k),
        agrees: same_sex,
        former: false,
    },
    Rule { name: "name_birth", keys: |s, k| s.name_birth(k), agrees: same_sex, former: false },
    Rule {
        name: "surname_birth_postcode",
        keys: |s, k| s.surname_birth_postcode(k),
        agrees: near_forename,
        former: false,
    },
    Rule {
        name: "forename_birth_postcode",
        keys: |s, k| s.forename_birth_postcode(k),
        agrees: same_sex,
        former: false,
    },
];

impl Linker for Tiers {
    fn model(&self) -> &'static str {
        "tiers-1"
    }

    fn clusters(&self, people: &Identified<People>) -> Vec<Cluster> {
        let people = people.veiled();
        let sayings: Vec<Sayings<'_>> =
            people.people.iter().map(|person| Sayings { person, people, at: people.fields }).collect();
        let mut unions = Unions::new(sayings.iter().map(Sayings::permanent_numbers).collect());
        let mut methods: Vec<Option<&'static str>> = vec![None; sayings.len()];
        for rule in &RULES {
            apply(rule, &sayings, &mut unions, &mut methods);
        }
        gather(people, &mut unions, &methods)
    }
}

fn apply(rule: &Rule, sayings: &[Sayings<'_>], unions: &mut Unions, methods: &mut [Option<&'static str>]) {
    let mut postings: Vec<(Vec<Word>, usize)> = Vec::new();
    let mut keys = Vec::new();
    for (at, person) in sayings.iter().enumerate() {
        (rule.keys)(person, &mut keys);
        keys.sort_unstable();
        keys.dedup();
        postings.extend(keys.drain(..).map(|key| (key, at)));
    }
    postings.sort_unstable();
    for block in postings.chunk_by(|a, b| a.0 == b.0) {
        if block.len() > LARGEST_BLOCK {
            continue;
        }
        // A rule without a number joins only where the block holds one person: two bearers of different numbers
        // under one name and birth date are two people, and who has none could be either.
        for (at, (_, a)) in block.iter().enumerate() {
            for (_, b) in &block[at + 1..] {
                let (a, b) = (*a, *b);
                let ambiguous = !rule.former && rule.name.contains("birth") && holds_two(block, unions);
                if ambiguous || unions.root(a) == unions.root(b) || !(rule.agrees)(&sayings[a], &sayings[b]) {
                    continue;
                }
                if unions.join(a, b, rule.former) {
                    methods[a].get_or_insert(rule.name);
                    methods[b].get_or_insert(rule.name);
                }
            }
        }
        for (_, at) in block {
            if methods[*at].is_none() && block.len() > 1 {
                let root = unions.root(*at);
                if block.iter().any(|(_, other)| other != at && unions.root(*other) == root) {
                    methods[*at] = Some(rule.name);
                }
            }
        }
    }
}

/// Whether a block's members, as joined so far, bear two permanent numbers that nothing connects.
fn holds_two(block: &[(Vec<Word>, usize)], unions: &mut Unions) -> bool {
    let mut bearers: Vec<usize> = Vec::new();
    for (_, at) in block {
        let root = unions.root(*at);
        if unions.bears_number(root) && !bearers.contains(&root) {
            bearers.push(root);
        }
    }
    bearers.len() > 1
}

fn gather(people: &People, unions: &mut Unions, methods: &[Option<&'static str>]) -> Vec<Cluster> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..people.people.len() {
        groups.entry(unions.root(at)).or_default().push(at);
    }
    let mut clusters: Vec<(i64, Cluster)> = groups
        .into_values()
        .map(|mut members| {
            members.sort_unstable_by_key(|at| (people.people[*at].first_seq, people.people[*at].subject));
            let first = people.people[members[0]].first_seq;
            let members = members
                .into_iter()
                .map(|at| (people.people[at].subject, Name::declare(methods[at].unwrap_or("alone"))))
                .collect();
            (first, Cluster { members })
        })
        .collect();
    clusters.sort_unstable_by(|a, b| (a.0, a.1.members[0].0).cmp(&(b.0, b.1.members[0].0)));
    clusters.into_iter().map(|(_, cluster)| cluster).collect()
}

/// One subject's sayings, with the places of the fields.
struct Sayings<'p> {
    person: &'p Person,
    people: &'p People,
    at: FieldPositions,
}

impl Sayings<'_> {
    fn words(&self, field: usize) -> impl Iterator<Item = Word> + '_ {
        self.person.said.iter().filter_map(move |said| said.get(field).copied()).filter(|word| *word != 0)
    }
    fn each(&self, field: usize, keys: &mut Vec<Vec<Word>>) {
        keys.extend(self.words(field).map(|word| vec![word]));
    }
    fn any_upn(&self, keys: &mut Vec<Vec<Word>>) {
        self.each(self.at.upn, keys);
        self.each(self.at.former_upn, keys);
    }
    fn permanent_numbers(&self) -> Vec<Word> {
        let mut numbers: Vec<Word> = self
            .words(self.at.upn)
            .filter(|word| check_upn(self.people.text(*word)) == UpnCheck::Permanent)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
    /// Keys of the filled fields, one set for each saying that fills them all.
    fn together<const N: usize>(&self, tag: Word, fields: [usize; N], keys: &mut Vec<Vec<Word>>) {
        for said in &self.person.said {
            let key: Vec<Word> =
                fields.iter().filter_map(|at| said.get(*at).copied()).filter(|w| *w != 0).collect();
            if key.len() == N {
                keys.push([&[tag], &key[..]].concat());
            }
        }
    }
    fn name_birth_postcode(&self, keys: &mut Vec<Vec<Word>>) {
        let at = self.at;
        self.together(0, [at.forename, at.surname, at.birth_date, at.postcode], keys);
        self.together(0, [at.preferred_forename, at.surname, at.birth_date, at.postcode], keys);
        self.together(0, [at.forename, at.preferred_surname, at.birth_date, at.postcode], keys);
        self.together(0, [at.forename, at.former_surname, at.birth_date, at.postcode], keys);
    }
    fn name_birth(&self, keys: &mut Vec<Vec<Word>>) {
        let at = self.at;
        self.together(0, [at.forename, at.surname, at.birth_date], keys);
        self.together(0, [at.preferred_forename, at.surname, at.birth_date], keys);
        self.together(0, [at.forename, at.preferred_surname, at.birth_date], keys);
        self.together(0, [at.forename, at.former_surname, at.birth_date], keys);
    }
    fn surname_birth_postcode(&self, keys: &mut Vec<Vec<Word>>) {
        self.together(0, [self.at.surname, self.at.birth_date, self.at.postcode], keys);
    }
    fn forename_birth_postcode(&self, keys: &mut Vec<Vec<Word>>) {
        self.together(0, [self.at.forename, self.at.birth_date, self.at.postcode], keys);
    }
    fn shares(&self, other: &Self, ours: &[usize]) -> Option<bool> {
        let mine: Vec<Word> = ours.iter().flat_map(|at| self.words(*at)).collect();
        let theirs: Vec<Word> = ours.iter().flat_map(|at| other.words(*at)).collect();
        if mine.is_empty() || theirs.is_empty() {
            None
        } else {
            Some(mine.iter().any(|word| theirs.contains(word)))
        }
    }
    fn forenames(&self, other: &Self) -> Option<bool> {
        self.shares(other, &[self.at.forename, self.at.preferred_forename])
    }
    fn surnames(&self, other: &Self) -> Option<bool> {
        self.shares(other, &[self.at.surname, self.at.preferred_surname, self.at.former_surname])
    }
    fn births(&self, other: &Self) -> Option<bool> {
        self.shares(other, &[self.at.birth_date])
    }
    fn initials(&self, other: &Self) -> bool {
        let firsts = |sayings: &Self| -> Vec<char> {
            let forenames = [sayings.at.forename, sayings.at.preferred_forename];
            forenames
                .iter()
                .flat_map(|at| sayings.words(*at))
                .filter_map(|w| sayings.people.text(w).chars().next())
                .collect()
        };
        let theirs = firsts(other);
        firsts(self).iter().any(|first| theirs.contains(first))
    }
}

/// A shared number counts where the birth date agrees with a name beside it, or both names agree.
/// Twins share a surname and a birth date, so the surname alone needs the initial too.
fn plausible(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    let forenames = a.forenames(b);
    let surnames = a.surnames(b);
    match a.births(b) {
        Some(true) => {
            forenames == Some(true) || (surnames != Some(false) && (forenames.is_none() || a.initials(b)))
        }
        Some(false) => forenames == Some(true) && surnames == Some(true),
        None => forenames != Some(false) && surnames != Some(false),
    }
}

fn same_sex(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    a.shares(b, &[a.at.sex]) != Some(false)
}

/// Same household and birth date: a nickname or a slip, but never a twin.
fn near_forename(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    let near = |a: &str, b: &str| {
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        short.len() >= 3 && long.starts_with(short)
    };
    same_sex(a, b)
        && a.words(a.at.forename)
            .any(|mine| b.words(b.at.forename).any(|theirs| near(a.people.text(mine), b.people.text(theirs))))
}
