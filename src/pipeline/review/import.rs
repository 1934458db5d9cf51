//! A workbook of decisions that comes back. Each row is taken for what it was when it was written, or refused: nothing
//! is guessed, and what is refused says why by the row's number alone.
use super::{
    ReviewFault, allowed,
    book::{self, CODE, DECISION, DIFFERENT, NOT_SURE, REASON, SAME, digest_of},
    decided::{Taken, last_words, note_decisions},
    known::Known,
    noted,
    token::{Offer, half},
};
use crate::{
    catalog::{LinkDecision, LinkVerdict},
    pipeline::{ReasonFault, Site, SiteFault, Watch, take_reason},
    privacy::{Keyed, Pseudonym},
    source::{
        RawCell,
        look::{LookedSheet, look},
    },
};
use std::collections::{HashMap, HashSet};

/// The header stands in one of the first rows.
const HEADER_WITHIN: usize = 10;

/// Why a row was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRefusal {
    /// Not one of the words.
    NotADecision,
    /// The code is not ours, or was altered.
    Foreign,
    /// Written by this key, but for another data folder.
    AnotherFolder,
    /// Other cells than decision and reason were changed.
    Changed,
    /// One of the two is no longer in the register.
    Gone,
    /// What is said of the two is not what it was.
    SaidAnew,
    /// Somebody decided about the two since.
    DecidedSince,
    /// The same pair with another decision in this file.
    TwoDecisions,
    /// There is no reason.
    NoReason,
    /// The reason seems to hold an identifier.
    ReasonNames(&'static str),
}

impl RowRefusal {
    /// Our word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotADecision => "not_a_decision",
            Self::Foreign => "foreign",
            Self::AnotherFolder => "another_folder",
            Self::Changed => "cells_changed",
            Self::Gone => "gone",
            Self::SaidAnew => "said_anew",
            Self::DecidedSince => "decided_since",
            Self::TwoDecisions => "two_decisions",
            Self::NoReason => "no_reason",
            Self::ReasonNames(_) => "reason_names",
        }
    }

    /// What it means, and what to do.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotADecision => "the decision is none of: same, different, not sure",
            Self::Foreign => {
                "the code was not written with this key, or was altered: export a new workbook and decide there"
            }
            Self::AnotherFolder => "the row was written for another data folder: import it there",
            Self::Changed => {
                "cells beside decision and reason were changed, or moved to another row: export it anew and decide there"
            }
            Self::Gone => "one of the two is no longer known: nothing to decide",
            Self::SaidAnew => {
                "a source has said something new of the two since: export it anew and look again"
            }
            Self::DecidedSince => {
                "somebody decided about the two since: see link review --list, and take that back first if it is wrong"
            }
            Self::TwoDecisions => "the same two stand in this file with both decisions: leave one of them",
            Self::NoReason => "there is no reason: choose one from the list or write one",
            Self::ReasonNames(_) => {
                "the reason seems to hold a person's number, postcode or birth date: say why without saying who"
            }
        }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowEnd {
    /// Taken.
    Decided(LinkVerdict),
    /// This was decided before: nothing changed.
    AsBefore,
    /// No decision, or not sure.
    LeftOpen,
    /// Not taken.
    Refused(RowRefusal),
}

/// What became of a workbook: rows as a person counts them in the sheet.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Each row with its end.
    pub rows: Vec<(u32, RowEnd)>,
}

impl Imported {
    /// How many rows ended so.
    pub fn count(&self, fits: impl Fn(RowEnd) -> bool) -> u64 {
        self.rows.iter().filter(|(_, end)| fits(*end)).count() as u64
    }
}

/// One row as it stands in the file.
struct Line {
    row: u32,
    decision: String,
    reason: String,
    code: String,
    cells: Vec<(String, String)>,
}

type Pair = (Pseudonym, Pseudonym);

/// What a row asks for, once it is known to be ours.
struct Asked {
    row: usize,
    pair: Pair,
    verdict: LinkVerdict,
    reason: String,
}

/// Takes the decisions of a workbook. What was decided before is left as it is, so the same file twice changes nothing.
pub fn import_review(
    site: &mut Site,
    bytes: Vec<u8>,
    who: &str,
    watch: &mut dyn Watch,
) -> Result<Imported, ReviewFault> {
    allowed(site, who, "link review")?;
    let looked = look(bytes).map_err(|_| ReviewFault::Unreadable)?;
    let lines = looked.sheets.iter().find_map(lines).ok_or(ReviewFault::NotAReview)?;
    let mark = site.catalog.folder_mark()?;
    let decisions = site.catalog.decisions()?;
    let known = Known::read(site, watch)?;
    let keyed = site.key.keyed();
    let folder = half(&keyed.digest("review folder", &[mark.as_bytes()]));
    let desk = Desk { site, known: &known, keyed: &keyed, folder, last: last_words(&decisions) };
    let mut imported = Imported::default();
    let mut asked = Vec::new();
    for line in &lines {
        let end = match desk.look_at(line) {
            Ok(Some((pair, verdict))) => {
                let row = imported.rows.len();
                asked.push(Asked { row, pair, verdict, reason: line.reason.clone() });
                RowEnd::Decided(verdict)
            }
            Ok(None) => RowEnd::LeftOpen,
            Err(end) => end,
        };
        imported.rows.push((line.row, end));
    }
    let taken = desk.take(&asked, &mut imported)?;
    let refused = imported.count(|end| matches!(end, RowEnd::Refused(_)));
    let about = format!("workbook, taken: {}, refused: {refused}", taken.len());
    if taken.is_empty() {
        noted(site, who, "link review", &about, 0)?;
    } else {
        note_decisions(site, &taken, who, &about)?;
    }
    Ok(imported)
}

