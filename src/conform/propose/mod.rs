//! An unknown sheet, and what it seems to be: which kind, where its header stands, which column is what, in which order
//! its dates are written and what its words mean; and a draft of the connector that would read it.
//!
//! A proposal is made from what other connectors know of such sheets and from the cells themselves. It holds header
//! texts and words of the sheet, so it is shown to whoever may open the file and goes nowhere else; the draft holds
//! those header texts that name a column and those words that stand for a code, and never anything else of the sheet.
mod body;
mod dates;
mod draft;
mod evidence;
mod header;
mod matching;
mod naming;
mod near;
mod said;
mod vocabulary;

use crate::{
    definitions::Definitions,
    privacy::IdentityKind,
    source::look::{Looked, LookedSheet},
};
use body::Body;
use evidence::Evidence;
pub use header::{HeaderRow, NearHeader, described, nearest_header};

use header::{FoundHeader, Known};
use matching::{Match, Offer};
use std::fmt;
use vocabulary::{Family, Target, Vocabulary};

/// What whoever asks may say beforehand.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The connector's name to be.
    pub name: String,
    /// The file's name. It may be a child's, so only known words of it are written.
    pub file_name: String,
    /// The pattern of the file names to come, where it shall not be worked out.
    pub pattern: Option<String>,
    /// The sheet has no header: columns are told by their cells and named by their place.
    pub positions: bool,
    /// Dates that could be read either way are day first (true) or month first (false).
    pub day_first: Option<bool>,
    /// Columns by their names in the draft, with the header or `#n` that they stand under.
    pub set: Vec<(String, String)>,
    /// Connectors that are not learnt from.
    pub without: Vec<String>,
}

/// Why nothing can be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No visible sheet has a filled cell.
    Empty,
    /// No row of the first thirty looks like a header of such a sheet.
    NoHeader,
    /// Nothing below the header is a row about somebody.
    NoRows,
    /// No column says who a row is about.
    NobodyNamed,
    /// Headers are like those of a register, and the cells tell nobody apart: counts, places or codes.
    NobodysRows,
    /// The columns fit no kind of sheet: what that kind cannot do without is not there.
    NoKind,
}

impl Refusal {
    /// What to do.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Empty => "open the file and see whether its rows are on a hidden sheet",
            Self::NoHeader => {
                "give the sheet a header row; or add --positions if it has none and its columns never move"
            }
            Self::NoRows => "send the sheet with its rows: totals alone are nobody's record",
            Self::NobodyNamed => {
                "a sheet needs a pupil number, or first name and surname; name the columns with --set surname=HEADER"
            }
            Self::NobodysRows => {
                "a sheet of counts or places is no register of people; if it is one, fill in its pupil numbers, or first names and surnames"
            }
            Self::NoKind => {
                "name the columns that were not found with --set, for example --set starts_on=HEADER"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is nothing in it that a person would see",
            Self::NoHeader => "no row of the first 30 looks like a header",
            Self::NoRows => "there are no rows about anybody under its header",
            Self::NobodyNamed => "no column says who a row is about",
            Self::NobodysRows => "its rows are about nobody: no column's cells tell one person from another",
            Self::NoKind => "its columns fit no kind of sheet that is known",
        })
    }
}

/// How sure a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Look at it before you agree.
    Guess,
    /// Likely.
    Likely,
    /// The header is known and the cells fit.
    Sure,
}

impl Confidence {
    const fn of(score: f64) -> Self {
        if score >= 0.9 {
            Self::Sure
        } else if score >= 0.7 {
            Self::Likely
        } else {
            Self::Guess
        }
    }

    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }
}

/// One column of the sheet.
#[derive(Clone, Debug)]
pub struct ProposedColumn {
    /// From 1.
    pub position: u32,
    /// Its header. Where `becomes` is empty, it may be anything: for the screen of whoever opened the file.
    pub header: String,
    /// What it is read as (`surname`, `placement.starts_on`); empty where it is not read.
    pub becomes: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why, in words that hold nothing of the sheet.
    pub reason: String,
    /// Its words that no code is known for: for the screen only.
    pub unknown_words: Vec<String>,
}

/// What a sheet seems to be.
pub struct Proposal {
    /// The sheet's position in its workbook, from 1.
    pub part: u32,
    /// Sheets that a person sees, and hidden ones.
    pub sheets: (usize, usize),
    /// The first row of the header and its number of rows; none for a sheet without.
    pub header: Option<(u32, u32)>,
    /// What its rows are: `placement`, `off_roll`.
    pub entity: String,
    /// The connectors that know such sheets.
    pub learnt_from: Vec<String>,
    /// Every column that has a header or a cell.
    pub columns: Vec<ProposedColumn>,
    /// Rows about somebody.
    pub rows: usize,
    /// What else was seen, in words that hold nothing of the sheet.
    pub notes: Vec<String>,
    /// Parameters that the source's configuration has to give.
    pub params: Vec<String>,
    /// The connector, as text.
    pub draft: String,
}

