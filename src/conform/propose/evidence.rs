//! What the cells of a column say about what it holds, whatever its header says.
use super::dates::{DateOrder, Dates};
use crate::{
    conform::identifier::{NhsCheck, UlnCheck, UpnCheck, check_nhs, check_uln, check_upn},
    definitions::connector::fold,
    privacy::{ColumnType, IdentityKind},
    source::RawCell,
};
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;

/// So many rows of a column are looked at.
const ENOUGH: usize = 2_000;
/// A column with more different texts than this holds no codes.
const MOST_WORDS: usize = 60;

/// Counts over the filled cells of one column.
#[derive(Default)]
pub(super) struct Evidence {
    pub(super) filled: usize,
    pub(super) errors: usize,
    texts: usize,
    upns: usize,
    ulns: usize,
    nhs_numbers: usize,
    postcodes: usize,
    wholes: usize,
    numbers: usize,
    yes_no: usize,
    sexes: usize,
    establishments: usize,
    authorities: usize,
    names: usize,
    /// Of those, in several words: a first name and a surname in one cell.
    full_names: usize,
    long: usize,
    pub(super) dates: Dates,
    /// Texts as written, with how often; none where there are too many to be words of a list.
    pub(super) words: Option<BTreeMap<String, usize>>,
    distinct: usize,
}

impl Evidence {
    /// Looks at a column of a sheet's rows.
    pub(super) fn of<'r>(
        rows: impl Iterator<Item = &'r (u32, Vec<RawCell>)>,
        column: usize,
        nulls: &[String],
    ) -> Self {
        let mut found = Self { words: Some(BTreeMap::new()), ..Self::default() };
        let mut seen = std::collections::HashSet::new();
        for (number, row) in rows.take(ENOUGH) {
            let Some(cell) = row.get(column).filter(|cell| !cell.is_blank()) else { continue };
            if matches!(cell, RawCell::Error(_)) {
                found.errors += 1;
                continue;
            }
            let text = text_of(cell);
            if super::super::ready::is_null(&text, nulls) {
                continue;
            }
            found.filled += 1;
            found.distinct += usize::from(seen.insert(fold(&text)));
            found.note(*number, cell, &text);
        }
        found
    }

    fn note(&mut self, number: u32, cell: &RawCell, text: &str) {
        let compact: String =
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        self.texts += usize::from(matches!(cell, RawCell::Text(_)));
        self.upns += usize::from(check_upn(&compact) != UpnCheck::Invalid);
        self.ulns += usize::from(check_uln(&compact) != UlnCheck::Invalid);
        self.nhs_numbers += usize::from(check_nhs(&compact) != NhsCheck::Invalid);
        self.postcodes += usize::from(looks_like_postcode(text));
        let number_text = text.trim_end_matches('%').trim().replace(',', "");
        if let Ok(value) = number_text.parse::<f64>() {
            self.numbers += 1;
            self.wholes += usize::from(value.fract() == 0.0);
        }
        let folded = text.to_lowercase();
        self.yes_no += usize::from(matches!(
            folded.as_str(),
            "y" | "n" | "yes" | "no" | "true" | "false" | "t" | "f" | "1" | "0"
        ));
        self.sexes += usize::from(matches!(
            folded.as_str(),
            "m" | "f" | "u" | "male" | "female" | "boy" | "girl" | "unknown"
        ));
        let digits = compact.len() == 6 && compact.bytes().all(|byte| byte.is_ascii_digit());
        self.establishments += usize::from(digits);
        self.authorities +=
            usize::from(compact.len() == 3 && compact.bytes().all(|byte| byte.is_ascii_digit()));
        let letters = text.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | ' ' | '.'));
        let words = text.split_whitespace().count();
        self.names += usize::from(letters && words <= 3 && text.chars().count() >= 2);
        self.full_names += usize::from(letters && (2..=3).contains(&words));
        self.long += usize::from(text.split_whitespace().count() > 6 || text.chars().count() > 60);
        self.dates.note(number, cell, text);
        if let Some(words) = &mut self.words {
            *words.entry(text.to_owned()).or_default() += 1;
            if words.len() > MOST_WORDS {
                self.words = None;
            }
        }
    }

    fn share(&self, n: usize) -> f64 {
        if self.filled == 0 { 0.0 } else { n as f64 / self.filled as f64 }
    }

    /// Long texts of many kinds: somebody's notes, which nothing may read.
    pub(super) fn is_free_text(&self) -> bool {
        self.share(self.long) > 0.2
    }

    /// From 0 to 1: how many of the cells could be read as the identity field; `latest` is the sheet's last day.
    pub(super) fn identity(&self, kind: IdentityKind, latest: Option<NaiveDate>) -> f64 {
        match kind {
            IdentityKind::Upn => self.share(self.upns),
            IdentityKind::Uln => self.share(self.ulns),
            IdentityKind::NhsNumber => self.share(self.nhs_numbers),
            IdentityKind::Postcode => self.share(self.postcodes),
            IdentityKind::Sex => self.share(self.sexes),
            IdentityKind::Name => {
                let different = self.distinct as f64 / self.filled.clamp(1, 20) as f64;
                self.share(self.names) * different.min(1.0)
            }
            IdentityKind::BirthDate => {
                let share = self.share(self.dates.readable());
                match (self.dates.middle(), latest) {
                    (Some(middle), Some(latest)) if latest.year() - middle.year() >= 4 => share,
                    (Some(_), Some(_)) => share * 0.4,
                    _ => share,
                }
            }
            IdentityKind::Local => {
                let different = self.distinct as f64 / self.filled.max(1) as f64;
                // A name is no key: it is somebody else's too, and is written otherwise next time.
                if self.share(self.long) > 0.0 || self.share(self.full_names) > 0.5 { 0.0 } else { different }
            }
        }
    }

    /// The same for a schema column; `known` says whether a text is a word for a code.
    pub(super) fn column(&self, kind: &ColumnType, known: impl Fn(&str) -> bool) -> f64 {
        match kind {
            ColumnType::Date | ColumnType::Month => self.share(self.dates.readable()),
            ColumnType::Int => self.share(self.wholes),
            ColumnType::Decimal => self.share(self.numbers),
            ColumnType::Bool => self.share(self.yes_no),
            ColumnType::Establishment => self.share(self.establishments),
            ColumnType::Authority => self.share(self.authorities),
            ColumnType::Code(_) => match &self.words {
                Some(words) => {
                    let known: usize = words.iter().filter(|(word, _)| known(word)).map(|(_, n)| n).sum();
                    self.share(known)
                }
                None => 0.0,
            },
            ColumnType::Lsoa | ColumnType::Ward | ColumnType::Text => 0.0,
        }
    }

    /// Whether the column has few enough texts to be the words of a code list.
    pub(super) fn is_wordy(&self) -> bool {
        self.words.is_some()
            && !self.is_free_text()
            && self.share(self.dates.readable()) < 0.5
            && self.share(self.numbers) < 0.5
            && self.share(self.yes_no) < 0.5
    }

    /// Whether its texts come again, as the words of a list do and references do not; a few rows do not tell.
    pub(super) const fn repeats(&self) -> bool {
        self.filled < 8 || self.distinct * 2 <= self.filled
    }

    /// The latest day in the column.
    pub(super) fn latest(&self) -> Option<NaiveDate> {
        self.dates.latest().filter(|_| self.share(self.dates.readable()) > 0.5)
    }
}

