//! Where a sheet's header stands, and what its texts are.
use super::{
    evidence::text_of,
    near::{could_be_header, nearness, tokens},
    vocabulary::Vocabulary,
};
use crate::{
    definitions::connector::{Header, Spellings, fold},
    source::{RawCell, look::Looked},
};
use std::collections::{BTreeMap, HashSet};

/// A header is looked for in this many first rows.
pub(super) const SEARCH_ROWS: usize = 30;

type Rows = [(u32, Vec<RawCell>)];

/// A header that was found.
pub(super) struct FoundHeader {
    /// Position of its first row among the sheet's rows.
    pub(super) at: usize,
    /// One row or two.
    pub(super) height: usize,
    /// Its texts by column.
    pub(super) texts: Vec<HeaderText>,
}

/// One header text. It may be somebody's cell until it is known to be none.
pub(super) struct HeaderText {
    /// As written, with the band over it.
    pub(super) shown: String,
    /// As the reader compares it.
    pub(super) folded: String,
    pub(super) words: Vec<String>,
    /// Without the band.
    pub(super) own: String,
    pub(super) own_words: Vec<String>,
    /// There is a sign under the band and no word: `#`.
    pub(super) is_sign: bool,
}

impl HeaderText {
    fn of(band: &str, own: &str) -> Self {
        let shown = format!("{band} {own}").split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            folded: fold(&shown),
            words: tokens(&shown),
            own: fold(own),
            own_words: tokens(own),
            is_sign: !own.trim().is_empty() && fold(own).is_empty(),
            shown,
        }
    }

    /// How near it is to a known text, with its band or without.
    pub(super) fn nearness(&self, known: &str, known_words: &[String]) -> f64 {
        let whole = nearness(&self.folded, &self.words, known, known_words);
        if self.own == self.folded {
            return whole;
        }
        whole.max(0.97 * nearness(&self.own, &self.own_words, known, known_words))
    }
}

/// Every known header text, once.
pub(super) struct Known(BTreeMap<String, Vec<String>>);

impl Known {
    pub(super) fn of(vocabulary: &Vocabulary) -> Self {
        let slots = vocabulary.families.iter().filter(|family| !family.taught_by.is_empty());
        let slots = slots.flat_map(|family| &family.slots);
        Self(slots.flat_map(|slot| &slot.spellings).map(|s| (s.folded.clone(), s.tokens.clone())).collect())
    }

    /// Knows headers besides that somebody has named.
    pub(super) fn also<'t>(mut self, named: impl Iterator<Item = &'t str>) -> Self {
        let headers = named.filter(|text| !text.starts_with('#')).map(|text| (fold(text), tokens(text)));
        self.0.extend(headers.filter(|(folded, _)| !folded.is_empty()));
        self
    }

    /// Whether a text holds a word that known headers use.
    fn has_word_of(&self, text: &str) -> bool {
        tokens(text).iter().any(|word| word.len() > 2 && self.0.values().any(|words| words.contains(word)))
    }

    fn knows(&self, text: &HeaderText) -> bool {
        self.0.contains_key(&text.folded)
            || self.0.contains_key(&text.own)
            || self.0.iter().any(|(known, words)| text.nearness(known, words) >= 0.85)
    }
}

/// The likeliest header of a sheet; none where no row has two known texts in it.
pub(super) fn find(rows: &Rows, known: &Known) -> Option<FoundHeader> {
    let mut best: Option<(f64, FoundHeader)> = None;
    for at in 0..rows.len().min(SEARCH_ROWS) {
        for height in [1, 2] {
            let Some((score, found)) = candidate(rows, at, height, known) else { continue };
            if best.as_ref().is_none_or(|(least, _)| score > *least) {
                best = Some((score, found));
            }
        }
    }
    best.map(|(_, found)| found)
}

fn candidate(rows: &Rows, at: usize, height: usize, known: &Known) -> Option<(f64, FoundHeader)> {
    let lines = rows.get(at..at + height)?;
    let own = &lines[height - 1].1;
    let filled: Vec<String> = own.iter().map(text_of).filter(|text| !text.is_empty()).collect();
    let fits = filled.iter().filter(|text| could_be_header(text)).count();
    // A row with dates, numbers or postcodes in it is somebody's row.
    if filled.len() < 2 || filled.len() - fits > filled.len() / 10 || !own.iter().all(is_text) {
        return None;
    }
    let follows = lines.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1);
    if height == 2 && !(follows && is_band(&lines[0].1, own)) {
        return None;
    }
    let texts = texts(lines);
    if height == 2 && is_title(&lines[0].1, &texts, known) {
        return None;
    }
    let found = texts.iter().filter(|text| !text.folded.is_empty() && known.knows(text)).count();
    if found < 2 || found * 5 < filled.len() {
        return None;
    }
    let different: HashSet<&str> =
        texts.iter().map(|text| text.folded.as_str()).filter(|folded| !folded.is_empty()).collect();
    let again = filled.len().saturating_sub(different.len());
    let rows_below =
        rows[at + height..].iter().filter(|(_, row)| row.iter().filter(|c| !c.is_blank()).count() > 1);
    let body = if rows_below.take(1).count() == 1 { 0.5 } else { 0.0 };
    // A band over the header is worth its second row where it tells columns apart.
    // One with numbers in it is this term's caption, and another next time.
    let caption = lines[0].1.iter().any(|cell| text_of(cell).bytes().any(|byte| byte.is_ascii_digit()));
    let band = if height == 2 && !caption { 2.0 } else { 0.0 };
    let score = found as f64 - again as f64 + body + band;
    Some((score, FoundHeader { at, height, texts }))
}

