//! What the columns of the quarantine are called in the sheets that they are read from, and how their dates are written.
use crate::{
    catalog::SetAside,
    config::Settings,
    definitions::{
        Definitions,
        connector::{CellOrigin, CellSpec, FileFormat, Form, fold},
    },
};
use chrono::NaiveDate;
use std::fmt::Write as _;

/// So many spellings of a header are named; of more, the first.
const SPELLINGS: usize = 2;

/// The connectors of a site's sources.
pub(super) struct Columns<'s> {
    pub(super) settings: &'s Settings,
    pub(super) definitions: &'s Definitions,
}

impl Columns<'_> {
    /// Under which header a line's column is read; none for what is read from no sheet.
    pub(super) fn header(&self, line: &SetAside) -> Option<String> {
        let mut texts: Vec<&str> = Vec::new();
        for spec in self.specs(line) {
            let (CellOrigin::From(names) | CellOrigin::Join(names, _)) = &spec.origin else { continue };
            for name in names {
                if !name.starts_with('#') && !texts.iter().any(|text| fold(text) == fold(name)) {
                    texts.push(name);
                }
            }
        }
        match texts.as_slice() {
            [] => None,
            few if few.len() <= SPELLINGS => Some(few.join(" or ")),
            many => Some(format!("{}, ...", many[0])),
        }
    }

    /// What to do about a line, where its column says more of that than its problem does.
    pub(super) fn hint(&self, line: &SetAside) -> Option<String> {
        if line.problem != "not_a_date" {
            return None;
        }
        let mut examples: Vec<String> = Vec::new();
        let in_cells = |spec: &&CellSpec| matches!(spec.origin, CellOrigin::From(_) | CellOrigin::Join(..));
        for style in self.specs(line).into_iter().filter(in_cells).flat_map(|spec| &spec.dates) {
            if let Some(example) = example(style).filter(|example| !examples.contains(example)) {
                examples.push(example);
            }
        }
        (!examples.is_empty()).then(|| format!("write dates as {}", examples.join(" or ")))
    }

    /// How a line's column is read by the feed of its source.
    fn specs(&self, line: &SetAside) -> Vec<&CellSpec> {
        let source = self.settings.sources.iter().find(|source| source.name.as_str() == line.source);
        let connector = source.and_then(|source| self.definitions.connectors.get(&source.connector));
        let Some(connector) = connector.filter(|_| !line.column.is_empty()) else { return Vec::new() };
        let is_sheet = matches!(&connector.form, Form::File(form) if !matches!(form.format, FileFormat::Json | FileFormat::Xml));
        let feed = connector.feeds.iter().find(|feed| feed.name.as_str() == line.feed);
        let Some(feed) = feed.filter(|_| is_sheet) else { return Vec::new() };
        let fields = &self.definitions.identity.fields;
        let identity = feed.identity.iter().filter(|(at, _)| fields[*at].0.as_str() == line.column);
        let rows = feed.rows.iter().filter_map(|row| {
            let columns = &self.definitions.plans[row.entity].columns;
            let at = columns.iter().position(|column| column.name.as_str() == line.column)?;
            row.columns.get(at)?.as_ref()
        });
        identity.map(|(_, spec)| spec).chain(rows).collect()
    }
}

/// A day as a style writes it; none for what nobody types (a spreadsheet's own number).
fn example(style: &str) -> Option<String> {
    let day = NaiveDate::from_ymd_opt(2010, 3, 31)?;
    let style = match style {
        "day-first" | "either" => "%d/%m/%Y or %Y-%m-%d",
        "month-first" => "%m/%d/%Y or %Y-%m-%d",
        written if written.starts_with('%') => written,
        _ => return None,
    };
    let mut text = String::new();
    write!(text, "{}", day.format(style)).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::example;

    #[test]
    fn a_style_shows_itself() {
        let shown = ["%d/%m/%Y", "%d.%m.%y", "day-first", "excel", "census"].map(example);
        let shown: Vec<Option<&str>> = shown.iter().map(Option::as_deref).collect();
        assert_eq!(
            shown,
            [Some("31/03/2010"), Some("31.03.10"), Some("31/03/2010 or 2010-03-31"), None, None]
        );
    }
}
