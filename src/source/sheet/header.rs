//! Where a table begins on a sheet, and what its columns are called.
use super::{cells::Block, row::Row};
use crate::{
    definitions::connector::{Header, Spellings, fold},
    source::RawCell,
};
use std::collections::VecDeque;

/// Looks for a header among the rows as they pass.
pub(super) struct Search<'f> {
    form: &'f Header,
    wanted: Vec<Vec<String>>,
    merges: &'f [Block],
    lines: VecDeque<(u32, Vec<String>)>,
}

impl<'f> Search<'f> {
    pub(super) fn new(form: &'f Header, merges: &'f [Block]) -> Self {
        let wanted = form.must_have.iter().map(Spellings::folded).collect();
        Self { form, wanted, merges, lines: VecDeque::new() }
    }

    /// The folded header, where this row is its last.
    pub(super) fn see(&mut self, row: &Row) -> Option<Vec<String>> {
        let height = self.form.rows.max(1) as usize;
        if self.lines.len() == height {
            self.lines.pop_front();
        }
        self.lines.push_back((row.number, row.cells.iter().map(text_of).collect()));
        if self.lines.len() < height {
            return None;
        }
        let joined = self.joined();
        let there = |text: &String| {
            joined.contains(text)
                || self.lines.iter().any(|(_, line)| line.iter().any(|cell| folds_to(cell, text)))
        };
        let found = joined.iter().any(|text| !text.is_empty())
            && self.wanted.iter().all(|texts| texts.iter().any(there));
        found.then_some(joined)
    }

    /// Whether a header may still come behind this row.
    pub(super) const fn may_come(&self, number: u32) -> bool {
        number < self.form.search_rows
    }

    /// The header's rows as one: the text of a band stands before the texts under it. A band reaches as far as its cell
    /// is merged; where nothing of its row is, over the empty cells to its right.
    fn joined(&self) -> Vec<String> {
        let width = self.lines.iter().map(|(_, line)| line.len()).max().unwrap_or(0);
        let mut joined = vec![String::new(); width];
        let last = self.lines.len() - 1;
        for (level, (number, line)) in self.lines.iter().enumerate() {
            let row = number - 1;
            let merged =
                self.merges.iter().any(|block| (block.0..=block.2).contains(&row) && block.1 != block.3);
            let mut band = "";
            for (at, slot) in joined.iter_mut().enumerate() {
                let own = line.get(at).map_or("", String::as_str);
                let text = if level == last {
                    own
                } else if merged {
                    let held = self.merges.iter().find(|block| {
                        (block.0..=block.2).contains(&row) && (block.1..=block.3).contains(&(at as u32))
                    });
                    held.and_then(|block| line.get(block.1 as usize)).map_or(own, String::as_str)
                } else {
                    if !own.trim().is_empty() {
                        band = own;
                    }
                    band
                };
                slot.push_str(text);
                slot.push(' ');
            }
        }
        joined.iter().map(|text| fold(text)).collect()
    }
}

/// A cell's text as a header or a heading shows it.
pub(super) fn text_of(cell: &RawCell) -> String {
    match cell {
        RawCell::Text(text) => text.clone(),
        RawCell::Number(n) => n.to_string(),
        _ => String::new(),
    }
}

/// Whether a text folds to this, without folding it first.
pub(super) fn folds_to(text: &str, folded: &str) -> bool {
    letters(text).eq(folded.chars())
}

/// Whether what a text folds to begins so.
pub(super) fn folds_to_begin(text: &str, folded: &str) -> bool {
    let mut own = letters(text);
    folded.chars().all(|letter| own.next() == Some(letter))
}

fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether a row repeats the header: every filled cell says what the header says there.
pub(super) fn is_header_again(cells: &[RawCell], header: &[String]) -> bool {
    let mut filled = cells.iter().zip(header).filter(|(cell, _)| !cell.is_blank()).peekable();
    filled.peek().is_some()
        && filled.all(|(cell, text)| match cell {
            RawCell::Text(own) => folds_to(own, text),
            other => folds_to(&text_of(other), text),
        })
}
