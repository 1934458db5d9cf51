//! Deterministic tiers: from the surest rule to the least sure, each asking for more than one agreement.
use super::{
    Cluster, Linker, People, Person,
    cluster::{KINDS, Member, Numbers, Unions},
    people::{FieldPositions, Word},
};
use crate::{
    conform::{NhsCheck, UlnCheck, UpnCheck, check_nhs, check_uln, check_upn},
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
    /// Whether one of two different numbers may have come before the other.
    former: bool,
    /// Without a number a rule joins only where its block can hold no second person.
    one_person_only: bool,
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a method is less general than the type asks for"
)]
const RULES: [Rule; 9] = [
    Rule::numbered("local_key", |s, k| s.each(s.at.local_key, k), nothing_against, false),
    Rule::numbered("upn", |s, k| s.each(s.at.upn, k), plausible, false),
    Rule::numbered("former_upn", |s, k| s.any_upn(k), plausible, true),
    Rule::numbered("uln", |s, k| s.each(s.at.uln, k), plausible, false),
    Rule::numbered("nhs_number", |s, k| s.each(s.at.nhs_number, k), plausible, false),
    Rule::named("name_birth_postcode", |s, k| s.name_birth_postcode(k), same_sex),
    Rule::named("name_birth", |s, k| s.name_birth(k), same_sex),
    Rule::named("surname_birth_postcode", |s, k| s.surname_birth_postcode(k), near_forename),
    Rule::named("forename_birth_postcode", |s, k| s.forename_birth_postcode(k), same_sex),
];

impl Rule {
    const fn numbered(
        name: &'static str,
        keys: fn(&Sayings<'_>, &mut Vec<Vec<Word>>),
        agrees: fn(&Sayings<'_>, &Sayings<'_>) -> bool,
        former: bool,
    ) -> Self {
        Self { name, keys, agrees, former, one_person_only: false }
    }
    const fn named(
        name: &'static str,
        keys: fn(&Sayings<'_>, &mut Vec<Vec<Word>>),
        agrees: fn(&Sayings<'_>, &Sayings<'_>) -> bool,
    ) -> Self {
        Self { name, keys, agrees, former: false, one_person_only: true }
    }
}

impl Linker for Tiers {
    fn model(&self) -> &'static str {
        "tiers-1"
    }

    fn clusters(&self, people: &Identified<People>) -> Vec<Cluster> {
        let people = people.veiled();
        let (mut unions, methods) = joined(people, &[]);
        let member = |at: usize| Member::by_rule(people.people[at].subject, methods[at]);
        gather(people, &mut unions, member)
    }
}

/// What persons and the rules join, and which rule joined each subject. Who persons said is not one (`told`: two
/// places, and whether they are one) stays two.
pub(super) fn joined(people: &People, told: &[(usize, usize, bool)]) -> (Unions, Vec<Option<&'static str>>) {
    let sayings: Vec<Sayings<'_>> = (0..people.people.len()).map(|at| Sayings::of(people, at)).collect();
    let mut unions = Unions::new(sayings.iter().map(Sayings::valid_numbers).collect());
    let mut methods: Vec<Option<&'static str>> = vec![None; sayings.len()];
    for (a, b, _) in told.iter().filter(|(_, _, same)| !same) {
        unions.keep_apart(*a, *b);
    }
    for (a, b, _) in told.iter().filter(|(_, _, same)| *same) {
        if unions.join_told(*a, *b) {
            methods[*a].get_or_insert("decided");
            methods[*b].get_or_insert("decided");
        }
    }
    for rule in &RULES {
        apply(rule, &sayings, &mut unions, &mut methods);
    }
    (unions, methods)
}

/// The first rule by which two people would be joined if there were nobody else.
pub(super) fn rule_between(people: &People, one: usize, other: usize) -> Option<&'static str> {
    let [ours, theirs] = [one, other].map(|at| Sayings::of(people, at));
    let (mut keys, mut others) = (Vec::new(), Vec::new());
    let fits = |rule: &&Rule| {
        keys.clear();
        others.clear();
        (rule.keys)(&ours, &mut keys);
        (rule.keys)(&theirs, &mut others);
        let bare = !rule.one_person_only && (ours.is_bare() || theirs.is_bare());
        keys.iter().any(|key| others.contains(key)) && (bare || (rule.agrees)(&ours, &theirs))
    };
    RULES.iter().find(fits).map(|rule| rule.name)
}