/// A cell's text, trimmed; a whole number without its decimals.
pub(super) fn text_of(cell: &RawCell) -> String {
    match cell {
        RawCell::Text(text) => text.trim().to_owned(),
        RawCell::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => format!("{}", *n as i64),
        RawCell::Number(n) => n.to_string(),
        RawCell::Date(day) => day.format("%Y-%m-%d").to_string(),
        RawCell::Bool(yes) => if *yes { "true" } else { "false" }.to_owned(),
        RawCell::Empty | RawCell::Error(_) => String::new(),
    }
}

/// Whether a text is a day in any usual way.
pub(super) fn looks_like_date(text: &str) -> bool {
    !matches!(super::dates::order_of(text), None | Some(DateOrder::Serial))
}

/// One or two letters, a digit, perhaps one more sign; then a digit and two letters.
pub(super) fn looks_like_postcode(text: &str) -> bool {
    let compact: Vec<char> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let Some(split) = compact.len().checked_sub(3).filter(|split| (2..=4).contains(split)) else {
        return false;
    };
    let (outward, inward) = compact.split_at(split);
    let letters = outward.iter().take_while(|c| c.is_ascii_uppercase()).count();
    let rest = &outward[letters..];
    (1..=2).contains(&letters)
        && rest.first().is_some_and(char::is_ascii_digit)
        && rest.iter().all(char::is_ascii_alphanumeric)
        && inward[0].is_ascii_digit()
        && inward[1..].iter().all(char::is_ascii_uppercase)
}