fn is_text(cell: &RawCell) -> bool {
    matches!(cell, RawCell::Text(_) | RawCell::Empty) || cell.is_blank()
}

/// Several texts over groups of columns: fewer than the row below has, and none that could not be a header.
fn is_band(band: &[RawCell], own: &[RawCell]) -> bool {
    let texts: Vec<String> = band.iter().map(text_of).filter(|text| !text.is_empty()).collect();
    let below = own.iter().filter(|cell| !cell.is_blank()).count();
    texts.len() >= 2 && texts.len() * 5 < below * 4 && texts.iter().all(|text| could_be_header(text))
}

/// A title over the header is no band, and it may be a child's name: none of its words is one that headers use, or one text
/// has none and the row below tells its columns apart without it.
fn is_title(over: &[RawCell], texts: &[HeaderText], known: &Known) -> bool {
    let mut texts_over = over.iter().filter(|cell| !cell.is_blank()).map(text_of).peekable();
    let strange = |text: &String| !known.has_word_of(text);
    if texts_over.peek().is_none() || texts_over.clone().all(|text| strange(&text)) {
        return true;
    }
    let found: Vec<&HeaderText> = texts.iter().filter(|text| known.knows(text)).collect();
    let alone: HashSet<&str> = found.iter().map(|text| text.own.as_str()).collect();
    let joined: HashSet<&str> = found.iter().map(|text| text.folded.as_str()).collect();
    texts_over.any(|text| strange(&text)) && alone.len() >= joined.len()
}

/// Header rows as one: a band's text reaches over the empty cells to its right.
fn texts(lines: &Rows) -> Vec<HeaderText> {
    let width = lines.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
    let text = |row: &[RawCell], at: usize| row.get(at).map(text_of).unwrap_or_default();
    let mut band = String::new();
    (0..width)
        .map(|at| {
            if let [(_, over), _] = lines {
                let here = text(over, at);
                if !here.is_empty() {
                    band = here;
                }
            }
            let own = text(&lines[lines.len() - 1].1, at);
            HeaderText::of(&band, &own)
        })
        .collect()
}

/// Whether a row says the header again, as printed lists do on each page.
pub(super) fn is_again(row: &[RawCell], header: &FoundHeader) -> bool {
    let mut filled = row.iter().zip(&header.texts).filter(|(cell, _)| !cell.is_blank()).peekable();
    filled.peek().is_some() && filled.all(|(cell, text)| fold(&text_of(cell)) == text.own)
}

/// A header where a connector says that it is.
pub struct HeaderRow {
    /// Position of its last row among the sheet's rows.
    pub at: usize,
    /// By column: the text as the reader compares it, and as it is written.
    pub texts: Vec<(String, String)>,
}

/// Finds the header that a connector describes among a sheet's rows; none where it says there is none, or none fits.
pub fn described(rows: &[(u32, Vec<RawCell>)], header: &Header) -> Option<HeaderRow> {
    if header.none {
        return None;
    }
    let height = header.rows.max(1) as usize;
    let wanted: Vec<Vec<String>> = header.must_have.iter().map(Spellings::folded).collect();
    for at in 0..rows.len().min(header.search_rows as usize) {
        let lines = rows.get(at..at + height)?;
        let texts = texts(lines);
        let is = |text: &HeaderText, wanted: &String| text.folded == *wanted || text.own == *wanted;
        let there = |any: &Vec<String>| texts.iter().any(|text| any.iter().any(|wanted| is(text, wanted)));
        if texts.iter().any(|text| !text.folded.is_empty()) && wanted.iter().all(there) {
            let texts = texts.into_iter().map(|text| (text.folded, text.shown)).collect();
            return Some(HeaderRow { at: at + height - 1, texts });
        }
    }
    None
}

/// The line that is likest to a header which a connector describes, where none has all of it.
pub struct NearHeader {
    /// The sheet by position, from 1.
    pub part: u32,
    /// The line's last row, as a person counts it.
    pub row: u32,
    /// What it lacks of `must_have`, each in all its spellings, as the connector writes them.
    pub missing: Vec<Vec<String>>,
}

/// Finds the line that has most of what a header must have, on any sheet that a person sees; none where no line has any.
pub fn nearest_header(looked: &Looked, header: &Header) -> Option<NearHeader> {
    let height = header.rows.max(1) as usize;
    let mut best: Option<NearHeader> = None;
    for sheet in looked.sheets.iter().filter(|sheet| !sheet.hidden && !header.none) {
        let first = sheet.rows.iter().take(header.search_rows as usize).count();
        for lines in sheet.rows.windows(height).take(first) {
            let texts = texts(lines);
            let there = |any: &Spellings| {
                any.folded()
                    .iter()
                    .any(|wanted| texts.iter().any(|text| text.folded == *wanted || text.own == *wanted))
            };
            let missing: Vec<&Spellings> = header.must_have.iter().filter(|any| !there(any)).collect();
            let least = best.as_ref().map_or(header.must_have.len(), |best| best.missing.len());
            if !missing.is_empty() && missing.len() < least {
                let missing = missing.into_iter().map(|any| any.texts().to_vec()).collect();
                let row = lines.last().map_or(0, |(number, _)| *number);
                best = Some(NearHeader { part: sheet.part, row, missing });
            }
        }
    }
    best
}
