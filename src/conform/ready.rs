use crate::{
    definitions::connector::{CellSpec, fold},
    fault::Problem,
    privacy::CodeWords,
    source::{RawCell, tree::Tree},
};
use chrono::NaiveDate;
use std::borrow::Cow;

/// A cell's content on its way to a column.
pub(super) enum Raw<'r> {
    /// Nothing there.
    Empty,
    /// Text.
    Text(Cow<'r, str>),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A native date.
    Date(NaiveDate),
    /// Yes or no.
    Bool(bool),
    /// Something that cannot be read, and why.
    Error(Problem),
}

impl<'r> Raw<'r> {
    /// The content as text; a whole number without its decimals, a date in ISO form.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Whole(n) => Cow::Owned(n.to_string()),
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => Cow::Owned(format!("{}", *n as i64)),
            Self::Number(n) => Cow::Owned(n.to_string()),
            Self::Date(date) => Cow::Owned(date.to_string()),
            Self::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Self::Empty | Self::Error(_) => Cow::Borrowed(""),
        }
    }

    /// The text, if there is any content.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Empty | Self::Error(_) => None,
            other => Some(bare(&other.text()).to_owned()),
        }
    }

    pub(super) fn of_cell(cell: &'r RawCell) -> Self {
        match cell {
            RawCell::Empty => Self::Empty,
            RawCell::Text(text) => Self::Text(Cow::Borrowed(text)),
            RawCell::Number(n) => Self::Number(*n),
            RawCell::Date(date) => Self::Date(*date),
            RawCell::Bool(b) => Self::Bool(*b),
            RawCell::Error(problem) => Self::Error(*problem),
        }
    }

    /// Whether there is nothing to see.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => bare(text).is_empty(),
            _ => false,
        }
    }

    pub(super) fn of_tree(tree: &'r Tree<'r>) -> Self {
        match tree {
            Tree::Text(text) => Self::Text(Cow::Borrowed(text)),
            Tree::Int(n) => Self::Whole(*n),
            Tree::Float(n) => Self::Number(*n),
            Tree::Bool(b) => Self::Bool(*b),
            Tree::Null | Tree::List(_) | Tree::Fields(_) => Self::Empty,
        }
    }
}

/// A text without space around it. Nearly every text has none, and its first and last byte say so.
pub(super) fn bare(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether a trimmed text is one of those that mean empty.
pub(super) fn is_null(text: &str, nulls: &[String]) -> bool {
    nulls
        .iter()
        .any(|null| null.eq_ignore_ascii_case(text) || (!text.is_ascii() && *null == text.to_lowercase()))
}

/// Trims, empties, cuts, maps and defaults a cell, in that order. None where nothing is left.
pub(super) fn ready<'r>(
    raw: Raw<'r>,
    spec: &'r CellSpec,
    default: Option<&'r str>,
    nulls: &[String],
) -> Result<Option<Raw<'r>>, Problem> {
    let default = || Ok(default.map(|text| Raw::Text(Cow::Borrowed(text))));
    let native = spec.take.is_none() && !spec.digits && spec.map.is_empty() && spec.after.is_none();
    let text: Cow<'r, str> = match raw {
        Raw::Empty => return default(),
        Raw::Error(problem) => return Err(problem),
        Raw::Date(_) | Raw::Number(_) | Raw::Whole(_) | Raw::Bool(_) if native => return Ok(Some(raw)),
        Raw::Text(text) => trimmed(text),
        other => Cow::Owned(other.text().trim().to_owned()),
    };
    if is_null(&text, nulls) {
        return default();
    }
    if !text.is_ascii() && text.contains('\u{fffd}') {
        return Err(Problem::UndecodableText);
    }
    let text = part(text, spec);
    if text.is_empty() {
        return default();
    }
    if spec.map.is_empty() {
        return Ok(Some(Raw::Text(text)));
    }
    let mapped = in_map(&spec.map, &text).or(spec.otherwise.as_ref());
    match mapped {
        Some(code) if code.is_empty() => default(),
        Some(code) => Ok(Some(Raw::Text(Cow::Borrowed(code)))),
        None => Ok(Some(Raw::Text(text))),
    }
}

/// What a map has for a text, folded. Most texts are short and plain, and are folded on the stack; one that may be a number below
/// nought is not.
fn in_map<'m>(map: &'m CodeWords, text: &str) -> Option<&'m String> {
    let mut folded = [0_u8; 32];
    let mut length = 0;
    if text.is_ascii() && text.len() <= folded.len() && !text.trim_start().starts_with('-') {
        for byte in text.bytes().filter(u8::is_ascii_alphanumeric) {
            folded[length] = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    match std::str::from_utf8(&folded[..length]) {
        Ok(folded) if length > 0 => map.get(folded),
        _ => map.get(&fold(text)),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(bare(text)),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The part of a text that the recipe asks for.
fn part<'r>(text: Cow<'r, str>, spec: &CellSpec) -> Cow<'r, str> {
    if spec.after.is_none() && spec.until.is_none() && spec.take.is_none() && !spec.digits {
        return text;
    }
    let mut left = text.as_ref();
    if let Some(mark) = &spec.after {
        left = left.find(mark.as_str()).map_or("", |at| &left[at + mark.len()..]);
    }
    if let Some(mark) = &spec.until {
        left = left.find(mark.as_str()).map_or(left, |at| &left[..at]);
    }
    if let Some(n) = spec.take {
        left = left.char_indices().nth(n).map_or(left, |(at, _)| &left[..at]);
    }
    let left = left.trim();
    if spec.digits {
        return Cow::Owned(left.chars().filter(char::is_ascii_digit).collect());
    }
    Cow::Owned(left.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However a text is folded, it finds what its folding finds: a score of -2 is not one of 2.
    #[test]
    fn a_text_finds_in_a_map_what_its_folding_finds() {
        let words = ["-2", "2", "as expected", "n/a", "/"];
        let map: CodeWords = words.iter().map(|word| (fold(word), (*word).to_owned())).collect();
        for (text, found) in [
            ("-2", Some("-2")),
            (" -2 ", Some("-2")),
            ("\u{2212}2", Some("-2")),
            ("+2", Some("2")),
            ("2", Some("2")),
            ("As Expected", Some("as expected")),
            ("- as expected", Some("as expected")),
            ("N/A", Some("n/a")),
            ("/", Some("/")),
            ("-1", None),
            ("-", None),
        ] {
            assert_eq!(in_map(&map, text).map(String::as_str), found, "{text}");
            assert_eq!(map.get(&fold(text)).map(String::as_str), found, "{text}");
        }
    }
}