/// Looks at a file and says what it seems to be.
///
/// # Errors
/// A [`Refusal`] where no sheet of it can be read with what is known.
pub fn propose(looked: &Looked, definitions: &Definitions, wishes: &Wishes) -> Result<Proposal, Refusal> {
    let vocabulary = Vocabulary::learn(definitions, |name| !wishes.without.iter().any(|other| other == name));
    let known = Known::of(&vocabulary);
    best_of(looked, &vocabulary, &known, definitions, wishes)
}

/// Looks at somebody's own list of people, whatever else stands in it: who they are, and nothing else, is read.
///
/// # Errors
/// As [`propose`].
pub fn propose_people(
    looked: &Looked,
    definitions: &Definitions,
    wishes: &Wishes,
) -> Result<Proposal, Refusal> {
    let mut vocabulary = Vocabulary::learn(definitions, |_| true);
    let known = Known::of(&vocabulary).also(wishes.set.iter().map(|(_, header)| header.as_str()));
    vocabulary.families = vec![vocabulary.people()];
    best_of(looked, &vocabulary, &known, definitions, wishes)
}

/// The visible sheet, and the kind of sheet, that fit best.
fn best_of(
    looked: &Looked,
    vocabulary: &Vocabulary,
    known: &Known,
    definitions: &Definitions,
    wishes: &Wishes,
) -> Result<Proposal, Refusal> {
    let mut best: Option<Reading<'_>> = None;
    let mut refusal = Refusal::Empty;
    for sheet in looked.sheets.iter().filter(|sheet| !sheet.hidden) {
        if sheet.rows.iter().all(|(_, row)| row.iter().all(crate::source::RawCell::is_blank)) {
            continue;
        }
        match read(sheet, vocabulary, known, definitions, wishes) {
            Ok(reading) if best.as_ref().is_none_or(|best| reading.score > best.score) => {
                best = Some(reading);
            }
            Ok(_) => {}
            // The sheet that came nearest says what to do.
            Err(found) => refusal = if found.nearness() > refusal.nearness() { found } else { refusal },
        }
    }
    let reading = best.ok_or(refusal)?;
    Ok(draft::proposal(looked, &reading, definitions, wishes))
}

impl Refusal {
    const fn nearness(self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::NoHeader => 1,
            Self::NoRows => 2,
            Self::NobodyNamed => 3,
            Self::NobodysRows => 4,
            Self::NoKind => 5,
        }
    }
}

/// One sheet as one kind of sheet.
struct Reading<'s> {
    sheet: &'s LookedSheet,
    header: Option<FoundHeader>,
    body: Body,
    columns: Vec<Evidence>,
    family: &'s Family,
    matches: Vec<Match>,
    /// The header under which the sheet keeps a person key of its own.
    person_key: Option<usize>,
    score: f64,
}

fn read<'s>(
    sheet: &'s LookedSheet,
    vocabulary: &'s Vocabulary,
    known: &Known,
    definitions: &Definitions,
    wishes: &Wishes,
) -> Result<Reading<'s>, Refusal> {
    let mut header = header::find(&sheet.rows, known);
    if header.is_none() && !wishes.positions {
        return Err(Refusal::NoHeader);
    }
    if wishes.positions {
        header = None;
    }
    let stops: Vec<String> =
        vocabulary.families.iter().flat_map(|family| family.stops.iter().cloned()).collect();
    let body = Body::of(&sheet.rows, header.as_ref(), &stops);
    if body.rows.is_empty() {
        return Err(Refusal::NoRows);
    }
    let nulls: Vec<String> =
        vocabulary.families.iter().flat_map(|family| family.nulls.iter().cloned()).collect();
    let width = body.width(&sheet.rows).max(header.as_ref().map_or(0, |header| header.texts.len()));
    let columns: Vec<Evidence> =
        (0..width).map(|at| Evidence::of(body.rows.iter().map(|at| &sheet.rows[*at]), at, &nulls)).collect();
    let latest = columns.iter().filter_map(Evidence::latest).max();
    let texts = header.as_ref().map_or(&[][..], |header| &header.texts);
    let offer = Offer { headers: texts, columns: &columns, latest };
    let mut best: Option<(f64, &Family, Vec<Match>, Option<usize>)> = None;
    let mut refusal = Refusal::NobodyNamed;
    for family in &vocabulary.families {
        let mut matches = matching::pair(&offer, family, definitions);
        if family.only_people {
            matches.retain(|found| is_certain(found, family, definitions));
        }
        naming::obey(&wishes.set, family, definitions, texts, &mut matches);
        let person_key = family.person_keys.iter().find_map(|key| {
            let folded = crate::definitions::connector::fold(key);
            texts.iter().position(|text| text.folded == folded)
        });
        if !names_somebody(&matches, family, definitions) && person_key.is_none() {
            continue;
        }
        if !tells_people_apart(&offer, &matches, person_key, family, definitions) {
            if refusal == Refusal::NobodyNamed {
                refusal = Refusal::NobodysRows;
            }
            continue;
        }
        if refusal.nearness() < Refusal::NoKind.nearness() {
            refusal = Refusal::NoKind;
        }
        if !draft::is_whole(family, &matches, definitions) {
            continue;
        }
        // A kind that a connector has met is worth more than a schema's bare columns.
        let taught = if family.taught_by.is_empty() { 0.7 } else { 1.0 };
        let score = taught * matches.iter().map(|found| found.score).sum::<f64>();
        if best.as_ref().is_none_or(|(least, ..)| score > *least) {
            best = Some((score, family, matches, person_key));
        }
    }
    let (score, family, matches, person_key) = best.ok_or(refusal)?;
    Ok(Reading { sheet, header, body, columns, family, matches, person_key, score })
}

