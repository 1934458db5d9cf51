use crate::{
    definitions::connector::{CellSpec, fold},
    fault::Problem,
    source::RawCell,
};
use chrono::NaiveDate;
use std::borrow::Cow;

/// A cell's content on its way to a column.
pub(super) enum Raw<'r> {
    /// Nothing there.
    Empty,
    /// Text.
    Text(Cow<'r, str>),
    /// A number.
    Number(f64),
    /// A native date.
    Date(NaiveDate),
    /// Yes or no.
    Bool(bool),
    /// A spreadsheet error.
    Error,
}

impl<'r> Raw<'r> {
    /// The content as text; a whole number without its decimals, a date in ISO form.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => Cow::Owned(format!("{}", *n as i64)),
            Self::Number(n) => Cow::Owned(n.to_string()),
            Self::Date(date) => Cow::Owned(date.format("%Y-%m-%d").to_string()),
            Self::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Self::Empty | Self::Error => Cow::Borrowed(""),
        }
    }

    /// The text, if there is any content.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Empty | Self::Error => None,
            other => Some(other.text().trim().to_owned()),
        }
    }

    pub(super) fn of_cell(cell: &'r RawCell) -> Self {
        match cell {
            RawCell::Empty => Self::Empty,
            RawCell::Text(text) => Self::Text(Cow::Borrowed(text)),
            RawCell::Number(n) => Self::Number(*n),
            RawCell::Date(date) => Self::Date(*date),
            RawCell::Bool(b) => Self::Bool(*b),
            RawCell::Error => Self::Error,
        }
    }

    pub(super) fn of_json(value: &'r serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(whole), _) => Self::Text(Cow::Owned(whole.to_string())),
                (None, Some(number)) => Self::Number(number),
                (None, None) => Self::Empty,
            },
            _ => Self::Empty,
        }
    }
}

/// Trims, empties, cuts, maps and defaults a cell, in that order. None where nothing is left.
pub(super) fn ready<'r>(raw: Raw<'r>, spec: &CellSpec, nulls: &[String]) -> Result<Option<Raw<'r>>, Problem> {
    let default = || Ok(spec.default.clone().map(|text| Raw::Text(Cow::Owned(text))));
    let native = spec.take.is_none() && !spec.digits && spec.map.is_empty();
    match raw {
        Raw::Empty => return default(),
        Raw::Error => return Err(Problem::UnreadableCell),
        Raw::Date(_) | Raw::Number(_) | Raw::Bool(_) if native => return Ok(Some(raw)),
        _ => {}
    }
    let text = raw.text();
    let mut text = text.trim().to_owned();
    if nulls.iter().any(|null| *null == text.to_lowercase()) {
        return default();
    }
    if let Some(n) = spec.take {
        text = text.chars().take(n).collect();
    }
    if spec.digits {
        text.retain(|c| c.is_ascii_digit());
    }
    if let Some(code) = spec.map.get(&fold(&text)).filter(|_| !spec.map.is_empty()) {
        text.clone_from(code);
    }
    if text.is_empty() { default() } else { Ok(Some(Raw::Text(Cow::Owned(text)))) }
}
