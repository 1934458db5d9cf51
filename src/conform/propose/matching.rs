//! Which header stands for which slot of a kind of sheet, and why.
use super::{
    evidence::Evidence,
    header::HeaderText,
    near::could_be_header,
    vocabulary::{Family, Slot, Target},
};
use crate::{
    definitions::{CodeList, Definitions, connector::fold},
    privacy::{ColumnType, IdentityKind},
};
use chrono::NaiveDate;

/// Below this a header is not taken for a slot.
const LEAST: f64 = 0.55;

/// One column of the sheet taken for one slot.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// Column of the sheet, from 0.
    pub(super) column: usize,
    /// Slot of the family.
    pub(super) slot: usize,
    /// From 0 to 1.
    pub(super) score: f64,
    /// How near the header is to a known one.
    pub(super) name: f64,
    /// What part of the filled cells can be read so.
    pub(super) cells: f64,
}

/// What a sheet offers: its header, if it has one, and what its columns hold.
pub(super) struct Offer<'s> {
    pub(super) headers: &'s [HeaderText],
    pub(super) columns: &'s [Evidence],
    /// The sheet's latest day.
    pub(super) latest: Option<NaiveDate>,
}

/// Pairs the columns with a family's slots, best first, each once.
pub(super) fn pair(offer: &Offer<'_>, family: &Family, definitions: &Definitions) -> Vec<Match> {
    let mut all = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for column in 0..offer.columns.len() {
        let header = offer.headers.get(column);
        // The reader takes the first of two columns with one header.
        if header
            .is_some_and(|header| header.is_sign || header.folded.is_empty() || !seen.insert(&header.folded))
        {
            continue;
        }
        if header.is_some_and(|header| !could_be_header(&header.own) && !could_be_header(&header.shown)) {
            continue;
        }
        for slot in 0..family.slots.len() {
            all.extend(weigh(offer, column, family, slot, definitions));
        }
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.slot.cmp(&b.slot)).then(a.column.cmp(&b.column)));
    let mut chosen = Vec::<Match>::new();
    for found in all {
        if !chosen.iter().any(|taken| taken.column == found.column || taken.slot == found.slot) {
            chosen.push(found);
        }
    }
    known_by(offer, family, definitions, &mut chosen);
    eliminate(offer, family, definitions, &mut chosen);
    chosen.sort_by_key(|found| found.column);
    chosen
}

/// Beside a given name, the name that somebody is known by is the preferred one, though it is the forename of a sheet that has
/// no other.
fn known_by(offer: &Offer<'_>, family: &Family, definitions: &Definitions, chosen: &mut [Match]) {
    let of = |name: &str, chosen: &[Match]| {
        let field = definitions.identity.position(name).map(Target::Identity);
        let slot = family.slots.iter().position(|slot| Some(slot.lead) == field)?;
        chosen.iter().position(|found| found.slot == slot)
    };
    let (Some(first), Some(preferred)) = (of("forename", chosen), of("preferred_forename", chosen)) else {
        return;
    };
    let is_known_by = |at: usize| {
        let header = offer.headers.get(chosen[at].column);
        header.is_some_and(|header| {
            header.words.iter().any(|word| ["known", "called", "preferred"].contains(&word.as_str()))
        })
    };
    if is_known_by(first) && !is_known_by(preferred) {
        let slot = chosen[first].slot;
        chosen[first].slot = chosen[preferred].slot;
        chosen[preferred].slot = slot;
    }
}