/// Whether the columns say who a row is about: a number, or a first name and a surname.
fn names_somebody(matches: &[Match], family: &Family, definitions: &Definitions) -> bool {
    let has = |name: &str| {
        matches.iter().any(|found| match family.slots[found.slot].lead {
            Target::Identity(at) => definitions.identity.fields[at].0.as_str() == name,
            Target::Column(..) => false,
        })
    };
    let number = matches.iter().any(|found| match family.slots[found.slot].lead {
        Target::Identity(at) => definitions.identity.fields[at].1.is_national(),
        Target::Column(..) => false,
    });
    number || (has("forename") && has("surname"))
}

/// Whether a column of somebody's list is told by its header, or holds numbers that check themselves: a guess would look for
/// the wrong people.
fn is_certain(found: &Match, family: &Family, definitions: &Definitions) -> bool {
    let Target::Identity(at) = family.slots[found.slot].lead else { return false };
    found.name >= 0.8 || definitions.identity.fields[at].1.is_national()
}

/// What part of a column's filled cells must be what its header promises.
const MOSTLY: f64 = 0.5;

/// What part of a key's cells must differ: a child may have several rows, and not all rows are one child's.
const DIFFERENT: f64 = 0.1;

/// Whether the cells themselves tell one person from another, whatever the headers say: pupil or learner numbers; first
/// names and surnames, one of them under a header that says so; or a key of the sheet's own that differs from row to row
/// and is called after a person, or stands beside what only a person has.
fn tells_people_apart(
    offer: &Offer<'_>,
    matches: &[Match],
    person_key: Option<usize>,
    family: &Family,
    definitions: &Definitions,
) -> bool {
    let kind_of = |found: &Match| match family.slots[found.slot].lead {
        Target::Identity(at) => Some(definitions.identity.fields[at]),
        Target::Column(..) => None,
    };
    let (mut numbered, mut names, mut headed, mut own) = (false, 0, offer.headers.is_empty(), false);
    for found in matches.iter().filter(|found| found.cells >= MOSTLY) {
        let Some((_, kind)) = kind_of(found) else { continue };
        match kind {
            IdentityKind::Upn | IdentityKind::Uln | IdentityKind::NhsNumber => numbered = true,
            IdentityKind::Name => {
                names += 1;
                headed |= found.name >= 0.6;
            }
            IdentityKind::BirthDate | IdentityKind::Sex => own = true,
            IdentityKind::Postcode | IdentityKind::Local => {}
        }
    }
    let key = person_key.and_then(|at| Some((offer.columns.get(at)?, offer.headers.get(at)?)));
    let keyed = key.is_some_and(|(cells, header)| {
        let differs = cells.filled > 0 && cells.identity(IdentityKind::Local, None) >= DIFFERENT;
        differs && (own || names > 0 || is_called_after_a_person(&header.folded))
    });
    numbered || (names >= 2 && headed) || keyed
}

/// `child`, `pupilid`, `learnerref`; the key of some table about pupils is none.
fn is_called_after_a_person(folded: &str) -> bool {
    let person = ["child", "pupil", "learner", "student"].into_iter().find(|word| folded.contains(word));
    person.is_some_and(|word| folded.len() <= word.len() + "reference".len())
}
