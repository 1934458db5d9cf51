//! What is said of each column and of the rows, in words that hold nothing of the sheet.
use super::{
    Confidence, ProposedColumn, dates::Settled, draft::Writer, matching::Match, naming::name_of,
    vocabulary::Target,
};
use crate::privacy::IdentityKind;

impl Writer<'_> {
    pub(super) fn say_of_rows(&mut self) {
        let body = &self.reading.body;
        if let Some(first) = body.totals.first() {
            self.notes.push(if body.goes_on {
                format!(
                    "Lines of sums stand between the rows (the first is row {first}); they are passed over."
                )
            } else {
                format!("The table ends at row {first}, a line of sums.")
            });
        }
        let lone = |n: usize| {
            if n == 1 {
                "1 line with one cell in it stands".to_owned()
            } else {
                format!("{n} lines with one cell in them stand")
            }
        };
        if !body.headings.is_empty() {
            self.notes.push(format!(
                "{} between the rows (the first is row {}): set aside when read, unless `pass_over` names how they begin.",
                lone(body.headings.len()), body.headings[0]
            ));
        }
        if !body.footnotes.is_empty() && body.totals.is_empty() {
            self.notes.push(format!(
                "{} under the table (row {}): a footnote, set aside when read.",
                lone(body.footnotes.len()),
                body.footnotes[0]
            ));
        }
        if body.again > 0 {
            self.notes
                .push(format!("The header is said again {} times; those rows are passed over.", body.again));
        }
        let errors: usize = self.reading.columns.iter().map(|column| column.errors).sum();
        if errors > 0 {
            self.notes.push(format!("{errors} cells hold an error of the spreadsheet (#REF!, #N/A)."));
        }
    }

    pub(super) fn columns(&self) -> Vec<ProposedColumn> {
        let width = self.reading.columns.len();
        let header = |at: usize| self.reading.header.as_ref().and_then(|header| header.texts.get(at));
        (0..width)
            .filter(|at| {
                header(*at).is_some_and(|text| !text.folded.is_empty())
                    || self.reading.columns[*at].filled > 0
            })
            .map(|at| self.column(at))
            .collect()
    }

    fn column(&self, at: usize) -> ProposedColumn {
        let header = self.reading.header.as_ref().and_then(|header| header.texts.get(at));
        let found = self.reading.matches.iter().find(|found| found.column == at);
        let evidence = &self.reading.columns[at];
        let (becomes, confidence, reason) = match found {
            Some(found) => {
                let name = name_of(self.family.slots[found.slot].lead, self.family, self.definitions);
                (name, Confidence::of(found.score), self.reason(found))
            }
            None if self.reading.person_key == Some(at) => {
                ("the person's number here".to_owned(), Confidence::Likely, "header is known".to_owned())
            }
            None if evidence.is_free_text() => {
                (String::new(), Confidence::Guess, "free text is never read".to_owned())
            }
            None if evidence.filled == 0 => (String::new(), Confidence::Guess, "empty".to_owned()),
            None => (String::new(), Confidence::Guess, "not recognised, so not read".to_owned()),
        };
        ProposedColumn {
            position: at as u32 + 1,
            header: header.map(|text| text.shown.clone()).unwrap_or_default(),
            becomes,
            confidence,
            reason,
            unknown_words: self.unknown.get(&at).cloned().unwrap_or_default(),
        }
    }

    fn reason(&self, found: &Match) -> String {
        let evidence = &self.reading.columns[found.column];
        let mut parts = Vec::new();
        parts.push(match found.name {
            name if self.reading.header.is_none() || name < 0.6 => "told by its cells".to_owned(),
            name if name >= 0.999 => "header is known".to_owned(),
            _ => "header is nearly one that is known".to_owned(),
        });
        let slot = &self.family.slots[found.slot];
        let free = match slot.lead {
            Target::Identity(at) => self.definitions.identity.fields[at].1 == IdentityKind::Local,
            Target::Column(..) => false,
        };
        if evidence.filled == 0 {
            parts.push("no filled cell".to_owned());
        } else if !free {
            let percent = (found.cells * 100.0).round();
            let n = evidence.filled;
            let cells = if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
            parts.push(format!("{percent}% of {cells} fit"));
        }
        match evidence.dates.settled() {
            _ if evidence.dates.readable() == 0 => {}
            Settled::DayFirst(row) => parts.push(format!("day first, as row {row} shows")),
            Settled::MonthFirst(row) => parts.push(format!("month first, as row {row} shows")),
            Settled::Open => parts.push(match (self.wishes.day_first, self.sheet_order()) {
                (Some(_), _) => "order as you said".to_owned(),
                (None, Some(_)) => "day and month in the order of the other columns".to_owned(),
                (None, None) => {
                    format!("{} dates could be read either way and will be set aside", evidence.dates.open())
                }
            }),
            Settled::Mixed => {
                parts.push("day first and month first mixed: what is open is set aside".to_owned());
            }
            Settled::Plain => {}
        }
        if evidence.dates.has_serials() && evidence.dates.readable() > 0 {
            parts.push("some as day counts".to_owned());
        }
        if let Some(unknown) = self.unknown.get(&found.column) {
            let n = unknown.len();
            parts.push(if n == 1 {
                "1 word has no code".to_owned()
            } else {
                format!("{n} words have no code")
            });
        }
        parts.join("; ")
    }
}