/// Whether some subjects and others bear valid numbers of a kind and share none, by kind. One pupil number that is on record
/// as the other's former one is no difference.
pub(super) fn numbers_differ(people: &People, ones: &[usize], others: &[usize]) -> [bool; KINDS] {
    let [ours, theirs] =
        [ones, others].map(|all| all.iter().map(|at| Sayings::of(people, *at)).collect::<Vec<_>>());
    let numbers = |all: &[Sayings<'_>], kind: usize| -> Vec<Word> {
        all.iter().flat_map(|said| std::mem::take(&mut said.valid_numbers()[kind])).collect()
    };
    let former = |bearers: &[Sayings<'_>], numbers: &[Word]| {
        bearers.iter().any(|said| said.words(said.at.former_upn).any(|number| numbers.contains(&number)))
    };
    std::array::from_fn(|kind| {
        let (mine, others) = (numbers(&ours, kind), numbers(&theirs, kind));
        let apart =
            !mine.is_empty() && !others.is_empty() && !mine.iter().any(|number| others.contains(number));
        let followed = kind == 0 && (former(&ours, &others) || former(&theirs, &mine));
        apart && !followed
    })
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
        let members: Vec<usize> = block.iter().map(|(_, at)| *at).collect();
        if members.len() > 1 && members.len() <= LARGEST_BLOCK {
            join_block(rule, &members, sayings, unions, methods);
        }
    }
}