/// What is left over can be told by what is still missing: the other half of a name beside the one that was found, and
/// the first of the dates where rows are dated by one that no header names. Guesses, and said to be.
fn eliminate(offer: &Offer<'_>, family: &Family, definitions: &Definitions, chosen: &mut Vec<Match>) {
    let free = |chosen: &[Match], column: usize| {
        let named = offer.headers.get(column).is_none_or(|header| {
            could_be_header(&header.own)
                && offer.headers.iter().take(column).all(|other| other.folded != header.folded)
        });
        named && !chosen.iter().any(|found| found.column == column)
    };
    let slot_of = |name: &str| {
        let at = definitions.identity.position(name)?;
        family.slots.iter().position(|slot| slot.lead == Target::Identity(at))
    };
    for (known, wanted) in [("surname", "forename"), ("forename", "surname")] {
        let (Some(known), Some(wanted)) = (slot_of(known), slot_of(wanted)) else { continue };
        let Some(beside) = chosen.iter().find(|found| found.slot == known).map(|found| found.column) else {
            continue;
        };
        if chosen.iter().any(|found| found.slot == wanted) {
            continue;
        }
        let like_names = |column: &usize| {
            let named = offer.columns.get(*column).map(|cells| cells.identity(IdentityKind::Name, None));
            free(chosen, *column) && named.is_some_and(|share| share >= 0.8)
        };
        if let Some(column) = [beside + 1, beside.wrapping_sub(1)].into_iter().find(like_names) {
            chosen.push(Match { column, slot: wanted, score: 0.6, name: 0.0, cells: 1.0 });
        }
    }
    let Some(main) =
        family.blocks.iter().position(|block| definitions.plans[block.entity].name.as_str() != "learner")
    else {
        return;
    };
    let plan = &definitions.plans[family.blocks[main].entity];
    let Some(dated) = plan.dated_by.filter(|at| plan.columns[*at].required) else { return };
    let Some(slot) = family.slots.iter().position(|slot| slot.lead == Target::Column(main, dated)) else {
        return;
    };
    if family.taught_by.is_empty() || chosen.iter().any(|found| found.slot == slot) {
        return;
    }
    let is_dates = |column: &usize| {
        let cells = &offer.columns[*column];
        free(chosen, *column) && cells.column(&ColumnType::Date, |_| false) >= 0.9 && cells.filled > 2
    };
    let dates: Vec<usize> = (0..offer.columns.len()).filter(is_dates).collect();
    let most = dates.iter().map(|column| offer.columns[*column].filled).max();
    if let Some(column) = dates.into_iter().find(|column| Some(offer.columns[*column].filled) == most) {
        chosen.push(Match { column, slot, score: LEAST, name: 0.0, cells: 1.0 });
    }
}

fn weigh(
    offer: &Offer<'_>,
    column: usize,
    family: &Family,
    at: usize,
    definitions: &Definitions,
) -> Option<Match> {
    let (slot, evidence) = (&family.slots[at], &offer.columns[column]);
    let names_people = match slot.lead {
        Target::Identity(field) => definitions.identity.fields[field].1 == IdentityKind::Name,
        Target::Column(..) => false,
    };
    if names_people && offer.headers.get(column).is_some_and(|header| names_a_place(&header.words)) {
        return None;
    }
    let name = offer.headers.get(column).map_or(0.0, |header| name_of(header, slot));
    let cells = cells_of(evidence, family, slot, definitions, offer.latest);
    let lone = alone(evidence, family, slot, definitions, cells);
    let score = if evidence.filled == 0 {
        // Nothing speaks against an empty column under a known header.
        if name >= 0.85 { 0.8 * name } else { 0.0 }
    } else if evidence.is_free_text()
        || (cells < 0.3 && !forgives(family, slot, definitions, evidence, (name, cells)))
    {
        0.0
    } else if name >= 0.6 {
        0.75 * name + 0.25 * cells
    } else {
        // What the cells say alone; a header that is a little alike decides between equals.
        lone + 0.1 * name
    };
    (score >= LEAST).then_some(Match { column, slot: at, score, name, cells })
}

/// Whether a header is about the name of a place or a body: spelled like a person's, and nobody's.
fn names_a_place(words: &[String]) -> bool {
    const PLACES: [&str; 20] = [
        "area",
        "authority",
        "borough",
        "college",
        "constituency",
        "country",
        "county",
        "district",
        "establishment",
        "la",
        "local",
        "locality",
        "provider",
        "region",
        "school",
        "setting",
        "site",
        "town",
        "trust",
        "ward",
    ];
    const PEOPLE: [&str; 15] = [
        "child",
        "christian",
        "family",
        "first",
        "forename",
        "full",
        "given",
        "known",
        "last",
        "learner",
        "legal",
        "person",
        "pupil",
        "student",
        "surname",
    ];
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    has(&PLACES) && !has(&PEOPLE)
}

fn name_of(header: &HeaderText, slot: &Slot) -> f64 {
    let near =
        slot.spellings.iter().map(|known| known.weight * header.nearness(&known.folded, &known.tokens));
    near.fold(0.0, f64::max)
}