/// What a row is compared with.
struct Desk<'d> {
    site: &'d Site,
    known: &'d Known,
    keyed: &'d Keyed,
    folder: [u8; 8],
    last: HashMap<Pair, (&'d LinkDecision, u32)>,
}

impl Desk<'_> {
    /// What a row asks for: nothing, or a verdict on two. Otherwise how it ends.
    fn look_at(&self, line: &Line) -> Result<Option<(Pair, LinkVerdict)>, RowEnd> {
        let verdict = match line.decision.as_str() {
            "" | NOT_SURE => return Ok(None),
            SAME => LinkVerdict::Same,
            DIFFERENT => LinkVerdict::Different,
            _ => return Err(RowEnd::Refused(RowRefusal::NotADecision)),
        };
        let refuse = |why| Err(RowEnd::Refused(why));
        let Some(offer) = Offer::of_code(&self.site.key, &line.code) else {
            return refuse(RowRefusal::Foreign);
        };
        if offer.folder != self.folder {
            return refuse(RowRefusal::AnotherFolder);
        }
        let cells = line.cells.iter().map(|(header, text)| (header.as_str(), text.as_str()));
        if offer.cells != digest_of(self.keyed, cells) {
            return refuse(RowRefusal::Changed);
        }
        let (word, count) =
            self.last.get(&offer.pair).map_or((None, 0), |(word, count)| (Some(word.verdict), *count));
        // A word that was the last one when the row was written is said again; one that came since may be this row's own.
        if count != offer.decisions {
            let as_before = word == Some(verdict);
            return if as_before { Err(RowEnd::AsBefore) } else { refuse(RowRefusal::DecidedSince) };
        }
        if !self.known.knows(&offer.pair.0) || !self.known.knows(&offer.pair.1) {
            return refuse(RowRefusal::Gone);
        }
        if offer.said != half(&self.known.said_of(offer.pair)) {
            return refuse(RowRefusal::SaidAnew);
        }
        Ok(Some((offer.pair, verdict)))
    }

    /// Takes what is asked for once for each pair, with its reason sealed.
    fn take(&self, asked: &[Asked], imported: &mut Imported) -> Result<Vec<Taken>, ReviewFault> {
        let mut verdicts: HashMap<_, (LinkVerdict, bool)> = HashMap::new();
        for ask in asked {
            let (first, both) = verdicts.entry(ask.pair).or_insert((ask.verdict, false));
            *both |= *first != ask.verdict;
        }
        let (mut taken, mut done) = (Vec::new(), HashSet::new());
        for ask in asked {
            let end = &mut imported.rows[ask.row].1;
            if verdicts.get(&ask.pair).is_some_and(|(_, both)| *both) {
                *end = RowEnd::Refused(RowRefusal::TwoDecisions);
                continue;
            }
            if done.contains(&ask.pair) {
                *end = RowEnd::AsBefore;
                continue;
            }
            match take_reason(self.site, &ask.reason) {
                Ok(reason) => {
                    done.insert(ask.pair);
                    taken.push(Taken { pair: ask.pair, verdict: ask.verdict, reason });
                }
                Err(SiteFault::Reason(ReasonFault::Empty)) => *end = RowEnd::Refused(RowRefusal::NoReason),
                Err(SiteFault::Reason(ReasonFault::Names(what))) => {
                    *end = RowEnd::Refused(RowRefusal::ReasonNames(what));
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(taken)
    }
}

/// The rows of a sheet, where it is one of ours.
fn lines(sheet: &LookedSheet) -> Option<Vec<Line>> {
    let place =
        |row: &[RawCell], title: &str| row.iter().position(|cell| folded(&text_of(cell)) == folded(title));
    let header = sheet
        .rows
        .iter()
        .take(HEADER_WITHIN)
        .position(|(_, row)| [DECISION, REASON, CODE].iter().all(|title| place(row, title).is_some()))?;
    let titles = &sheet.rows[header].1;
    let (decision, reason, code) = (place(titles, DECISION)?, place(titles, REASON)?, place(titles, CODE)?);
    let shown = book::headers();
    let shown: Vec<(usize, String)> =
        shown.into_iter().filter_map(|title| Some((place(titles, &title)?, title))).collect();
    let line = |(number, row): &(u32, Vec<RawCell>)| {
        let text = |at: usize| row.get(at).map(text_of).unwrap_or_default();
        Line {
            row: *number,
            decision: folded(&text(decision)),
            reason: text(reason).split_whitespace().collect::<Vec<_>>().join(" "),
            code: text(code),
            cells: shown.iter().map(|(at, title)| (title.clone(), text(*at))).collect(),
        }
    };
    let filled = |line: &Line| {
        !line.decision.is_empty()
            || !line.code.trim().is_empty()
            || line.cells.iter().any(|(_, text)| !text.trim().is_empty())
    };
    Some(sheet.rows[header + 1..].iter().map(line).filter(filled).collect())
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A cell as the text that we wrote; a spreadsheet program may have made a number or a date of it.
fn text_of(cell: &RawCell) -> String {
    match cell {
        RawCell::Empty | RawCell::Error(_) => String::new(),
        RawCell::Text(text) => text.clone(),
        RawCell::Number(number) => number.to_string(),
        RawCell::Date(day) => day.format("%Y-%m-%d").to_string(),
        RawCell::Bool(yes) => yes.to_string(),
    }
}