fn join_block(
    rule: &Rule,
    members: &[usize],
    sayings: &[Sayings<'_>],
    unions: &mut Unions,
    methods: &mut [Option<&'static str>],
) {
    let mut join = |a: usize, b: usize, unions: &mut Unions| {
        if unions.root(a) != unions.root(b) && unions.join(a, b, rule.former) {
            methods[a].get_or_insert(rule.name);
            methods[b].get_or_insert(rule.name);
        }
    };
    for (at, a) in members.iter().enumerate() {
        for b in &members[at + 1..] {
            let may = (rule.agrees)(&sayings[*a], &sayings[*b]);
            if may && !(rule.one_person_only && holds_two(members, sayings, unions)) {
                join(*a, *b, unions);
            }
        }
    }
    if rule.one_person_only {
        return;
    }
    // A row with the number and nothing else is whoever the number's other bearers are, if they are one.
    let (bare, named): (Vec<usize>, Vec<usize>) = members.iter().partition(|at| sayings[**at].is_bare());
    let mut roots: Vec<usize> = named.iter().map(|at| unions.root(*at)).collect();
    roots.sort_unstable();
    roots.dedup();
    let whole = if named.is_empty() { bare.first() } else { named.first() };
    if let (true, Some(whole)) = (roots.len() <= 1, whole) {
        for at in &bare {
            join(*whole, *at, unions);
        }
    }
}

/// Whether a block can hold two people: its members bear permanent numbers that nothing connects, or forenames of which
/// neither is a form of the other (twins in one household).
fn holds_two(members: &[usize], sayings: &[Sayings<'_>], unions: &mut Unions) -> bool {
    let mut bearers: Vec<usize> = Vec::new();
    for at in members {
        let root = unions.root(*at);
        if unions.bears_number(root) && !bearers.contains(&root) {
            bearers.push(root);
        }
    }
    let apart = |(at, a): (usize, &usize)| {
        members[at + 1..].iter().any(|b| sayings[*a].near_forenames(&sayings[*b]) == Some(false))
    };
    bearers.len() > 1 || members.iter().enumerate().any(apart)
}

/// The joined subjects as clusters, in the order of their first commit.
pub(super) fn gather(people: &People, unions: &mut Unions, member: impl Fn(usize) -> Member) -> Vec<Cluster> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..people.people.len() {
        groups.entry(unions.root(at)).or_default().push(at);
    }
    let mut clusters: Vec<(i64, Cluster)> = groups
        .into_values()
        .map(|mut members| {
            members.sort_unstable_by_key(|at| (people.people[*at].first_seq, people.people[*at].subject));
            let first = people.people[members[0]].first_seq;
            (first, Cluster { members: members.into_iter().map(&member).collect() })
        })
        .collect();
    clusters.sort_unstable_by(|a, b| (a.0, a.1.members[0].subject).cmp(&(b.0, b.1.members[0].subject)));
    clusters.into_iter().map(|(_, cluster)| cluster).collect()
}

/// One subject's sayings, with the places of the fields.
struct Sayings<'p> {
    person: &'p Person,
    people: &'p People,
    at: FieldPositions,
}

impl<'p> Sayings<'p> {
    fn of(people: &'p People, at: usize) -> Self {
        Self { person: &people.people[at], people, at: people.fields }
    }
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
    /// Permanent pupil numbers, learner numbers, NHS numbers.
    fn valid_numbers(&self) -> Numbers {
        let of = |field: usize, valid: fn(&str) -> bool| {
            let mut numbers: Vec<Word> =
                self.words(field).filter(|word| valid(self.people.text(*word))).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        [
            of(self.at.upn, |upn| check_upn(upn) == UpnCheck::Permanent),
            of(self.at.uln, |uln| check_uln(uln) == UlnCheck::Valid),
            of(self.at.nhs_number, |number| check_nhs(number) == NhsCheck::Valid),
        ]
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
    /// Whether any forename of one is a form of one of the other's: the same, or a short form. None where one has none.
    fn near_forenames(&self, other: &Self) -> Option<bool> {
        let texts = |sayings: &Self| -> Vec<String> {
            let fields = [sayings.at.forename, sayings.at.preferred_forename];
            fields
                .iter()
                .flat_map(|at| sayings.words(*at))
                .map(|w| sayings.people.text(w).to_owned())
                .collect()
        };
        let near = |a: &str, b: &str| {
            let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
            short == long || (short.len() >= 3 && long.starts_with(short))
        };
        let (mine, theirs) = (texts(self), texts(other));
        (!mine.is_empty() && !theirs.is_empty())
            .then(|| mine.iter().any(|a| theirs.iter().any(|b| near(a, b))))
    }
    /// Whether nothing but a number says who this is.
    fn is_bare(&self) -> bool {
        let at = self.at;
        [at.forename, at.surname, at.preferred_forename, at.preferred_surname, at.birth_date]
            .iter()
            .all(|field| self.words(*field).next().is_none())
    }
}

/// A shared number counts where the birth date agrees with a name beside it, or both names agree.
/// Twins share a surname and a birth date, so then the forename must be the same or a short form of the other.
fn plausible(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    let (near, surnames) = (a.near_forenames(b), a.surnames(b));
    match a.births(b) {
        Some(true) => near == Some(true) || (near.is_none() && surnames != Some(false)),
        Some(false) => a.forenames(b) == Some(true) && surnames == Some(true),
        None => {
            let one_agrees = near == Some(true) || surnames == Some(true);
            one_agrees && near != Some(false) && surnames != Some(false)
        }
    }
}

/// A source's own number joins by itself unless something speaks against it.
fn nothing_against(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    a.near_forenames(b) != Some(false) && a.surnames(b) != Some(false) && a.births(b) != Some(false)
}

fn same_sex(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    a.shares(b, &[a.at.sex]) != Some(false)
}

/// Same household and birth date: a short form or a slip, but never a twin.
fn near_forename(a: &Sayings<'_>, b: &Sayings<'_>) -> bool {
    same_sex(a, b) && a.near_forenames(b) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{definitions::Definitions, privacy::Pseudonym};

    /// Rows as (UPN, forename, surname, birth date, postcode); how many learners they are, and of whom.
    fn learners(rows: &[[&str; 5]]) -> Vec<Vec<usize>> {
        let plan = Definitions::load(None).unwrap().identity;
        let mut people = People::new(&plan);
        let mut subjects: Vec<Pseudonym> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let mut said = vec![None; plan.fields.len()];
            for (name, text) in ["upn", "forename", "surname", "birth_date", "postcode"].iter().zip(row) {
                said[plan.position(name).unwrap()] = Some(*text).filter(|text| !text.is_empty());
            }
            let mut subject = [0_u8; 16];
            subject[0] = at as u8 + 1;
            people.add(subject, ("source", ""), &said, at as i64);
            subjects.push(subject);
        }
        let place = |subject: &Pseudonym| subjects.iter().position(|held| held == subject).unwrap();
        let clusters = Tiers.clusters(&Identified::new(people));
        let mut groups: Vec<Vec<usize>> = clusters
            .iter()
            .map(|c| c.members.iter().map(|member| place(&member.subject)).collect())
            .collect();
        for group in &mut groups {
            group.sort_unstable();
        }
        groups.sort();
        groups
    }

    const UPN: &str = "H801200001001";

    #[test]
    fn a_number_without_a_name_does_not_make_one_child_of_two() {
        let rows = [
            [UPN, "JAMES", "ARCHER", "2010-03-10", ""],
            [UPN, "TOM", "BAKER", "2011-05-01", ""],
            [UPN, "", "", "", ""],
        ];
        assert_eq!(learners(&rows), vec![vec![0], vec![1], vec![2]]);
        assert_eq!(learners(&[rows[0], rows[2]]), vec![vec![0, 1]], "with one bearer it is that one");
    }

    #[test]
    fn twins_stay_two_when_a_number_is_copied() {
        let twins =
            [[UPN, "JAMES", "SMITH", "2010-03-10", "ZT11AA"], [UPN, "JACK", "SMITH", "2010-03-10", "ZT11AA"]];
        assert_eq!(learners(&twins), vec![vec![0], vec![1]]);
    }

    #[test]
    fn twins_are_not_chained_by_a_short_form() {
        let at = |forename| ["", forename, "KHAN", "2010-03-10", "ZT11AA"];
        let rows = [at("MUHAMMAD ALI"), at("MUHAMMAD UMAR"), at("MUHAMMAD")];
        assert_eq!(learners(&rows), vec![vec![0], vec![1], vec![2]]);
        assert_eq!(learners(&[rows[0], rows[2]]), vec![vec![0, 1]]);
    }

    #[test]
    fn a_child_is_one_with_a_number_here_and_a_name_there() {
        let rows = [
            [UPN, "KAI", "ARCHER", "2010-03-10", "ZT11AA"],
            ["", "KAI", "ARCHER", "2010-03-10", ""],
            [UPN, "KAI", "ARCHER", "", ""],
        ];
        assert_eq!(learners(&rows), vec![vec![0, 1, 2]]);
    }
}