fn cells_of(
    evidence: &Evidence,
    family: &Family,
    slot: &Slot,
    definitions: &Definitions,
    latest: Option<NaiveDate>,
) -> f64 {
    match slot.lead {
        Target::Identity(at) => evidence.identity(definitions.identity.fields[at].1, latest),
        Target::Column(block, column) => {
            let plan = &definitions.plans[family.blocks[block].entity].columns[column];
            let list = code_list(&plan.kind, definitions);
            let mapped = !slot.words.is_empty();
            let by_words = |words: &std::collections::BTreeMap<String, usize>| {
                let known = words.iter().filter(|(word, _)| code_of(word, slot, list).is_some());
                known.map(|(_, n)| *n).sum::<usize>() as f64 / evidence.filled.max(1) as f64
            };
            let typed = evidence.column(&plan.kind, |word| code_of(word, slot, list).is_some());
            if mapped && !matches!(plan.kind, ColumnType::Code(_)) {
                return evidence.words.as_ref().map_or(typed, |words| by_words(words).max(typed));
            }
            // `Year 7` is a whole number to a connector that keeps the digits.
            if slot.spec.as_ref().is_some_and(|spec| spec.digits) && typed < 0.5 {
                return 0.5;
            }
            typed
        }
    }
}

/// How far cells that are like nothing else speak for themselves, whatever their header.
fn alone(evidence: &Evidence, family: &Family, slot: &Slot, definitions: &Definitions, cells: f64) -> f64 {
    if evidence.filled < 3 {
        return 0.0;
    }
    let words = evidence.words.as_ref().map_or(0, std::collections::BTreeMap::len);
    match slot.lead {
        Target::Identity(at) => match definitions.identity.fields[at] {
            (name, IdentityKind::Upn) if name.as_str() == "upn" && cells >= 0.6 => 0.8,
            (_, IdentityKind::Uln | IdentityKind::NhsNumber) if cells >= 0.6 => 0.8,
            (_, IdentityKind::Postcode) if cells >= 0.6 => 0.75,
            (_, IdentityKind::Sex) if cells >= 0.9 && (2..=5).contains(&words) => 0.65,
            (_, IdentityKind::BirthDate) if cells >= 0.7 => 0.6,
            (name, IdentityKind::Name) if matches!(name.as_str(), "forename" | "surname") && cells >= 0.8 => {
                0.5
            }
            _ => 0.0,
        },
        Target::Column(block, column) => {
            let kind = &definitions.plans[family.blocks[block].entity].columns[column].kind;
            match kind {
                ColumnType::Code(_) if cells >= 0.8 && words >= 3 => 0.56,
                ColumnType::Code(_) if cells >= 0.95 && words == 2 => 0.5,
                _ => 0.0,
            }
        }
    }
}

/// A code column under its own header may be full of words that nobody has met yet. Under one that is only like its own, some
/// must be known, or come again as words do.
fn forgives(
    family: &Family,
    slot: &Slot,
    definitions: &Definitions,
    evidence: &Evidence,
    (name, cells): (f64, f64),
) -> bool {
    let is_code = matches!(family.kind(definitions, slot.lead), Some(ColumnType::Code(_)));
    is_code && evidence.is_wordy() && (name >= 0.99 || cells > 0.0 || evidence.repeats())
}

/// A column type's code list.
pub(super) fn code_list<'d>(kind: &ColumnType, definitions: &'d Definitions) -> Option<&'d CodeList> {
    match kind {
        ColumnType::Code(list) => definitions.codes.get(list.as_str()),
        _ => None,
    }
}

/// The code that a word stands for, if anything known says so: a connector, the list itself, or its label.
pub(super) fn code_of<'c>(word: &str, slot: &'c Slot, list: Option<&'c CodeList>) -> Option<&'c str> {
    let folded = fold(word);
    if let Some(code) = slot.words.get(&folded) {
        return Some(code);
    }
    let list = list?;
    let lower = word.trim().to_lowercase();
    if let Some(code) = list.words.get(word.trim()).or_else(|| list.words.get(&lower)) {
        return Some(code);
    }
    list.rows.iter().find(|row| fold(&row[1]) == folded).map(|row| row[0].as_str())
}

/// The code whose word or label is nearest, where one is near enough.
pub(super) fn near_code<'c>(word: &str, slot: &'c Slot, list: &'c CodeList) -> Option<&'c str> {
    let folded = fold(word);
    let known = slot.words.iter().map(|(known, code)| (known.clone(), code.as_str()));
    let labels = list.rows.iter().map(|row| (fold(&row[1]), row[0].as_str()));
    let near = |known: &str| {
        if known.len().min(folded.len()) < 4 { 0.0 } else { strsim::jaro_winkler(known, &folded) }
    };
    let mut ranked: Vec<(f64, &str)> = known.chain(labels).map(|(text, code)| (near(&text), code)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.first().filter(|(score, _)| *score >= 0.9).map(|(_, code)| *code)
}
