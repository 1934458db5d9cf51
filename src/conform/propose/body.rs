//! Which rows under a header are about somebody, and what stands between and below them.
use super::{
    evidence::text_of,
    header::{FoundHeader, is_again},
};
use crate::{definitions::connector::fold, source::RawCell};

/// Words with which a line of sums begins, folded.
const TOTALS: [&str; 5] = ["total", "grandtotal", "subtotal", "sum", "overall"];

/// The rows of a sheet, told apart.
#[derive(Default)]
pub(super) struct Body {
    /// Positions of the rows about somebody.
    pub(super) rows: Vec<usize>,
    /// Numbers of the lines of sums.
    pub(super) totals: Vec<u32>,
    /// How those begin, in words that are known.
    pub(super) total_words: Vec<String>,
    /// Whether rows about somebody follow the first of them.
    pub(super) goes_on: bool,
    /// Numbers of the lines with one cell above the last row: headings between rows.
    pub(super) headings: Vec<u32>,
    /// Numbers of the lines with one cell below it.
    pub(super) footnotes: Vec<u32>,
    /// The header said again.
    pub(super) again: usize,
    /// Most empty rows in a row, above the last row about somebody.
    pub(super) gap: u32,
}

impl Body {
    pub(super) fn of(rows: &[(u32, Vec<RawCell>)], header: Option<&FoundHeader>, stops: &[String]) -> Self {
        let first = header.map_or(0, |header| header.at + header.height);
        let mut body = Self::default();
        let (mut lone, mut last) = (Vec::new(), None::<u32>);
        for (at, (number, row)) in rows.iter().enumerate().skip(first) {
            let filled: Vec<&RawCell> = row.iter().filter(|cell| !cell.is_blank()).collect();
            let Some(lead) = filled.first().map(|cell| fold(&text_of(cell))) else { continue };
            let total = TOTALS.iter().find(|word| begins(&lead, word));
            let stop = stops.iter().find(|stop| lead.starts_with(stop.as_str()));
            if let Some(word) = total.map(|word| (*word).to_owned()).or(stop.cloned()) {
                body.totals.push(*number);
                if !body.total_words.contains(&word) {
                    body.total_words.push(word);
                }
            } else if header.is_some_and(|header| is_again(row, header)) {
                body.again += 1;
            } else if filled.len() == 1 {
                lone.push(*number);
            } else {
                body.goes_on |= !body.totals.is_empty();
                body.gap = body.gap.max(last.map_or(0, |last| number - last - 1));
                last = Some(*number);
                body.rows.push(at);
            }
        }
        let (above, below) = lone.into_iter().partition(|number| last.is_some_and(|last| *number < last));
        (body.headings, body.footnotes) = (above, below);
        body
    }

    /// How many columns the rows have.
    pub(super) fn width(&self, rows: &[(u32, Vec<RawCell>)]) -> usize {
        let wide = |row: &[RawCell]| row.iter().rposition(|cell| !cell.is_blank()).map_or(0, |at| at + 1);
        self.rows.iter().map(|at| wide(&rows[*at].1)).max().unwrap_or(0)
    }
}

/// `Total learners` begins with total; Mr Summers does not begin with sum.
fn begins(lead: &str, word: &str) -> bool {
    lead == word || (word.len() >= 5 && lead.starts_with(word))
}
