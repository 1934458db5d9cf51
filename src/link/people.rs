use crate::{
    fault::Name,
    privacy::{IdentityPlan, Pseudonym},
};
use std::collections::HashMap;

/// A text of the register as a number: 0 is "nothing". Texts are kept once, whoever bears them.
pub type Word = u32;

/// Everything that one source ever said about one person.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person as the source knows them.
    pub subject: Pseudonym,
    /// The source.
    pub source: Name,
    /// The commit that first named them.
    pub first_seq: i64,
    /// Who says so: the source, and within it the tenant.
    pub writer: Word,
    /// Distinct sets of identity words, in the identity plan's order.
    pub said: Vec<Box<[Word]>>,
    /// The school that they were last at, or that sent them to a provision.
    pub school: Word,
}

/// The register, folded by subject. Identified.
#[derive(Default)]
pub struct People {
    words: HashMap<Box<str>, Word>,
    texts: Vec<Box<str>>,
    index: HashMap<Pseudonym, usize>,
    /// One entry per subject.
    pub people: Vec<Person>,
    /// Positions of the fields that rules ask for.
    pub fields: FieldPositions,
}

/// Where each identity field stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct FieldPositions {
    /// Unique pupil number.
    pub upn: usize,
    /// Former unique pupil number.
    pub former_upn: usize,
    /// Unique learner number.
    pub uln: usize,
    /// NHS number.
    pub nhs_number: usize,
    /// Legal forename.
    pub forename: usize,
    /// Legal surname.
    pub surname: usize,
    /// Middle names.
    pub middle_names: usize,
    /// Preferred forename.
    pub preferred_forename: usize,
    /// Preferred surname.
    pub preferred_surname: usize,
    /// Former surname.
    pub former_surname: usize,
    /// Date of birth.
    pub birth_date: usize,
    /// Sex.
    pub sex: usize,
    /// Postcode.
    pub postcode: usize,
    /// The source's own number for a person.
    pub local_key: usize,
}

impl People {
    /// An empty register under an identity plan.
    pub fn new(plan: &IdentityPlan) -> Self {
        let at = |name: &str| plan.position(name).unwrap_or(usize::MAX);
        let fields = FieldPositions {
            upn: at("upn"),
            former_upn: at("former_upn"),
            uln: at("uln"),
            nhs_number: at("nhs_number"),
            forename: at("forename"),
            surname: at("surname"),
            middle_names: at("middle_names"),
            preferred_forename: at("preferred_forename"),
            preferred_surname: at("preferred_surname"),
            former_surname: at("former_surname"),
            birth_date: at("birth_date"),
            sex: at("sex"),
            postcode: at("postcode"),
            local_key: at("local_key"),
        };
        Self { texts: vec!["".into()], fields, ..Self::default() }
    }

    /// Adds what one source and tenant said about a subject in one commit.
    pub fn add(&mut self, subject: Pseudonym, origin: (&str, &str), said: &[Option<&str>], seq: i64) {
        let local = self.fields.local_key;
        let mut said: Box<[Word]> = said.iter().map(|text| text.map_or(0, |text| self.word(text))).collect();
        // A local number means something within its source only.
        if let Some(word) = said.get_mut(local).filter(|word| **word != 0) {
            let scoped = format!("{}\u{1f}{}\u{1f}{}", origin.0, origin.1, self.texts[*word as usize]);
            *word = self.word(&scoped);
        }
        let writer = self.word(&format!("{}\u{1f}{}", origin.0, origin.1));
        let at = *self.index.entry(subject).or_insert_with(|| {
            let source = Name::declare(origin.0);
            self.people.push(Person { subject, source, first_seq: seq, writer, said: Vec::new(), school: 0 });
            self.people.len() - 1
        });
        let person = &mut self.people[at];
        person.first_seq = person.first_seq.min(seq);
        if !person.said.contains(&said) {
            person.said.push(said);
        }
    }

    /// Notes at which school somebody was last; nothing where nobody is known by that subject.
    pub fn was_at(&mut self, subject: &Pseudonym, school: &str) {
        if let Some(at) = self.place(subject) {
            self.people[at].school = self.word(school);
        }
    }

    /// Where a subject stands among the people.
    pub fn place(&self, subject: &Pseudonym) -> Option<usize> {
        self.index.get(subject).copied()
    }

    fn word(&mut self, text: &str) -> Word {
        if let Some(word) = self.words.get(text) {
            return *word;
        }
        let word = self.texts.len() as Word;
        self.texts.push(text.into());
        self.words.insert(text.into(), word);
        word
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> &str {
        self.texts.get(word as usize).map_or("", AsRef::as_ref)
    }
}
