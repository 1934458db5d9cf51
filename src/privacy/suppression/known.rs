use super::{Digest16, IdentityPlan, Keyed, hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::collections::BTreeSet;

/// The shortest text that counts as a short form of a forename.
const SHORTEST_FORM: usize = 3;

/// A keyed digest under the list's own secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark(pub(super) Digest16);

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&hex(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| D::Error::custom("not a mark"))
    }
}

/// 32 hex characters as 16 bytes.
pub(super) fn parse(text: &str) -> Option<Digest16> {
    let mut digest = [0; 16];
    if text.len() != 32 {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}

/// Where the cells stand by which somebody is recognised.
#[derive(Clone, Debug)]
pub struct Marked {
    upns: [Option<usize>; 2],
    uln: Option<usize>,
    nhs: Option<usize>,
    birth: Option<usize>,
    forenames: [Option<usize>; 2],
    surnames: [Option<usize>; 3],
    postcode: Option<usize>,
}

impl Marked {
    pub(super) fn of(plan: &IdentityPlan) -> Self {
        let at = |name| plan.position(name);
        Self {
            upns: [at("upn"), at("former_upn")],
            uln: at("uln"),
            nhs: at("nhs_number"),
            birth: at("birth_date"),
            forenames: [at("forename"), at("preferred_forename")],
            surnames: [at("surname"), at("preferred_surname"), at("former_surname")],
            postcode: at("postcode"),
        }
    }
}

/// All that is known of a person, as marks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marks {
    persons: BTreeSet<Mark>,
    upns: BTreeSet<Mark>,
    /// Whether one of them is permanent: another permanent one then speaks against.
    permanent: bool,
    ulns: BTreeSet<Mark>,
    /// None in lists that are older than such numbers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    nhs: BTreeSet<Mark>,
    births: BTreeSet<Mark>,
    forenames: BTreeSet<Mark>,
    /// What their forenames begin with.
    beginnings: BTreeSet<Mark>,
    surnames: BTreeSet<Mark>,
    postcodes: BTreeSet<Mark>,
}

/// What one record says, as marks.
#[derive(Default)]
pub(super) struct Known {
    upns: Vec<Mark>,
    permanent: bool,
    // Several, where what many sayings have left is looked at as one.
    ulns: Vec<Mark>,
    nhs: Vec<Mark>,
    births: Vec<Mark>,
    forenames: Vec<Mark>,
    beginnings: Vec<Mark>,
    surnames: Vec<Mark>,
    postcodes: Vec<Mark>,
}

impl Known {
    pub(super) fn of(keyed: &Keyed, plan: &Marked, said: &[Option<&str>]) -> Self {
        let text = |at: &Option<usize>| at.and_then(|at| said.get(at).copied().flatten());
        let mark = |kind: &str, text: &str| Mark(keyed.digest(kind, &[text.as_bytes()]));
        let each = |kind: &str, fields: &[Option<usize>]| -> Vec<Mark> {
            fields.iter().filter_map(text).map(|text| mark(kind, text)).collect()
        };
        let forenames = || plan.forenames.iter().filter_map(text);
        Self {
            upns: each("listed upn", &plan.upns),
            permanent: text(&plan.upns[0]).is_some_and(is_permanent),
            ulns: each("listed uln", &[plan.uln]),
            nhs: each("listed nhs number", &[plan.nhs]),
            births: each("listed birth", &[plan.birth]),
            forenames: forenames().map(|text| mark("listed forename", text)).collect(),
            beginnings: forenames().flat_map(beginnings).map(|text| mark("listed forename", text)).collect(),
            surnames: each("listed surname", &plan.surnames),
            postcodes: each("listed postcode", &[plan.postcode]),
        }
    }
}

impl Known {
    /// What marks say, as one record would.
    pub(super) fn said_by(marks: &Marks) -> Self {
        let all = |marks: &BTreeSet<Mark>| marks.iter().copied().collect::<Vec<_>>();
        Self {
            upns: all(&marks.upns),
            permanent: marks.permanent,
            ulns: all(&marks.ulns),
            nhs: all(&marks.nhs),
            births: all(&marks.births),
            forenames: all(&marks.forenames),
            beginnings: all(&marks.beginnings),
            surnames: all(&marks.surnames),
            postcodes: all(&marks.postcodes),
        }
    }
}

/// The marks by which candidates are found: of numbers and the birth date. Most records have no candidate, and need no more.
pub(super) fn looked_up<'s>(
    keyed: &'s Keyed,
    plan: &'s Marked,
    said: &'s [Option<&'s str>],
) -> impl Iterator<Item = Mark> + 's {
    let cells = plan.upns.iter().map(|at| ("listed upn", at));
    let cells = cells.chain([
        ("listed uln", &plan.uln),
        ("listed nhs number", &plan.nhs),
        ("listed birth", &plan.birth),
    ]);
    cells.filter_map(move |(kind, at)| {
        let text = at.and_then(|at| said.get(at).copied().flatten())?;
        Some(Mark(keyed.digest(kind, &[text.as_bytes()])))
    })
}

