use crate::{fault::Problem, source::RawCell};

/// No table is wider than this: a cell further out is a stray one, which no header names.
pub(super) const MAX_COLUMNS: usize = 2_000;

/// One row on its way through a reader. Its texts' memory is used again for the next row.
#[derive(Default)]
pub(super) struct Row {
    /// The number that a spreadsheet program shows beside it.
    pub(super) number: u32,
    pub(super) cells: Vec<RawCell>,
    /// The sheet hides it.
    pub(super) hidden: bool,
    /// What is wrong with the row as a whole.
    pub(super) problem: Option<Problem>,
    spare: Vec<String>,
}

impl Row {
    /// Empties the row for another.
    pub(super) fn begin(&mut self, number: u32) {
        self.number = number;
        (self.hidden, self.problem) = (false, None);
        for cell in self.cells.drain(..) {
            if let RawCell::Text(text) = cell {
                self.spare.push(text);
            }
        }
    }

    /// Puts a cell at its column; what lies between is empty.
    pub(super) fn put(&mut self, column: usize, cell: RawCell) {
        if column >= self.cells.len() {
            if column >= MAX_COLUMNS {
                return;
            }
            self.cells.resize(column, RawCell::Empty);
            self.cells.push(cell);
        } else {
            self.cells[column] = cell;
        }
    }

    /// An empty text to fill, with the memory of one that is done with.
    pub(super) fn text(&mut self) -> String {
        let mut text = self.spare.pop().unwrap_or_default();
        text.clear();
        text
    }

    /// Whether there is nothing to see in the whole row.
    pub(super) fn is_blank(&self) -> bool {
        self.problem.is_none() && self.cells.iter().all(RawCell::is_blank)
    }

    /// The first cell that shows something, as text.
    pub(super) fn lead(&self) -> Option<&RawCell> {
        self.cells.iter().find(|cell| !cell.is_blank())
    }
}

/// Where rows come from, one after the other.
pub(super) trait Rows {
    /// Reads the next row. False at the end; an error ends the document there.
    fn next(&mut self, row: &mut Row) -> Result<bool, Problem>;
}