impl Marks {
    /// Adds how a source keys the person.
    pub fn add_person(&mut self, person: &Digest16) {
        self.persons.insert(Mark(*person));
    }

    /// Adds all of somebody else's.
    pub fn add_all(&mut self, other: &Self) {
        self.permanent |= other.permanent;
        for (ours, theirs) in [
            (&mut self.persons, &other.persons),
            (&mut self.upns, &other.upns),
            (&mut self.ulns, &other.ulns),
            (&mut self.nhs, &other.nhs),
            (&mut self.births, &other.births),
            (&mut self.forenames, &other.forenames),
            (&mut self.beginnings, &other.beginnings),
            (&mut self.surnames, &other.surnames),
            (&mut self.postcodes, &other.postcodes),
        ] {
            ours.extend(theirs);
        }
    }

    pub(super) fn add(&mut self, keyed: &Keyed, plan: &Marked, said: &[Option<&str>]) {
        let known = Known::of(keyed, plan, said);
        self.permanent |= known.permanent;
        self.upns.extend(known.upns);
        self.ulns.extend(known.ulns);
        self.nhs.extend(known.nhs);
        self.births.extend(known.births);
        self.forenames.extend(known.forenames);
        self.beginnings.extend(known.beginnings);
        self.surnames.extend(known.surnames);
        self.postcodes.extend(known.postcodes);
    }

    pub(super) fn persons(&self) -> impl Iterator<Item = &Mark> {
        self.persons.iter()
    }

    /// Whether a source keys one person as both say.
    pub(super) fn shares_a_key(&self, other: &Self) -> bool {
        self.persons.iter().any(|person| other.persons.contains(person))
    }

    /// Adds the keys of `before` that are none of `without`.
    pub(super) fn keep_persons(&mut self, before: &Self, without: &Self) {
        self.persons.extend(before.persons.difference(&without.persons));
    }

    /// Whether all keys are among those of others.
    pub(super) fn persons_within(&self, others: &Self) -> bool {
        self.persons.is_subset(&others.persons)
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &Mark> {
        self.upns.iter().chain(&self.ulns).chain(&self.nhs).chain(&self.births)
    }

    /// Whether a record is about this person.
    pub(super) fn fit(&self, known: &Known) -> bool {
        let number = shared(&self.upns, known.upns.iter()) == Some(true)
            || shared(&self.ulns, known.ulns.iter()) == Some(true)
            || shared(&self.nhs, known.nhs.iter()) == Some(true);
        let birth = shared(&self.births, known.births.iter());
        let exact = shared(&self.forenames, known.forenames.iter());
        let surname = shared(&self.surnames, known.surnames.iter());
        let near = exact.map(|exact| exact || self.short_form(known));
        if number {
            let is_bare = exact.is_none() && surname.is_none() && birth.is_none();
            return is_bare
                || match birth {
                    Some(true) => near == Some(true) || (near.is_none() && surname != Some(false)),
                    Some(false) => exact == Some(true) && surname == Some(true),
                    None => {
                        let one_agrees = near == Some(true) || surname == Some(true);
                        one_agrees && near != Some(false) && surname != Some(false)
                    }
                };
        }
        if birth != Some(true) {
            return false;
        }
        let one_household = shared(&self.postcodes, known.postcodes.iter()) == Some(true);
        let another = self.permanent && known.permanent;
        let both = exact == Some(true) && surname == Some(true);
        both && (one_household || !another)
            || one_household
                && !another
                && (exact == Some(true) || near == Some(true) && surname == Some(true))
    }

    /// Whether one of two forenames is how the other begins.
    fn short_form(&self, known: &Known) -> bool {
        known.forenames.iter().any(|mark| self.beginnings.contains(mark))
            || known.beginnings.iter().any(|mark| self.forenames.contains(mark))
    }
}

/// Whether two sides have one in common; none where one side has none.
fn shared<'m>(ours: &BTreeSet<Mark>, theirs: impl Iterator<Item = &'m Mark>) -> Option<bool> {
    let mut theirs = theirs.peekable();
    if ours.is_empty() || theirs.peek().is_none() {
        return None;
    }
    Some(theirs.any(|mark| ours.contains(mark)))
}

/// A permanent pupil number ends in a digit.
fn is_permanent(upn: &str) -> bool {
    upn.ends_with(|last: char| last.is_ascii_digit())
}

/// What a forename begins with, from the shortest that counts up to all but its last letter.
fn beginnings(forename: &str) -> impl Iterator<Item = &str> {
    let ends = forename.char_indices().map(|(at, _)| at).skip(SHORTEST_FORM);
    ends.map(|end| &forename[..end])
}
